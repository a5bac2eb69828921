/*
 * onetime.c
 *		One-time tokens and codes: made, sent to a mailbox, and used once (DESIGN 7).
 *
 *	made --use--> gone, with all others of its type and of its user or address
 *	  |   (of a code: --third wrong try--> dead)
 *	  +--three newer ones of the same client--> gone
 *	  +--expires_at--> over, until the cleanup
 *
 * What is made for an address of nobody goes through the same statements.
 *
 * A link is bound to its type by the hash that is stored, and to the address by
 * the sealed address in its row: the token is the key to that, so there is
 * nothing that a rotation of the master key could close, and nothing that a
 * dump opens.  A code is short: it is bound to its challenge, its address and
 * its row by a keyed hash of all of them, and each wrong try is counted, durably,
 * before it is answered.
 *
 * Using one locks its user's row first and the rows of tokens then; a look at
 * it before that decides nothing that taking it does not decide again.
 */
#include "auth/onetime.h"

#include "auth/attempt.h"
#include "auth/cleanup.h"
#include "auth/client.h"
#include "auth/keyed_hash.h"
#include "base/errors.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "crypto/digits.h"
#include "crypto/seal.h"
#include "shmem/address.h"
#include "store/instance.h"
#include "store/settings.h"
#include "utils/timestamp.h"

#define ONETIME_ADDRESS_PURPOSE	"one-time-address"
#define ONETIME_CODE_PURPOSE	"one-time-code"

StaticAssertDecl(STORE_ONETIME_HASH_LEN == AUTH_KEYED_HASH_BYTES && STORE_ONETIME_HASH_LEN == CR_OPAQUE_HASH_BYTES,
				 "a hash is a hash");

typedef struct OnetimeKind
{
	const char *type;
	size_t		ttl;			/* offset of the setting */
	bool		has_challenge;
	bool		is_code;
} OnetimeKind;

static const OnetimeKind onetime_kinds[AUTH_ONETIME_KINDS] = {
	[AUTH_ONETIME_VERIFICATION] = {.type = "verification", .ttl = offsetof(FaSettings, verification_ttl)},
	[AUTH_ONETIME_PASSWORD_RESET] = {.type = "password_reset", .ttl = offsetof(FaSettings, password_reset_ttl)},
	[AUTH_ONETIME_EMAIL_CHANGE] = {.type = "email_change", .ttl = offsetof(FaSettings, email_change_ttl)},
	[AUTH_ONETIME_MAGIC_LINK] = {.type = "magic_link", .ttl = offsetof(FaSettings, magic_link_ttl), .has_challenge = true},
	[AUTH_ONETIME_OTP] = {.type = "otp", .ttl = offsetof(FaSettings, otp_ttl), .has_challenge = true, .is_code = true},
};

const char *
auth_onetime_type(AuthOnetimeKind kind)
{
	return onetime_kinds[kind].type;
}

bool
auth_onetime_is_ours(const char *type)
{
	for (int i = 0; i < AUTH_ONETIME_KINDS; i++)
		if (strcmp(type, onetime_kinds[i].type) == 0)
			return true;
	return false;
}

/* ---- hashes ---- */

static void
onetime_hash(const char *type, const char *text, unsigned char *hash)
{
	/* No type holds a NUL, so no two pairs give the same bytes. */
	size_t		type_len = strlen(type) + 1;
	size_t		text_len = strlen(text);
	char	   *both = palloc(type_len + text_len);
	bool		good;

	memcpy(both, type, type_len);
	memcpy(both + type_len, text, text_len);
	good = cr_digest(CR_SHA256, both, type_len + text_len, hash);
	explicit_bzero(both, type_len + text_len);
	pfree(both);
	if (!good)
		base_raise(FA_INTERNAL_ERROR, "could not compute a hash");
}

static void
onetime_hash_address(const char *address, unsigned char *hash)
{
	auth_keyed_hash(ONETIME_ADDRESS_PURPOSE, address, strlen(address), hash);
}

