/*
 * cleanup.h
 *		When something of ours is over next, and the removal of one-time tokens that are.
 *
 * What else is removed is with its table.
 */
#ifndef FASTAUTH_STORE_CLEANUP_H
#define FASTAUTH_STORE_CLEANUP_H

#include "postgres.h"

#include "datatype/timestamp.h"

extern uint64 store_cleanup_one_time_tokens(TimestampTz now, int max);

/*
 * When the cleanup has something to do next; DT_NOEND: never.  While there is
 * anything whose time no index tells, latest at the latest.
 */
extern TimestampTz store_cleanup_next(TimestampTz latest);

#endif							/* FASTAUTH_STORE_CLEANUP_H */
