/*
 * jws.c
 *		SQL function for a JWS of anybody's.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/call.h"
#include "base/errors.h"
#include "jose/jws.h"
#include "utils/jsonb.h"

/* Why it was refused: of the key the reason, of the JWS only that it was. */
static void
jws_require(JoseStatus status)
{
	if (status == JOSE_OK)
		return;
	if (jose_status_is_key(status))
		base_raise(FA_INVALID_ARGUMENT, "key %s", jose_status_message(status));
	base_raise_hint(FA_INVALID_TOKEN, "It is malformed, or this key did not sign it.", NULL);
}

/* SQL function: fastauth.verify_jws(jws text, key jsonb) */
FASTAUTH_FUNCTION(fastauth_verify_jws, API_SECRET)
{
	char	   *text = api_arg_text(fcinfo, 0, "jws", JOSE_JWS_MAX_BYTES);
	Jsonb	   *key = api_arg_jsonb(fcinfo, 1, "key", JOSE_JWKS_MAX_BYTES);
	char	   *key_text = JsonbToCString(NULL, &key->root, VARSIZE(key));
	JoseStatus	status;
	JoseJws		jws;
	char	   *payload;
	size_t		len;
	bytea	   *result;

	status = jose_jws_parse(text, strlen(text), &jws);
	if (status == JOSE_OK)
		status = jose_jws_verify_with_json(&jws, key_text, strlen(key_text));
	explicit_bzero(key_text, strlen(key_text));
	jws_require(status);

	payload = jose_jws_payload(&jws, &len);
	if (payload == NULL)
		jws_require(JOSE_JWS_MALFORMED);
	result = palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), payload, len);
	PG_RETURN_BYTEA_P(result);
}
