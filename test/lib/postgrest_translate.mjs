// postgrest_translate.mjs: what PostgREST makes of a request, of a row and of an error, without asking anybody.  Test code
// only, a part of postgrest.mjs.

// An answer that is an error of PostgREST or of the database.
export class Refusal extends Error {
  constructor(status, code, message, details = null, hint = null, headers = [], reason = undefined) {
    super(message);
    Object.assign(this, { status, code, details, hint, headers, reason });
  }
}

export const notTranslated = (what) => new Refusal(501, 'HARNESS', `postgrest.mjs does not translate ${what}`);

export const list = (text) => (text || '').split(',').map((item) => item.trim()).filter(Boolean);
export const identifier = (name) => `"${name.replaceAll('\0', '').replaceAll('"', '""')}"`;

// The name of a function as it is configured: perhaps with a schema.
export const qualified = (text) => text.split('.').map(identifier).join('.');

// --- the request -------------------------------------------------------------------------

export class NoUtf8 extends Error {}

// Node gives bytes as latin1.
export function utf8(latin1) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    throw new NoUtf8();
  }
}

export const unescaped = (text) => text.replaceAll('+', ' ').replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

// Of two headers or cookies of one name the last stays.
export const jsonOf = (pairs) => JSON.stringify(Object.fromEntries(pairs.map(([name, value]) => [utf8(name), utf8(value)])));

export function cookiesOf(header) {
  return (header ?? '').split(';').filter((part, i, all) => i < all.length - 1 || part !== '').map((part) => {
    const at = part.indexOf('=');
    const value = at < 0 ? '' : part.slice(at + 1);
    return [(at < 0 ? part : part.slice(0, at)).replace(/^ +/, ''), value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value];
  });
}

const OPERATOR = /^(not\.)?((eq|gte|gt|lte|lt|like|ilike|match|imatch)(\((any|all)\))?|neq|cs|cd|ov|sl|sr|nxr|nxl|adj|isdistinct|in|is|(fts|plfts|phfts|wfts)(\([^)]*\))?)\./;

export function queryOf(query, isRead) {
  const result = { parameters: [], select: null, columns: null };
  for (const part of query.split('&').filter(Boolean)) {
    const at = part.indexOf('=');
    const [name, value] = [at < 0 ? part : part.slice(0, at), at < 0 ? null : part.slice(at + 1)].map((text) => text === null ? null : utf8(unescaped(text)));
    if (value === null) continue;
    if (name === 'select') result.select = value;
    else if (name === 'columns') result.columns = list(value);
    else if (!/^[\w$ -]+$/.test(name)) throw new Refusal(400, 'PGRST100', `"failed to parse tree path (${name})" (line 1, column 1)`);
    else if (['order', 'limit', 'offset', 'and', 'or', 'on_conflict'].includes(name) || OPERATOR.test(value)) throw notTranslated(`the filter or range ${name}`);
    else if (!isRead) throw new Refusal(400, 'PGRST100', `"failed to parse filter (${value})" (line 1, column 1)`);
    else result.parameters.push([name, value]);
  }
  return result;
}

const invalidBody = (message) => new Refusal(400, 'PGRST102', message);

// { keys, json } or { keys, pairs }: what the arguments of a POST are.
export function payloadOf(type, body, columns) {
  if (type === 'application/json') {
    if (columns) return { keys: columns, json: body };
    if (body.length === 0) return { keys: [], json: Buffer.from('{}') };
    let value;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
    } catch {
      throw invalidBody('Empty or invalid json');
    }
    const keys = (object) => Object.keys(object).sort().join('\0');
    const isObject = (one) => one !== null && typeof one === 'object' && !Array.isArray(one);
    if (isObject(value)) return { keys: Object.keys(value), json: body };
    if (!Array.isArray(value) || value.length === 0) return { keys: [], json: Buffer.from('[]') };
    if (!value.every((one) => isObject(one) && keys(one) === keys(value[0]))) throw invalidBody('All object keys must match');
    return { keys: Object.keys(value[0]), json: body };
  }
  if (type === 'application/x-www-form-urlencoded') {
    const pairs = body.toString('latin1').split('&').filter(Boolean).map((part) => {
      const at = part.indexOf('=');
      return [at < 0 ? part : part.slice(0, at), at < 0 ? '' : part.slice(at + 1)].map((text) => utf8(unescaped(text)));
    });
    return { keys: [...new Set(pairs.map(([name]) => name))], pairs };
  }
  if (['text/plain', 'text/xml', 'application/octet-stream'].includes(type)) return { keys: [], raw: body };
  throw invalidBody(`Content-Type not acceptable: ${type}`);
}

