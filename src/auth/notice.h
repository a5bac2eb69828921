/*
 * notice.h
 *		Mails that tell the owner of an account what was done with it.
 */
#ifndef FASTAUTH_AUTH_NOTICE_H
#define FASTAUTH_AUTH_NOTICE_H

#include "auth/mail.h"

/* Tell it at the address that user holds, if that is verified.  new_email: of AUTH_MAIL_EMAIL_CHANGED, or NULL. */
extern void auth_notice(AuthMailKind kind, const StoreUser *user, const char *new_email);

#endif							/* FASTAUTH_AUTH_NOTICE_H */
