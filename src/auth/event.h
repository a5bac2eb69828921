/*
 * event.h
 *		Events: facts that are recorded in the transaction that makes them, and announced after its commit.
 */
#ifndef FASTAUTH_AUTH_EVENT_H
#define FASTAUTH_AUTH_EVENT_H

#include "postgres.h"

#include "shmem/recorder.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef enum AuthEventKind
{
	AUTH_EVENT_SIGNUP,
	AUTH_EVENT_SIGNIN,
	AUTH_EVENT_SIGNOUT,			/* a session was ended before its time, by whomever */
	AUTH_EVENT_TOKEN_REFRESH,
	AUTH_EVENT_SIGNIN_FAILED,
	AUTH_EVENT_ACCOUNT_LOCKED,
	AUTH_EVENT_REFRESH_REUSED,
	AUTH_EVENT_PASSWORD_CHANGE,
	AUTH_EVENT_EMAIL_CHANGE,
	AUTH_EVENT_USER_DELETED,
	AUTH_EVENT_ROLE_GRANTED,
	AUTH_EVENT_ROLE_REVOKED,
	AUTH_EVENT_KEY_ROTATED,
	AUTH_EVENT_SETTING_CHANGED,
	AUTH_EVENT_EMAIL_VERIFY,
	AUTH_EVENT_PASSWORD_RESET,
	AUTH_EVENT_OAUTH_LINK,
	AUTH_EVENT_OAUTH_UNLINK,
	AUTH_EVENT_MAGIC_LINK_SENT,
	AUTH_EVENT_EMAIL_FAILED,
	AUTH_EVENT_OUTBOX_READ,		/* an administrator looked at a mail (S38) */
	AUTH_EVENTS
} AuthEventKind;

/* Called once by _PG_init. */
extern void auth_event_init(void);

extern const char *auth_event_name(AuthEventKind kind);

/*
 * Record an event.  user_id and session_id may be NULL, data too; the client's
 * address is added.  No secret and no address of a mailbox belongs into data.
 */
extern void auth_event(AuthEventKind kind, const pg_uuid_t *user_id, const pg_uuid_t *session_id, Jsonb *data);

/* The same without anything that tells who it was. */
extern void auth_event_anonymous(AuthEventKind kind, Jsonb *data);

/* An event whose hooks are still to be called. */
typedef struct AuthEventRecord
{
	AuthEventKind kind;
	pg_uuid_t	id;
	int			ring;
} AuthEventRecord;

/* For the dispatcher: record an event, and, in another transaction, call its hooks. */
extern void auth_event_record(AuthEventKind kind, const pg_uuid_t *user_id, Jsonb *data, AuthEventRecord *record);
extern void auth_event_tell(const AuthEventRecord *record);

/* The partition that an event of that time belongs to. */
extern int	auth_event_ring(TimestampTz at);

/*
 * For the worker: record the events of a refusal that it has recorded.  False, and nothing is done, while
 * somebody holds the user's row: whether it will be gone is not known.
 */
extern bool auth_event_of_refusal(const ShmemRequest *request);

#endif							/* FASTAUTH_AUTH_EVENT_H */
