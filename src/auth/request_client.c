/*
 * request_client.c
 *		Where a request came from, as the proxies in front of PostgREST say (S53).
 *
 * PostgREST does not tell who connected to it, so an address is only as good as
 * the proxy that wrote the header, and without a setting that names one there is
 * none.  Anybody can send x-forwarded-for; each proxy appends whom it got the
 * request from.  So it is read from the right: the entry that the last proxy
 * wrote is true, and as long as an entry is a proxy of ours, so is the one before.
 *
 * What is no address is unknown, and never an error: the client may have no
 * say in what its proxy writes.
 */
#include "auth/request.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "auth/client.h"
#include "base/text.h"
#include "mb/pg_wchar.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inet.h"

#define FORWARDED_FOR "x-forwarded-for"

/* ::ffff:0:0/96 (RFC 4291 section 2.5.5.2): what a proxy that listens on IPv6 calls an IPv4 client. */
static const unsigned char mapped_prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The address that text is, blanks around it apart; NULL when it is none. */
static inet *
client_parse(const char *text, size_t len)
{
	char		trimmed[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];

	while (len > 0 && isblank((unsigned char) text[0]))
		text++, len--;
	while (len > 0 && isblank((unsigned char) text[len - 1]))
		len--;
	if (len >= sizeof(trimmed))
		return NULL;
	memcpy(trimmed, text, len);
	trimmed[len] = '\0';

	/* inet_in() takes more, and raises for what it does not take. */
	if (inet_pton(AF_INET6, trimmed, bytes) == 1)
	{
		if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0)
			inet_ntop(AF_INET, bytes + sizeof(mapped_prefix), trimmed, sizeof(trimmed));
	}
	else if (inet_pton(AF_INET, trimmed, bytes) != 1)
		return NULL;
	return DatumGetInetPP(DirectFunctionCall1(inet_in, CStringGetDatum(trimmed)));
}

static bool
client_is_proxy(const inet *address)
{
	for (char **network = store_settings()->trusted_proxies; *network; network++)
	{
		Datum		proxies = DirectFunctionCall1(inet_in, CStringGetDatum(*network));

		if (DatumGetBool(DirectFunctionCall2(network_subeq, InetPGetDatum(address), proxies)))
			return true;
	}
	return false;
}

/*
 * The first entry from the right that is no proxy of ours.  When all are, the
 * request began at the leftmost.
 */
static inet *
client_forwarded(const char *list)
{
	size_t		end = strlen(list);
	inet	   *address;

	for (;;)
	{
		size_t		start = end;

		while (start > 0 && list[start - 1] != ',')
			start--;
		address = client_parse(list + start, end - start);
		if (address == NULL || start == 0 || !client_is_proxy(address))
			return address;
		end = start - 1;
	}
}

static inet *
client_address(void)
{
	const FaSettings *settings = store_settings();
	const char *name = settings->client_address_header;
	const char *value;

	if (name == NULL && *settings->trusted_proxies != NULL)
		name = FORWARDED_FOR;
	value = name ? auth_request_header(name) : NULL;
	if (value == NULL)
		return NULL;
	return strcmp(name, FORWARDED_FOR) == 0 ? client_forwarded(value) : client_parse(value, strlen(value));
}

/* Cut to what fits; NULL when it is no line of text. */
static char *
client_user_agent(void)
{
	const char *value = auth_request_header("user-agent");
	char	   *cut;

	if (value == NULL || *value == '\0')
		return NULL;
	cut = pnstrdup(value, pg_mbcliplen(value, (int) strlen(value), BASE_USER_AGENT_MAX));
	return base_line_problem(cut) == NULL ? cut : NULL;
}

void
auth_request_set_client(void)
{
	auth_client_set(client_address(), client_user_agent());
}
