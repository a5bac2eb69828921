/*
 * reset.h
 *		A new password for who has forgotten the old one.
 */
#ifndef FASTAUTH_AUTH_RESET_H
#define FASTAUTH_AUTH_RESET_H

#include "postgres.h"

/* Mail a link to this address, if it is an active user's; the same answer, rows and time otherwise. */
extern void auth_reset_request(const char *email);

/* Use such a link. */
extern void auth_reset_password(const char *token, const char *new_password);

#endif							/* FASTAUTH_AUTH_RESET_H */
