/*
 * address.h
 *		The address of a client in the form in which it is counted.
 *
 * IPv4 as it is, IPv4-mapped IPv6 as the IPv4 that it is, and IPv6 by its /64,
 * which is what one client has (S53).  All zeros is "not known".
 */
#ifndef FASTAUTH_SHMEM_ADDRESS_H
#define FASTAUTH_SHMEM_ADDRESS_H

#include "postgres.h"

#include "utils/inet.h"

typedef struct ShmemAddress
{
	unsigned char family;		/* 0: not known, 4, 6 */
	unsigned char bits;			/* 32; 64, or 48 */
	unsigned char bytes[8];		/* the network, in network order; the rest is zeros */
} ShmemAddress;

static inline bool
shmem_address_known(const ShmemAddress *address)
{
	return address->family != 0;
}

/* NULL is not known. */
extern ShmemAddress shmem_address(const inet *address);

/* The /48 of an IPv6 address; any other as it is. */
extern ShmemAddress shmem_address_wide(const ShmemAddress *address);

/* As an inet: 192.0.2.1/32, 2001:db8::/64; NULL when not known. */
extern inet *shmem_address_inet(const ShmemAddress *address);

#endif							/* FASTAUTH_SHMEM_ADDRESS_H */
