/*
 * address.c
 *		Where requests may connect to (rule S74).
 *
 * A URL comes from an administrator, a name server or a discovery document, so
 * it may name what only this machine can reach: metadata services of clouds,
 * databases without passwords.  What counts is the address that is really
 * connected to, not the name, nor what it resolved to a moment before.
 *
 * Of IPv6 only global unicast is taken, without the blocks of the IANA special
 * purpose registry; an IPv4 address inside an IPv6 one counts as what it is.
 * fastauth.allow_private_networks lists exceptions.
 */
#include "net/net_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/compat.h"
#include "base/settings.h"
#include "utils/guc.h"

#define ADDRESS_BYTES	16

/* More than anybody needs; 64 times 50 bytes of text. */
#define NETWORKS_MAX	64
#define NETWORK_TEXT_MAX 64

/* An IPv4 network is one of ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
typedef struct AddressNetwork
{
	unsigned char bytes[ADDRESS_BYTES];
	int			bits;
} AddressNetwork;

typedef struct AddressList
{
	int			count;
	AddressNetwork networks[FLEXIBLE_ARRAY_MEMBER];
} AddressList;

static char *allow_private_networks;
static const AddressList *address_allowed = NULL;

#define V4(a, b, c, d, n) {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (n)}
#define V6(a, b, c, d, n) {{(a) >> 8, (a) & 0xff, (b) >> 8, (b) & 0xff, (c) >> 8, (c) & 0xff, (d) >> 8, (d) & 0xff}, n}

/* The special purpose registries of IANA (RFC 6890), but what is globally reachable. */
static const AddressNetwork address_private[] = {
	V4(0, 0, 0, 0, 8),			/* this network, and the unspecified address */
	V4(10, 0, 0, 0, 8),			/* private */
	V4(100, 64, 0, 0, 10),		/* shared by customers of a carrier */
	V4(127, 0, 0, 0, 8),		/* loopback */
	V4(169, 254, 0, 0, 16),		/* link-local */
	V4(172, 16, 0, 0, 12),		/* private */
	V4(192, 0, 0, 0, 24),		/* protocol assignments */
	V4(192, 0, 2, 0, 24),		/* documentation */
	V4(192, 88, 99, 0, 24),		/* relays of 6to4 */
	V4(192, 168, 0, 0, 16),		/* private */
	V4(198, 18, 0, 0, 15),		/* benchmarks */
	V4(198, 51, 100, 0, 24),	/* documentation */
	V4(203, 0, 113, 0, 24),		/* documentation */
	V4(224, 0, 0, 0, 3),		/* multicast, reserved, broadcast */
	V6(0x2001, 0, 0, 0, 23),	/* protocol assignments: Teredo, benchmarks, ORCHID */
	V6(0x2001, 0xdb8, 0, 0, 32),	/* documentation */
	V6(0x3fff, 0, 0, 0, 20),	/* documentation */
};

static const AddressNetwork address_mapped = V4(0, 0, 0, 0, 0);
static const AddressNetwork address_global = V6(0x2000, 0, 0, 0, 3);
static const AddressNetwork address_loopback[] = {
	V4(127, 0, 0, 0, 8),
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},
};

