/*
 * check_rules.h
 *		The rules of check(): for check.c and the files that hold them.
 *
 * A rule looks at one thing and adds what is wrong with it, and nothing when
 * nothing is.  No text of it holds a secret, a hash or a token.
 */
#ifndef FASTAUTH_AUTH_CHECK_RULES_H
#define FASTAUTH_AUTH_CHECK_RULES_H

#include "postgres.h"

#include "auth/check.h"

typedef struct AuthCheck AuthCheck;

/* The texts are kept as they are. */
extern void auth_check_add(AuthCheck *check, AuthCheckSeverity severity,
						   const char *subject, const char *problem, const char *advice);

/* (check_server.c) A setting of the server as this session has it, in its base unit, readable until the next call; NULL and 0 when there is none. */
extern const char *auth_check_value(const char *name);
extern int64 auth_check_number(const char *name);

/* check_catalog.c */
extern void auth_check_foreign_keys(AuthCheck *check);
extern void auth_check_publications(AuthCheck *check);
extern void auth_check_triggers(AuthCheck *check);
extern void auth_check_triggers_off(AuthCheck *check);
extern void auth_check_rewrite_rules(AuthCheck *check);
extern void auth_check_policies(AuthCheck *check);
extern void auth_check_strangers(AuthCheck *check);
extern void auth_check_owners(AuthCheck *check);
extern void auth_check_privileges(AuthCheck *check);
extern void auth_check_row_security(AuthCheck *check);
extern void auth_check_search_path(AuthCheck *check);
extern void auth_check_autovacuum(AuthCheck *check);
extern void auth_check_expired(AuthCheck *check);
extern void auth_check_outbox(AuthCheck *check);
extern void auth_check_hooks(AuthCheck *check);
extern void auth_check_webhooks(AuthCheck *check);
extern void auth_check_pgcrypto(AuthCheck *check);

/* check_role.c */
extern void auth_check_own_roles(AuthCheck *check);
extern void auth_check_own_members(AuthCheck *check);
extern void auth_check_authenticated_role(AuthCheck *check);
extern void auth_check_allowed_roles(AuthCheck *check);
extern void auth_check_user_roles(AuthCheck *check);
extern void auth_check_groups(AuthCheck *check);
extern void auth_check_createrole(AuthCheck *check);

/* check_settings.c */
extern void auth_check_ignored_settings(AuthCheck *check);
extern void auth_check_lifetimes(AuthCheck *check);
extern void auth_check_password_rules(AuthCheck *check);
extern void auth_check_issuer(AuthCheck *check);
extern void auth_check_verified_email(AuthCheck *check);
extern void auth_check_hash_memory(AuthCheck *check);

/* check_mail.c */
extern void auth_check_mail_settings(AuthCheck *check);
extern void auth_check_mails(AuthCheck *check);

/* check_postgrest.c */
extern void auth_check_authenticators(AuthCheck *check);
extern void auth_check_anon_role(AuthCheck *check);
extern void auth_check_http_schemas(AuthCheck *check);
extern void auth_check_http_settings(AuthCheck *check);

/* check_oauth.c */
extern void auth_check_providers(AuthCheck *check);

/* check_key.c */
extern void auth_check_copy(AuthCheck *check);
extern void auth_check_master_key(AuthCheck *check);
extern void auth_check_sealed(AuthCheck *check);
extern void auth_check_signing_keys(AuthCheck *check);

/* check_server.c */
extern void auth_check_launcher(AuthCheck *check);
extern void auth_check_worker_processes(AuthCheck *check);
extern void auth_check_recorder(AuthCheck *check);
extern void auth_check_recorder_slots(AuthCheck *check);
extern void auth_check_counters(AuthCheck *check);
extern void auth_check_preload(AuthCheck *check);
extern void auth_check_log_statement(AuthCheck *check);
extern void auth_check_log_duration(AuthCheck *check);
extern void auth_check_log_parameters(AuthCheck *check);
extern void auth_check_auto_explain(AuthCheck *check);
extern void auth_check_stat_statements(AuthCheck *check);
extern void auth_check_tls(AuthCheck *check);

#endif							/* FASTAUTH_AUTH_CHECK_RULES_H */
