// postgrest.mjs: speaks to the database exactly as PostgREST does.  Test code only: this is not PostgREST, and nobody
// should put it in front of anything.
//
//	node postgrest.mjs [FILE] [--static=DIR] [--prefix=/api] [--tls-cert=FILE --tls-key=FILE] [--max-header=BYTES]
//
// Listens on localhost, where there is room unless server-port says; prints "postgrest PORT" and "ready"; ends when
// standard input does.  FILE is a configuration of PostgREST ("db-uri = ..." lines), PGRST_DB_URI and so on go before it,
// and what the authenticator's pgrst.* settings and the function db-pre-config say goes before both.  With --prefix the
// API is below that path, and --static serves the files of a folder everywhere else, as examples/web/nginx.conf does.
//
// What is as in PostgREST 14 to 17: configuration and its reload by NOTIFY; the token (first Authorization header, keys by
// kid, 30 s of skew); one transaction for each request with its access mode and isolation, one select of set_config() in
// PostgREST's order, the pre-request, the main query with its arguments as a JSON value, all prepared; results, status and
// headers, response.status and response.headers; the HTTP status and body of errors; CORS; Prefer: tx.
// What is not there: filters, order, limit, embedding and writes of tables, OpenAPI, CSV, plans.  They are answered 501.
//
// Bytes that are no UTF-8 in a header, a cookie or a query are 500 "Something went wrong" there, before the database is
// asked; so they are here.
import { createHash, webcrypto } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import pg from 'pg';
import { Refusal, NoUtf8, notTranslated, list, identifier, qualified, utf8, jsonOf, unescaped, cookiesOf, queryOf, payloadOf, routineOf, callOf, mainQuery, ofDatabase, gucHeaders } from './postgrest_translate.mjs';

// Node 18 has it only as a module.
globalThis.crypto ??= webcrypto;
const { compactVerify, importJWK } = await import('jose');

const ERROR_TYPE = 'application/json; charset=utf-8';
const log = (text) => console.error(`postgrest.mjs: ${text}`);

// --- configuration ---------------------------------------------------------------------

const flags = {};
const given = { db_schemas: 'public', db_extra_search_path: 'public', db_tx_end: 'commit', db_hoisted_tx_settings: 'statement_timeout, plan_filter.statement_cost_limit, default_transaction_isolation', db_pool: '10', db_channel: 'pgrst', jwt_secret_is_base64: 'false', jwt_role_claim_key: '.role' };
const IN_DATABASE = ['db_anon_role', 'db_extra_search_path', 'db_pre_request', 'db_schemas', 'db_tx_end', 'db_hoisted_tx_settings', 'db_pre_config', 'jwt_aud', 'jwt_role_claim_key', 'jwt_secret', 'jwt_secret_is_base64', 'server_cors_allowed_origins', 'client_error_verbosity'];

for (const argument of process.argv.slice(2)) {
  const flag = /^--([a-z-]+)=(.*)$/.exec(argument);
  if (flag) flags[flag[1]] = flag[2];
  else {
    for (const line of fs.readFileSync(argument, 'utf8').split('\n')) {
      const pair = /^\s*([a-z][a-z0-9-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*(?:#.*)?$/.exec(line);
      if (pair) given[pair[1].replaceAll('-', '_')] = pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3];
    }
  }
}
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('PGRST_')) given[name.slice(6).toLowerCase()] = value;
}

const raw = { getTypeParser: () => (value) => value };
const pool = new pg.Pool({ connectionString: given.db_uri, max: Number(given.db_pool), application_name: 'postgrest', types: raw });
pool.on('error', (error) => log(error.message));

// Settings of the authenticator role first, then what the pre-config function set.
async function databaseSettings(client, preConfig) {
  const names = IN_DATABASE.map((name) => `pgrst.${name}`);
  const own = `SELECT setdatabase AS database, split_part(s, '=', 1) AS k, substr(s, strpos(s, '=') + 1) AS v
    FROM pg_catalog.pg_db_role_setting, unnest(setconfig) AS s
    WHERE setrole = quote_ident(CURRENT_USER)::regrole::oid AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = CURRENT_CATALOG))`;
  const called = preConfig ? `UNION SELECT NULL, x, current_setting(x, true) FROM unnest($1::text[]) AS x JOIN ${qualified(preConfig)}() AS _ ON TRUE` : '';
  const { rows } = await client.query({
    text: `WITH kv AS (${own} ${called}) SELECT DISTINCT ON (k) replace(k, 'pgrst.', '') AS key, v AS value FROM kv WHERE k = ANY ($1::text[]) AND v IS NOT NULL ORDER BY k, database DESC NULLS LAST`,
    values: [names],
  });
  return Object.fromEntries(rows.map((row) => [row.key, row.value]));
}

