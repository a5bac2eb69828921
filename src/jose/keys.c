/*
 * keys.c
 *		The keys of a JWK or a JWK Set, and what they verify.
 *
 * Making a key takes longer than verifying an HMAC with it, so who verifies
 * much keeps them.
 */
#include "jose/jws.h"

#include "base/json.h"
#include "miscadmin.h"
#include "utils/palloc.h"

static void
keys_free(void *arg)
{
	JoseKeys   *keys = arg;

	for (int i = 0; i < keys->n; i++)
		cr_key_free(keys->keys[i].key);
	keys->n = 0;
}

/* Room for n keys.  The callback that frees them is registered before there is one to lose. */
static JoseKeys *
keys_make(int n, bool is_set)
{
	JoseKeys   *keys = palloc0(sizeof(JoseKeys));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	keys->is_set = is_set;
	keys->keys = palloc0(sizeof(JoseJwk) * Max(n, 1));
	callback->func = keys_free;
	callback->arg = keys;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return keys;
}

static JoseStatus
keys_add(JoseKeys *keys, const char *json, size_t len)
{
	JoseStatus	status = jose_jwk_parse(json, len, JOSE_FOR_VERIFYING, &keys->keys[keys->n]);

	if (status == JOSE_OK)
		keys->n++;
	return status;
}

static JoseStatus
keys_parse_set(const BaseJsonItem *array, JoseKeys **keys)
{
	BaseJsonItems elements;

	if (array->type != BASE_JSON_ARRAY || !base_json_array(array->value, array->len, &elements) ||
		elements.n > JOSE_JWKS_MAX_KEYS)
		return JOSE_KEY_SET;
	for (int i = 0; i < elements.n; i++)
		if (elements.items[i].type != BASE_JSON_OBJECT)
			return JOSE_KEY_SET;
	*keys = keys_make(elements.n, true);
	for (int i = 0; i < elements.n; i++)
		(void) keys_add(*keys, elements.items[i].value, elements.items[i].len);
	return JOSE_OK;
}

JoseStatus
jose_keys_parse(const char *json, size_t len, JoseKeys **keys)
{
	BaseJsonItems members;
	const BaseJsonItem *array;
	JoseStatus	status;

	if (len > JOSE_JWKS_MAX_BYTES || !base_json_object(json, len, &members))
		return JOSE_KEY_NOT_JSON;
	array = base_json_find(&members, "keys");
	if (array)
		status = keys_parse_set(array, keys);
	else
	{
		*keys = keys_make(1, false);
		status = keys_add(*keys, json, len);
	}
	base_json_wipe(&members);
	return status;
}

JoseStatus
jose_jws_verify_with(const JoseJws *jws, const JoseKeys *keys)
{
	int			attempts = 0;

	for (int i = 0; i < keys->n; i++)
	{
		const JoseJwk *jwk = &keys->keys[i];

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < jws->n; j++)
		{
			const JoseSignature *signature = &jws->signatures[j];

			if (keys->is_set && signature->kid && strcmp(signature->kid, jwk->kid) != 0)
				continue;
			if (!cr_alg_fits(signature->alg, jwk->key))
				continue;
			if (attempts++ >= JOSE_JWS_MAX_ATTEMPTS)
				return JOSE_JWS_SIGNATURE;
			if (jose_jws_verify(signature, jwk->key, jwk->alg))
				return JOSE_OK;
		}
	}
	return JOSE_JWS_SIGNATURE;
}
