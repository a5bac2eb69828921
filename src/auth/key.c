/*
 * key.c
 *		Signing keys: which one signs, which ones are believed.
 *
 * Keys are read and parsed once per backend, and again after the table has
 * changed.  A private part is opened only when something is signed, so a
 * standby without the master key still verifies.
 */
#include "auth/key.h"

#include "auth/key_cache.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/json.h"
#include "base/jsonb.h"
#include "jose/jws.h"
#include "lib/stringinfo.h"
#include "store/cache.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

static KeyCache *key_cache = NULL;

/* How often a key was seen to be gone because its time had come. */
static uint64 keys_ended = 0;

/* ---- the cache ---- */

static void
key_cache_free_keys(void *arg)
{
	KeyCache   *cache = arg;

	for (int i = 0; i < cache->n; i++)
	{
		cr_key_free(cache->entries[i].verifier);
		cr_key_free(cache->entries[i].signer);
	}
}

/*
 * Read the rows into a context of their own.  The callback that frees the keys
 * is registered before there is a key to lose.
 */
static KeyCache *
key_cache_load(uint64 generation)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "fastauth signing keys", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	KeyCache   *cache = palloc0(sizeof(KeyCache));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));
	StoreSigningKey *rows;
	int			n = store_signing_keys_load(GetCurrentTimestamp(), &rows);

	cache->generation = generation;
	cache->next_end = DT_NOEND;
	cache->context = context;
	cache->entries = palloc0(sizeof(KeyEntry) * (n + 1));
	callback->func = key_cache_free_keys;
	callback->arg = cache;
	MemoryContextRegisterResetCallback(context, callback);
	for (int i = 0; i < n; i++)
	{
		KeyEntry   *entry = &cache->entries[cache->n];

		entry->row = rows[i];
		entry->alg = cr_alg_by_name(rows[i].algorithm);
		if (entry->alg == CR_ALG_NONE || (rows[i].public_jwk == NULL && rows[i].private_key == NULL))
			continue;
		if (!TIMESTAMP_IS_NOBEGIN(rows[i].verifies_until))
			cache->next_end = Min(cache->next_end, rows[i].verifies_until);
		cache->n++;
	}
	MemoryContextSwitchTo(old);
	return cache;
}

KeyCache *
auth_key_cache(void)
{
	uint64		generation = store_cache_generation(STORE_CACHE_SIGNING_KEYS);
	KeyCache   *fresh;

	if (key_cache && key_cache->generation == generation)
		return key_cache;
	fresh = key_cache_load(generation);
	MemoryContextSetParent(fresh->context, TopMemoryContext);
	if (key_cache)
		MemoryContextDelete(key_cache->context);
	key_cache = fresh;
	return key_cache;
}

/*
 * A key can also go because its time has come.  Both counters only grow, so
 * that the sum changes when one of them does.
 */
uint64
auth_key_generation(void)
{
	if (key_cache && key_cache->next_end <= GetCurrentTimestamp())
	{
		keys_ended++;
		key_cache->next_end = DT_NOEND;
		/* Whoever looks for a key next reads them again, without the one that is gone. */
		key_cache->generation = 0;
	}
	return store_cache_generation(STORE_CACHE_SIGNING_KEYS) + keys_ended;
}

KeyEntry *
auth_key_find(KeyCache *cache, const char *kid)
{
	for (int i = 0; i < cache->n; i++)
		if (strcmp(cache->entries[i].row.kid, kid) == 0)
			return &cache->entries[i];
	return NULL;
}

bool
auth_key_is_gone(const KeyEntry *entry, TimestampTz now)
{
	return !TIMESTAMP_IS_NOBEGIN(entry->row.verifies_until) && entry->row.verifies_until <= now;
}

/* Of the keys' times to sign no two overlap (key_change.c). */
KeyEntry *
auth_key_signer(KeyCache *cache)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < cache->n; i++)
	{
		const StoreSigningKey *row = &cache->entries[i].row;

		if (!TIMESTAMP_IS_NOBEGIN(row->signs_at) && row->signs_at <= now &&
			(TIMESTAMP_IS_NOBEGIN(row->signs_until) || row->signs_until > now))
			return &cache->entries[i];
	}
	return NULL;
}

/* The key with its private part (for HMAC, its secret). */
static CrKey *
key_private(KeyEntry *entry)
{
	JoseJwk		jwk;
	JoseStatus	status;
	char	   *text;
	size_t		len;

	if (entry->signer)
		return entry->signer;
	text = auth_unseal(KEY_SEAL(entry->row.kid), entry->row.private_key, &len);
	status = jose_jwk_parse(text, len, JOSE_FOR_SIGNING, &jwk);
	explicit_bzero(text, len);
	pfree(text);
	if (status != JOSE_OK)
		elog(ERROR, "signing key \"%s\" cannot be read: it %s", entry->row.kid, jose_status_message(status));
	entry->signer = jwk.key;
	return entry->signer;
}

