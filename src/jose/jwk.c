/*
 * jwk.c
 *		JSON Web Keys.  See jwk.h.
 *
 * use, key_ops and alg of a key bind (S43).  Members that we do not know are
 * ignored (RFC 7517 section 4); certificates (x5c, x5u) are never looked at.
 *
 * Everything that allocates with palloc happens before a key is made, so that
 * no key is lost when memory runs out.
 */
#include "jose/jwk.h"

#include "base/json.h"
#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

/* RFC 7517 section 4.3 knows eight. */
#define JWK_KEY_OPS_MAX 16

/* A kind of keys as JWK names it; public_parts in the order of their names. */
typedef struct JwkKind
{
	CrKeyType	type;
	const char *kty;
	const char *crv;			/* NULL: has none */
	CrPart		public_parts[2];
	int			n_public;
	CrPart		private_parts[6];
	int			n_private;
} JwkKind;

/* The names of parts, in the order of CrPart. */
static const char *const part_names[CR_PART_COUNT] = {
	[CR_PART_N] = "n", [CR_PART_E] = "e", [CR_PART_D] = "d", [CR_PART_P] = "p", [CR_PART_Q] = "q",
	[CR_PART_DP] = "dp", [CR_PART_DQ] = "dq", [CR_PART_QI] = "qi",
	[CR_PART_X] = "x", [CR_PART_Y] = "y", [CR_PART_K] = "k",
};

static const JwkKind kinds[] = {
	{CR_KEY_OCT, "oct", NULL, {CR_PART_K}, 1, {0}, 0},
	{CR_KEY_RSA, "RSA", NULL, {CR_PART_E, CR_PART_N}, 2,
	{CR_PART_D, CR_PART_P, CR_PART_Q, CR_PART_DP, CR_PART_DQ, CR_PART_QI}, 6},
	{CR_KEY_P256, "EC", "P-256", {CR_PART_X, CR_PART_Y}, 2, {CR_PART_D}, 1},
	{CR_KEY_P384, "EC", "P-384", {CR_PART_X, CR_PART_Y}, 2, {CR_PART_D}, 1},
	{CR_KEY_P521, "EC", "P-521", {CR_PART_X, CR_PART_Y}, 2, {CR_PART_D}, 1},
	{CR_KEY_ED25519, "OKP", "Ed25519", {CR_PART_X}, 1, {CR_PART_D}, 1},
};

static JoseStatus
jwk_find_kind(const BaseJsonItems *items, const JwkKind **kind)
{
	const char *kty;
	const char *crv = NULL;

	if (!base_json_string(items, "kty", &kty))
		return JOSE_KEY_MALFORMED;
	if (base_json_find(items, "crv") && !base_json_string(items, "crv", &crv))
		return JOSE_KEY_MALFORMED;
	for (int i = 0; i < (int) lengthof(kinds); i++)
	{
		*kind = &kinds[i];
		if (strcmp(kty, (*kind)->kty) == 0 &&
			((*kind)->crv == NULL || (crv != NULL && strcmp(crv, (*kind)->crv) == 0)))
			return JOSE_OK;
	}
	return JOSE_KEY_UNSUPPORTED;
}

/* RFC 7517 section 4.3: operations, none of them twice. */
static JoseStatus
jwk_check_key_ops(const BaseJsonItem *item, const char *wanted)
{
	BaseJsonItems ops;
	bool		found = false;

	if (item->type != BASE_JSON_ARRAY || !base_json_array(item->value, item->len, &ops))
		return JOSE_KEY_MALFORMED;
	if (ops.n > JWK_KEY_OPS_MAX)
		return JOSE_KEY_MALFORMED;
	for (int i = 0; i < ops.n; i++)
	{
		if (ops.items[i].type != BASE_JSON_STRING)
			return JOSE_KEY_MALFORMED;
		for (int j = 0; j < i; j++)
			if (strcmp(ops.items[i].value, ops.items[j].value) == 0)
				return JOSE_KEY_MALFORMED;
		if (strcmp(ops.items[i].value, wanted) == 0)
			found = true;
	}
	return found ? JOSE_OK : JOSE_KEY_USE;
}

/* RFC 7517 sections 4.2 and 4.3.  Both may be there, and then both must allow it. */
static JoseStatus
jwk_check_use(const BaseJsonItems *items, const char *wanted)
{
	const BaseJsonItem *use = base_json_find(items, "use");
	const BaseJsonItem *key_ops = base_json_find(items, "key_ops");

	if (use)
	{
		if (use->type != BASE_JSON_STRING)
			return JOSE_KEY_MALFORMED;
		if (strcmp(use->value, "sig") != 0)
			return JOSE_KEY_USE;
	}
	return key_ops ? jwk_check_key_ops(key_ops, wanted) : JOSE_OK;
}

