/*
 * identity.c
 *		Who the current transaction acts as.
 *
 * The identity is C state that only auth_identity_set() writes, after a token
 * was verified.  It is carried by the setting fastauth.identity, because
 * PostgreSQL takes settings back on ROLLBACK TO, at the end of the transaction
 * and on DISCARD ALL, and copies them into parallel workers.  The setting's
 * check hook refuses every value that this file did not offer a moment before:
 * SET, set_config(), PGOPTIONS, ALTER ROLE, a function's SET clause, a
 * superuser, all the same (S14).
 *
 * PostgreSQL would also bring an identity back that a failed authenticate() had
 * cleared inside an exception block.  So each one has a serial number, and a
 * failure leaves all numbers so far dead (S15).
 *
 * An identity of the whole session (is_local = false) is checked again in each
 * transaction before anything is answered from it: when an executor starts, so
 * that a parallel worker never has to, and at the first use otherwise.
 */
#include "auth/identity.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "auth/request.h"
#include "auth/session_token.h"
#include "base/compat.h"
#include "base/uuid.h"
#include "crypto/opaque.h"
#include "executor/executor.h"
#include "jose/jwk.h"
#include "miscadmin.h"
#include "store/owner.h"
#include "store/sessions.h"
#include "store/settings.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/*
 * "USER SESSION L ROLE EXPIRES LENGTH kid claims": ids of 36, kind of 1,
 * hexadecimal numbers of 8, 16 and 4 characters; LENGTH is that of kid.
 */
#define IDENTITY_SESSION_AT		(BASE_UUID_TEXT_LEN + 1)
#define IDENTITY_KIND_AT		(IDENTITY_SESSION_AT + BASE_UUID_TEXT_LEN + 1)
#define IDENTITY_ROLE_AT		(IDENTITY_KIND_AT + 2)
#define IDENTITY_EXPIRES_AT		(IDENTITY_ROLE_AT + 9)
#define IDENTITY_LENGTH_AT		(IDENTITY_EXPIRES_AT + 17)
#define IDENTITY_KID_AT			(IDENTITY_LENGTH_AT + 5)
#define IDENTITY_NO_SESSION		"------------------------------------"

/* What the setting's value says; the extra data of the setting. */
typedef struct IdentityState
{
	AuthIdentity identity;		/* claims points behind this struct */
	const char *kid;			/* of the key that signed the token, behind this struct; "" for a session token */
	uint64		serial;
	Oid			session_user;	/* it ends with SET SESSION AUTHORIZATION */
	bool		whole_session;
	int64		expires_at;
} IdentityState;

static char *identity_setting = NULL;
static bool identity_offered = false;
static uint64 identity_serial = 0;	/* of the newest one */
static uint64 identity_dead = 0;	/* none up to this one counts any more */
static uint64 identity_dead_before = 0; /* before the last auth_identity_clear() */
static uint64 identity_generation = 0;	/* of the setting's value, whoever it names */
static bool identity_rechecking = false;
static const IdentityState *identity_state = NULL;
static LocalTransactionId identity_checked_in = InvalidLocalTransactionId;
static ExecutorStart_hook_type identity_previous_executor_start = NULL;

/* ---- the guarded setting ---- */

/* A value that auth_identity_set() composed, or false.  kid and claims are the caller's to copy. */
static bool
identity_parse(const char *value, IdentityState *state, size_t *kid_len)
{
	char		text[BASE_UUID_TEXT_LEN + 1];

	if (strlen(value) < IDENTITY_KID_AT)
		return false;
	*kid_len = strtoul(value + IDENTITY_LENGTH_AT, NULL, 16);
	if (*kid_len > JOSE_KID_MAX || strlen(value) <= IDENTITY_KID_AT + *kid_len)
		return false;
	memset(state, 0, sizeof(*state));
	strlcpy(text, value, sizeof(text));
	if (!base_uuid_parse(text, &state->identity.user_id))
		return false;
	strlcpy(text, value + IDENTITY_SESSION_AT, sizeof(text));
	state->identity.has_session = strcmp(text, IDENTITY_NO_SESSION) != 0;
	if (state->identity.has_session && !base_uuid_parse(text, &state->identity.session_id))
		return false;
	state->whole_session = value[IDENTITY_KIND_AT] == 'S';
	state->session_user = (Oid) strtoul(value + IDENTITY_ROLE_AT, NULL, 16);
	state->expires_at = (int64) strtoull(value + IDENTITY_EXPIRES_AT, NULL, 16);
	return true;
}

