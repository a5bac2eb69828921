/*
 * The administrator's views of users and sessions.  They read as their owner,
 * whose tables these are, and show nothing that opens anything: no hash, no
 * token, and no metadata, which is the user's or the application's.
 */
CREATE VIEW fastauth.users_overview AS
	SELECT u.id, u.email, u.name, u.email_verified, u.is_active, u.hashed_password IS NOT NULL AS has_password, u.dbrole,
		u.created_at, u.updated_at, u.deleted_at,
		(SELECT pg_catalog.max(s.created_at) FROM fastauth.sessions s WHERE s.user_id OPERATOR(pg_catalog.=) u.id) AS last_signin,
		(SELECT pg_catalog.count(*) FROM fastauth.sessions s
			WHERE s.user_id OPERATOR(pg_catalog.=) u.id AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
				AND NOT EXISTS (SELECT FROM fastauth.session_revocations r WHERE r.session_id OPERATOR(pg_catalog.=) s.id)) AS live_sessions
	FROM fastauth.users u;
COMMENT ON VIEW fastauth.users_overview IS 'users, with the time of their last sign-in (of the sessions that the cleanup has left) and the number of their live sessions; nothing secret';

CREATE VIEW fastauth.sessions_overview AS
	SELECT s.id, s.user_id, u.email, s.created_at, s.last_used_at, s.expires_at, s.ip_address, s.user_agent, s.provider,
		CASE WHEN s.session_token_hash IS NOT NULL THEN 'database' WHEN s.provider IS NOT NULL THEN 'jwt' END AS strategy,
		EXISTS (SELECT FROM fastauth.session_revocations r WHERE r.session_id OPERATOR(pg_catalog.=) s.id) AS revoked
	FROM fastauth.sessions s JOIN fastauth.users u ON u.id OPERATOR(pg_catalog.=) s.user_id;
COMMENT ON VIEW fastauth.sessions_overview IS 'sessions that the cleanup has left, live or not, and under which strategy they began (NULL: by create_session); nothing secret';