// What ALTER ROLE set for the roles that the authenticator may become.
async function roleSettings(client) {
  const { rows } = await client.query(`SELECT r.rolname AS role, split_part(s, '=', 1) AS name, substr(s, strpos(s, '=') + 1) AS value
    FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS r ON r.oid = m.roleid, unnest(r.rolconfig) AS s
    JOIN pg_catalog.pg_settings AS p ON p.name = split_part(s, '=', 1)
    WHERE m.member = quote_ident(CURRENT_USER)::regrole::oid AND (p.context = 'user' OR has_parameter_privilege(p.name, 'SET'))`);
  const roles = {};
  for (const { role, name, value } of rows) (roles[role] ??= {})[name] = value;
  return roles;
}

function keysOf(settings) {
  if (!settings.jwt_secret) return null;
  const text = settings.jwt_secret_is_base64 === 'true' ? Buffer.from(settings.jwt_secret, 'base64').toString('latin1') : settings.jwt_secret;
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    // No JSON: the secret itself.
  }
  if (Array.isArray(value?.keys)) return value.keys;
  if (value?.kty) return [value];
  if (text.length < 32) throw new Error('The JWT secret must be at least 32 characters long.');
  return [{ kty: 'oct', k: Buffer.from(text).toString('base64url') }];
}

async function readOnly(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // What is left of the transaction ends with the connection.
    client.release(true);
    throw error;
  }
}

let config;
let routines;

async function loadConfig() {
  let stored = {};
  let roles = {};
  try {
    stored = await readOnly((client) => databaseSettings(client, given.db_pre_config));
    roles = await readOnly(roleSettings);
  } catch (error) {
    log(`the in-database configuration cannot be read, and is left out: ${error.message}`);
  }
  try {
    const settings = { ...given, ...stored };
    config = { ...settings, keys: keysOf(settings), roles, schemas: list(settings.db_schemas) };
  } catch (error) {
    log(`the configuration stays as it was: ${error.message}`);
    if (!config) throw error;
  }
}

async function loadRoutines() {
  const { rows } = await readOnly(async (client) => {
    await client.query("SET LOCAL search_path = ''");
    return client.query({
      text: `SELECT n.nspname AS schema, p.proname AS name, p.provolatile AS volatility, p.proretset::text AS set, p.proconfig::text AS settings, b.typname AS returns,
        (b.typtype = 'c' OR coalesce(p.proargmodes::text[] && '{t,b,o}', false))::text AS composite,
        coalesce((SELECT json_agg(json_build_object('name', coalesce(a.name, ''), 'type', format_type(a.type, NULL), 'required', a.idx <= p.pronargs - p.pronargdefaults, 'variadic', coalesce(a.mode = 'v', false)) ORDER BY a.idx)
          FROM unnest(p.proargnames, p.proargtypes, p.proargmodes) WITH ORDINALITY AS a (name, type, mode, idx) WHERE a.type IS NOT NULL), '[]')::text AS parameters,
        (SELECT json_object_agg(split_part(s, '=', 1), substr(s, strpos(s, '=') + 1)) FROM unnest(p.proconfig) AS s)::text AS proconfig
        FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_catalog.pg_type AS t ON t.oid = p.prorettype
        JOIN pg_catalog.pg_type AS b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
        WHERE p.prokind = 'f' AND b.typname <> 'trigger' AND n.nspname = ANY ($1)`,
      values: [config.schemas],
    });
  });
  routines = rows.map((row) => ({ ...row, set: row.set === 'true', composite: row.composite === 'true', parameters: JSON.parse(row.parameters), settings: row.proconfig ? JSON.parse(row.proconfig) : {} }));
}

// The connection that waits for NOTIFY; when it was lost, everything is read again.
async function listen() {
  for (let delay = 100; ; delay = Math.min(2 * delay, 32000)) {
    const client = new pg.Client({ connectionString: given.db_uri, application_name: 'postgrest listener' });
    try {
      const lost = new Promise((resolve) => { client.on('error', resolve); client.on('end', resolve); });
      await client.connect();
      client.on('notification', ({ payload }) => reload(payload).catch((error) => log(error.message)));
      await client.query(`LISTEN ${identifier(given.db_channel)}`);
      await reload('');
      delay = 100;
      listening();
      await lost;
    } catch (error) {
      log(`not listening: ${error.message}`);
    }
    client.end().catch(() => {});
    await new Promise((resolve) => { setTimeout(resolve, delay); });
  }
}