static bool
identity_check_hook(char **newval, void **extra, GucSource source)
{
	IdentityState *state;
	size_t		len;
	size_t		kid_len;
	char	   *text;

	if (*newval == NULL || **newval == '\0')
		return true;

	/*
	 * In a parallel worker the leader's settings arrive with the source they
	 * had there; ours is always PGC_S_SESSION.
	 */
	if (!identity_offered && !(InitializingParallelWorker && source == PGC_S_SESSION))
	{
		GUC_check_errcode(ERRCODE_CANT_CHANGE_RUNTIME_PARAM);
		GUC_check_errmsg("parameter \"fastauth.identity\" cannot be set");
		GUC_check_errhint("Call fastauth.authenticate(token).");
		return false;
	}

	len = strlen(*newval);
	state = base_guc_extra_alloc(sizeof(IdentityState) + len + 1);
	if (state == NULL)
		return false;
	if (!identity_parse(*newval, state, &kid_len))
	{
		base_guc_extra_free(state);
		return false;
	}
	state->serial = identity_serial;
	text = memcpy(state + 1, *newval + IDENTITY_KID_AT, len + 1 - IDENTITY_KID_AT);
	text[kid_len] = '\0';
	state->kid = text;
	state->identity.claims = text + kid_len + 1;
	*extra = state;
	return true;
}

static void
identity_assign_hook(const char *newval, void *extra)
{
	(void) newval;
	identity_state = extra;
	identity_generation++;
	identity_checked_in = InvalidLocalTransactionId;
}

/* Nobody, not even with pg_read_all_settings, gets the claims through SHOW. */
static const char *
identity_show_hook(void)
{
	return identity_state ? "(set)" : "";
}

static void
identity_set_config(const char *value, bool is_local)
{
	identity_offered = true;
	PG_TRY();
	{
		(void) set_config_option("fastauth.identity", value, PGC_SUSET, PGC_S_SESSION,
								 is_local ? GUC_ACTION_LOCAL : GUC_ACTION_SET, true, 0, false);
	}
	PG_FINALLY();
	{
		identity_offered = false;
	}
	PG_END_TRY();
}

void
auth_identity_clear(void)
{
	identity_dead_before = identity_dead;
	identity_dead = identity_serial;
	if (identity_state)
		identity_set_config("", true);
}

void
auth_identity_set(const AuthAccess *access, bool is_local)
{
	char		user[BASE_UUID_TEXT_LEN + 1];
	char		session[BASE_UUID_TEXT_LEN + 1] = IDENTITY_NO_SESSION;
	char	   *value;

	base_uuid_format(&access->user_id, user);
	if (access->has_session)
		base_uuid_format(&access->session_id, session);
	value = psprintf("%s %s %c %08x %016llx %04x %s %s", user, session, is_local ? 'L' : 'S', GetSessionUserId(),
					 (unsigned long long) access->expires_at, (unsigned int) strlen(access->kid), access->kid, access->payload);
	identity_serial++;
	identity_set_config(value, is_local);
	pfree(value);
	identity_dead = identity_dead_before;
	identity_checked_in = base_my_lxid();
}

void
auth_identity_mark(AuthIdentityMark *mark)
{
	mark->dead = identity_dead;
	mark->dead_before = identity_dead_before;
}

void
auth_identity_return(const AuthIdentityMark *mark)
{
	identity_dead = mark->dead;
	identity_dead_before = mark->dead_before;
}

/* The prefix decides: no JWT begins like a session token, as its header is the base64url of a "{". */
void
auth_identity_check(const char *token, AuthAccess *access)
{
	bool		is_session = cr_opaque_looks_like(CR_SESSION_PREFIX, token);
	FaError		error = is_session ? auth_session_token_check(token, access) : auth_token_check(token, access);

	/* A key that is only trusted to verify says nothing about our users. */
	if (error == FA_OK && (!access->ours || access->verify_only))
		error = FA_INVALID_TOKEN;
	if (error != FA_OK)
		base_raise_hint(error, is_session && error == FA_TOKEN_EXPIRED ? "Sign in again." : NULL, NULL);
}

/* ---- reading it ---- */

/* Would its token still be good?  Each look is a use of it. */
static bool
identity_recheck_token(const IdentityState *state)
{
	AuthAccess	access;

	if (state->kid[0] == '\0')
		return auth_session_token_check_again(&state->identity.session_id, &state->identity.user_id) == FA_OK;
	return auth_token_check_again(state->kid, state->identity.claims, &access) == FA_OK &&
		access.ours && !access.verify_only;
}

/*
 * Is the identity of the whole session still good?  All that authenticate()
 * would ask is asked again.  Runs SQL as our owner.
 */
