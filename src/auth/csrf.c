/*
 * csrf.c
 *		Requests that a browser was made to send by somebody else's page (S52).
 *
 * A browser adds cookies to whatever any page makes it send.  Three things tell
 * our own pages from others', each enough by itself in a browser that does what
 * it should:
 *
 * - Sec-Fetch-Site, or else Origin, which no script can set;
 * - a body of JSON, which no form can send and no script may send to another
 *   origin without being asked (PostgREST takes forms too, hence the look);
 * - the CSRF token, which only a script of this host can read.  It is an HMAC
 *   over the session, so it is not stored, and is nothing in another session.
 *   In front stands the id of the master key that it was made with, so that it
 *   outlives rotate_master_key().
 *
 * The first two are asked of a sign-in too, which nobody else's page shall make:
 * the victim would go on in the attacker's account.
 *
 * A refusal is counted and nothing else is kept: the request may be READ ONLY,
 * and whoever is refused here has presented nothing that could be guessed.
 */
#include "auth/csrf.h"

#include "auth/request.h"
#include "base/errors.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "shmem/database.h"
#include "store/instance.h"
#include "store/settings.h"

#define CSRF_PURPOSE "csrf-token"

/* White space in a field value, RFC 9110 section 5.6.3. */
#define CSRF_BLANKS " \t"

#define CSRF_TOKEN_HINT "It is the value of the cookie __Host-fastauth-csrf; pages of another origin ask the function csrf_token."

static void
csrf_refuse(const char *message, const char *hint)
{
	shmem_count(SHMEM_COUNT_CSRF_REFUSALS, 1);
	base_raise_hint(FA_CSRF_FAILED, hint, "%s", message);
}

/* ---- the token ---- */

/* Ready to compute tokens of this instance with that master key; the caller frees it. */
static CrMac *
csrf_mac(const ShmemMasterKey *master)
{
	unsigned char key[AUTH_CSRF_TAG_BYTES];
	pg_uuid_t	instance;
	CrMac	   *mac = NULL;

	if (!store_instance_id(&instance))
		elog(ERROR, "there is a session, but no instance");
	if (cr_hkdf(CR_SHA256, master->key, sizeof(master->key), instance.data, sizeof(instance.data),
				CSRF_PURPOSE, strlen(CSRF_PURPOSE), key, sizeof(key)))
		mac = cr_mac_new(CR_SHA256, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	if (mac == NULL)
		base_raise(FA_INTERNAL_ERROR, "could not derive a key");
	return mac;
}

void
auth_csrf_token(const pg_uuid_t *session_id, char *token)
{
	ShmemMasterKey master;
	unsigned char tag[CR_HASH_MAX_BYTES];
	char		text[CR_BASE64URL_LEN(AUTH_CSRF_TAG_BYTES) + 1];
	CrMac	   *mac;
	bool		good;

	shmem_master_key_current(&master);
	mac = csrf_mac(&master);
	good = cr_mac_compute(mac, session_id->data, sizeof(session_id->data), tag);
	cr_mac_free(mac);
	if (!good)
		base_raise(FA_INTERNAL_ERROR, "could not compute an HMAC");
	cr_base64url_encode(tag, AUTH_CSRF_TAG_BYTES, text);
	snprintf(token, AUTH_CSRF_TOKEN_SIZE, "%s.%s", master.id, text);
	explicit_bzero(&master, sizeof(master));
}

/* Is it the session's, under any master key that there is? */
static bool
csrf_token_fits(const char *token, const pg_uuid_t *session_id)
{
	const char *dot = strchr(token, '.');
	char		id[MASTER_KEY_ID_MAX + 1];
	unsigned char tag[AUTH_CSRF_TAG_BYTES];
	size_t		tag_len;
	ShmemMasterKey master;
	CrMac	   *mac;
	bool		fits;

	if (dot == NULL || dot - token > MASTER_KEY_ID_MAX ||
		!cr_base64url_decode(dot + 1, strlen(dot + 1), tag, sizeof(tag), &tag_len))
		return false;
	strlcpy(id, token, dot - token + 1);
	if (!shmem_master_key_known(id, &master))
		return false;
	mac = csrf_mac(&master);
	explicit_bzero(&master, sizeof(master));
	fits = cr_mac_verify(mac, session_id->data, sizeof(session_id->data), tag, tag_len);
	cr_mac_free(mac);
	return fits;
}

/* ---- the request ---- */

static bool
csrf_origin_is_allowed(const char *origin)
{
	for (char **allowed = store_settings()->allowed_origins; *allowed; allowed++)
		if (strcmp(*allowed, origin) == 0)
			return true;
	return false;
}

/*
 * Browsers that know Sec-Fetch-Site say by it whether the page is of this very
 * origin; "none" is no page at all.  The Origin of a page that we have listed
 * does in its place, also for older browsers.
 */
static void
csrf_check_origin(void)
{
	const char *site = auth_request_header("sec-fetch-site");
	const char *origin = auth_request_header("origin");

	if (site && (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0))
		return;
	if (origin && csrf_origin_is_allowed(origin))
		return;
	if (site || origin)
		csrf_refuse("request comes from a page of another origin",
					"If that page is of this application, name its origin in the setting allowed_origins.");
	csrf_refuse("request has neither Sec-Fetch-Site nor Origin", "Browsers send them; another client sends Sec-Fetch-Site: none.");
}

/* JSON as PostgREST takes it: application/json, or application/vnd.pgrst.object+json and the like. */
static bool
csrf_media_type_is_json(const char *type)
{
	static const char plain[] = "application/json";
	static const char vendor[] = "application/vnd.pgrst.";
	static const char suffix[] = "+json";
	size_t		len;

	type += strspn(type, CSRF_BLANKS);
	len = strcspn(type, ";" CSRF_BLANKS);
	if (type[len + strspn(type + len, CSRF_BLANKS)] != ';' && type[len + strspn(type + len, CSRF_BLANKS)] != '\0')
		return false;
	if (len == sizeof(plain) - 1 && pg_strncasecmp(type, plain, len) == 0)
		return true;
	return len > sizeof(vendor) - 1 + sizeof(suffix) - 1 &&
		pg_strncasecmp(type, vendor, sizeof(vendor) - 1) == 0 &&
		pg_strncasecmp(type + len - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1) == 0 &&
		memchr(type, ',', len) == NULL;
}

/* Without a type PostgREST takes a body for JSON, and a page can send one so to any site. */
static void
csrf_check_content_type(void)
{
	const char *type = auth_request_header("content-type");
	const char *length = auth_request_header("content-length");

	if (type && csrf_media_type_is_json(type))
		return;
	if (type == NULL && (length == NULL || strcmp(length, "0") == 0) &&
		auth_request_header("transfer-encoding") == NULL)
		return;
	csrf_refuse("the body of the request must be JSON, with Content-Type: application/json", "Arguments of functions go there too: {\"name\": \"value\"}, and {} for none.");
}

void
auth_csrf_check_request(const pg_uuid_t *session_id)
{
	const char *token;

	csrf_check_origin();
	csrf_check_content_type();
	if (session_id == NULL)
		return;
	token = auth_request_header("x-csrf-token");
	if (token == NULL || *token == '\0')
		csrf_refuse("request lacks the header X-CSRF-Token", CSRF_TOKEN_HINT);
	if (!csrf_token_fits(token, session_id))
		csrf_refuse("X-CSRF-Token is not that of the session", CSRF_TOKEN_HINT);
}