async function reload(payload) {
  if (payload === 'reload config' || payload === '') await loadConfig();
  if (payload === 'reload schema' || payload === '') await loadRoutines();
}

// --- the token ---------------------------------------------------------------------------

const badToken = (code, message, details = null) => new Refusal(401, code, message, details, null, [['WWW-Authenticate', `Bearer error="invalid_token", error_description=${JSON.stringify(message)}`]]);
const FAMILIES = { HS256: 'oct', HS384: 'oct', HS512: 'oct', RS256: 'RSA', RS384: 'RSA', RS512: 'RSA', ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' };

async function claimsOf(token) {
  if (config.keys === null) throw new Refusal(500, 'PGRST300', 'Server lacks JWT secret');
  if (token === '') throw badToken('PGRST301', 'Empty JWT is sent in Authorization header');
  const parts = token.split('.');
  if (parts.length !== 3) throw badToken('PGRST301', `Expected 3 parts in JWT; got ${parts.length}`);
  let header;
  try {
    header = JSON.parse(Buffer.from(parts[0], 'base64url').toString('utf8'));
  } catch {
    throw badToken('PGRST301', "JWT couldn't be decoded");
  }
  const family = FAMILIES[header?.alg];
  if (!family) throw badToken('PGRST301', 'Wrong or unsupported encoding algorithm');
  const suitable = config.keys.filter((key) => (key.crv ?? key.kty) === family && key.use !== 'enc' && (!key.alg || key.alg === header.alg) && (header.kid === undefined || key.kid === header.kid));
  for (const key of suitable) {
    let claims;
    try {
      const { payload } = await compactVerify(token, await importJWK(key, header.alg), { algorithms: [header.alg] });
      claims = Buffer.from(payload).toString('utf8');
    } catch {
      continue;
    }
    try {
      claims = JSON.parse(claims);
    } catch {
      claims = null;
    }
    if (claims === null || typeof claims !== 'object' || Array.isArray(claims)) throw badToken('PGRST303', 'Parsing claims failed');
    return claims;
  }
  throw badToken('PGRST301', 'No suitable key or wrong key type', suitable.length ? 'None of the keys was able to decode the JWT' : 'No suitable key was found to decode the JWT');
}

function checkClaims(claims) {
  const now = Math.floor(Date.now() / 1000);
  const time = (name, wrong, message) => {
    const value = claims[name];
    if (value === undefined || value === null) return;
    if (typeof value !== 'number') throw badToken('PGRST303', `The JWT '${name}' claim must be a number`);
    // What is no whole number counts as 0.
    if (wrong(Number.isSafeInteger(value) ? value : 0)) throw badToken('PGRST303', message);
  };
  time('exp', (exp) => now - 30 > exp, 'JWT expired');
  time('nbf', (nbf) => now + 30 < nbf, 'JWT not yet valid');
  time('iat', (iat) => now + 30 < iat, 'JWT issued at future');
  const { aud } = claims;
  if (aud === undefined || aud === null) return;
  if (typeof aud !== 'string' && !(Array.isArray(aud) && aud.every((one) => typeof one === 'string'))) throw badToken('PGRST303', "The JWT 'aud' claim must be a string or an array of strings");
  if (config.jwt_aud && ![aud].flat().includes(config.jwt_aud) && aud.length !== 0) throw badToken('PGRST303', 'JWT not in audience');
}

// The role and the claims: of the first Authorization header, whose scheme is Bearer in any case.
async function authenticate(headers) {
  const header = headers.find(([name]) => name === 'authorization')?.[1] ?? '';
  const bearer = /^bearer(?:[\t-\r \xa0]+([^]*))?$/i.exec(header);
  const claims = bearer ? await claimsOf(bearer[1] ?? '') : {};
  checkClaims(claims);
  const claim = claims[config.jwt_role_claim_key.replace(/^\$?\./, '')];
  const role = claim === undefined ? config.db_anon_role : typeof claim === 'string' ? claim : JSON.stringify(claim);
  if (!role) throw new Refusal(401, 'PGRST302', 'Anonymous access is disabled', null, null, [['WWW-Authenticate', 'Bearer']]);
  return { role, claims: { ...claims, role }, authed: role !== config.db_anon_role };
}

// --- the transaction ---------------------------------------------------------------------

const prepared = (client, text, values = []) => client.query({ name: createHash('md5').update(text).digest('hex'), text, values, types: raw });

async function transaction(request, plan) {
  const { role } = request.identity;
  const settings = config.roles[role] ?? {};
  const hoisted = Object.entries(plan.routine?.settings ?? {}).filter(([name]) => list(config.db_hoisted_tx_settings).includes(name) && name !== 'default_transaction_isolation');
  const isolation = (plan.routine?.settings.default_transaction_isolation ?? settings.default_transaction_isolation ?? 'read committed').toUpperCase();
  const values = [];
  const constant = (name, value) => `set_config('${name}', $${values.push(value)}, true)`;
  const dynamic = ([name, value]) => `set_config($${values.push(name)}, $${values.push(value)}, true)`;
  const variables = [
    constant('search_path', [request.schema, ...list(config.db_extra_search_path)].map(identifier).join(', ')),
    ...Object.entries(settings).filter(([name]) => name !== 'default_transaction_isolation').map(dynamic),
    constant('role', role),
    constant('request.jwt.claims', JSON.stringify(request.identity.claims)),
    constant('request.method', request.method),
    constant('request.path', Buffer.from(request.path, 'latin1')),
    constant('request.headers', jsonOf(request.headers.filter(([name]) => name !== 'cookie'))),
    constant('request.cookies', jsonOf(cookiesOf(request.headers.find(([name]) => name === 'cookie')?.[1]))),
    ...hoisted.map(dynamic),
  ];
  const client = await pool.connect().catch((error) => { throw new Refusal(503, 'PGRST000', 'Database connection error.', error.message, null, [['Retry-After', '1']]); });
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation} ${plan.isWrite ? 'READ WRITE' : 'READ ONLY'}`);
    await prepared(client, `select ${variables.join(', ')}`, values);
    if (config.db_pre_request) await prepared(client, `select ${qualified(config.db_pre_request)}()`);
    const result = await prepared(client, plan.text, plan.values);
    const row = result.rows[0];
    const singular = plan.isSingular && row.page_total !== '1';
    const undone = singular || plan.isUndone;
    if (plan.isUndone) await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query(undone ? 'ROLLBACK' : 'COMMIT');
    client.release();
    if (singular) throw new Refusal(406, 'PGRST116', 'Cannot coerce the result to a single JSON object', `The result contains ${row.page_total} rows`);
    return row;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // A connection whose transaction cannot be ended is of no more use.
    await client.query('ROLLBACK').then(() => client.release(), () => client.release(true));
    throw error;
  }
}

// --- the answer --------------------------------------------------------------------------

function ofRefusal(refusal) {
  const { code, message, details, hint } = refusal;
  const body = Buffer.from(JSON.stringify(config.client_error_verbosity === 'minimal' ? { code, message } : { code, details, hint, message }));
  return { status: refusal.status, reason: refusal.reason, headers: [['Content-Type', ERROR_TYPE], ['Content-Length', body.length], ['Proxy-Status', `PostgREST; error=${code}`], ...refusal.headers], body };
}

function ofRow(row, plan, request) {
  const isVoid = plan.routine?.returns === 'void' && !plan.routine.set;
  const total = Number(row.page_total);
  const body = Buffer.from(row.body);
  let status = isVoid ? 204 : 200;
  if (row.response_status) {
    const number = /^\d+/.exec(row.response_status);
    if (!number) throw new Refusal(500, 'PGRST112', 'response.status guc must be a valid status code');
    status = Number(number[0]);
  }
  const own = [['Content-Range', total > 0 ? `0-${total - 1}/*` : '*/*']];
  if (plan.isUndone || (request.preferences.includes('tx=commit') && config.db_tx_end.endsWith('-allow-override'))) own.push(['Preference-Applied', plan.isUndone ? 'tx=rollback' : 'tx=commit']);
  if (!isVoid && request.method !== 'HEAD') own.push(['Content-Length', body.length]);
  if (!isVoid) own.push(['Content-Type', plan.isSingular ? 'application/vnd.pgrst.object+json; charset=utf-8' : ERROR_TYPE]);
  if (config.schemas.length > 1) own.push(['Content-Profile', request.schema]);
  const set = gucHeaders(row.response_headers);
  const isSet = (name) => set.some(([one]) => one.toLowerCase() === name.toLowerCase());
  const headers = [...own.filter(([name]) => !isSet(name)), ...set];
  return { status, headers: isSet('Vary') ? headers : [...headers, ['Vary', 'Accept, Prefer, Range']], body: isVoid || request.method === 'HEAD' ? Buffer.alloc(0) : body };
}