/* The key that verifies. */
static CrKey *
key_public(KeyEntry *entry)
{
	JoseJwk		jwk;
	JoseStatus	status;
	char	   *text;

	if (entry->row.public_jwk == NULL)
		return key_private(entry);
	if (entry->verifier)
		return entry->verifier;
	text = JsonbToCString(NULL, &entry->row.public_jwk->root, VARSIZE(entry->row.public_jwk));
	status = jose_jwk_parse(text, strlen(text), JOSE_FOR_VERIFYING, &jwk);
	pfree(text);
	if (status != JOSE_OK)
		elog(ERROR, "signing key \"%s\" cannot be read: it %s", entry->row.kid, jose_status_message(status));
	entry->verifier = jwk.key;
	return entry->verifier;
}

/* ---- signing ---- */

/* The key that signs now.  The first function that signs makes the first key (DESIGN 4). */
static KeyEntry *
key_need_signer(void)
{
	KeyEntry   *entry = auth_key_signer(auth_key_cache());

	if (entry)
		return entry;
	auth_key_lock();
	auth_key_settle();
	entry = auth_key_signer(auth_key_cache());
	if (entry == NULL)
		elog(ERROR, "no key signs");
	return entry;
}

void
auth_key_ensure(void)
{
	(void) key_need_signer();
}

char *
auth_key_sign(const char *payload)
{
	KeyEntry   *entry = key_need_signer();
	char	   *token = jose_jws_sign(key_private(entry), entry->alg, entry->row.kid, payload, strlen(payload));

	if (token == NULL)
		elog(ERROR, "could not sign with key \"%s\"", entry->row.kid);
	return token;
}

/*
 * An eighth of the token's life is added, so that a server that issues such
 * tokens all day writes the row eight times in a life, not once a token.
 */
void
auth_key_cover(int64 exp, bool is_long)
{
	KeyEntry   *entry = key_need_signer();
	TimestampTz ends = (exp - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY) * USECS_PER_SEC;
	bool		covered;

	if (TIMESTAMP_IS_NOBEGIN(entry->row.verifies_until))
		covered = !is_long || ends <= entry->row.longest_exp;
	else
		covered = ends <= entry->row.verifies_until;
	if (!covered)
		store_signing_keys_cover(entry->row.kid, ends + Max(ends - GetCurrentTimestamp(), 0) / 8);
}

void
auth_key_cover_signed(void)
{
	KeyEntry   *entry = auth_key_signer(auth_key_cache());

	if (entry)
		store_signing_keys_cover(entry->row.kid, GetCurrentTimestamp() + store_settings()->access_token_ttl +
								 store_settings()->clock_skew);
}

/* ---- verifying ---- */

/* A key of another issuer never speaks for us, also when our own issuer was set to that one later. */
static bool
key_is_of_another(const KeyEntry *entry)
{
	char	   *own = auth_token_issuer();

	return own == NULL || strcmp(entry->row.issuer, own) != 0;
}

/* The key of that kid, if what it signed is to be believed now; else NULL. */
static KeyEntry *
key_believed(const char *kid)
{
	KeyEntry   *entry = auth_key_find(auth_key_cache(), kid);

	if (entry == NULL || auth_key_is_gone(entry, GetCurrentTimestamp()) ||
		(entry->row.issuer && !key_is_of_another(entry)))
		return NULL;
	return entry;
}

static void
key_describe(const KeyEntry *entry, AuthVerified *verified)
{
	verified->kid = pstrdup(entry->row.kid);
	verified->issuer = entry->row.issuer ? pstrdup(entry->row.issuer) : NULL;
	verified->verify_only = TIMESTAMP_IS_NOBEGIN(entry->row.signs_at);
}

bool
auth_key_verified_before(const char *kid, AuthVerified *verified)
{
	KeyEntry   *entry = key_believed(kid);

	if (entry)
		key_describe(entry, verified);
	return entry != NULL;
}

FaError
auth_key_verify(const char *token, size_t len, AuthVerified *verified)
{
	JoseJws		jws;
	KeyEntry   *entry;
	size_t		payload_len;

	/* RFC 7515 section 5.2; the header's checks are DESIGN 7's */
	if (jose_jws_parse_compact(token, len, &jws) != JOSE_OK || jws.signatures[0].kid == NULL)
		return FA_INVALID_TOKEN;
	entry = key_believed(jws.signatures[0].kid);
	if (entry == NULL ||
		!jose_jws_verify(&jws.signatures[0], key_public(entry), entry->alg))
		return FA_INVALID_TOKEN;
	verified->payload = jose_jws_payload(&jws, &payload_len);
	if (verified->payload == NULL || strlen(verified->payload) != payload_len ||
		!base_json_check(verified->payload, payload_len))
		return FA_INVALID_TOKEN;
	key_describe(entry, verified);
	return FA_OK;
}

Jsonb *
auth_key_set(void)
{
	KeyCache   *cache = auth_key_cache();
	TimestampTz now = GetCurrentTimestamp();
	StringInfoData json;
	const char *separator = "";

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"keys\": [");
	for (int i = 0; i < cache->n; i++)
	{
		KeyEntry   *entry = &cache->entries[i];

		if (entry->row.public_jwk == NULL || TIMESTAMP_IS_NOBEGIN(entry->row.signs_at) ||
			auth_key_is_gone(entry, now))
			continue;
		appendStringInfoString(&json, separator);
		(void) JsonbToCString(&json, &entry->row.public_jwk->root, VARSIZE(entry->row.public_jwk));
		separator = ", ";
	}
	appendStringInfoString(&json, "]}");
	return base_jsonb_parse(json.data);
}
