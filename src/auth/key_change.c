/*
 * key_change.c
 *		Signing keys: making, importing and ending them.
 *
 * Whoever changes which key signs holds the instance row exclusively, so of two
 * that race one waits and then sees the other's key.
 *
 * A foreign issuer's key must never sign in our name: a key given with an
 * issuer verifies that issuer's tokens only, and our own issuer is refused
 * there.  A public key without an issuer verifies tokens in our name, for
 * verify_token only (DESIGN 5.3).
 */
#include "auth/key.h"

#include "auth/key_cache.h"
#include "auth/seal.h"
#include "auth/token.h"
#include "base/jsonb.h"
#include "commands/async.h"
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
	const char *kid;			/* NULL: its thumbprint */
	const char *issuer;
	bool		verify_only;
} KeyPlan;

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

/* PostgREST reads the keys again (DESIGN 10). */
static void
key_announce(void)
{
	Async_Notify("pgrst", "reload config");
}

/* When the last token that a key signs until stop is over. */
static TimestampTz
key_last_token(TimestampTz stop)
{
	return stop + store_settings()->access_token_ttl + store_settings()->clock_skew;
}

/* When a new key signs: at once when none does, never before one that waits already. */
static TimestampTz
key_signs_at(TimestampTz now)
{
	KeyCache   *cache = auth_key_cache();
	TimestampTz at = now;

	if (auth_key_signer(cache) == NULL)
		return now;
	at += store_settings()->key_publish_delay;
	for (int i = 0; i < cache->n; i++)
		at = Max(at, cache->entries[i].row.signs_at);
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

/* Store the key, and give the keys before it their end.  Its kid. */
static char *
key_store(const CrKey *key, const KeyPlan *plan)
{
	TimestampTz now = GetCurrentTimestamp();
	StoreSigningKey row = {.signs_at = DT_NOBEGIN};

	row.thumbprint = palloc(JOSE_THUMBPRINT_LEN + 1);
	if (!jose_thumbprint(key, row.thumbprint))
		elog(ERROR, "could not compute a thumbprint");
	row.kid = pstrdup(plan->kid ? plan->kid : row.thumbprint);
	row.algorithm = pstrdup(cr_alg_name(plan->alg));
	row.issuer = plan->issuer ? pstrdup(plan->issuer) : NULL;
	if (store_signing_keys_known(row.kid, row.thumbprint))
		base_raise(FA_INVALID_ARGUMENT, "key is known already");
	if (!plan->verify_only)
		row.signs_at = key_signs_at(now);
	key_fill_material(&row, key, plan);
	store_signing_keys_insert(&row, now);
	if (!plan->verify_only)
		store_signing_keys_supersede(row.kid, key_last_token(row.signs_at));
	return row.kid;
}

/* The same, and the key is freed whatever happens. */
static char *
key_store_and_free(CrKey *key, const KeyPlan *plan)
{
	char	   *volatile kid = NULL;

	PG_TRY();
	{
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

static char *
key_make(CrAlg alg)
{
	KeyPlan		plan = {.alg = alg};
	CrKey	   *key;

	if (cr_key_generate(alg, &key) != CR_OK)
		elog(ERROR, "could not make a key");
	return key_store_and_free(key, &plan);
}

/* The key that waits longest takes over, or a new one is made. */
void
auth_key_ensure_signer(void)
{
	KeyCache   *cache = auth_key_cache();
	TimestampTz now = GetCurrentTimestamp();

	if (auth_key_signer(cache))
		return;
	for (int i = 0; i < cache->n; i++)
	{
		KeyEntry   *entry = &cache->entries[i];

		if (entry->row.signs_at > now && TIMESTAMP_IS_NOBEGIN(entry->row.retired_at) &&
			!auth_key_is_gone(entry, now))
		{
			store_signing_keys_promote(entry->row.kid, now);
			return;
		}
	}
	(void) key_make(cr_alg_by_name(store_settings()->jwt_algorithm));
}

char *
auth_key_rotate(const char *algorithm)
{
	CrAlg		alg = cr_alg_by_name(algorithm ? algorithm : store_settings()->jwt_algorithm);
	char	   *kid;

	if (alg == CR_ALG_NONE)
		base_raise(FA_INVALID_ARGUMENT, "algorithm is not one that we have");
	auth_key_lock();
	kid = key_make(alg);
	key_announce();
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

char *
auth_key_import(const char *key, const char *issuer)
{
	JoseJwk		jwk;
	KeyPlan		plan = {.issuer = issuer};
	char	   *own;
	char	   *kid;

	auth_key_lock();
	own = auth_token_issuer();
	if (issuer && (issuer[0] == '\0' || strcmp(issuer, own) == 0))
		base_raise_hint(FA_INVALID_ARGUMENT, "Leave the issuer out for a key of our own.",
						"issuer must be another one than ours");
	key_parse(key, &jwk);
	plan.alg = jwk.alg;
	plan.verify_only = issuer != NULL || !cr_key_is_private(jwk.key);
	plan.kid = issuer && jwk.kid[0] ? jwk.kid : NULL;
	kid = key_store_and_free(jwk.key, &plan);
	if (!plan.verify_only)
		key_announce();
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

	auth_key_lock();
	now = GetCurrentTimestamp();
	entry = auth_key_find(auth_key_cache(), kid);
	if (entry == NULL ||
		!store_signing_keys_retire(kid, now, TIMESTAMP_IS_NOBEGIN(entry->row.signs_at) ? now : key_last_token(now)))
		key_raise_unknown();
	auth_key_ensure_signer();
	key_announce();
}

void
auth_key_compromised(const char *kid)
{
	auth_key_lock();
	if (!store_signing_keys_destroy(kid, GetCurrentTimestamp()))
		key_raise_unknown();
	auth_key_ensure_signer();
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
		store_signing_keys_destroy(cache->entries[i].row.kid, now);
	auth_key_ensure_signer();
	key_announce();
}
