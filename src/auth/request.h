/*
 * request.h
 *		The HTTP request that PostgREST turned into this transaction.
 *
 * PostgREST puts it into settings that anybody can set (request.headers and the
 * like), so nothing here is proof of anything: a token in it is verified, and
 * an address counts only when a role in authenticator_roles connected.
 *
 * pre_request() reads it once; what follows in the same transaction asks here.
 */
#ifndef FASTAUTH_AUTH_REQUEST_H
#define FASTAUTH_AUTH_REQUEST_H

#include "postgres.h"

#include "base/json.h"

/* More than any server in front of us lets through. */
#define AUTH_REQUEST_MAX_BYTES	(256 * 1024)

extern void auth_request_init(void);

/* Read the request from the settings; invalid_argument when they are no such thing. */
extern void auth_request_begin(void);

/*
 * Read a setting that is a JSON object, in the current context; false when it
 * is not set, invalid_argument when it is something else.
 */
extern bool auth_request_object(const char *name, BaseJsonItems *items);

/* Does this transaction serve a request, so that pre_request() ran in it? */
extern bool auth_request_active(void);

/* Does it serve one whose tokens travel in cookies (token_delivery)? */
extern bool auth_request_has_cookies(void);

/* Is its method other than GET, HEAD and OPTIONS? */
extern bool auth_request_is_unsafe(void);

/* The function that it calls, "signin" of the path "/rpc/signin"; "" when it calls none. */
extern const char *auth_request_function(void);

/* A header by its lower-case name, or a cookie; NULL when there is none.  They live until the transaction or the savepoint ends. */
extern const char *auth_request_header(const char *name);
extern const char *auth_request_cookie(const char *name);

/* (request_client.c) Say who calls, by the headers, for the rest of this transaction. */
extern void auth_request_set_client(void);

#endif							/* FASTAUTH_AUTH_REQUEST_H */
