/*
 * grants.h
 *		Who may call what: for setup_postgrest(), too.
 */
#ifndef FASTAUTH_API_GRANTS_H
#define FASTAUTH_API_GRANTS_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/*
 * GRANT privilege ON objects TO role, without a text that somebody could bend;
 * without a role, REVOKE it FROM PUBLIC.
 */
extern void api_grant(Oid role, ObjectType type, List *objects, const char *privilege);

/* What grant_api() grants to these three. */
extern void api_grant_postgrest(Oid authenticator, Oid anon, Oid authenticated);

/* The functions that PostgREST exposes: the n-th, from 0 on, and NULL after the last.  Whoever is not signed in may call some of them. */
extern const char *api_grant_http_function(int n, bool *for_anon);

#endif							/* FASTAUTH_API_GRANTS_H */
