/*
 * pgcrypto.h
 *		crypt() of the extension pgcrypto, and of nobody else (S13).
 */
#ifndef FASTAUTH_STORE_PGCRYPTO_H
#define FASTAUTH_STORE_PGCRYPTO_H

#include "postgres.h"

/* Is there a crypt() that we may call? */
extern bool store_pgcrypto_exists(void);

/* crypt(password, setting), palloc'd; NULL when there is no crypt() that we may call. */
extern char *store_pgcrypto_crypt(const char *password, const char *setting);

#endif							/* FASTAUTH_STORE_PGCRYPTO_H */