/* RFC 7517 sections 4.4 and 4.5. */
static JoseStatus
jwk_read_names(const BaseJsonItems *items, JosePurpose purpose, JoseJwk *jwk)
{
	const BaseJsonItem *alg = base_json_find(items, "alg");
	const BaseJsonItem *kid = base_json_find(items, "kid");

	if (alg)
	{
		if (alg->type != BASE_JSON_STRING)
			return JOSE_KEY_MALFORMED;
		jwk->alg = cr_alg_by_name(alg->value);
		if (jwk->alg == CR_ALG_NONE)
			return JOSE_KEY_ALG;
	}
	if (kid)
	{
		if (kid->type != BASE_JSON_STRING || kid->len > JOSE_KID_MAX ||
			(purpose == JOSE_FOR_IMPORT && !jose_kid_ok(kid->value)))
			return JOSE_KEY_MALFORMED;
		strlcpy(jwk->kid, kid->value, sizeof(jwk->kid));
	}
	return JOSE_OK;
}

static bool
jwk_read_parts(const BaseJsonItems *items, const CrPart *wanted, int n, bool required, CrKeyParts *parts)
{
	for (int i = 0; i < n; i++)
	{
		const BaseJsonItem *item = base_json_find(items, part_names[wanted[i]]);
		unsigned char *room;
		size_t		len;

		if (item == NULL && !required)
			continue;
		if (item == NULL || item->type != BASE_JSON_STRING || item->len == 0 ||
			item->len > CR_BASE64URL_LEN(CR_PART_MAX_BYTES))
			return false;
		len = CR_BASE64URL_BYTES(item->len);
		room = cr_parts_add(parts, wanted[i], len);
		if (room == NULL || !cr_base64url_decode(item->value, item->len, room, len, &parts->len[wanted[i]]))
			return false;
	}
	return true;
}

static JoseStatus
jwk_make_key(const BaseJsonItems *items, const JwkKind *kind, JosePurpose purpose, JoseJwk *jwk)
{
	bool		with_private = purpose != JOSE_FOR_VERIFYING;
	CrKeyParts	parts = {.type = kind->type};
	JoseStatus	status = JOSE_KEY_MALFORMED;

	if (jwk_read_parts(items, kind->public_parts, kind->n_public, true, &parts) &&
		(!with_private || jwk_read_parts(items, kind->private_parts, kind->n_private, false, &parts)))
		status = jose_status_of_key(cr_key_from_parts(&parts, &jwk->key));
	cr_parts_wipe(&parts);
	if (status != JOSE_OK)
		return status;
	if (purpose == JOSE_FOR_IMPORT)
		status = jose_status_of_key(cr_key_check(jwk->key));
	/* A key serves one family of algorithms at most, and an HMAC key is long enough for one at least. */
	if (status == JOSE_OK && jwk->alg != CR_ALG_NONE && !cr_alg_fits(jwk->alg, jwk->key))
		status = cr_alg_is_hmac(jwk->alg) && kind->type == CR_KEY_OCT ? JOSE_KEY_WEAK : JOSE_KEY_ALG;
	if (status == JOSE_OK && !cr_alg_fits(cr_alg_default(kind->type), jwk->key))
		status = JOSE_KEY_WEAK;
	if (status != JOSE_OK)
	{
		cr_key_free(jwk->key);
		jwk->key = NULL;
	}
	return status;
}

JoseStatus
jose_jwk_parse(const char *json, size_t len, JosePurpose purpose, JoseJwk *jwk)
{
	BaseJsonItems items;
	const JwkKind *kind;
	bool		signs;
	JoseStatus	status;

	memset(jwk, 0, sizeof(*jwk));
	if (len > JOSE_JWK_MAX_BYTES || !base_json_object(json, len, &items))
		return JOSE_KEY_NOT_JSON;
	status = jwk_find_kind(&items, &kind);
	/* RFC 7518 section 6.3.2.7: RSA with more than two primes */
	if (status == JOSE_OK && kind->type == CR_KEY_RSA && base_json_find(&items, "oth"))
		status = JOSE_KEY_UNSUPPORTED;
	if (status == JOSE_OK)
	{
		signs = purpose != JOSE_FOR_VERIFYING && (kind->type == CR_KEY_OCT || base_json_find(&items, "d"));
		status = jwk_check_use(&items, signs ? "sign" : "verify");
	}
	if (status == JOSE_OK)
		status = jwk_read_names(&items, purpose, jwk);
	if (status == JOSE_OK)
		status = jwk_make_key(&items, kind, purpose, jwk);
	base_json_wipe(&items);
	return status;
}

