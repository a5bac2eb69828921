// lying_provider.mjs: an identity provider that says and does whatever the test wants.
//
//	node lying_provider.mjs		listens on localhost where there is room; prints "liar PORT" and "ready"
//
// Ends when standard input does.  It keeps nothing: an authorization code is the base64url of a JSON object that says
// what shall be answered for it, and the access token is that code with "at." before it.
//	nonce, sub, email, verified		claims of the ID token and of userinfo, as they are; those that are not there are left out
//	challenge						what the PKCE verifier has to fit to, if it is there
//	claims, header					changes of the ID token; null leaves out
//	pad								how much longer it is made
//	key								who signs: rs (as is), es, enc (a key of its set that is for encryption), other (unknown,
//									under a kid that is known), unknown (under one that is not), none, secret (HS256 with the client secret), public (HS256 with the public key)
//	token, userinfo					changes of those answers; null leaves out
//	token_how, userinfo_how, emails_how		see below
//	emails							the list of addresses, GitHub's way
// The issuer is http://localhost:PORT/ANYTHING; PORT/discovery-HOW and PORT/jwks-HOW do something else at these:
//	500, 404, redirect, hang, held (until GET /ANYTHING/release), stall (after a piece of the answer), big (10 MiB), endless,
//	headers (without an end), continues (answers 103 without an end), garbage, deep, list, empty, drop
// and of discovery "issuer" (another one), "private" (endpoints at private addresses), "plain" (endpoints without https).
// A refresh token that begins with "late-" is refused when POST /test/release comes, with "slow-" taken then, any other at once.
// Under any issuer: /token, /userinfo, /emails, /jwks.  GET /test/log: what was asked, how many connections, and how many are held, as JSON.
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import http from 'node:http';

const SECRET = 'sekret-lie';
const rs = generateKeyPairSync('rsa', { modulusLength: 2048 });
const es = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = [
  // What is no key for us, and kids that are hard to write, must not spoil the rest.
  { kty: 'OKP', crv: 'X25519', x: 'AAAA', kid: 'x' },
  { ...other.publicKey.export({ format: 'jwk' }), use: 'enc', kid: 'enc' },
  { ...es.publicKey.export({ format: 'jwk' }), kid: 'es "1"\\' },
  // No alg, as Microsoft has it.
  { ...rs.publicKey.export({ format: 'jwk' }), use: 'sig', kid: 'rs1', x5c: ['MIIB'] },
];

const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const hash = (value) => createHash('sha256').update(value).digest();
const changed = (object, changes) => Object.fromEntries(Object.entries({ ...object, ...changes }).filter(([, value]) => value !== null && value !== undefined));

const signers = {
  rs: { alg: 'RS256', kid: 'rs1', sign: (input) => sign('sha256', input, rs.privateKey) },
  enc: { alg: 'RS256', kid: 'enc', sign: (input) => sign('sha256', input, other.privateKey) },
  es: { alg: 'ES256', kid: 'es "1"\\', sign: (input) => sign('sha256', input, { key: es.privateKey, dsaEncoding: 'ieee-p1363' }) },
  other: { alg: 'RS256', kid: 'rs1', sign: (input) => sign('sha256', input, other.privateKey) },
  unknown: { alg: 'RS256', kid: 'rs2', sign: (input) => sign('sha256', input, other.privateKey) },
  none: { alg: 'none', sign: () => Buffer.alloc(0) },
  secret: { alg: 'HS256', kid: 'rs1', sign: (input) => createHmac('sha256', SECRET).update(input).digest() },
  public: { alg: 'HS256', kid: 'rs1', sign: (input) => createHmac('sha256', rs.publicKey.export({ type: 'spki', format: 'pem' })).update(input).digest() },
};

function idToken(issuer, ask, accessToken) {
  const now = Math.floor(Date.now() / 1000);
  const signer = signers[ask.key || 'rs'];
  const claims = { iss: issuer, sub: ask.sub, aud: 'lie', nonce: ask.nonce, iat: now, exp: now + 600, email: ask.email, email_verified: ask.verified,
    padding: ask.pad && 'x'.repeat(ask.pad), at_hash: hash(accessToken).subarray(0, 16).toString('base64url') };
  const input = `${text(changed({ alg: signer.alg, kid: signer.kid }, ask.header))}.${text(changed(claims, ask.claims))}`;
  return `${input}.${signer.sign(Buffer.from(input)).toString('base64url')}`;
}

