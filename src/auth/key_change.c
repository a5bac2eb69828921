/*
 * key_change.c
 *		Signing keys: making, importing and ending them.
 *
 * The keys that sign or will sign stand in a line: each signs from signs_at
 * until signs_until, which is when the next one begins, and the last one has no
 * end yet.  After every change auth_key_settle() makes it so again.  Whoever
 * changes the line holds the instance row exclusively, so of two that race one
 * waits and then sees the other's key.
 *
 * A foreign issuer's key must never sign in our name: a key given with an
 * issuer verifies that issuer's tokens only, and our own issuer is refused
 * there.  A public key without an issuer verifies tokens in our name, for
 * verify_token only (DESIGN 5.3).
 */
#include "auth/key.h"

#include "auth/cleanup.h"
#include "auth/event.h"
#include "auth/key_cache.h"
#include "auth/password.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/jsonb.h"
#include "commands/async.h"
#include "crypto/base64url.h"
#include "jose/jwk.h"
#include "store/instance.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/timestamp.h"

/* What a key is to be. */
typedef struct KeyPlan
{
	CrAlg		alg;
	const char *kid;			/* NULL: its thumbprint, or for a chosen secret a random one */
	const char *issuer;
	bool		verify_only;
	bool		chosen_secret;	/* an HMAC key that somebody else made */
} KeyPlan;

/* 128 bits: never the same twice. */
#define KEY_RANDOM_KID_BYTES 16

/*
 * Hold the instance row, so that nobody else changes which key signs.  Who
 * waited for it has to hear what the other one did: the tables are locked
 * already, so nothing else would read the messages.
 */
void
auth_key_lock(void)
{
	store_instance_ensure();
	(void) store_instance_lock(true);
	AcceptInvalidationMessages();
}

/* PostgREST reads the keys again (DESIGN 10).  However often, one transaction sends it once. */
static void
key_announce(void)
{
	Async_Notify("pgrst", "reload config");
}

static void
key_event(const char *kid, const char *what)
{
	auth_event(AUTH_EVENT_KEY_ROTATED, NULL, NULL, base_jsonb_object(2, "kid", kid, "what", what));
}

TimestampTz
auth_key_last_token(TimestampTz stop)
{
	return stop + store_settings()->access_token_ttl + store_settings()->clock_skew;
}

/* Does it sign, or will it? */
static bool
key_in_line(const KeyEntry *entry, TimestampTz now)
{
	return !TIMESTAMP_IS_NOBEGIN(entry->row.signs_at) && !auth_key_is_gone(entry, now) &&
		(TIMESTAMP_IS_NOBEGIN(entry->row.signs_until) || entry->row.signs_until > now);
}

/*
 * When a new key is to sign: at once when none does, else when all have had the
 * time to hear of it.  One that would begin later still (the delay was longer
 * when it was made) has signed nothing yet and is withdrawn.
 */
static TimestampTz
key_make_room(TimestampTz now)
{
	KeyCache   *cache = auth_key_cache();
	KeyEntry   *signer = auth_key_signer(cache);
	TimestampTz at;

	if (signer == NULL)
		return now;
	at = Max(now + store_settings()->key_publish_delay, signer->row.signs_at + 1);
	for (int i = 0; i < cache->n; i++)
		if (key_in_line(&cache->entries[i], now) && cache->entries[i].row.signs_at >= at)
			store_signing_keys_retire(cache->entries[i].row.kid, now, now);
	return at;
}

static void
key_fill_material(StoreSigningKey *row, const CrKey *key, const KeyPlan *plan)
{
	bool		is_hmac = cr_alg_is_hmac(plan->alg);
	char	   *text;

	if (!is_hmac)
	{
		text = jose_jwk_format(key, plan->alg, row->kid, false);
		if (text == NULL)
			elog(ERROR, "could not write a public key");
		row->public_jwk = base_jsonb_parse(text);
	}
	if (plan->verify_only && !is_hmac)
		return;
	text = jose_jwk_format(key, plan->alg, row->kid, true);
	if (text == NULL)
		elog(ERROR, "could not write a private key");
	row->private_key = auth_seal(KEY_SEAL(row->kid), text, strlen(text));
	explicit_bzero(text, strlen(text));
	pfree(text);
}

/*
 * The thumbprint and the kid.  That of a secret which people chose would let
 * whoever reads a token or a dump try guesses, so it is kept like a password
 * (S35), and the kid is random.
 */
static void
key_fill_names(StoreSigningKey *row, const CrKey *key, const KeyPlan *plan)
{
	unsigned char random[KEY_RANDOM_KID_BYTES];

	row->thumbprint = palloc(JOSE_THUMBPRINT_LEN + 1);
	if (!jose_thumbprint(key, row->thumbprint))
		elog(ERROR, "could not compute a thumbprint");
	row->kid = pstrdup(plan->kid ? plan->kid : row->thumbprint);
	if (!plan->chosen_secret)
		return;
	if (plan->kid == NULL)
	{
		if (!pg_strong_random(random, sizeof(random)))
			elog(ERROR, "could not get random bytes");
		cr_base64url_encode(random, sizeof(random), row->kid);
	}
}

