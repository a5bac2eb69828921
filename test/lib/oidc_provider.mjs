// oidc_provider.mjs: oidc-provider, which is certified for OpenID Connect, for the tests.
//
//	node oidc_provider.mjs		listens on localhost where there is room; prints "oidc PORT" and "ready"
//
// Ends when standard input does.  Who comes is signed in at once, as whom the parameter login_hint of the authorize URL
// says; "deny" refuses.  PKCE is required.  The clients have the redirect URI http://localhost:9499/cb:
//	rs		RS256, client_secret_basic, secret "sekret:rs/%&"
//	es		ES256, client_secret_post, secret "sekret-es"
//	pub		ES256, public
// All get refresh tokens.  Access tokens live an hour; of a user whose name begins with "short", 30 seconds.
// The address of NAME is NAME@example.org; it is verified unless NAME begins with "mallory".
//
// For the tests alone:
//	POST /test/rotate		new keys under new kids; the old ones are gone
//	GET /test/counts		how often each endpoint was asked, as JSON
//	GET /test/id_token?client=rs&sub=NAME&nonce=N&age=SECONDS	an ID token, as an app would have got it
import { generateKeyPair, randomUUID, sign, webcrypto } from 'node:crypto';
import http from 'node:http';
import { promisify } from 'node:util';

// Node 18 has it only as a module.
globalThis.crypto ??= webcrypto;
const { default: Provider } = await import('oidc-provider');

const REDIRECT = 'http://localhost:9499/cb';
const make = promisify(generateKeyPair);
let keys;

async function makeKeys() {
  const rsa = await make('rsa', { modulusLength: 2048 });
  const ec = await make('ec', { namedCurve: 'P-256' });
  const jwk = (pair, alg) => ({ ...pair.privateKey.export({ format: 'jwk' }), alg, kid: randomUUID(), use: 'sig' });
  keys = { RS256: { pair: rsa, jwk: jwk(rsa, 'RS256') }, ES256: { pair: ec, jwk: jwk(ec, 'ES256') } };
}

const client = (id, alg, method, secret) => ({
  client_id: id, client_secret: secret, redirect_uris: [REDIRECT], response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'], id_token_signed_response_alg: alg, token_endpoint_auth_method: method,
});

// A new provider has new keys; what its accounts are called stays.
function makeProvider(issuer) {
  const provider = new Provider(issuer, {
    jwks: { keys: [keys.RS256.jwk, keys.ES256.jwk] },
    clients: [client('rs', 'RS256', 'client_secret_basic', 'sekret:rs/%&'), client('es', 'ES256', 'client_secret_post', 'sekret-es'),
      client('pub', 'ES256', 'none')],
    pkce: { required: () => true },
    cookies: { keys: ['for tests'] },
    features: { devInteractions: { enabled: false } },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    issueRefreshToken: async () => true,
    ttl: { AccessToken: (ctx, token) => (token.accountId.startsWith('short') ? 30 : 3600), RefreshToken: 86400, Grant: 86400, IdToken: 3600, Session: 3600, Interaction: 600, AuthorizationCode: 60 },
    findAccount: (ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.org`, email_verified: !sub.startsWith('mallory'), name: `Ünï ${sub}`, picture: `https://example.org/${sub}.png` }),
    }),
    interactions: { url: (ctx, interaction) => `/auto/${interaction.uid}` },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/auto/')) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    const sub = details.params.login_hint || 'alice';
    if (sub === 'deny') return provider.interactionFinished(ctx.req, ctx.res, { error: 'access_denied', error_description: 'the user said no' });
    const grant = details.grantId ? await provider.Grant.find(details.grantId) : new provider.Grant({ accountId: sub, clientId: details.params.client_id });
    grant.addOIDCScope(details.params.scope);
    ctx.respond = false;
    return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: sub }, consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: false });
  });
  return provider;
}

function idToken(issuer, query) {
  const alg = query.get('client') === 'rs' ? 'RS256' : 'ES256';
  const now = Math.floor(Date.now() / 1000) - Number(query.get('age') || 0);
  const sub = query.get('sub');
  const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${text({ alg, kid: keys[alg].jwk.kid })}.${text({ iss: issuer, sub, aud: query.get('client'), nonce: query.get('nonce'), iat: now, exp: now + 3600, email: `${sub}@example.org`, email_verified: true })}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key: keys[alg].pair.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const counts = {};
let answer;
const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/test/rotate') {
    await makeKeys();
    answer = makeProvider(issuer).callback();
    response.end();
  } else if (url.pathname === '/test/counts') response.end(JSON.stringify(counts));
  else if (url.pathname === '/test/id_token') response.end(idToken(issuer, url.searchParams));
  else {
    counts[url.pathname] = (counts[url.pathname] || 0) + 1;
    answer(request, response);
  }
});
let issuer;
await makeKeys();
server.listen(0, 'localhost', () => {
  issuer = `http://localhost:${server.address().port}`;
  answer = makeProvider(issuer).callback();
  console.log(`oidc ${server.address().port}\nready`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
