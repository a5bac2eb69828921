/*
 * address.c
 *		The address of a client in the form in which it is counted.  See address.h.
 */
#include "shmem/address.h"

#include <sys/socket.h>

#include "base/compat.h"

#define ADDRESS_V6_BYTES 16

/* ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */
static bool
address_is_mapped(const unsigned char *bytes)
{
	static const unsigned char prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

ShmemAddress
shmem_address(const inet *address)
{
	ShmemAddress result;
	const unsigned char *bytes;

	memset(&result, 0, sizeof(result));
	if (address == NULL)
		return result;
	bytes = ip_addr(address);
	if (ip_family(address) == PGSQL_AF_INET6 && !address_is_mapped(bytes))
	{
		result.family = 6;
		result.bits = 64;
		memcpy(result.bytes, bytes, 8);
		return result;
	}
	if (ip_family(address) == PGSQL_AF_INET6)
		bytes += ADDRESS_V6_BYTES - 4;
	result.family = 4;
	result.bits = 32;
	memcpy(result.bytes, bytes, 4);
	return result;
}

ShmemAddress
shmem_address_wide(const ShmemAddress *address)
{
	ShmemAddress result = *address;

	if (result.family == 6)
	{
		result.bits = 48;
		memset(result.bytes + 6, 0, 2);
	}
	return result;
}

inet *
shmem_address_inet(const ShmemAddress *address)
{
	inet	   *result;

	if (!shmem_address_known(address))
		return NULL;
	result = palloc0(sizeof(inet));
	ip_family(result) = address->family == 6 ? PGSQL_AF_INET6 : PGSQL_AF_INET;
	ip_bits(result) = address->bits;
	memcpy(ip_addr(result), address->bytes, sizeof(address->bytes));
	SET_INET_VARSIZE(result);
	return result;
}
