/*
 * text.h
 *		E-mail addresses, names and other text from outside.
 */
#ifndef FASTAUTH_BASE_TEXT_H
#define FASTAUTH_BASE_TEXT_H

#include "postgres.h"

/* Limits on bytes, checked before anything else is done with the value. */
#define BASE_EMAIL_MAX			254
#define BASE_NAME_MAX			256
#define BASE_IMAGE_MAX			2048
#define BASE_USER_AGENT_MAX		512

/*
 * Bring an e-mail address into the form in which it is stored and compared.
 * out holds BASE_EMAIL_MAX + 1 bytes.  False when it is not an address that
 * we accept.
 */
extern bool base_email_normalize(const char *in, char *out);

/* Why a display name is refused, or NULL. */
extern const char *base_name_problem(const char *name);

/* Why a line of text (an image URL, a user agent) is refused, or NULL. */
extern const char *base_line_problem(const char *text);

#endif							/* FASTAUTH_BASE_TEXT_H */
