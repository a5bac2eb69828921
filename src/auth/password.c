/*
 * password.c
 *		Passwords: which are taken, how they are kept, whether one is right.
 *
 * Nobody may learn from the time of a refusal whether there is such a user.  So
 * a refusal that did not compute an Argon2 of today's cost (no user, no
 * password set, a hash that cannot be read, bcrypt and the other foreign
 * formats) computes one in vain before it answers, in the same place of the
 * hash queue; after an Argon2 of lower cost, as all are when the settings have
 * been raised, it computes what is left.  A foreign hash, or one of a higher
 * cost, thus takes longer than an unknown user, until its owner signs in and it
 * is replaced.
 *
 * A password beyond 1,024 bytes cannot be anybody's: it is never hashed, and
 * refused at the same cost.
 *
 * Policy: length first, on bytes and then on characters; then the four rules
 * that some have to keep; then zxcvbn, which is the one that helps.
 */
#include "auth/password.h"

#include "base/errors.h"
#include "crypto/pwhash.h"
#include "crypto/strength.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "shmem/hash_queue.h"
#include "store/pgcrypto.h"
#include "store/settings.h"

/* What is computed while a place in the hash queue is held. */
typedef struct PasswordWork
{
	const char *password;
	const char *hash;			/* to verify against; NULL: refuse */
	CrPwCost	cost;			/* of a hash of today */
	CrPwHash	parsed;			/* that hash */
	CrPwStatus	status;
	CrPwCost	left;				/* of that cost, to be paid by a refusal */
	bool		rehash;
	volatile bool *began;		/* of auth_password_verify() */
	char		out[CR_PW_OUT_SIZE];	/* of auth_password_hash() */
} PasswordWork;

static CrPwCost
password_current_cost(void)
{
	const FaSettings *settings = store_settings();

	return (CrPwCost) {
		.memory = settings->password_hash_memory,
		.iterations = settings->password_hash_iterations
	};
}

/* Only what ends the statement: other interrupts can wait for the few seconds. */
static bool
password_interrupted(void)
{
	return InterruptPending && (QueryCancelPending || ProcDiePending);
}

static bool
password_too_long(const char *password)
{
	return strnlen(password, AUTH_PASSWORD_MAX_BYTES + 1) > AUTH_PASSWORD_MAX_BYTES;
}