/* S43: a key or a kid that was ever here never comes back. */
static void
key_require_unknown(const StoreSigningKey *row, const KeyPlan *plan)
{
	bool		known = store_signing_keys_known(row->kid, row->thumbprint);
	char	  **hashes;
	bool		rehash;
	volatile bool began;
	int			n = plan->chosen_secret ? store_signing_keys_secret_hashes(&hashes) : 0;

	for (int i = 0; i < n && !known; i++)
		known = auth_password_verify(row->thumbprint, hashes[i], &rehash, &began);
	if (known)
		base_raise(FA_INVALID_ARGUMENT, "key is known already");
}

/* Store the key, and put it in line.  Its kid. */
static char *
key_store(const CrKey *key, const KeyPlan *plan)
{
	TimestampTz now;
	StoreSigningKey row = {.signs_at = DT_NOBEGIN};

	key_fill_names(&row, key, plan);
	key_require_unknown(&row, plan);
	if (plan->chosen_secret)
		row.thumbprint = auth_password_hash(row.thumbprint);
	row.algorithm = pstrdup(cr_alg_name(plan->alg));
	row.issuer = plan->issuer ? pstrdup(plan->issuer) : NULL;
	now = GetCurrentTimestamp();
	if (!plan->verify_only)
		row.signs_at = key_make_room(now);
	key_fill_material(&row, key, plan);
	store_signing_keys_insert(&row, now);
	if (!plan->verify_only)
	{
		auth_key_settle();
		key_announce();
	}
	return row.kid;
}

/* The same under the lock, and the key is freed whatever happens. */
static char *
key_store_and_free(CrKey *key, const KeyPlan *plan)
{
	char	   *volatile kid = NULL;

	PG_TRY();
	{
		auth_key_lock();
		kid = key_store(key, plan);
	}
	PG_CATCH();
	{
		cr_key_free(key);
		PG_RE_THROW();
	}
	PG_END_TRY();
	cr_key_free(key);
	return kid;
}

/* Before the lock is taken, as RSA takes its time. */
static CrKey *
key_generate(CrAlg alg)
{
	CrKey	   *key;

	if (cr_key_generate(alg, &key) != CR_OK)
		elog(ERROR, "could not make a key");
	return key;
}

/* Write the times of one key in line, when they are others than they were. */
static void
key_set_times(const KeyEntry *entry, TimestampTz signs_at, TimestampTz signs_until)
{
	if (entry->row.signs_at == signs_at && entry->row.signs_until == signs_until)
		return;
	store_signing_keys_set_times(entry->row.kid, signs_at, signs_until,
								 TIMESTAMP_IS_NOBEGIN(signs_until) ? DT_NOBEGIN : auth_key_last_token(signs_until));
	if (!TIMESTAMP_IS_NOBEGIN(signs_until))
		auth_cleanup_due(auth_key_last_token(signs_until));
}

void
auth_key_settle(void)
{
	KeyCache   *cache = auth_key_cache();
	TimestampTz now = GetCurrentTimestamp();
	KeyEntry   *last = NULL;
	TimestampTz signs_at = now;

	for (int i = 0; i < cache->n; i++)
	{
		KeyEntry   *entry = &cache->entries[i];

		if (!key_in_line(entry, now))
			continue;
		if (last)
			key_set_times(last, signs_at, entry->row.signs_at);
		/* The first of the line signs now, also when it was to wait. */
		signs_at = last ? entry->row.signs_at : Min(entry->row.signs_at, now);
		last = entry;
	}
	if (last)
		key_set_times(last, signs_at, DT_NOBEGIN);
	else
	{
		KeyPlan		plan = {.alg = cr_alg_by_name(store_settings()->jwt_algorithm)};

		(void) key_store_and_free(key_generate(plan.alg), &plan);
	}
}

char *
auth_key_rotate(const char *algorithm)
{
	KeyPlan		plan = {.alg = cr_alg_by_name(algorithm ? algorithm : store_settings()->jwt_algorithm)};
	CrKey	   *key;
	char	   *kid;

	if (plan.alg == CR_ALG_NONE)
		base_raise_hint(FA_INVALID_ARGUMENT, "It is one of ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512, HS256, HS384, HS512.",
						"algorithm is not one that we have");
	store_instance_ensure();
	key = key_generate(plan.alg);
	kid = key_store_and_free(key, &plan);
	key_event(kid, "rotated");
	return kid;
}

/* ---- import ---- */