static bool
identity_recheck(const IdentityState *state)
{
	StoreOwner	owner;
	bool		good;

	if (auth_token_now() >= state->expires_at)
		return false;
	store_owner_enter(&owner);
	good = store_settings()->allow_session_identity && identity_recheck_token(state);
	store_owner_leave(&owner);
	return good;
}

/* The same, dead from now on unless the check says otherwise, even if it fails by an error. */
static bool
identity_recheck_guarded(const IdentityState *state)
{
	uint64		dead = identity_dead;
	volatile bool good = false;

	identity_dead = state->serial;
	identity_rechecking = true;
	PG_TRY();
	{
		good = identity_recheck(state);
	}
	PG_FINALLY();
	{
		identity_rechecking = false;
	}
	PG_END_TRY();
	if (good)
	{
		identity_dead = dead;
		identity_checked_in = base_my_lxid();
	}
	return good;
}

/* The state that counts now, or NULL. */
static inline const IdentityState *
identity_current(void)
{
	const IdentityState *state = identity_state;

	if (likely(state == NULL))
		return NULL;
	if (IsParallelWorker())
		return state;
	if (state->serial <= identity_dead || state->session_user != GetSessionUserId())
		return NULL;
	if (unlikely(state->whole_session && identity_checked_in != base_my_lxid()))
	{
		if (!identity_recheck_guarded(state))
			return NULL;
	}
	return state;
}

const pg_uuid_t *
auth_identity_user(void)
{
	const IdentityState *state = identity_current();

	return state ? &state->identity.user_id : NULL;
}

uint64
auth_identity_generation(void)
{
	return identity_current() ? identity_generation : 0;
}

/*
 * Has PostgREST, or who plays it, set up a request that pre_request() does not
 * know of?  Chooses words only: anybody can set this.
 */
static bool
identity_pre_request_is_missing(void)
{
	const char *method = GetConfigOption("request.method", true, false);

	return method && *method && !auth_request_active();
}

const AuthIdentity *
auth_identity_require(void)
{
	const IdentityState *state = identity_current();

	if (state == NULL)
	{
		/* PostgREST has taken the token itself, so that to send it once more would help nobody. */
		if (identity_pre_request_is_missing())
			base_raise_hint(FA_NOT_AUTHENTICATED, "Let PostgREST call it before each request: db-pre-request = \"fastauth.pre_request\".",
							"not signed in, as fastauth.pre_request() did not run");
		base_raise(FA_NOT_AUTHENTICATED, NULL);
	}
	return &state->identity;
}

/* The checks that auth_identity_require_live and _recent share. */
static const AuthIdentity *
identity_require_checked(bool recent)
{
	const AuthIdentity *identity = auth_identity_require();
	TimestampTz now = GetCurrentTimestamp();
	StoreSessionCheck check;
	bool		active;

	if (identity->has_session)
	{
		if (!store_sessions_check(&identity->session_id, now, &check) || check.ended)
			base_raise(FA_SESSION_REVOKED, NULL);
		active = check.user_is_active;
	}
	else if (!store_users_is_active(&identity->user_id, &active))
		base_raise(FA_SESSION_REVOKED, NULL);
	if (!active)
		base_raise(FA_ACCOUNT_INACTIVE, NULL);
	if (recent && (!identity->has_session ||
				   check.authenticated_at + store_settings()->reauth_window <= now))
		base_raise(FA_REAUTHENTICATION_REQUIRED, NULL);
	return identity;
}

const AuthIdentity *
auth_identity_require_live(void)
{
	return identity_require_checked(false);
}

const AuthIdentity *
auth_identity_require_recent(void)
{
	return identity_require_checked(true);
}

/* ---- before a query starts ---- */

/*
 * Settle what the leader would only find out later: a parallel worker gets the
 * setting as it stands, and can neither see that it is dead nor check it.
 */
static void
identity_executor_start(QueryDesc *query, int flags)
{
	if (unlikely(identity_state != NULL) && !identity_rechecking &&
		!IsParallelWorker() && !IsInParallelMode() && identity_current() == NULL)
		identity_set_config("", true);

	if (identity_previous_executor_start)
		identity_previous_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

void
auth_identity_init(void)
{
	DefineCustomStringVariable("fastauth.identity",
							   "Carries the identity that fastauth.authenticate() set.",
							   "Nobody can set it; read it with fastauth.uid() and fastauth.claims().",
							   &identity_setting, "", PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE | GUC_SUPERUSER_ONLY,
							   identity_check_hook, identity_assign_hook, identity_show_hook);
	identity_previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = identity_executor_start;
}