/* Run the work in the queue; what went wrong other than the password is raised. */
static void
password_run(ShmemHashWork run, PasswordWork *work)
{
	work->cost = password_current_cost();
	if (!shmem_hash_queue_run(run, work))
		base_raise(FA_SERVER_BUSY, NULL);
	if (work->status == CR_PW_INTERRUPTED)
	{
		CHECK_FOR_INTERRUPTS();
		base_raise(FA_SERVER_BUSY, NULL);	/* it was taken back meanwhile */
	}
	if (work->status == CR_PW_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not compute a password hash")));
}

/* The server log tells why the owner of this hash cannot sign in; neither hash nor user is named. */
static void
password_log_unusable(CrPwStatus status)
{
	ereport(LOG_SERVER_ONLY,
			(errmsg("a stored password hash cannot be checked: %s",
					status == CR_PW_TOO_COSTLY ? "it costs more than is allowed"
					: status == CR_PW_UNSUPPORTED ? "its format is not supported"
					: "it is bcrypt, and crypt() of the extension pgcrypto was not found")));
}

static CrPwStatus
password_verify_bcrypt(const CrPwHash *hash, const char *password)
{
	char		setting[CR_PW_BCRYPT_SETTING_SIZE];
	char	   *computed;
	CrPwStatus	status;
	size_t		len;

	cr_pw_bcrypt_setting(hash, setting);
	computed = store_pgcrypto_crypt(password, setting);
	if (computed == NULL)
	{
		password_log_unusable(CR_PW_WRONG);
		return CR_PW_WRONG;
	}
	len = strlen(computed);
	status = cr_pw_bcrypt_compare(hash, computed, len);
	explicit_bzero(computed, len);
	pfree(computed);
	return status;
}

/*
 * bcrypt did not look at what is beyond its 72 bytes.  It was not proved, so
 * it must not become part of the password: a slip there would lock the user out.
 */
static bool
password_is_cut(const CrPwHash *hash, const char *password)
{
	return hash->format == CR_PW_BCRYPT && strlen(password) > CR_PW_BCRYPT_BYTES;
}

static void
password_verify_stored(PasswordWork *work)
{
	CrPwHash   *hash = &work->parsed;

	work->status = cr_pw_parse(work->hash, hash);
	if (work->status != CR_PW_OK)
	{
		password_log_unusable(work->status);
		work->status = CR_PW_WRONG;
	}
	else if (hash->format == CR_PW_BCRYPT)
		work->status = password_verify_bcrypt(hash, work->password);
	else
	{
		work->status = cr_pw_verify(hash, work->password, strlen(work->password), password_interrupted);
		work->left = cr_pw_cost_left(hash, &work->cost);
	}
	work->rehash = work->status == CR_PW_OK && !cr_pw_is_current(hash, &work->cost) &&
		!password_is_cut(hash, work->password);
}

static void
password_verify_work(void *arg)
{
	PasswordWork *work = arg;

	*work->began = true;
	work->status = CR_PW_WRONG;
	work->left = work->cost;
	if (work->hash != NULL)
		password_verify_stored(work);
	if (work->status == CR_PW_WRONG && cr_pw_burn(&work->left) != CR_PW_OK)
		work->status = CR_PW_FAILED;
}

bool
auth_password_verify(const char *password, const char *hash, bool *rehash, volatile bool *began)
{
	PasswordWork work = {
		.password = password, .hash = password_too_long(password) ? NULL : hash, .began = began
	};

	PG_TRY();
	{
		password_run(password_verify_work, &work);
	}
	PG_CATCH();
	{
		cr_pw_forget(&work.parsed);
		PG_RE_THROW();
	}
	PG_END_TRY();
	cr_pw_forget(&work.parsed);
	*rehash = work.rehash;
	return work.status == CR_PW_OK;
}

static void
password_hash_work(void *arg)
{
	PasswordWork *work = arg;

	work->status = cr_pw_hash(work->password, strlen(work->password), &work->cost, work->out);
}

char *
auth_password_hash(const char *password)
{
	PasswordWork work = {.password = password};
	char	   *result;

	password_run(password_hash_work, &work);
	result = pstrdup(work.out);
	explicit_bzero(work.out, sizeof(work.out));
	return result;
}

/* The four rules look at ASCII; a special character is whatever is no ASCII letter or digit. */
static void
password_check_rules(const char *password, const FaSettings *settings)
{
	bool		upper = false;
	bool		lower = false;
	bool		digit = false;
	bool		special = false;

	for (const char *p = password; *p; p++)
	{
		if (*p >= 'A' && *p <= 'Z')
			upper = true;
		else if (*p >= 'a' && *p <= 'z')
			lower = true;
		else if (*p >= '0' && *p <= '9')
			digit = true;
		else
			special = true;
	}
	if (settings->password_require_uppercase && !upper)
		base_raise(FA_WEAK_PASSWORD, "password must have an upper-case letter (A-Z)");
	if (settings->password_require_lowercase && !lower)
		base_raise(FA_WEAK_PASSWORD, "password must have a lower-case letter (a-z)");
	if (settings->password_require_digit && !digit)
		base_raise(FA_WEAK_PASSWORD, "password must have a digit (0-9)");
	if (settings->password_require_special && !special)
		base_raise(FA_WEAK_PASSWORD, "password must have a character that is neither a letter nor a digit");
}

void
auth_password_check(const char *password, const char *email, const char *name)
{
	const FaSettings *settings;
	int			length;

	if (password_too_long(password))
		base_raise(FA_WEAK_PASSWORD, "password must have at most %d bytes", AUTH_PASSWORD_MAX_BYTES);
	settings = store_settings();
	length = pg_mbstrlen(password);
	if (length < settings->password_min_length)
		base_raise(FA_WEAK_PASSWORD, "password must have at least %d characters", settings->password_min_length);
	if (length > settings->password_max_length)
		base_raise(FA_WEAK_PASSWORD, "password must have at most %d characters", settings->password_max_length);
	password_check_rules(password, settings);
	if (settings->password_min_score > 0 &&
		cr_strength_score(password, email, name) < settings->password_min_score)
		base_raise_hint(FA_WEAK_PASSWORD, "Use more words, not related to the e-mail address or the name.",
						"password is too easy to guess");
}

void
auth_password_check_hash(const char *hash)
{
	CrPwHash	parsed;
	CrPwStatus	status = cr_pw_parse(hash, &parsed);
	bool		bcrypt = status == CR_PW_OK && parsed.format == CR_PW_BCRYPT;

	cr_pw_forget(&parsed);
	if (status == CR_PW_UNSUPPORTED)
		base_raise_hint(FA_INVALID_ARGUMENT,
						"Supported: $argon2id$v=19$, $argon2i$v=19$, $2a$, $2b$, $2y$, pbkdf2_sha256$ and $scrypt$ln=.",
						"password hash is malformed or of a format that is not supported");
	if (status == CR_PW_TOO_COSTLY)
		base_raise_hint(FA_INVALID_ARGUMENT,
						"At most: Argon2 256 MiB, t=10, p=16; bcrypt cost 15; PBKDF2 2000000 iterations; scrypt 256 MiB, p=16, 512 MiB for all p.",
						"password hash costs more to check than is allowed");
	if (bcrypt && !store_pgcrypto_exists())
		base_raise_hint(FA_INVALID_ARGUMENT, "CREATE EXTENSION pgcrypto;",
						"bcrypt password hash needs crypt() of the extension pgcrypto");
}