/* IPv6 networks with an IPv4 address inside, and where it begins. */
static const struct
{
	AddressNetwork network;
	int			offset;
}			address_carriers[] = {
	{V6(0x2002, 0, 0, 0, 16), 2},	/* 6to4 (RFC 3056) */
	{V6(0x64, 0xff9b, 0, 0, 96), 12},	/* NAT64 (RFC 6052) */
	{{{0}, 96}, 12},			/* IPv4-compatible (RFC 4291 section 2.5.5.1) */
	{{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, 12},	/* IPv4-translated (RFC 2765) */
};

static bool
address_in(const unsigned char *bytes, const AddressNetwork *network)
{
	int			whole = network->bits / 8;
	int			rest = network->bits % 8;

	return memcmp(bytes, network->bytes, whole) == 0 &&
		(rest == 0 || ((bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0);
}

static bool
address_in_any(const unsigned char *bytes, const AddressNetwork *networks, int n)
{
	for (int i = 0; i < n; i++)
		if (address_in(bytes, &networks[i]))
			return true;
	return false;
}

static bool
address_listed(const unsigned char *bytes)
{
	return address_allowed && address_in_any(bytes, address_allowed->networks, address_allowed->count);
}

static void
address_map(const unsigned char *v4, unsigned char *bytes)
{
	memcpy(bytes, address_mapped.bytes, ADDRESS_BYTES - 4);
	memcpy(bytes + ADDRESS_BYTES - 4, v4, 4);
}

static bool
address_public(const unsigned char *bytes)
{
	if (!address_in(bytes, &address_mapped) && !address_in(bytes, &address_global))
		return false;
	return !address_in_any(bytes, address_private, lengthof(address_private));
}

static bool
address_ok(const unsigned char *bytes, bool loopback)
{
	if (loopback && !address_in_any(bytes, address_loopback, lengthof(address_loopback)))
		return false;
	if (address_listed(bytes))
		return true;
	for (size_t i = 0; i < lengthof(address_carriers); i++)
	{
		unsigned char inner[ADDRESS_BYTES];

		if (!address_in(bytes, &address_carriers[i].network))
			continue;
		address_map(bytes + address_carriers[i].offset, inner);
		return address_listed(inner) || address_public(inner);
	}
	return address_public(bytes);
}

bool
net_address_ok(const struct sockaddr *address, bool loopback)
{
	unsigned char bytes[ADDRESS_BYTES];

	if (address->sa_family == AF_INET)
		address_map((const unsigned char *) &((const struct sockaddr_in *) address)->sin_addr, bytes);
	else if (address->sa_family == AF_INET6)
		memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, ADDRESS_BYTES);
	else
		return false;
	return address_ok(bytes, loopback);
}

/* IPv4 or IPv6, without a zone. */
static bool
address_parse(const char *text, unsigned char *bytes)
{
	unsigned char v4[4];

	if (inet_pton(AF_INET6, text, bytes) == 1)
		return true;
	if (inet_pton(AF_INET, text, v4) != 1)
		return false;
	address_map(v4, bytes);
	return true;
}

bool
net_address_text_ok(const char *address, bool loopback)
{
	unsigned char bytes[ADDRESS_BYTES];
	char		text[NETWORK_TEXT_MAX];

	strlcpy(text, address, sizeof(text));
	text[strcspn(text, "%")] = '\0';
	return address_parse(text, bytes) && address_ok(bytes, loopback);
}

/* "10.0.0.0/8", "::1": nothing may be set behind the bits that count, as that is mostly a mistake. */
static bool
network_parse(const char *text, size_t len, AddressNetwork *network)
{
	char		copy[NETWORK_TEXT_MAX];
	char	   *slash;
	bool		v4;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (!address_parse(copy, network->bytes))
		return false;
	v4 = strchr(copy, ':') == NULL;
	network->bits = ADDRESS_BYTES * 8;
	if (slash)
	{
		size_t		digits = strspn(slash, "0123456789");

		if (digits == 0 || digits > 3 || slash[digits] != '\0' || atoi(slash) > (v4 ? 32 : 128))
			return false;
		network->bits = atoi(slash) + (v4 ? 96 : 0);
	}
	for (int i = network->bits; i < ADDRESS_BYTES * 8; i++)
		if (network->bytes[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

/* The postmaster runs this too, at every reload: no ereport, no palloc. */
static bool
address_check(char **newval, void **extra, GucSource source)
{
	static const char blanks[] = " \t\n\r,";
	const char *s = *newval;
	AddressList *list = base_guc_extra_alloc(offsetof(AddressList, networks) + NETWORKS_MAX * sizeof(AddressNetwork));

	(void) source;
	if (list == NULL)
		return false;
	list->count = 0;
	for (s += strspn(s, blanks); *s; s += strspn(s, blanks))
	{
		size_t		len = strcspn(s, blanks);

		if (list->count >= NETWORKS_MAX || !network_parse(s, len, &list->networks[list->count]))
		{
			base_guc_extra_free(list);
			GUC_check_errdetail("It takes at most %d networks such as 10.0.0.0/8 or fd00::/8, separated by commas, with nothing set behind the bits that count.",
								NETWORKS_MAX);
			return false;
		}
		list->count++;
		s += len;
	}
	*extra = list;
	return true;
}

static void
address_assign(const char *newval, void *extra)
{
	(void) newval;
	address_allowed = extra;
}

void
net_address_init(void)
{
	const BaseServerSettingDef *def = base_server_setting("fastauth.allow_private_networks");

	DefineCustomStringVariable(def->name, def->brief, NULL, &allow_private_networks, "",
							   def->context, def->flags, address_check, address_assign, NULL);
}
