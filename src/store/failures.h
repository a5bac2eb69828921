/*
 * failures.h
 *		Rows of fastauth.failures: refusals that outlive the transaction that they ended.
 */
#ifndef FASTAUTH_STORE_FAILURES_H
#define FASTAUTH_STORE_FAILURES_H

#include "postgres.h"

#include "shmem/recorder.h"

/* For the recorder: the row of a request, and what belongs to it. */
extern void store_failures_record(const ShmemRequest *request);

/* Refusals of that span of time, the end excluded, that have no event, at most max; how many. */
extern int	store_failures_without_event(TimestampTz from, TimestampTz until, ShmemRequest *requests, int max);

#endif							/* FASTAUTH_STORE_FAILURES_H */