/* Challenges are all of one length, and a code holds digits alone, so no two triples give the same bytes. */
static void
onetime_hash_code(const char *challenge, const char *code, const char *address, unsigned char *hash)
{
	char		all[CR_OPAQUE_TEXT_SIZE + AUTH_CODE_MAX_DIGITS + 1 + BASE_EMAIL_MAX + 1];
	int			len = snprintf(all, sizeof(all), "%s %s %s", challenge, code, address);

	if (len >= (int) sizeof(all))
		elog(ERROR, "a code or its address is too long");
	auth_keyed_hash(ONETIME_CODE_PURPOSE, all, len, hash);
	explicit_bzero(all, sizeof(all));
}

/* ---- the address that only the token opens ---- */

static CrSealContext
onetime_seal_context(const CrOpaque *token)
{
	CrSealContext context = {
		.instance = token->hash,
		.purpose = "one-time-address",
		.ad = token->hash,
		.ad_len = sizeof(token->hash)
	};

	return context;
}

static bytea *
onetime_seal_address(const CrOpaque *token, const char *address)
{
	CrSealContext context = onetime_seal_context(token);
	bytea	   *sealed = palloc(VARHDRSZ + strlen(address) + CR_SEAL_OVERHEAD_MAX);
	size_t		len;

	len = cr_seal(token->secret, "token", &context, address, strlen(address), (unsigned char *) VARDATA(sealed));
	if (len == 0)
		base_raise(FA_INTERNAL_ERROR, "could not seal an address");
	SET_VARSIZE(sealed, VARHDRSZ + len);
	return sealed;
}

static bool
onetime_unseal_address(const CrOpaque *token, const bytea *sealed, char *address)
{
	CrSealContext context = onetime_seal_context(token);
	unsigned char plain[BASE_EMAIL_MAX + CR_SEAL_OVERHEAD_MAX];
	size_t		len;

	if (sealed == NULL || VARSIZE(sealed) - VARHDRSZ > sizeof(plain) ||
		!cr_unseal(token->secret, &context, (const unsigned char *) VARDATA(sealed),
				   VARSIZE(sealed) - VARHDRSZ, plain, &len) ||
		len > BASE_EMAIL_MAX)
		return false;
	memcpy(address, plain, len);
	address[len] = '\0';
	return true;
}

/* ---- make ---- */

static void
onetime_make_opaque(const char *prefix, CrOpaque *token)
{
	if (!cr_opaque_make(prefix, token))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
}

/* What is secret of it, and the hashes that its row has of that. */
typedef struct OnetimeSecrets
{
	unsigned char token_hash[STORE_ONETIME_HASH_LEN];
	unsigned char challenge_hash[STORE_ONETIME_HASH_LEN];
	unsigned char code_hash[STORE_ONETIME_HASH_LEN];
} OnetimeSecrets;

static void
onetime_make_link(const char *address, AuthOnetime *made, OnetimeSecrets *secrets, StoreOnetimeNew *row)
{
	CrOpaque	token;

	onetime_make_opaque(CR_ONETIME_PREFIX, &token);
	memcpy(made->token, token.text, sizeof(made->token));
	onetime_hash(row->type, token.text, secrets->token_hash);
	row->sealed_address = onetime_seal_address(&token, address);
	cr_opaque_wipe(&token);
}

static void
onetime_make_code(const char *address, AuthOnetime *made, OnetimeSecrets *secrets, StoreOnetimeNew *row)
{
	if (!cr_digits_make(made->code, store_settings()->otp_length))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	onetime_hash(row->type, made->challenge, secrets->token_hash);
	onetime_hash_code(made->challenge, made->code, address, secrets->code_hash);
	row->code_hash = secrets->code_hash;
}