function schemaOf(headers, method) {
  const name = ['POST', 'PATCH', 'PUT', 'DELETE'].includes(method) ? 'content-profile' : 'accept-profile';
  const profile = headers.find(([one]) => one === name)?.[1];
  if (profile === undefined) return config.schemas[0];
  const schema = utf8(profile);
  if (!config.schemas.includes(schema)) throw new Refusal(406, 'PGRST106', `Invalid schema: ${schema}`, null, `Only the following schemas are exposed: ${config.schemas.join(', ')}`);
  return schema;
}

// Does the client want one object?  Refused when it wants what is not there.
function negotiate(headers) {
  const accept = headers.find(([name]) => name === 'accept')?.[1] ?? '*/*';
  for (const type of accept.split(',').map((one) => one.split(';')[0].trim().toLowerCase())) {
    if (['*/*', 'application/json', 'application/*'].includes(type)) return false;
    if (['application/vnd.pgrst.object+json', 'application/vnd.pgrst.object'].includes(type)) return true;
  }
  throw new Refusal(406, 'PGRST107', `None of these media types are available: ${accept}`);
}

function planOf(request, segments, query, body) {
  const type = (request.headers.find(([name]) => name === 'content-type')?.[1] ?? 'application/json').split(';')[0].trim().toLowerCase();
  const isRead = ['GET', 'HEAD', 'OPTIONS'].includes(request.method);
  const isUndone = config.db_tx_end.startsWith('rollback') ? !(config.db_tx_end.endsWith('-allow-override') && request.preferences.includes('tx=commit')) : config.db_tx_end.endsWith('-allow-override') && request.preferences.includes('tx=rollback');
  const values = [];
  if (segments.length === 0) throw notTranslated('the root path');
  if (segments.length === 1) {
    if (!isRead) throw notTranslated('writes of tables');
    const { select } = queryOf(query, false);
    const isSingular = negotiate(request.headers);
    return { isWrite: false, isUndone, isSingular, values, text: mainQuery(`SELECT * FROM ${identifier(request.schema)}.${identifier(segments[0])}`, null, select, isSingular) };
  }
  if (segments.length !== 2 || segments[0] !== 'rpc') throw new Refusal(404, 'PGRST125', 'Invalid path specified in request URL');
  if (!isRead && request.method !== 'POST') throw new Refusal(405, 'PGRST101', `Cannot use the ${request.method} method on RPC`);
  const { parameters, select, columns } = queryOf(query, isRead);
  const payload = isRead ? { keys: [...new Set(parameters.map(([name]) => name))], pairs: parameters } : payloadOf(type, body, columns);
  const routine = routineOf(routines, request.schema, segments[1], payload.keys, type, !isRead);
  const isSingular = negotiate(request.headers);
  return { isWrite: !isRead && routine.volatility === 'v', isUndone, isSingular, routine, values, text: mainQuery(callOf(routine, payload, values), routine, select, isSingular) };
}

