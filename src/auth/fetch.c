/*
 * fetch.c
 *		What a function asks of an identity provider, over the network, waited for.  See fetch.h.
 *
 * The pool waits for the latch of this backend too, so an interrupt is noticed
 * in the moment that it comes.  It belongs to a memory context: an error closes
 * its connections, and gives back the place among those who may wait.
 */
#include "auth/fetch.h"

#include "auth/client.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/url.h"
#include "miscadmin.h"
#include "shmem/fetch_place.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

struct AuthFetch
{
	MemoryContext context;
	NetPool    *pool;
	TimestampTz deadline;
	int			place;			/* from the first request on */
	MemoryContextCallback give_back;
};

static void
fetch_give_back(void *arg)
{
	AuthFetch  *fetch = arg;

	shmem_fetch_place_release(fetch->place);
	fetch->place = SHMEM_NO_PLACE;
}

AuthFetch *
auth_fetch_begin(void)
{
	AuthFetch  *fetch = palloc0(sizeof(AuthFetch));
	MemoryContext old;

	fetch->context = AllocSetContextCreate(CurrentMemoryContext, "fastauth fetch", ALLOCSET_SMALL_SIZES);
	fetch->place = SHMEM_NO_PLACE;
	fetch->give_back.func = fetch_give_back;
	fetch->give_back.arg = fetch;
	MemoryContextRegisterResetCallback(fetch->context, &fetch->give_back);
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

/* By the name of the server that is asked first, which is one of the provider's. */
static void
fetch_take_place(AuthFetch *fetch, const NetRequest *request)
{
	ShmemAddress address = shmem_address(auth_client_address());
	BaseUrl		url;

	if (fetch->place != SHMEM_NO_PLACE || !base_url_parse(request->url, &url))
		return;
	fetch->place = shmem_fetch_place_take(url.host, &address);
	if (fetch->place == SHMEM_NO_PLACE)
		base_raise_hint(FA_SERVER_BUSY, "Begin anew a little later.", "too many wait for the identity provider");
}

void
auth_fetch(AuthFetch *fetch, const NetRequest *request, NetResult *answer)
{
	static uint32 wait_event = 0;
	long		left = fetch_time_left(fetch);
	void	   *owner;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthFetch");
	memset(answer, 0, sizeof(*answer));
	answer->status = NET_FAILED;
	/* Asked once: no time at all would be no limit, for libcurl. */
	if (left <= 0)
	{
		strlcpy(answer->problem, "the time for this flow is over", sizeof(answer->problem));
		return;
	}
	fetch_take_place(fetch, request);
	if (net_send_request(fetch->pool, request, left, NULL) == NULL)
		base_raise(FA_INTERNAL_ERROR, "could not send a request");
	while (!net_pool_next_done(fetch->pool, &owner, answer))
	{
		net_pool_wait(fetch->pool, Max(fetch_time_left(fetch), 1), wait_event);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