static void
onetime_make_challenge(AuthOnetime *made, OnetimeSecrets *secrets, StoreOnetimeNew *row)
{
	CrOpaque	challenge;

	onetime_make_opaque(CR_CHALLENGE_PREFIX, &challenge);
	memcpy(made->challenge, challenge.text, sizeof(made->challenge));
	memcpy(secrets->challenge_hash, challenge.hash, sizeof(secrets->challenge_hash));
	row->challenge_hash = secrets->challenge_hash;
	cr_opaque_wipe(&challenge);
}

static void
onetime_store(StoreOnetimeNew *row)
{
	if (!store_onetime_insert(row))
	{
		/* The user was deleted meanwhile: then it is of nobody. */
		row->user_id = NULL;
		(void) store_onetime_insert(row);
	}
	/* What the insert and its foreign key ask about a user. */
	if (row->user_id == NULL)
		store_users_ask_for_nobody(2);
	store_onetime_cut(row);
	auth_cleanup_due(row->expires_at);
}

void
auth_onetime_make(AuthOnetimeKind kind, const StoreUser *user, const char *address, AuthOnetime *made)
{
	const OnetimeKind *def = &onetime_kinds[kind];
	ShmemAddress client = shmem_address(auth_client_address());
	unsigned char address_hash[STORE_ONETIME_HASH_LEN];
	OnetimeSecrets secrets;
	StoreOnetimeNew row = {.type = def->type, .address_hash = address_hash};

	/* Keyed hashes last only when there is one. */
	store_instance_ensure();
	memset(made, 0, sizeof(*made));
	base_uuid_make(&row.id);
	row.user_id = user ? &user->id : NULL;
	row.client = shmem_address_inet(&client);
	row.created_at = GetCurrentTimestamp();
	row.expires_at = made->expires_at =
		row.created_at + *(const int64 *) ((const char *) store_settings() + def->ttl);
	onetime_hash_address(address, address_hash);
	if (def->has_challenge)
		onetime_make_challenge(made, &secrets, &row);
	if (def->is_code)
		onetime_make_code(address, made, &secrets, &row);
	else
		onetime_make_link(address, made, &secrets, &row);
	row.token_hash = secrets.token_hash;
	onetime_store(&row);
	made->of_user = row.user_id != NULL;
}

void
auth_onetime_wipe(AuthOnetime *made)
{
	explicit_bzero(made, sizeof(*made));
}

/* ---- use ---- */

/* The row of a token or challenge, if it is still good. */
static void
onetime_find(AuthOnetimeKind kind, const CrOpaque *token, StoreOnetime *row)
{
	unsigned char hash[STORE_ONETIME_HASH_LEN];

	onetime_hash(auth_onetime_type(kind), token->text, hash);
	if (!store_onetime_look(auth_onetime_type(kind), hash, GetCurrentTimestamp(), row) || row->outnumbered)
		base_raise(FA_INVALID_TOKEN, NULL);
	if (row->expired)
		base_raise_hint(FA_TOKEN_EXPIRED, "Ask for a new one.", NULL);
}

static void
onetime_fill_used(const StoreOnetime *row, AuthOnetimeUsed *used)
{
	used->has_user = row->has_user;
	if (row->has_user)
		used->user_id = row->user_id;
}

/* Hold whoever has the address by now: with one of nobody their own may end. */
static void
onetime_hold_owner(const char *address)
{
	StoreUser	user;

	if (store_users_get_by_email(address, &user))
		(void) store_users_lock(&user.id, &user);
}

/* Was it sent to the address that its user has?  A change of e-mail goes to the one that they have not yet. */
static bool
onetime_is_users(AuthOnetimeKind kind, const AuthOnetimeUsed *used, bool hold)
{
	StoreUser	user;

	if (!used->has_user)
	{
		if (hold)
			onetime_hold_owner(used->address);
		return true;
	}
	if (!(hold ? store_users_lock(&used->user_id, &user) : store_users_get(&used->user_id, &user)))
		return false;
	return kind == AUTH_ONETIME_EMAIL_CHANGE || strcmp(user.email, used->address) == 0;
}

