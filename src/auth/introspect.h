/*
 * introspect.h
 *		What is this token, and is it good? (RFC 7662)
 */
#ifndef FASTAUTH_AUTH_INTROSPECT_H
#define FASTAUTH_AUTH_INTROSPECT_H

#include "postgres.h"

#include "utils/jsonb.h"

/* Never raises for what the token is; NULL is no token. */
extern Jsonb *auth_introspect(const char *token);

#endif							/* FASTAUTH_AUTH_INTROSPECT_H */
