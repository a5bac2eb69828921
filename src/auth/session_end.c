/*
 * session_end.c
 *		Ending sessions before their time.
 *
 * Whoever ends a session, for whatever reason, leaves one event for each: a
 * listener that holds connections open for sessions closes them by it.
 *
 * Who ends sessions that are not their own throws somebody out, perhaps a thief
 * who has just asked to have the account moved to a mailbox of theirs.  The link
 * needs no session, so it goes too.
 *
 * A browser whose own session ends by its request is told to forget its cookies.
 */
#include "auth/session_end.h"

#include "auth/cookie.h"
#include "auth/event.h"
#include "auth/identity.h"
#include "auth/onetime.h"
#include "auth/request.h"
#include "base/jsonb.h"
#include "store/sessions.h"

static void
session_end_tell(const pg_uuid_t *user_id, const pg_uuid_t *id, const char *reason)
{
	const AuthIdentity *identity;

	auth_event(AUTH_EVENT_SIGNOUT, user_id, id, base_jsonb_object(1, "reason", reason));
	if (!auth_request_has_cookies() || auth_identity_user() == NULL)
		return;
	identity = auth_identity_require();
	if (identity->has_session && memcmp(&identity->session_id, id, sizeof(*id)) == 0)
		auth_cookie_clear_session();
}

void
auth_session_end(const pg_uuid_t *id, const char *reason)
{
	pg_uuid_t	user_id;

	if (store_sessions_revoke(id, reason, &user_id))
		session_end_tell(&user_id, id, reason);
}

int
auth_session_end_all(const pg_uuid_t *user_id, const pg_uuid_t *except, const char *reason)
{
	pg_uuid_t  *ended;
	int			n = store_sessions_revoke_all(user_id, except, reason, &ended);

	for (int i = 0; i < n; i++)
		session_end_tell(user_id, &ended[i], reason);
	auth_onetime_drop(user_id, AUTH_ONETIME_EMAIL_CHANGE);
	return n;
}

void
auth_session_end_of_provider(const pg_uuid_t *user_id, const char *provider, const char *reason)
{
	pg_uuid_t  *ended;
	int			n = store_sessions_revoke_of_provider(user_id, provider, reason, &ended);

	for (int i = 0; i < n; i++)
		session_end_tell(user_id, &ended[i], reason);
}