static void
onetime_take(AuthOnetimeKind kind, const StoreOnetime *row, const AuthOnetimeUsed *used)
{
	if (!onetime_is_users(kind, used, true) || !store_onetime_take(auth_onetime_type(kind), row))
		base_raise(FA_INVALID_TOKEN, NULL);
}

static void
onetime_parse_link(AuthOnetimeKind kind, const char *text, CrOpaque *token, StoreOnetime *row, AuthOnetimeUsed *used)
{
	bool		opened;

	memset(used, 0, sizeof(*used));
	if (!cr_opaque_parse(CR_ONETIME_PREFIX, text, token))
		base_raise(FA_INVALID_TOKEN, NULL);
	onetime_find(kind, token, row);
	onetime_fill_used(row, used);
	opened = onetime_unseal_address(token, row->sealed_address, used->address);
	cr_opaque_wipe(token);
	if (!opened)
		base_raise(FA_INVALID_TOKEN, NULL);
}

/* challenge NULL: none was given. */
static bool
onetime_challenge_fits(const StoreOnetime *row, const char *challenge)
{
	CrOpaque	given;
	bool		fits;

	if (challenge == NULL || row->challenge_hash == NULL || !cr_opaque_parse(CR_CHALLENGE_PREFIX, challenge, &given))
		return false;
	fits = cr_equal((const char *) given.hash, sizeof(given.hash),
					VARDATA(row->challenge_hash), VARSIZE(row->challenge_hash) - VARHDRSZ);
	cr_opaque_wipe(&given);
	return fits;
}

void
auth_onetime_use(AuthOnetimeKind kind, const char *token, const char *challenge, AuthOnetimeUsed *used)
{
	CrOpaque	parsed;
	StoreOnetime row;

	onetime_parse_link(kind, token, &parsed, &row, used);
	used->challenge_right = onetime_challenge_fits(&row, challenge);
	onetime_take(kind, &row, used);
}

void
auth_onetime_look(AuthOnetimeKind kind, const char *token, AuthOnetimeUsed *used)
{
	CrOpaque	parsed;
	StoreOnetime row;

	onetime_parse_link(kind, token, &parsed, &row, used);
	if (!onetime_is_users(kind, used, false))
		base_raise(FA_INVALID_TOKEN, NULL);
}

/* ---- codes ---- */

/* The digits between leading and trailing blanks; false when it is not of the form of a code. */
static bool
onetime_parse_code(const char *text, char *code)
{
	size_t		len;

	text += strspn(text, " \t\r\n");
	len = strspn(text, "0123456789");
	if (len == 0 || len > AUTH_CODE_MAX_DIGITS || text[len + strspn(text + len, " \t\r\n")] != '\0')
		return false;
	memcpy(code, text, len);
	code[len] = '\0';
	return true;
}

/*
 * What is not of the form of a code fits none, and is not counted: that tells
 * nothing but the form.  The address is in the hash, so a right code for
 * another address is a wrong one.  An address that its user has left is looked
 * at last, or it would tell of a code that it was right.
 */
