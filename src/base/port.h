/*
 * port.h
 *		PostgreSQL's view of the client connection (MyProcPort, pq_flush).
 *
 * Its header wants the Kerberos headers where the server was built with GSSAPI,
 * for the type of one pointer that we do not use.  struct Port keeps its shape
 * without them ("for extension ABI compatibility", libpq-be.h says).
 */
#ifndef FASTAUTH_BASE_PORT_H
#define FASTAUTH_BASE_PORT_H

#include "postgres.h"

#undef ENABLE_GSS
#include "libpq/libpq-be.h"
#include "libpq/libpq.h"

#endif							/* FASTAUTH_BASE_PORT_H */
