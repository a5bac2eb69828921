/*
 * csrf.h
 *		Requests that a browser was made to send by somebody else's page (S52).
 */
#ifndef FASTAUTH_AUTH_CSRF_H
#define FASTAUTH_AUTH_CSRF_H

#include "postgres.h"

#include "crypto/base64url.h"
#include "shmem/master_key.h"
#include "utils/uuid.h"

#define AUTH_CSRF_TAG_BYTES		32

/* "key.tag" and the end of the string. */
#define AUTH_CSRF_TOKEN_SIZE	(MASTER_KEY_ID_MAX + 1 + CR_BASE64URL_LEN(AUTH_CSRF_TAG_BYTES) + 1)

/* The CSRF token of a session. */
extern void auth_csrf_token(const pg_uuid_t *session_id, char *token);

/*
 * Refuse, with csrf_failed, a request that changes something and is not one of
 * our own pages'.  session_id NULL: it has no session cookie that counts, so it
 * needs no CSRF token.  Only where auth_request_has_cookies().
 */
extern void auth_csrf_check_request(const pg_uuid_t *session_id);

#endif							/* FASTAUTH_AUTH_CSRF_H */