void
auth_onetime_use_code(const char *address, const char *code, const char *challenge, AuthOnetimeUsed *used)
{
	char		digits[AUTH_CODE_MAX_DIGITS + 1];
	unsigned char given[STORE_ONETIME_HASH_LEN];
	CrOpaque	parsed;
	StoreOnetime row;
	bool		right;

	memset(used, 0, sizeof(*used));
	if (!onetime_parse_code(code, digits) || strlen(address) > BASE_EMAIL_MAX ||
		!cr_opaque_parse(CR_CHALLENGE_PREFIX, challenge, &parsed))
		base_raise(FA_INVALID_TOKEN, NULL);
	onetime_find(AUTH_ONETIME_OTP, &parsed, &row);
	if (row.code_hash == NULL || VARSIZE(row.code_hash) - VARHDRSZ != sizeof(given))
		base_raise(FA_INVALID_TOKEN, NULL);
	onetime_hash_code(parsed.text, digits, address, given);
	cr_opaque_wipe(&parsed);
	explicit_bzero(digits, sizeof(digits));
	right = auth_attempt_code(&row.id, given, VARDATA(row.code_hash), sizeof(given));
	explicit_bzero(given, sizeof(given));
	if (!right)
		base_raise(FA_INVALID_TOKEN, NULL);
	onetime_fill_used(&row, used);
	strlcpy(used->address, address, sizeof(used->address));
	used->challenge_right = true;
	onetime_take(AUTH_ONETIME_OTP, &row, used);
}

void
auth_onetime_end(const pg_uuid_t *user_id, AuthOnetimeKind kind)
{
	(void) store_onetime_end(user_id, kind == AUTH_ONETIME_KINDS ? NULL : auth_onetime_type(kind), true);
}

/* ---- of the application ---- */

void
auth_onetime_check_type(const char *type)
{
	size_t		len = strlen(type);

	if (len == 0 || len > AUTH_ONETIME_TYPE_MAX || strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_.:-") != len)
		base_raise_hint(FA_INVALID_ARGUMENT, "Allowed are a-z, 0-9, and the characters _ . : and -",
						"token_type must be 1 to %d of the characters that are allowed", AUTH_ONETIME_TYPE_MAX);
}

void
auth_onetime_create(const pg_uuid_t *user_id, const char *type, int64 ttl, const Jsonb *raw_data, char *token)
{
	unsigned char hash[STORE_ONETIME_HASH_LEN];
	CrOpaque	opaque;
	StoreOnetimeNew row = {.token_hash = hash, .any_type_hash = opaque.hash, .type = type, .user_id = user_id, .raw_data = raw_data};

	onetime_make_opaque(CR_ONETIME_PREFIX, &opaque);
	onetime_hash(type, opaque.text, hash);
	memcpy(token, opaque.text, CR_OPAQUE_TEXT_SIZE);
	base_uuid_make(&row.id);
	row.created_at = GetCurrentTimestamp();
	row.expires_at = row.created_at + ttl;
	if (!store_onetime_insert(&row))
		base_raise(FA_USER_NOT_FOUND, NULL);
	auth_cleanup_due(row.expires_at);
	cr_opaque_wipe(&opaque);
}

/* What it is found by; false when it is not of the form of a token. */
static bool
onetime_parse_token(const char *type, const char *token, unsigned char *hash)
{
	CrOpaque	parsed;

	if (!cr_opaque_parse(CR_ONETIME_PREFIX, token, &parsed))
		return false;
	if (type)
		onetime_hash(type, parsed.text, hash);
	else
		memcpy(hash, parsed.hash, STORE_ONETIME_HASH_LEN);
	cr_opaque_wipe(&parsed);
	return true;
}

bool
auth_onetime_get(const char *type, const char *token, StoreOnetimeData *data)
{
	unsigned char hash[STORE_ONETIME_HASH_LEN];

	return onetime_parse_token(type, token, hash) && store_onetime_get(type, hash, GetCurrentTimestamp(), data);
}

bool
auth_onetime_consume(const char *type, const char *token, StoreOnetimeData *data)
{
	unsigned char hash[STORE_ONETIME_HASH_LEN];

	return onetime_parse_token(type, token, hash) && store_onetime_consume(type, hash, GetCurrentTimestamp(), data);
}

void
auth_onetime_delete(const char *token)
{
	unsigned char hash[STORE_ONETIME_HASH_LEN];

	if (onetime_parse_token(NULL, token, hash))
		store_onetime_delete(hash);
}

uint64
auth_onetime_end_named(const pg_uuid_t *user_id, const char *type)
{
	return store_onetime_end(user_id, type, false);
}