async function answer(method, url, headers, body) {
  const at = url.indexOf('?');
  const request = { method, headers, path: at < 0 ? url : url.slice(0, at) };
  try {
    request.identity = await authenticate(headers);
    request.preferences = headers.filter(([name]) => name === 'prefer').flatMap(([, value]) => list(value));
    const segments = request.path === '/' ? [] : request.path.slice(1).split('/').map((one) => Buffer.from(unescaped(one.replaceAll('+', '%2B')), 'latin1').toString('utf8'));
    request.schema = schemaOf(headers, method);
    const plan = planOf(request, segments, at < 0 ? '' : url.slice(at + 1), body);
    if (method === 'OPTIONS') return { status: 200, headers: [['Content-Length', 0], ['Access-Control-Allow-Origin', '*'], ['Allow', plan.routine?.volatility === 'v' ? 'OPTIONS,POST' : `OPTIONS,GET,HEAD${plan.routine ? ',POST' : ''}`]], body: Buffer.alloc(0) };
    return ofRow(await transaction(request, plan), plan, request);
  } catch (error) {
    if (error instanceof NoUtf8) return { status: 500, headers: [['Content-Type', 'text/plain; charset=utf-8']], body: Buffer.from('Something went wrong') };
    if (!(error instanceof Refusal) && !error.code && !/onnection/.test(error.message)) log(error.stack);
    return ofRefusal(error instanceof Refusal ? error : ofDatabase(error, request.identity.authed));
  }
}

