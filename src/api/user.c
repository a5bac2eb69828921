/*
 * user.c
 *		SQL: UserAdapter, for the application's server.
 */
#include "auth/user.h"

#include "api/args.h"
#include "api/call.h"
#include "api/tuple.h"
#include "auth/password.h"
#include "auth/role.h"
#include "auth/user.h"
#include "base/errors.h"
#include "base/text.h"
#include "base/uuid.h"
#include "utils/builtins.h"

/* The hash of a new user: of the password, or one that another system made. */
static char *
user_new_hash(FunctionCallInfo fcinfo, const StoreUser *user)
{
	char	   *password = api_arg_text_or_null(fcinfo, 1, "password", AUTH_PASSWORD_ARG_MAX);
	char	   *hash = api_arg_text_or_null(fcinfo, 2, "hashed_password", AUTH_HASH_ARG_MAX);

	if (password && hash)
		base_raise(FA_INVALID_ARGUMENT, "give password or hashed_password, not both");
	if (hash)
		auth_password_check_hash(hash);
	if (password == NULL)
		return hash;
	auth_password_check(password, user->email, user->name);
	return auth_password_hash(password);
}

/*
 * SQL function: fastauth.create_user(email text, password text, hashed_password text, name text, image text,
 * email_verified boolean, is_active boolean, metadata jsonb, app_metadata jsonb, id uuid)
 */
FASTAUTH_FUNCTION(fastauth_create_user, API_WRITES | API_SECRET)
{
	StoreUser	user = {0};
	pg_uuid_t  *id = api_arg_uuid_or_null(fcinfo, 9, "id");

	user.email = auth_user_email(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX));
	user.name = api_arg_text_or_null(fcinfo, 3, "name", BASE_NAME_MAX);
	user.image = api_arg_text_or_null(fcinfo, 4, "image", BASE_IMAGE_MAX);
	user.email_verified = api_arg_bool(fcinfo, 5, "email_verified");
	user.is_active = api_arg_bool(fcinfo, 6, "is_active");
	user.metadata = api_arg_jsonb_or_null(fcinfo, 7, "metadata", AUTH_METADATA_MAX_BYTES);
	user.app_metadata = api_arg_jsonb_or_null(fcinfo, 8, "app_metadata", AUTH_METADATA_MAX_BYTES);
	if (id)
		user.id = *id;
	if (id && base_uuid_is_nil(id))
		base_raise(FA_INVALID_ARGUMENT, "id must not be the nil UUID");
	auth_user_check_name(user.name);
	auth_user_check_image(user.image);
	auth_user_check_metadata(user.metadata, "metadata");
	auth_user_check_metadata(user.app_metadata, "app_metadata");
	user.hashed_password = user_new_hash(fcinfo, &user);
	auth_user_create(&user);
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.get_user(id uuid) */
FASTAUTH_FUNCTION(fastauth_get_user, 0)
{
	StoreUser	user;

	if (!store_users_get(api_arg_uuid(fcinfo, 0, "id"), &user))
		PG_RETURN_NULL();
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.get_user_by_email(email text) */
FASTAUTH_FUNCTION(fastauth_get_user_by_email, 0)
{
	StoreUser	user;
	char		email[BASE_EMAIL_MAX + 1];

	if (!base_email_normalize(api_arg_text(fcinfo, 0, "email", BASE_EMAIL_MAX), email) ||
		!store_users_get_by_email(email, &user))
		PG_RETURN_NULL();
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.update_user(id uuid, changes jsonb) */
FASTAUTH_FUNCTION(fastauth_update_user, API_WRITES)
{
	StoreUser	user;

	auth_user_update(api_arg_uuid(fcinfo, 0, "id"),
					 api_arg_jsonb(fcinfo, 1, "changes", 2 * AUTH_METADATA_MAX_BYTES + BASE_EMAIL_MAX +
								   BASE_NAME_MAX + BASE_IMAGE_MAX), &user);
	return api_user_datum(fcinfo, &user);
}

/* SQL function: fastauth.delete_user(id uuid, soft boolean) */
FASTAUTH_FUNCTION(fastauth_delete_user, API_WRITES)
{
	auth_user_delete(api_arg_uuid(fcinfo, 0, "id"), api_arg_bool(fcinfo, 1, "soft"));
	PG_RETURN_VOID();
}

/* SQL function: fastauth.get_hashed_password(id uuid) */
FASTAUTH_FUNCTION(fastauth_get_hashed_password, API_SECRET)
{
	StoreUser	user;

	if (!store_users_get(api_arg_uuid(fcinfo, 0, "id"), &user) || user.hashed_password == NULL)
		PG_RETURN_NULL();
	return CStringGetTextDatum(user.hashed_password);
}

/* SQL function: fastauth.set_hashed_password(id uuid, hash text) */
FASTAUTH_FUNCTION(fastauth_set_hashed_password, API_WRITES | API_SECRET)
{
	char	   *hash = api_arg_text_or_null(fcinfo, 1, "hash", AUTH_HASH_ARG_MAX);

	if (hash)
		auth_password_check_hash(hash);
	auth_user_set_hash(api_arg_uuid(fcinfo, 0, "id"), hash);
	PG_RETURN_VOID();
}

/* SQL function: fastauth.set_user_dbrole(user_id uuid, role text) */
FASTAUTH_FUNCTION(fastauth_set_user_dbrole, API_WRITES)
{
	char	   *role = api_arg_text_or_null(fcinfo, 1, "role", NAMEDATALEN - 1);
	const char *problem = role ? auth_role_problem(role) : NULL;

	if (problem)
		base_raise_hint(FA_INVALID_ARGUMENT, "The setting allowed_roles says which roles a token may name; never one with such powers as SUPERUSER.",
						"role is not allowed: %s", problem);
	if (!store_users_set_dbrole(api_arg_uuid(fcinfo, 0, "user_id"), role))
		base_raise(FA_USER_NOT_FOUND, NULL);
	PG_RETURN_VOID();
}
