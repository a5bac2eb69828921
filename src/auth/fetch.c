/*
 * fetch.c
 *		What a function asks of an identity provider, over the network, waited for.  See fetch.h.
 *
 * The pool waits for the latch of this backend too, so an interrupt is noticed
 * in the moment that it comes.  It belongs to a memory context: an error closes
 * its connections.
 */
#include "auth/fetch.h"

#include "base/compat.h"
#include "base/errors.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

struct AuthFetch
{
	MemoryContext context;
	NetPool    *pool;
	TimestampTz deadline;
};

AuthFetch *
auth_fetch_begin(void)
{
	AuthFetch  *fetch = palloc0(sizeof(AuthFetch));
	MemoryContext old;

	fetch->context = AllocSetContextCreate(CurrentMemoryContext, "fastauth fetch", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(fetch->context);
	fetch->pool = net_pool_make(1);
	MemoryContextSwitchTo(old);
	if (fetch->pool == NULL)
		base_raise(FA_INTERNAL_ERROR, "no memory for the network");
	fetch->deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), AUTH_FETCH_SECONDS * 1000);
	return fetch;
}

void
auth_fetch_end(AuthFetch *fetch)
{
	MemoryContextDelete(fetch->context);
	pfree(fetch);
}

typedef struct FetchSecret
{
	MemoryContextCallback callback;
	void	   *data;
	size_t		len;
} FetchSecret;

static void
fetch_wipe(void *arg)
{
	FetchSecret *secret = arg;

	explicit_bzero(secret->data, secret->len);
}

/* Callbacks run before anything in the context is freed. */
void
auth_wipe_later(void *data, size_t len)
{
	FetchSecret *secret = palloc(sizeof(FetchSecret));

	secret->callback.func = fetch_wipe;
	secret->callback.arg = secret;
	secret->data = data;
	secret->len = len;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &secret->callback);
}

static long
fetch_time_left(const AuthFetch *fetch)
{
	return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), fetch->deadline);
}

void
auth_fetch(AuthFetch *fetch, const NetRequest *request, NetResult *answer)
{
	static uint32 wait_event = 0;
	void	   *owner;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthFetch");
	memset(answer, 0, sizeof(*answer));
	answer->status = NET_FAILED;
	if (fetch_time_left(fetch) <= 0)
	{
		strlcpy(answer->problem, "the time for this flow is over", sizeof(answer->problem));
		return;
	}
	if (net_send_request(fetch->pool, request, fetch_time_left(fetch), NULL) == NULL)
		base_raise(FA_INTERNAL_ERROR, "could not send a request");
	while (!net_pool_next_done(fetch->pool, &owner, answer))
	{
		net_pool_wait(fetch->pool, Max(fetch_time_left(fetch), 1), wait_event);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
