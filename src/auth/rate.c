/*
 * rate.c
 *		Rate limits: how often a function may be called (S42, S53).
 *
 * A call is counted before anything else is done, in shared memory, and stays
 * counted whatever becomes of its transaction; one that is refused is not, so
 * that coming too early does not make the wait longer.
 *
 * The account of a sign-up or sign-in is the e-mail, known or not, so that the
 * answer tells nothing about who has one; but a user who comes from an address
 * that they signed in from before is limited neither by what strangers do with
 * their e-mail nor by the total.  Of sign-ups only those that could succeed
 * count for the total, or a flood of rubbish would close it for everybody.  Of
 * an e-mail only a hash is kept: it is not read again, and all are of one size.
 *
 * A mail that is asked for is counted for the mailbox and the client together,
 * in three spans of time, so that a stranger who asks all day uses up their own
 * share and not the owner's; for the mailbox over all clients only as a bound
 * on the nuisance, which does not hold for a client that its account knows.
 */
#include "auth/rate.h"

#include "auth/client.h"
#include "base/errors.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "shmem/address.h"
#include "shmem/database.h"
#include "store/failures.h"
#include "store/settings.h"
#include "store/users.h"

/* The /48 of an IPv6 address is a site, with many clients. */
#define RATE_WIDE_FACTOR	8

/* An address, its /48, an account, a pair in three spans of time, and the total. */
#define RATE_LIMITS_MAX		7

#define RATE_SETTINGS(kind) \
	{ \
		[SHMEM_RATE_ADDRESS] = "rate_" kind "_address", \
		[SHMEM_RATE_ACCOUNT] = "rate_" kind "_account", \
		[SHMEM_RATE_TOTAL] = "rate_" kind "_total" \
	}

#define RATE_MAIL_SETTINGS \
	{ \
		[SHMEM_RATE_ADDRESS] = "rate_mail_address", \
		[SHMEM_RATE_ACCOUNT] = "rate_mail_mailbox", \
		[SHMEM_RATE_TOTAL] = "rate_mail_total" \
	}

/* By scope: the setting of each limit. */
static const char *const rate_settings[SHMEM_RATE_KINDS][SHMEM_RATE_SCOPES] = {
	[SHMEM_RATE_SIGNUP] = RATE_SETTINGS("signup"),
	[SHMEM_RATE_SIGNIN] = RATE_SETTINGS("signin"),
	[SHMEM_RATE_REFRESH] = RATE_SETTINGS("refresh"),
	[SHMEM_RATE_VERIFICATION] = RATE_MAIL_SETTINGS,
	[SHMEM_RATE_PASSWORD_RESET] = RATE_MAIL_SETTINGS,
	[SHMEM_RATE_EMAIL_CHANGE] = RATE_MAIL_SETTINGS,
	[SHMEM_RATE_MAGIC_LINK] = RATE_MAIL_SETTINGS,
	[SHMEM_RATE_OTP] = RATE_MAIL_SETTINGS,
	[SHMEM_RATE_OAUTH] = {[SHMEM_RATE_ADDRESS] = "rate_oauth_address", [SHMEM_RATE_TOTAL] = "rate_oauth_total"},
};

typedef struct RateCheck
{
	ShmemRateKind kind;
	int			n;
	ShmemRateLimit limits[RATE_LIMITS_MAX];
} RateCheck;

/* The limits of a pair. */
static const char *const rate_pair_settings[] = {"rate_mail_per_minute", "rate_mail_per_hour", "rate_mail_per_day"};

/* Limit what this subject does, times times what the setting allows; nothing when that is off. */
static void
rate_add_setting(RateCheck *check, const char *setting, ShmemRateScope scope, const void *subject, size_t len, int times)
{
	const BaseSettingDef *def = base_setting_find(setting);
	const BaseRate *rate = BASE_SETTING_FIELD(def, store_settings(), BaseRate);
	ShmemRateLimit *limit = &check->limits[check->n];

	if (rate->count == 0)
		return;
	Assert(check->n < RATE_LIMITS_MAX && len <= sizeof(limit->subject));
	memset(limit, 0, sizeof(*limit));
	limit->scope = scope;
	limit->count = (uint32) rate->count * times;
	limit->interval = rate->interval;
	memcpy(limit->subject, subject, len);
	check->n++;
}

static void
rate_add(RateCheck *check, ShmemRateScope scope, const void *subject, size_t len, int times)
{
	rate_add_setting(check, rate_settings[check->kind][scope], scope, subject, len, times);
}

/* The address of the client, where it is known. */
static void
rate_add_address(RateCheck *check)
{
	ShmemAddress address = shmem_address(auth_client_address());
	ShmemAddress wide = shmem_address_wide(&address);

	if (!shmem_address_known(&address))
	{
		if (check->kind == SHMEM_RATE_SIGNUP || check->kind == SHMEM_RATE_SIGNIN)
			shmem_count(SHMEM_COUNT_NO_ADDRESS, 1);
		return;
	}
	rate_add(check, SHMEM_RATE_ADDRESS, &address, sizeof(address), 1);
	if (wide.bits != address.bits)
		rate_add(check, SHMEM_RATE_ADDRESS, &wide, sizeof(wide), RATE_WIDE_FACTOR);
}

static void
rate_hash(const void *data, size_t len, unsigned char *digest)
{
	if (!cr_digest(CR_SHA256, data, len, digest))
		base_raise(FA_INTERNAL_ERROR, "could not compute a hash");
}

