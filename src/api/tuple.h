/*
 * tuple.h
 *		Packing what we answer into SQL rows.
 */
#ifndef FASTAUTH_API_TUPLE_H
#define FASTAUTH_API_TUPLE_H

#include "postgres.h"

#include "auth/session.h"
#include "fmgr.h"
#include "store/one_time_tokens.h"
#include "store/roles.h"
#include "store/sessions.h"
#include "store/users.h"

extern Datum api_user_datum(FunctionCallInfo fcinfo, const StoreUser *user);
extern Datum api_session_datum(FunctionCallInfo fcinfo, const StoreSession *session);

/* Its tokens go into cookies instead where that is how they are delivered. */
extern Datum api_pair_datum(FunctionCallInfo fcinfo, const AuthTokenPair *pair);

/* A set of session_data; fcinfo->resultinfo gets the rows. */
extern void api_session_rows(FunctionCallInfo fcinfo, const StoreSession *sessions, int n);

extern Datum api_onetime_datum(FunctionCallInfo fcinfo, const StoreOnetimeData *data);

extern Datum api_role_datum(FunctionCallInfo fcinfo, const StoreRole *role);

/* A set of role_data. */
extern void api_role_rows(FunctionCallInfo fcinfo, const StoreRole *roles, int n);

/* Text, or NULL for a NULL pointer. */
extern Datum api_text_datum(const char *text, bool *isnull);

#endif							/* FASTAUTH_API_TUPLE_H */