function reply(response, how, value) {
  const json = JSON.stringify(value);
  switch (how) {
    case undefined: return response.writeHead(200, { 'content-type': 'application/json' }).end(json);
    case '500': case '404': return response.writeHead(Number(how), { 'content-type': 'application/json' }).end(json);
    case 'late': return held.push(() => reply(response, '404', value));
    case 'slow': return held.push(() => reply(response, undefined, value));
    // It is all right there; but nobody shall go.
    case 'redirect': return response.writeHead(302, { location: '/elsewhere' }).end(json);
    case 'hang': return undefined;
    case 'held': return held.push(() => reply(response, undefined, value));
    case 'stall': return response.writeHead(200, { 'content-length': json.length }).write(json.slice(0, 5));
    case 'big': return response.writeHead(200, { 'content-type': 'application/json' }).end(`{"padding":"${'x'.repeat(10 << 20)}",${json.slice(1)}`);
    case 'endless': {
      const more = () => { while (!response.destroyed && response.write(' '.repeat(65536))); };
      response.writeHead(200, { 'content-type': 'application/json' }).on('drain', more);
      return more();
    }
    case 'headers': case 'continues': {
      const { socket } = response;
      const piece = (how === 'headers' ? `x-padding: ${'x'.repeat(1000)}\r\n` : 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n').repeat(64);
      const more = () => { while (!socket.destroyed && socket.write(piece)); };
      socket.on('drain', more).write(how === 'headers' ? 'HTTP/1.1 200 OK\r\n' : '');
      return more();
    }
    case 'garbage': return response.writeHead(200).end(`${json}}<html>`);
    case 'deep': return response.writeHead(200).end(`${json.slice(0, -1)},"deep":${'['.repeat(100000)}${']'.repeat(100000)}}`);
    case 'list': return response.writeHead(200).end(`[${json}]`);
    case 'empty': return response.writeHead(200).end();
    case 'drop': return response.socket.destroy();
    default: throw new Error(how);
  }
}

function discovery(issuer, how) {
  const at = (path) => {
    if (how === 'private') return `https://10.255.255.1${path}`;
    if (how === 'plain') return `http://example.org${path}`;
    return issuer + path;
  };
  return { issuer: how === 'issuer' ? 'https://accounts.example.org' : issuer, authorization_endpoint: at('/authorize'), token_endpoint: at('/token'),
    userinfo_endpoint: at('/userinfo'), jwks_uri: at('/jwks'), response_types_supported: ['code'] };
}

function token(issuer, form) {
  const refresh = form.get('refresh_token');
  if (refresh && refresh.startsWith('late-')) return { how: 'late', value: { error: 'invalid_grant' } };
  if (refresh) return { how: refresh.startsWith('slow-') ? 'slow' : undefined, value: { access_token: `at.new.${refresh}`, refresh_token: `next-${refresh}`, token_type: 'Bearer', expires_in: 3600 } };
  const ask = JSON.parse(Buffer.from(form.get('code'), 'base64url'));
  const accessToken = `at.${form.get('code')}`;
  if (ask.challenge && hash(form.get('code_verifier') || '').toString('base64url') !== ask.challenge) return { how: '404', value: { error: 'invalid_grant' } };
  return { how: ask.token_how, value: changed({ access_token: accessToken, token_type: 'Bearer', expires_in: 30, refresh_token: `rt.${ask.sub}`, id_token: idToken(issuer, ask, accessToken) }, ask.token) };
}

function answer(request, response, body) {
  const url = new URL(request.url, `http://localhost:${server.address().port}`);
  const name = url.pathname.split('/')[1];
  const issuer = `${url.origin}/${name}`;
  const path = url.pathname.slice(name.length + 1);
  const [which, how] = name.split('-');
  const bearer = (request.headers.authorization || '').slice('Bearer at.'.length);
  const ask = ['/userinfo', '/emails'].includes(path) ? JSON.parse(Buffer.from(bearer, 'base64url')) : {};

  log.push(`${request.method} ${url.pathname}`);
  switch (path) {
    case '/.well-known/openid-configuration':
      return reply(response, which === 'discovery' && !['issuer', 'private', 'plain'].includes(how) ? how : undefined, discovery(issuer, which === 'discovery' ? how : undefined));
    case '/jwks': return reply(response, which === 'jwks' ? how : undefined, { keys });
    case '/token': {
      const { how: tokenHow, value } = token(issuer, new URLSearchParams(body));
      return reply(response, tokenHow, value);
    }
    case '/userinfo': return reply(response, ask.userinfo_how, changed({ sub: ask.sub, email: ask.email, email_verified: ask.verified }, ask.userinfo));
    case '/emails': return reply(response, ask.emails_how, ask.emails);
    case '/release': held.splice(0).forEach((go) => go()); return response.end();
    case '/log': return response.end(JSON.stringify({ log, connections, held: held.length }));
    default: return reply(response, '404', {});
  }
}

const log = [];
const held = [];
let connections = 0;
const server = http.createServer((request, response) => {
  let body = '';
  response.on('error', () => {});
  request.on('data', (data) => { body += data; }).on('end', () => {
    try {
      answer(request, response, body);
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
});
server.on('connection', () => { connections++; });
server.listen(0, 'localhost', () => console.log(`liar ${server.address().port}\nready`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