// --- HTTP --------------------------------------------------------------------------------

function cors(method, headers) {
  const header = (name) => headers.find(([one]) => one === name)?.[1];
  const origin = header('origin');
  const allowed = list(config.server_cors_allowed_origins);
  if (origin === undefined || (allowed.length && !allowed.includes(origin))) return { headers: [] };
  const origins = allowed.length ? [['Access-Control-Allow-Origin', origin], ['Access-Control-Allow-Credentials', 'true']] : [['Access-Control-Allow-Origin', '*']];
  if (method !== 'OPTIONS') return { headers: [...origins, ['Access-Control-Expose-Headers', 'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit']] };
  if (header('access-control-request-method') === undefined) return { headers: [] };
  const asked = list(header('access-control-request-headers'));
  return { isPreflight: true, headers: [...origins, ['Access-Control-Allow-Methods', 'GET, POST, PATCH, PUT, DELETE, OPTIONS'], ['Access-Control-Allow-Headers', ['Authorization', ...asked].join(', ')], ['Access-Control-Max-Age', '86400']] };
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.png': 'image/png', '.ico': 'image/x-icon', '.json': 'application/json' };

const notFound = () => ({ status: 404, headers: [['Content-Type', 'text/plain']], body: Buffer.from('not found\n') });

// A file of the folder; whatever else is asked for is a view of its index.html.
function file(url) {
  const root = path.resolve(flags.static) + path.sep;
  let name;
  try {
    name = path.join(root, decodeURIComponent(url.split('?')[0]));
  } catch {
    return notFound();
  }
  const found = name.startsWith(root) && fs.existsSync(name) && fs.statSync(name).isFile() ? name : path.join(root, 'index.html');
  return { status: 200, headers: [['Content-Type', TYPES[path.extname(found)] ?? 'application/octet-stream'], ['Cache-Control', 'no-cache']], body: fs.readFileSync(found) };
}

async function serve(request, body) {
  const headers = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push([request.rawHeaders[i].toLowerCase(), request.rawHeaders[i + 1]]);
  const prefix = flags.prefix ?? '';
  if (prefix && request.url !== prefix && !request.url.startsWith(`${prefix}/`)) {
    return flags.static ? file(request.url) : notFound();
  }
  const crossing = cors(request.method, headers);
  if (crossing.isPreflight) return { status: 200, headers: crossing.headers, body: Buffer.alloc(0) };
  // With a prefix it stands in for the proxy too, which says who the client is whatever the client says.
  const proxied = prefix ? [...headers.filter(([name]) => name !== 'x-real-ip'), ['x-real-ip', request.socket.remoteAddress]] : headers;
  const result = await answer(request.method, request.url.slice(prefix.length) || '/', proxied, body);
  return { ...result, headers: [...result.headers, ...crossing.headers] };
}

async function handle(request, response) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
    const result = await serve(request, Buffer.concat(chunks));
    // A name that comes twice is two lines.
    const names = {};
    for (const [name, value] of result.headers) (names[name.toLowerCase()] ??= [name, []])[1].push(String(value));
    for (const [name, values] of Object.values(names)) response.setHeader(name, values.length > 1 ? values : values[0]);
    response.setHeader('Server', 'postgrest/test-harness');
    response.statusCode = result.status;
    // A reason phrase that is no line would end here, as PostgREST would let it through.
    if (result.reason !== undefined) response.statusMessage = result.reason;
    response.end(result.body);
  } catch (error) {
    log(error.stack);
    if (!response.headersSent) {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.statusMessage = 'harness error';
      response.statusCode = 599;
    }
    response.end(`postgrest.mjs: ${error.message}\n`);
  }
}

let listening;
const ready = new Promise((resolve) => { listening = resolve; });
listen();
await ready;
// The limit of Warp, on which PostgREST runs; it does not check the bytes of a value either.
const options = { maxHeaderSize: Number(flags['max-header'] ?? 50 * 1024), insecureHTTPParser: true };
const server = flags['tls-cert'] ? https.createServer({ ...options, cert: fs.readFileSync(flags['tls-cert']), key: fs.readFileSync(flags['tls-key']) }, handle) : http.createServer(options, handle);
// How many headers there may be is the database's to say.
server.maxHeadersCount = 0;
server.listen(Number(given.server_port ?? 0), given.server_host ?? 'localhost', () => console.log(`postgrest ${server.address().port}\nready`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
