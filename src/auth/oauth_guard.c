/*
 * oauth_guard.c
 *		A sign-in by a provider that fails leaves its trace, though its transaction is rolled back.
 *
 * Who fails for good (cancel, disconnect) has it recorded as well: what was
 * posted is done, whatever becomes of this backend.
 */
#include "auth/oauth_guard.h"

#include "auth/client.h"
#include "base/errors.h"
#include "base/uuid.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

typedef struct OauthGuard
{
	int			slot;
	ShmemRequest request;
} OauthGuard;

/* Neither raises nor allocates. */
static void
guard_break_off(int code, Datum arg)
{
	OauthGuard *guard = (OauthGuard *) DatumGetPointer(arg);

	(void) code;
	guard->request.at = GetCurrentTimestamp();
	shmem_recorder_post(guard->slot, &guard->request);
	shmem_recorder_abandon(guard->slot);
}

static void
guard_fill_request(ShmemRequestKind kind, const pg_uuid_t *account, ShmemRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->kind = kind;
	request->account = *account;
	base_uuid_make(&request->id);
	request->id.data[UUID_LEN - 1] &= ~1;
	request->address = shmem_address(auth_client_address());
	request->locked_until = DT_NOBEGIN;
	request->row = true;
}

/*
 * The slot is reserved before anything is asked of the provider: who cannot be
 * recorded is not tried.  The error does not wait until that is committed; who
 * presents the same state again does (auth_oauth_state_look).
 */
void
auth_oauth_guard(ShmemRequestKind kind, const pg_uuid_t *account, void (*work) (void *arg), void *arg)
{
	OauthGuard	guard;

	guard_fill_request(kind, account, &guard.request);
	guard.slot = shmem_recorder_reserve(&guard.request.account, &guard.request.address);
	if (guard.slot == SHMEM_NO_SLOT)
		base_raise(FA_RECORDER_UNAVAILABLE, NULL);
	PG_ENSURE_ERROR_CLEANUP(guard_break_off, PointerGetDatum(&guard));
	{
		work(arg);
	}
	PG_END_ENSURE_ERROR_CLEANUP(guard_break_off, PointerGetDatum(&guard));
	shmem_recorder_release(guard.slot);
}