// The function that has these arguments, as PostgREST chooses among those of the name.
export function routineOf(routines, schema, name, keys, type, isPost) {
  const overloaded = routines.filter((routine) => routine.schema === schema && routine.name === name);
  const rawTypes = { 'application/json': ['json', 'jsonb'], 'text/plain': ['text'], 'text/xml': ['xml'], 'application/octet-stream': ['bytea'] };
  const isRaw = isPost && type !== 'application/json' && type in rawTypes;
  const matching = overloaded.filter(({ parameters }) => {
    if (parameters.length === 0) return keys.length === 0 && !isRaw;
    return keys.every((key) => parameters.some((parameter) => parameter.name === key)) && parameters.every((parameter) => !parameter.required || keys.includes(parameter.name));
  });
  const unnamed = overloaded.filter(({ parameters }) => isPost && parameters.length === 1 && parameters[0].name === '' && rawTypes[type]?.includes(parameters[0].type));
  const found = matching.length ? matching : unnamed;
  if (found.length === 1) return found[0];
  const signature = keys.length ? `(${[...keys].sort().join(', ')})` : ' without parameters';
  if (found.length) throw new Refusal(300, 'PGRST203', `Could not choose the best candidate function between: ${found.map((one) => `${schema}.${name}(${one.parameters.map((p) => `${p.name} => ${p.type}`).join(', ')})`).join(', ')}`, null, 'Try renaming the parameters or the function itself in the database so function overloading can be resolved');
  throw new Refusal(404, 'PGRST202', `Could not find the function ${schema}.${name}${isRaw ? '' : signature} in the schema cache`, `Searched for the function ${schema}.${name}${signature}, but no matches were found in the schema cache.`);
}