bool
jose_kid_ok(const char *kid)
{
	size_t		len = strlen(kid);

	if (len == 0 || len > JOSE_KID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (kid[i] < ' ' || kid[i] > '~' || kid[i] == '"' || kid[i] == '\\')
			return false;
	return true;
}

static void
jwk_put(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\":\"%s\"", json->len > 1 ? "," : "", name, value);
}

static void
jwk_put_parts(StringInfo json, const CrKeyParts *parts, const CrPart *wanted, int n)
{
	char		text[CR_BASE64URL_LEN(CR_PART_MAX_BYTES) + 1];

	for (int i = 0; i < n; i++)
	{
		if (parts->data[wanted[i]] == NULL)
			continue;
		cr_base64url_encode(parts->data[wanted[i]], parts->len[wanted[i]], text);
		jwk_put(json, part_names[wanted[i]], text);
	}
	explicit_bzero(text, sizeof(text));
}

static const JwkKind *
jwk_kind_of(const CrKey *key)
{
	const JwkKind *kind = kinds;

	while (kind->type != cr_key_type(key))
		kind++;
	return kind;
}

char *
jose_jwk_format(const CrKey *key, CrAlg alg, const char *kid, bool with_private)
{
	const JwkKind *kind = jwk_kind_of(key);
	CrKeyParts	parts;
	StringInfoData json;

	/* Of full size from the beginning: growing would leave copies behind. */
	initStringInfo(&json);
	enlargeStringInfo(&json, CR_BASE64URL_LEN(CR_PARTS_BYTES) + 1024);
	if (cr_key_parts(key, with_private, &parts) != CR_OK)
		return NULL;
	appendStringInfoChar(&json, '{');
	jwk_put(&json, "kty", kind->kty);
	if (kind->crv)
		jwk_put(&json, "crv", kind->crv);
	jwk_put_parts(&json, &parts, kind->public_parts, kind->n_public);
	if (with_private)
		jwk_put_parts(&json, &parts, kind->private_parts, kind->n_private);
	jwk_put(&json, "use", "sig");
	if (alg != CR_ALG_NONE)
		jwk_put(&json, "alg", cr_alg_name(alg));
	if (kid[0] != '\0')
	{
		/* A stranger's may hold anything. */
		appendStringInfoString(&json, ",\"kid\":");
		escape_json(&json, kid);
	}
	appendStringInfoChar(&json, '}');
	cr_parts_wipe(&parts);
	return json.data;
}

/* RFC 7638 section 3: the required members, in the order of their names, and nothing else. */
bool
jose_thumbprint(const CrKey *key, char *out)
{
	const JwkKind *kind = jwk_kind_of(key);
	CrKeyParts	parts;
	unsigned char hash[CR_HASH_MAX_BYTES];
	StringInfoData json;
	bool		done;

	initStringInfo(&json);
	enlargeStringInfo(&json, CR_BASE64URL_LEN(CR_PARTS_BYTES) + 1024);
	if (cr_key_parts(key, kind->type == CR_KEY_OCT, &parts) != CR_OK)
		return false;
	appendStringInfoChar(&json, '{');
	if (kind->crv)
		jwk_put(&json, "crv", kind->crv);
	/* crv, e, k < kty < n, x, y; public_parts are in the order of names */
	if (kind->type == CR_KEY_OCT || kind->type == CR_KEY_RSA)
		jwk_put_parts(&json, &parts, kind->public_parts, 1);
	jwk_put(&json, "kty", kind->kty);
	if (kind->type == CR_KEY_RSA)
		jwk_put_parts(&json, &parts, kind->public_parts + 1, 1);
	else if (kind->type != CR_KEY_OCT)
		jwk_put_parts(&json, &parts, kind->public_parts, kind->n_public);
	appendStringInfoChar(&json, '}');
	done = cr_digest(CR_SHA256, json.data, json.len, hash);
	if (done)
		cr_base64url_encode(hash, cr_hash_size(CR_SHA256), out);
	cr_parts_wipe(&parts);
	explicit_bzero(json.data, json.len);
	pfree(json.data);
	return done;
}
