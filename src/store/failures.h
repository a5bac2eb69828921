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

#endif							/* FASTAUTH_STORE_FAILURES_H */