// The FROM of a call, with $n for its arguments.
export function callOf(routine, payload, values) {
  const name = `${identifier(routine.schema)}.${identifier(routine.name)}`;
  const isScalar = !routine.composite;
  const call = (argument) => (isScalar ? `(SELECT ${name}(${argument}) pgrst_scalar) pgrst_call` : `${name}(${argument}) pgrst_call`);
  const parameters = routine.parameters.filter((parameter) => payload.keys.includes(parameter.name));
  const value = (one) => `$${values.push(one)}`;
  const columns = isScalar ? 'pgrst_call.pgrst_scalar' : 'pgrst_call.*';
  if (routine.parameters.length === 1 && routine.parameters[0].name === '') return `SELECT ${columns} FROM ${call(`${value(payload.json ?? payload.raw)}::${routine.parameters[0].type}`)}`;
  if (parameters.length === 0) return `SELECT ${columns} FROM ${call('')}`;
  if (payload.pairs) {
    const direct = parameters.map((parameter) => {
      const all = payload.pairs.filter(([key]) => key === parameter.name).map(([, one]) => one);
      return `${parameter.variadic ? 'VARIADIC ' : ''}${identifier(parameter.name)} := ${value(parameter.variadic ? all : all.at(-1))}::${parameter.type}`;
    });
    return `SELECT ${columns} FROM ${call(direct.join(', '))}`;
  }
  const names = parameters.map((parameter) => identifier(parameter.name));
  const record = /^[ \t\n\r]*\{/.test(payload.json.toString('latin1')) ? 'json_to_record' : 'json_to_recordset';
  const typed = parameters.map((parameter, i) => `${names[i]} ${parameter.type}`);
  return `SELECT ${columns} FROM (SELECT ${value(payload.json)}::json AS json_data) pgrst_payload, LATERAL (SELECT ${names.join(', ')} FROM ${record}(pgrst_payload.json_data) AS _(${typed.join(', ')}) LIMIT 1) pgrst_body, LATERAL ${call(names.map((one) => `${one} := pgrst_body.${one}`).join(', '))}`;
}

function bodyOf(routine, isSingular) {
  if (routine && !routine.composite) return routine.set && !isSingular ? "coalesce(json_agg(_postgrest_t.pgrst_scalar), '[]')" : "coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null')";
  return (routine && !routine.set) || isSingular ? "coalesce(json_agg(_postgrest_t)->0, 'null')" : "coalesce(json_agg(_postgrest_t), '[]')";
}

export function mainQuery(source, routine, select, isSingular) {
  const setting = (name) => `nullif(current_setting('${name}', true), '')`;
  const columns = select === null || select === '*' ? '"pgrst_source".*' : list(select).map((name) => {
    if (!/^\w+$/.test(name)) throw notTranslated(`select=${select}`);
    return `"pgrst_source".${identifier(name)}`;
  }).join(', ');
  return `WITH pgrst_source AS (${source}) SELECT null::bigint AS total_result_set, ${routine && !routine.set ? '1' : 'pg_catalog.count(_postgrest_t)'} AS page_total, ${bodyOf(routine, isSingular)} AS body, ${setting('response.headers')} AS response_headers, ${setting('response.status')} AS response_status, '' AS response_inserted FROM (SELECT ${columns} FROM "pgrst_source") _postgrest_t`;
}

// --- the answer --------------------------------------------------------------------------

const STATUS_BY_CODE = { '23503': 409, '23505': 409, '25006': 405, '42883': 404, '42P01': 404, '42P17': 500, '53400': 500, '57P01': 503, 'P0001': 400 };
const STATUS_BY_CLASS = { '08': 503, '09': 500, '0L': 403, '0P': 403, 25: 500, 28: 403, '2D': 500, 38: 500, 39: 500, '3B': 500, 40: 500, 53: 503, 54: 500, 55: 500, 57: 500, 58: 500, F0: 500, HV: 500, P0: 500, XX: 500 };

// RAISE SQLSTATE 'PGRST' tells all of the answer.
function raised({ message, detail }) {
  try {
    const [body, how] = [JSON.parse(message), JSON.parse(detail)];
    if (typeof body.code !== 'string' || typeof body.message !== 'string' || !Number.isInteger(how.status) || typeof how.headers !== 'object') throw new Error();
    return new Refusal(how.status, body.code, body.message, body.details ?? null, body.hint ?? null, Object.entries(how.headers), how.status_text);
  } catch {
    return new Refusal(500, 'PGRST121', 'Could not parse JSON in the "RAISE SQLSTATE \'PGRST\'" error');
  }
}

export function ofDatabase(error, authed) {
  const { code, message } = error;
  if (!code || !/^[0-9A-Z]{5}$/.test(code)) return new Refusal(503, 'PGRST001', 'Database client error. Retrying the connection.', message, null, [['Retry-After', '1']]);
  if (code === 'PGRST') return raised(error);
  let status = STATUS_BY_CODE[code] ?? STATUS_BY_CLASS[code.slice(0, 2)] ?? 400;
  let reason;
  if (code === '21000') status = message.endsWith('requires a WHERE clause') ? 400 : 500;
  if (code === '22023') status = message.startsWith('role') && message.endsWith('does not exist') ? 401 : 400;
  if (code === '42501') status = authed ? 403 : 401;
  if (code.startsWith('PT')) {
    status = /^\d{3}$/.test(code.slice(2)) ? Number(code.slice(2)) : 500;
    reason = message;
  }
  return new Refusal(status, code, message, error.detail ?? null, error.hint ?? null, [...(status === 401 ? [['WWW-Authenticate', 'Bearer']] : []), ...(status === 503 ? [['Retry-After', '1']] : [])], reason);
}

export function gucHeaders(text) {
  let value;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    // Refused below.
  }
  const pairs = Array.isArray(value) ? value.map((one) => (one !== null && typeof one === 'object' ? Object.entries(one) : [])) : [[]];
  if (pairs.some((one) => one.length !== 1 || typeof one[0][1] !== 'string')) throw new Refusal(500, 'PGRST111', 'response.headers guc must be a JSON array composed of objects with a single key and a string value');
  return pairs.flat();
}
