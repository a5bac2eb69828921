/*
 * jws.c
 *		SQL function for a JWS of anybody's.
 *
 * It touches no table, so it runs as its caller, and without a setting of its
 * own: to change one and back would take longer than the work.
 */
#include "postgres.h"

#include "api/args.h"
#include "api/call.h"
#include "base/errors.h"
#include "jose/jws.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

/*
 * The keys of the last few calls, by the whole argument: at most 8 * 2 * 8 KiB
 * a backend.  A server has one or two issuers.
 */
#define JWS_CACHE_SLOTS		8
#define JWS_CACHE_MAX_BYTES	8192

typedef struct JwsCacheSlot
{
	MemoryContext context;		/* holds what follows; NULL: empty */
	Jsonb	   *argument;
	JoseKeys   *keys;
} JwsCacheSlot;

static JwsCacheSlot jws_cache[JWS_CACHE_SLOTS];
static int	jws_cache_next = 0;

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

static JoseKeys *
jws_cache_find(const Jsonb *argument)
{
	for (int i = 0; i < JWS_CACHE_SLOTS; i++)
		if (jws_cache[i].context && VARSIZE(jws_cache[i].argument) == VARSIZE(argument) &&
			memcmp(jws_cache[i].argument, argument, VARSIZE(argument)) == 0)
			return jws_cache[i].keys;
	return NULL;
}

static void
jws_cache_clear(JwsCacheSlot *slot)
{
	MemoryContext context = slot->context;

	if (context == NULL)
		return;
	explicit_bzero(slot->argument, VARSIZE(slot->argument));
	memset(slot, 0, sizeof(*slot));
	MemoryContextDelete(context);
}

/* Keep keys that were read into a context of their own. */
static void
jws_cache_add(MemoryContext context, Jsonb *argument, JoseKeys *keys)
{
	JwsCacheSlot *slot = &jws_cache[jws_cache_next++ % JWS_CACHE_SLOTS];

	jws_cache_clear(slot);
	MemoryContextSetParent(context, TopMemoryContext);
	slot->context = context;
	slot->argument = argument;
	slot->keys = keys;
}

static JoseStatus
jws_read_keys(const Jsonb *argument, JoseKeys **keys)
{
	char	   *text = JsonbToCString(NULL, unconstify(JsonbContainer *, &argument->root), VARSIZE(argument));
	size_t		len = strlen(text);
	JoseStatus	status = jose_keys_parse(text, len, keys);

	explicit_bzero(text, len);
	return status;
}

/* The keys of the argument: those that were kept, or read now and kept. */
static JoseKeys *
jws_keys(Jsonb *argument)
{
	JoseKeys   *keys = jws_cache_find(argument);
	MemoryContext context;
	MemoryContext old;
	Jsonb	   *copy;

	if (keys)
		return keys;
	if (VARSIZE(argument) > JWS_CACHE_MAX_BYTES)
	{
		jws_require(jws_read_keys(argument, &keys));
		return keys;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "fastauth keys of verify_jws", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	copy = memcpy(palloc(VARSIZE(argument)), argument, VARSIZE(argument));
	jws_require(jws_read_keys(argument, &keys));
	MemoryContextSwitchTo(old);
	jws_cache_add(context, copy, keys);
	return keys;
}

/* SQL function: fastauth.verify_jws(jws text, key jsonb) */
FASTAUTH_FUNCTION(fastauth_verify_jws, API_SECRET)
{
	char	   *text = api_arg_text(fcinfo, 0, "jws", JOSE_JWS_MAX_BYTES);
	JoseKeys   *keys = jws_keys(api_arg_jsonb(fcinfo, 1, "key", JOSE_JWKS_MAX_BYTES));
	JoseJws		jws;
	char	   *payload;
	size_t		len;
	bytea	   *result;

	jws_require(jose_jws_parse(text, strlen(text), &jws));
	jws_require(jose_jws_verify_with(&jws, keys));
	payload = jose_jws_payload(&jws, &len);
	if (payload == NULL)
		jws_require(JOSE_JWS_MALFORMED);
	result = palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), payload, len);
	PG_RETURN_BYTEA_P(result);
}
