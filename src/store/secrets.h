/*
 * secrets.h
 *		Rows of fastauth.secrets: values that are sealed before they come here.
 */
#ifndef FASTAUTH_STORE_SECRETS_H
#define FASTAUTH_STORE_SECRETS_H

#include "postgres.h"

extern void store_secrets_set(const char *name, const bytea *sealed);
extern void store_secrets_delete(const char *name);

/* NULL: there is none. */
extern bytea *store_secrets_get(const char *name);

#endif							/* FASTAUTH_STORE_SECRETS_H */
