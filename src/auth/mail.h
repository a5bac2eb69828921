/*
 * mail.h
 *		Mails of ours: which there are, and how one is written and queued.
 */
#ifndef FASTAUTH_AUTH_MAIL_H
#define FASTAUTH_AUTH_MAIL_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "store/users.h"

/* The names of the templates are in auth/template.c. */
typedef enum AuthMailKind
{
	/* with a link or a code */
	AUTH_MAIL_VERIFICATION,
	AUTH_MAIL_PASSWORD_RESET,
	AUTH_MAIL_EMAIL_CHANGE,		/* to the new address */
	AUTH_MAIL_MAGIC_LINK_LOGIN,
	AUTH_MAIL_OTP,
	/* notices */
	AUTH_MAIL_WELCOME,
	AUTH_MAIL_ALREADY_REGISTERED,
	AUTH_MAIL_PASSWORD_CHANGED,
	AUTH_MAIL_EMAIL_CHANGED,	/* to the old address */
	AUTH_MAIL_NEW_DEVICE_SIGNIN,
	AUTH_MAIL_ACCOUNT_LINKED,
	AUTH_MAIL_ACCOUNT_UNLINKED,
	AUTH_MAIL_SESSIONS_ENDED,
	AUTH_MAIL_ACCOUNT_DELETED,	/* outlives the user's row: queued without user */
	AUTH_MAILS
} AuthMailKind;

typedef struct AuthMail
{
	AuthMailKind kind;
	const StoreUser *user;		/* NULL: nobody; otherwise whose name and locale count */
	const char *to;				/* NULL: the user's address */
	bool		decoy;			/* nobody will get it: written and queued all the same, so that it takes as long */
	bool		orphan;			/* do not tie it to the user's row, which is going */
	const char *token;			/* of a link, or NULL */
	const char *code;			/* or NULL */
	const char *new_email;		/* or NULL */
	const char *provider;		/* or NULL */
	TimestampTz expires_at;		/* of token and code; 0: none */
} AuthMail;

/*
 * Write it from its template and queue it, in this transaction.  May raise
 * not_configured.  With transport outbox, a magic link tells its hooks here.
 */
extern void auth_mail_queue(const AuthMail *mail);

/* Raise not_configured unless a mail of this kind (AUTH_MAILS: any at all) could be queued: before anything is done for it. */
extern void auth_mail_require(AuthMailKind kind);

/* The same as a question, of a mail that is no reason to fail. */
extern bool auth_mail_configured(AuthMailKind kind);

/*
 * Queue a mail of the application; *id is its id in the outbox.  text NULL: the
 * text part says only that there is HTML.
 */
extern void auth_mail_send(const char *to, const char *subject, const char *html, const char *text, pg_uuid_t *id);

#endif							/* FASTAUTH_AUTH_MAIL_H */