/* What is no e-mail address is nobody's account, and is refused for that. */
static void
rate_add_email(RateCheck *check, const char *email)
{
	char		normal[BASE_EMAIL_MAX + 1];
	unsigned char digest[CR_HASH_MAX_BYTES];

	if (!base_email_normalize(email, normal))
		return;
	rate_hash(normal, strlen(normal), digest);
	rate_add(check, SHMEM_RATE_ACCOUNT, digest, SHMEM_RATE_SUBJECT_BYTES, 1);
}

/* What this client asks for that mailbox; who is not known is one client.  Each span of time is a subject of its own. */
static void
rate_add_pair(RateCheck *check, const char *mailbox)
{
	ShmemAddress client = shmem_address(auth_client_address());
	char		subject[1 + sizeof(client) + BASE_EMAIL_MAX];
	size_t		len = Min(strlen(mailbox), BASE_EMAIL_MAX);
	unsigned char digest[CR_HASH_MAX_BYTES];

	memcpy(subject + 1, &client, sizeof(client));
	memcpy(subject + 1 + sizeof(client), mailbox, len);
	for (size_t i = 0; i < lengthof(rate_pair_settings); i++)
	{
		subject[0] = (char) i;
		rate_hash(subject, 1 + sizeof(client) + len, digest);
		rate_add_setting(check, rate_pair_settings[i], SHMEM_RATE_PAIR, digest, SHMEM_RATE_SUBJECT_BYTES, 1);
	}
}

/*
 * Has the user of this e-mail address signed in from where the client is?  Then
 * strangers who call for it again and again must not keep the owner out.
 */
static bool
rate_knows_client(const char *email)
{
	ShmemAddress address = shmem_address(auth_client_address());
	char		normal[BASE_EMAIL_MAX + 1];
	StoreUser	user = {0};
	bool		found;

	if (email == NULL || !shmem_address_known(&address) || !base_email_normalize(email, normal))
		return false;
	/* Asked for nobody too, or the time would tell who has an account. */
	found = store_users_get_by_email(normal, &user);
	return store_failures_is_known(&user.id, &address) && found;
}

/* Limit only what this client does: not the account, nor all together. */
static void
rate_remove_shared(RateCheck *check)
{
	int			kept = 0;

	for (int i = 0; i < check->n; i++)
		if (check->limits[i].scope == SHMEM_RATE_ADDRESS || check->limits[i].scope == SHMEM_RATE_PAIR)
			check->limits[kept++] = check->limits[i];
	check->n = kept;
}

/* Count the call: -1; or the limit that is reached, and how long it lasts. */
static int
rate_count(RateCheck *check, const char *email, int64 *wait)
{
	int			reached = shmem_rate_charge(check->kind, check->limits, check->n, wait);
	bool		shared = reached >= 0 &&
		(check->limits[reached].scope == SHMEM_RATE_ACCOUNT || check->limits[reached].scope == SHMEM_RATE_TOTAL);

	if (shared && (check->kind == SHMEM_RATE_SIGNIN || check->kind >= SHMEM_RATE_MAILS) && rate_knows_client(email))
	{
		rate_remove_shared(check);
		reached = shmem_rate_charge(check->kind, check->limits, check->n, wait);
	}
	if (reached >= 0)
		shmem_count(SHMEM_COUNT_RATE_LIMITED, 1);
	return reached;
}

/* Count the call, or tell when to come back: in whole seconds, rounded up, so that it is not too early. */
static void
rate_charge(RateCheck *check, const char *email)
{
	int64		wait;
	int			reached = rate_count(check, email, &wait);
	char	   *hint;

	if (reached < 0)
		return;
	hint = psprintf("Wait; the limit is the setting %s.", rate_settings[check->kind][check->limits[reached].scope]);
	base_raise_hint(FA_RATE_LIMITED, hint, "too many requests; try again in " INT64_FORMAT " seconds",
					(wait + USECS_PER_SEC - 1) / USECS_PER_SEC);
}

void
auth_rate_check(ShmemRateKind kind, const char *email)
{
	RateCheck	check = {.kind = kind};

	rate_add_address(&check);
	if (email)
		rate_add_email(&check, email);
	if (kind != SHMEM_RATE_SIGNUP)
		rate_add(&check, SHMEM_RATE_TOTAL, "", 0, 1);
	rate_charge(&check, email);
}

void
auth_rate_check_total(ShmemRateKind kind)
{
	RateCheck	check = {.kind = kind};

	rate_add(&check, SHMEM_RATE_TOTAL, "", 0, 1);
	rate_charge(&check, NULL);
}

void
auth_rate_check_user(ShmemRateKind kind, const pg_uuid_t *user_id)
{
	RateCheck	check = {.kind = kind};

	rate_add(&check, SHMEM_RATE_ACCOUNT, user_id, sizeof(*user_id), 1);
	rate_charge(&check, NULL);
}

/* Whether somebody has the mailbox changes neither what is counted nor what is asked. */
bool
auth_rate_mail(ShmemRateKind kind, const char *mailbox)
{
	RateCheck	check = {.kind = kind};
	int64		wait;

	rate_add_pair(&check, mailbox);
	rate_add_address(&check);
	rate_add_email(&check, mailbox);
	rate_add(&check, SHMEM_RATE_TOTAL, "", 0, 1);
	return rate_count(&check, mailbox, &wait) < 0;
}
