/*
 * cleanup.h
 *		When something of ours is over next.
 *
 * What removes it is with its table.
 */
#ifndef FASTAUTH_STORE_CLEANUP_H
#define FASTAUTH_STORE_CLEANUP_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * When the cleanup has something to do next; DT_NOEND: never.  While there is
 * anything whose time no index tells, latest at the latest.
 */
extern TimestampTz store_cleanup_next(TimestampTz latest);

#endif							/* FASTAUTH_STORE_CLEANUP_H */
