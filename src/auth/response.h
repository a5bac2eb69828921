/*
 * response.h
 *		The headers of the HTTP answer that PostgREST makes of this transaction.
 */
#ifndef FASTAUTH_AUTH_RESPONSE_H
#define FASTAUTH_AUTH_RESPONSE_H

#include "postgres.h"

/*
 * Add a header to the answer.  One of that name which we or the application
 * added before goes when its value begins with the same `same` bytes; the
 * others stay.  Both texts are ASCII that needs no quoting.
 */
extern void auth_response_header(const char *name, const char *value, size_t same);

#endif							/* FASTAUTH_AUTH_RESPONSE_H */
