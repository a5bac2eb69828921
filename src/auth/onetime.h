/*
 * onetime.h
 *		One-time tokens and codes: made, sent to a mailbox, and used once (DESIGN 7).
 */
#ifndef FASTAUTH_AUTH_ONETIME_H
#define FASTAUTH_AUTH_ONETIME_H

#include "postgres.h"

#include "base/text.h"
#include "crypto/opaque.h"
#include "datatype/timestamp.h"
#include "store/one_time_tokens.h"
#include "store/users.h"
#include "utils/jsonb.h"

/* Our own types; every other name is the application's. */
typedef enum AuthOnetimeKind
{
	AUTH_ONETIME_VERIFICATION,
	AUTH_ONETIME_PASSWORD_RESET,
	AUTH_ONETIME_EMAIL_CHANGE,
	AUTH_ONETIME_MAGIC_LINK,
	AUTH_ONETIME_OTP,
	AUTH_ONETIME_KINDS
} AuthOnetimeKind;

#define AUTH_CODE_MAX_DIGITS	10

/* One that was made.  What is secret is in the clear here, and nowhere else; auth_onetime_wipe() it. */
typedef struct AuthOnetime
{
	char		token[CR_OPAQUE_TEXT_SIZE];	/* of a link: fa_ot_...; "" for a code */
	char		code[AUTH_CODE_MAX_DIGITS + 1]; /* "" for a link */
	char		challenge[CR_OPAQUE_TEXT_SIZE]; /* fa_ch_..., for the asker; "" where there is none */
	TimestampTz expires_at;
	bool		of_user;		/* of the user, whose row is held; false: of nobody, or the user is gone meanwhile */
} AuthOnetime;

/* One that was used. */
typedef struct AuthOnetimeUsed
{
	bool		has_user;
	pg_uuid_t	user_id;
	char		address[BASE_EMAIL_MAX + 1];	/* that it was sent to */
	bool		challenge_right;	/* the challenge that was given is its own */
} AuthOnetimeUsed;

extern const char *auth_onetime_type(AuthOnetimeKind kind);

/* Is this the name of one of our own types? */
extern bool auth_onetime_is_ours(const char *type);

/*
 * Make one for this address (of base_email_normalize()) and its user; user NULL:
 * of nobody, in the same steps.  More than three live ones of the same type,
 * user or address, and asking client end the oldest.
 */
extern void auth_onetime_make(AuthOnetimeKind kind, const StoreUser *user, const char *address, AuthOnetime *made);

extern void auth_onetime_wipe(AuthOnetime *made);

/*
 * Use a link's token: it is gone, and so is every other one of that type and
 * user (or address).  Raises invalid_token, also when its user's address is
 * not what it was sent to any more (but for an email_change, whose address is
 * the new one), or token_expired.  Of racing callers one gets it.  Its user's row
 * is held until the end of the transaction.  An error that follows brings it
 * back, as it takes the transaction or savepoint with it.
 */
extern void auth_onetime_use(AuthOnetimeKind kind, const char *token, const char *challenge, AuthOnetimeUsed *used);

/* The same without using it up: to check what comes with it first. */
extern void auth_onetime_look(AuthOnetimeKind kind, const char *token, AuthOnetimeUsed *used);

/*
 * Use a code, for the address that it was sent to and with the challenge that
 * was answered when it was asked for.  A wrong one is counted durably before
 * invalid_token is raised (may raise recorder_unavailable and server_busy); the
 * third ends it.
 */
extern void auth_onetime_use_code(const char *address, const char *code, const char *challenge, AuthOnetimeUsed *used);

/* End the user's of this kind, or (AUTH_ONETIME_KINDS) all of ours; the caller holds the user's row. */
extern void auth_onetime_end(const pg_uuid_t *user_id, AuthOnetimeKind kind);

/* ---- of the application (TokenAdapter); their types are not ours ---- */

#define AUTH_ONETIME_TYPE_MAX	64

/* Raise invalid_argument unless this can be the name of a type. */
extern void auth_onetime_check_type(const char *type);

/* A new one; token holds CR_OPAQUE_TEXT_SIZE bytes.  Raises user_not_found.  No number of them ends an older one. */
extern void auth_onetime_create(const pg_uuid_t *user_id, const char *type, int64 ttl, const Jsonb *raw_data, char *token);

/* False: there is none of this type that is not over. */
extern bool auth_onetime_get(const char *type, const char *token, StoreOnetimeData *data);
extern bool auth_onetime_consume(const char *type, const char *token, StoreOnetimeData *data);

extern void auth_onetime_delete(const char *token);

/* End the user's of this type, ours too, or (NULL) all; how many. */
extern uint64 auth_onetime_end_named(const pg_uuid_t *user_id, const char *type);

#endif							/* FASTAUTH_AUTH_ONETIME_H */
