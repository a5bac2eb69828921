/*
 * preset.c
 *		What we know of well-known identity providers.
 *
 * From the providers' own documentation.  trust_email is off unless an
 * administrator turns it on, and then holds only as far as may_trust and
 * trust_domains say (S73): Google vouches for gmail.com and for the hosted
 * domain that the token names, GitHub for what it calls the verified primary
 * address, Apple for all of its own.  Microsoft does not, but for what its
 * optional claim xms_edov says.
 */
#include "auth/preset.h"

#include "lib/stringinfo.h"

static const AuthPreset presets[] = {
	{
		.name = "apple", .issuer = "https://appleid.apple.com", .oidc = true,
		.scopes = "name email", .client_auth = "apple",
		.string_booleans = true, .form_post = true, .may_trust = true
	},
	{
		.name = "discord", .issuer = "https://discord.com",
		.authorization_endpoint = "https://discord.com/oauth2/authorize",
		.token_endpoint = "https://discord.com/api/oauth2/token",
		.userinfo_endpoint = "https://discord.com/api/users/@me",
		.scopes = "identify email", .client_auth = "basic",
		.subject_claim = "id", .name_claim = "global_name", .verified_claim = "verified"
	},
	{
		.name = "facebook", .issuer = "https://www.facebook.com",
		.authorization_endpoint = "https://www.facebook.com/v21.0/dialog/oauth",
		.token_endpoint = "https://graph.facebook.com/v21.0/oauth/access_token",
		.userinfo_endpoint = "https://graph.facebook.com/v21.0/me?fields=id,name,email",
		.scopes = "email public_profile", .client_auth = "post",
		.subject_claim = "id"
	},
	{
		.name = "github", .issuer = "https://github.com",
		.authorization_endpoint = "https://github.com/login/oauth/authorize",
		.token_endpoint = "https://github.com/login/oauth/access_token",
		.userinfo_endpoint = "https://api.github.com/user",
		.emails_endpoint = "https://api.github.com/user/emails",
		.scopes = "read:user user:email", .client_auth = "post",
		.subject_claim = "id", .image_claim = "avatar_url", .may_trust = true
	},
	{
		.name = "gitlab", .issuer = "https://gitlab.com", .oidc = true,
		.scopes = "openid email profile", .client_auth = "basic"
	},
	{
		.name = "google", .issuer = "https://accounts.google.com", .oidc = true,
		.scopes = "openid email profile", .client_auth = "basic",
		.may_trust = true, .trust_domains = "gmail.com", .hosted_domain = true
	},
	{
		.name = "linkedin", .issuer = "https://www.linkedin.com/oauth", .oidc = true,
		.scopes = "openid email profile", .client_auth = "post",
		.string_booleans = true, .no_nonce = true
	},
	{
		.name = "microsoft", .issuer = "https://login.microsoftonline.com/{tenantid}/v2.0", .oidc = true,
		.discovery = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
		.scopes = "openid email profile", .client_auth = "post",
		.verified_claim = "xms_edov", .string_booleans = true, .may_trust = true
	},
	{
		.name = "slack", .issuer = "https://slack.com", .oidc = true,
		.scopes = "openid email profile", .client_auth = "post"
	},
	{
		.name = "x", .issuer = "https://x.com",
		.authorization_endpoint = "https://x.com/i/oauth2/authorize",
		.token_endpoint = "https://api.x.com/2/oauth2/token",
		.userinfo_endpoint = "https://api.x.com/2/users/me?user.fields=confirmed_email,profile_image_url",
		.scopes = "users.read tweet.read users.email", .client_auth = "basic",
		.wrapper = "data", .subject_claim = "id", .email_claim = "confirmed_email", .image_claim = "profile_image_url"
	},
};

const AuthPreset *
auth_preset(const char *name)
{
	for (size_t i = 0; i < lengthof(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

const AuthPreset *
auth_preset_of_issuer(const char *issuer)
{
	for (size_t i = 0; i < lengthof(presets); i++)
		if (strcmp(presets[i].issuer, issuer) == 0)
			return &presets[i];
	return NULL;
}

const char *
auth_preset_names(void)
{
	StringInfoData s;

	initStringInfo(&s);
	for (size_t i = 0; i < lengthof(presets); i++)
		appendStringInfo(&s, "%s%s", i > 0 ? ", " : "", presets[i].name);
	return s.data;
}
