/*
 * jws.c
 *		JSON Web Signatures.  See jws.h.
 *
 * Whatever a header holds that could lead the verifier elsewhere is refused,
 * not ignored: extensions that must be understood (crit, b64: RFC 7797) as we
 * understand none, and keys that the signer brings along (jku, jwk, x5u, x5c).
 */
#include "jose/jws.h"

#include "base/json.h"
#include "crypto/base64url.h"
#include "jose/jws_private.h"

/* A protected header beyond this is refused before it is decoded. */
#define JWS_HEADER_MAX_BYTES	(8 * 1024)

static bool
jws_decode(const char *text, size_t len, size_t max, char **out, size_t *out_len)
{
	size_t		room = CR_BASE64URL_BYTES(len);

	if (room > max)
		return false;
	*out = palloc(room + 1);
	if (!cr_base64url_decode_public(text, len, (unsigned char *) *out, room, out_len))
		return false;
	(*out)[*out_len] = '\0';
	return true;
}

/* Of one part of the header: what is not accepted wherever it stands. */
static bool
header_members_ok(const BaseJsonItems *items)
{
	static const char *const refused[] = {"crit", "b64", "jku", "jwk", "x5u", "x5c"};
	static const char *const strings[] = {"alg", "kid", "typ", "cty"};

	for (size_t i = 0; i < lengthof(refused); i++)
		if (base_json_find(items, refused[i]))
			return false;
	for (size_t i = 0; i < lengthof(strings); i++)
	{
		const BaseJsonItem *item = base_json_find(items, strings[i]);

		if (item && item->type != BASE_JSON_STRING)
			return false;
	}
	return true;
}

/* RFC 7515 section 7.2.1: the two parts of a header have no member in common. */
static bool
header_parts_disjoint(const BaseJsonItems *protected, const BaseJsonItems *unprotected)
{
	for (int i = 0; i < unprotected->n; i++)
		if (base_json_find(protected, unprotected->items[i].name))
			return false;
	return true;
}

static bool
header_string(const BaseJsonItems *protected, const BaseJsonItems *unprotected,
			  const char *name, const char **value)
{
	return base_json_string(protected, name, value) || base_json_string(unprotected, name, value);
}

JoseStatus
jose_jws_read_signature(const JoseSignatureText *text, JoseSignature *signature)
{
	BaseJsonItems protected = {0};
	BaseJsonItems unprotected = {0};
	const char *alg;
	char	   *header;
	char	   *sig;
	size_t		len;

	if (text->protected_len == 0 && text->header == NULL)
		return JOSE_JWS_MALFORMED;
	if (text->protected_len > 0 &&
		(!jws_decode(text->protected, text->protected_len, JWS_HEADER_MAX_BYTES, &header, &len) ||
		 !base_json_object(header, len, &protected)))
		return JOSE_JWS_MALFORMED;
	if (text->header && !base_json_object(text->header, text->header_len, &unprotected))
		return JOSE_JWS_MALFORMED;
	/* No signature is no signature, whatever the header calls it (RFC 7518 section 3.6). */
	if (text->sig_len == 0 ||
		!jws_decode(text->sig, text->sig_len, CR_SIGNATURE_MAX_BYTES, &sig, &signature->sig_len))
		return JOSE_JWS_MALFORMED;
	if (!header_members_ok(&protected) || !header_members_ok(&unprotected) ||
		!header_parts_disjoint(&protected, &unprotected) ||
		!header_string(&protected, &unprotected, "alg", &alg))
		return JOSE_JWS_HEADER;
	signature->sig = (unsigned char *) sig;
	signature->alg = cr_alg_by_name(alg);
	signature->kid = NULL;
	(void) header_string(&protected, &unprotected, "kid", &signature->kid);
	return JOSE_OK;
}

/* RFC 7515 section 7.1: three parts, two dots. */
JoseStatus
jose_jws_parse_compact(const char *text, size_t len, JoseJws *jws)
{
	const char *first = memchr(text, '.', len);
	const char *second = first ? memchr(first + 1, '.', len - (first + 1 - text)) : NULL;
	JoseSignatureText parts = {0};

	memset(jws, 0, sizeof(*jws));
	if (second == NULL)
		return JOSE_JWS_MALFORMED;
	parts.protected = text;
	parts.protected_len = first - text;
	parts.sig = second + 1;
	parts.sig_len = len - (second + 1 - text);
	jws->payload = first + 1;
	jws->payload_len = second - (first + 1);
	jws->n = 1;
	jws->signatures = palloc0(sizeof(JoseSignature));
	jws->signatures->input = text;
	jws->signatures->input_len = second - text;
	return jose_jws_read_signature(&parts, jws->signatures);
}

bool
jose_jws_verify(const JoseSignature *signature, CrKey *key, CrAlg alg)
{
	if (signature->alg == CR_ALG_NONE || (alg != CR_ALG_NONE && alg != signature->alg))
		return false;
	return cr_key_verify(key, signature->alg, signature->input, signature->input_len,
						 signature->sig, signature->sig_len);
}

char *
jose_jws_payload(const JoseJws *jws, size_t *len)
{
	char	   *payload;

	return jws_decode(jws->payload, jws->payload_len, JOSE_JWS_MAX_BYTES, &payload, len) ? payload : NULL;
}

char *
jose_jws_sign(CrKey *key, CrAlg alg, const char *kid, const char *payload, size_t len)
{
	char	   *header = psprintf("{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", cr_alg_name(alg), kid);
	size_t		header_len = strlen(header);
	size_t		input_len = CR_BASE64URL_LEN(header_len) + 1 + CR_BASE64URL_LEN(len);
	char	   *jws = palloc(input_len + 1 + CR_BASE64URL_LEN(CR_SIGNATURE_MAX_BYTES) + 1);
	char	   *p = jws;
	unsigned char sig[CR_SIGNATURE_MAX_BYTES];
	size_t		sig_len;

	cr_base64url_encode(header, header_len, p);
	p += CR_BASE64URL_LEN(header_len);
	*p++ = '.';
	cr_base64url_encode(payload, len, p);
	p += CR_BASE64URL_LEN(len);
	if (!cr_key_sign(key, alg, jws, input_len, sig, &sig_len))
		return NULL;
	*p++ = '.';
	cr_base64url_encode(sig, sig_len, p);
	return jws;
}