/* A shared secret, as FastAuth keeps one: its bytes are the HMAC key. */
static JoseStatus
key_parse_secret(const char *text, JoseJwk *jwk)
{
	CrKeyParts	parts = {.type = CR_KEY_OCT};
	size_t		len = strlen(text);
	unsigned char *room = len <= CR_HMAC_KEY_MAX_BYTES ? cr_parts_add(&parts, CR_PART_K, len) : NULL;
	CrStatus	status = CR_MALFORMED;

	if (room)
	{
		memcpy(room, text, len);
		status = cr_key_from_parts(&parts, &jwk->key);
	}
	cr_parts_wipe(&parts);
	return jose_status_of_key(status);
}

static JoseStatus
key_parse_pem(const char *text, JoseJwk *jwk)
{
	CrStatus	status = cr_key_from_pem(text, strlen(text), &jwk->key);

	if (status == CR_OK)
		status = cr_key_check(jwk->key);
	return jose_status_of_key(status);
}

/* A JWK, PEM, or a secret, by how it begins. */
static void
key_parse(const char *text, JoseJwk *jwk)
{
	const char *start = text + strspn(text, " \t\r\n");
	JoseStatus	status;

	memset(jwk, 0, sizeof(*jwk));
	if (*start == '{')
		status = jose_jwk_parse(start, strlen(start), JOSE_FOR_IMPORT, jwk);
	else if (strncmp(start, "-----BEGIN", 10) == 0)
		status = key_parse_pem(start, jwk);
	else
		status = key_parse_secret(text, jwk);
	if (status == JOSE_OK)
	{
		if (jwk->alg == CR_ALG_NONE)
			jwk->alg = cr_alg_default(cr_key_type(jwk->key));
		if (!cr_alg_fits(jwk->alg, jwk->key))
			status = JOSE_KEY_WEAK;
	}
	if (status != JOSE_OK)
	{
		cr_key_free(jwk->key);
		base_raise(FA_INVALID_ARGUMENT, "key %s", jose_status_message(status));
	}
}

static void
key_require_other_issuer(const char *issuer)
{
	char	   *own = auth_token_issuer();

	if (issuer && (issuer[0] == '\0' || (own && strcmp(issuer, own) == 0)))
		base_raise_hint(FA_INVALID_ARGUMENT, "Leave the issuer out for a key of our own.",
						"issuer must be another one than ours");
}

char *
auth_key_import(const char *key, const char *issuer)
{
	JoseJwk		jwk;
	KeyPlan		plan = {.issuer = issuer};
	char	   *kid;

	store_instance_ensure();
	key_require_other_issuer(issuer);
	key_parse(key, &jwk);
	plan.alg = jwk.alg;
	plan.verify_only = issuer != NULL || !cr_key_is_private(jwk.key);
	plan.chosen_secret = cr_alg_is_hmac(jwk.alg);
	/* The tokens that are out name the key so. */
	plan.kid = jwk.kid[0] ? jwk.kid : NULL;
	kid = key_store_and_free(jwk.key, &plan);
	key_event(kid, "imported");
	return kid;
}

/* ---- the end of a key ---- */

static void
key_raise_unknown(void)
{
	base_raise_hint(FA_INVALID_ARGUMENT, "See fastauth.signing_keys_overview.", "no key in use has this kid");
}

void
auth_key_retire(const char *kid)
{
	TimestampTz now;
	KeyEntry   *entry;
	bool		has_signed;

	auth_key_lock();
	now = GetCurrentTimestamp();
	entry = auth_key_find(auth_key_cache(), kid);
	if (entry == NULL || auth_key_is_gone(entry, now))
		key_raise_unknown();
	has_signed = !TIMESTAMP_IS_NOBEGIN(entry->row.signs_at) && entry->row.signs_at <= now;
	store_signing_keys_retire(kid, now, has_signed ? auth_key_last_token(now) : now);
	auth_cleanup_due(has_signed ? auth_key_last_token(now) : now);
	auth_key_settle();
	key_event(kid, "retired");
	key_announce();
}

void
auth_key_compromised(const char *kid)
{
	auth_key_lock();
	if (!store_signing_keys_destroy(kid, GetCurrentTimestamp()))
		key_raise_unknown();
	auth_key_settle();
	key_event(kid, "compromised");
	key_announce();
}

/*
 * A key is promoted by the clock, and PostgREST has it since it was published.
 * But one that is gone stays with PostgREST until it reads the keys again.
 */
void
auth_key_wipe_gone(TimestampTz now)
{
	if (store_signing_keys_wipe_gone(now) > 0)
		key_announce();
}

void
auth_key_renew(void)
{
	KeyCache   *cache;
	TimestampTz now = GetCurrentTimestamp();

	auth_key_lock();
	cache = auth_key_cache();
	for (int i = 0; i < cache->n; i++)
		(void) store_signing_keys_destroy(cache->entries[i].row.kid, now);
	auth_key_settle();
	key_event(NULL, "all renewed");
	key_announce();
}
