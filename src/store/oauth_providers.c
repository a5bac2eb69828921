/*
 * oauth_providers.c
 *		Rows of fastauth.oauth_providers.
 */
#include "store/oauth_providers.h"

#include "store/spi.h"
#include "utils/timestamp.h"

#define PROVIDERS_COLUMNS \
	"name, preset, enabled, issuer, client_id, client_secret, client_auth, scopes, oidc, " \
	"authorization_endpoint, token_endpoint, userinfo_endpoint, jwks_uri, trust_email, trust_domains, " \
	"id_token_audiences, tenants, options, changed_at"

static void
providers_read_row(uint64 row, StoreOauthProvider *provider)
{
	provider->name = store_get_text(row, 1);
	provider->preset = store_get_text(row, 2);
	provider->enabled = store_get_bool(row, 3);
	provider->issuer = store_get_text(row, 4);
	provider->client_id = store_get_text(row, 5);
	provider->client_secret = store_get_bytes(row, 6);
	provider->client_auth = store_get_text(row, 7);
	provider->scopes = store_get_texts(row, 8);
	provider->oidc = store_get_bool(row, 9);
	provider->authorization_endpoint = store_get_text(row, 10);
	provider->token_endpoint = store_get_text(row, 11);
	provider->userinfo_endpoint = store_get_text(row, 12);
	provider->jwks_uri = store_get_text(row, 13);
	provider->trust_email = store_get_bool(row, 14);
	provider->trust_domains = store_get_texts(row, 15);
	provider->id_token_audiences = store_get_texts(row, 16);
	provider->tenants = store_get_texts(row, 17);
	provider->options = store_get_jsonb(row, 18);
	provider->changed_at = store_get_time(row, 19);
}

bool
store_oauth_providers_get(const char *name, StoreOauthProvider *provider)
{
	static StorePlan plan = STORE_PLAN("select " PROVIDERS_COLUMNS " from fastauth.oauth_providers "
									   "where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		found;

	store_arg_text(&args, name);
	store_open();
	found = store_run(&args, STORE_READ, 1) == 1;
	if (found)
		providers_read_row(0, provider);
	store_close();
	return found;
}

int
store_oauth_providers_list(StoreOauthProvider **providers)
{
	static StorePlan plan = STORE_PLAN0("select " PROVIDERS_COLUMNS " from fastauth.oauth_providers "
										"order by name using operator(pg_catalog.<)");
	StoreArgs	args = STORE_ARGS(&plan);
	int			n;

	store_open();
	n = (int) store_run(&args, STORE_READ, 0);
	*providers = SPI_palloc(sizeof(StoreOauthProvider) * (n + 1));
	for (int i = 0; i < n; i++)
		providers_read_row(i, &(*providers)[i]);
	store_close();
	return n;
}

void
store_oauth_providers_put(const StoreOauthProvider *provider)
{
	static StorePlan plan = STORE_PLAN("insert into fastauth.oauth_providers (" PROVIDERS_COLUMNS ") values "
									   "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) "
									   "on conflict (name) do update set preset = excluded.preset, enabled = excluded.enabled, "
									   "issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret, "
									   "client_auth = excluded.client_auth, scopes = excluded.scopes, oidc = excluded.oidc, "
									   "authorization_endpoint = excluded.authorization_endpoint, token_endpoint = excluded.token_endpoint, "
									   "userinfo_endpoint = excluded.userinfo_endpoint, jwks_uri = excluded.jwks_uri, "
									   "trust_email = excluded.trust_email, trust_domains = excluded.trust_domains, "
									   "id_token_audiences = excluded.id_token_audiences, tenants = excluded.tenants, "
									   "options = excluded.options, changed_at = excluded.changed_at",
									   TEXTOID, TEXTOID, BOOLOID, TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TEXTARRAYOID, BOOLOID,
									   TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
									   JSONBOID, TIMESTAMPTZOID);
	StoreArgs	args = STORE_ARGS(&plan);

	store_arg_text(&args, provider->name);
	store_arg_text(&args, provider->preset);
	store_arg_bool(&args, provider->enabled);
	store_arg_text(&args, provider->issuer);
	store_arg_text(&args, provider->client_id);
	if (provider->client_secret)
		store_arg_datum(&args, PointerGetDatum(provider->client_secret));
	else
		store_arg_null(&args);
	store_arg_text(&args, provider->client_auth);
	store_arg_texts(&args, provider->scopes);
	store_arg_bool(&args, provider->oidc);
	store_arg_text(&args, provider->authorization_endpoint);
	store_arg_text(&args, provider->token_endpoint);
	store_arg_text(&args, provider->userinfo_endpoint);
	store_arg_text(&args, provider->jwks_uri);
	store_arg_bool(&args, provider->trust_email);
	store_arg_texts(&args, provider->trust_domains);
	store_arg_texts(&args, provider->id_token_audiences);
	store_arg_texts(&args, provider->tenants);
	store_arg_jsonb(&args, provider->options);
	store_arg_time(&args, GetCurrentTimestamp());
	store_open();
	(void) store_run(&args, STORE_WRITE, 0);
	store_close();
}

bool
store_oauth_providers_delete(const char *name)
{
	static StorePlan plan = STORE_PLAN("delete from fastauth.oauth_providers where name operator(pg_catalog.=) $1", TEXTOID);
	StoreArgs	args = STORE_ARGS(&plan);
	bool		deleted;

	store_arg_text(&args, name);
	store_open();
	deleted = store_run(&args, STORE_WRITE, 0) == 1;
	store_close();
	return deleted;
}
