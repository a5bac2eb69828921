/*
 * fastauth.c
 *		The front door of the library: _PG_init is a table of contents, one line
 *		for each room that needs to be set up when the server starts.
 */
#include "postgres.h"

#include "auth/cleanup.h"
#include "auth/client.h"
#include "auth/event.h"
#include "auth/hook_confine.h"
#include "auth/identity.h"
#include "auth/outbox.h"
#include "auth/permission.h"
#include "auth/request.h"
#include "base/compat.h"
#include "base/hide.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "net/net.h"
#include "shmem/announce.h"
#include "shmem/database.h"
#include "shmem/document.h"
#include "shmem/hash_queue.h"
#include "shmem/ledger.h"
#include "shmem/master_key.h"
#include "shmem/rate.h"
#include "shmem/recorder.h"
#include "shmem/shmem.h"
#include "store/guard.h"
#include "utils/guc.h"
#include "worker/worker.h"

extern FA_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);
PG_MODULE_MAGIC;

extern FA_EXPORT void _PG_init(void);

/* The line that the administrator has to have, with what is preloaded already. */
static void
fastauth_refuse_late_load(void)
{
	const char *preload = shared_preload_libraries_string;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("fastauth must be loaded when the server starts"),
			 errhint("Put this line into postgresql.conf and restart the server: shared_preload_libraries = '%s%sfastauth'",
					 preload ? preload : "", preload && preload[0] ? ", " : "")));
}

void
_PG_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		fastauth_refuse_late_load();
	base_hide_init();
	shmem_init();
	shmem_hash_queue_init();
	shmem_master_key_init();
	shmem_database_init();
	shmem_recorder_init();
	shmem_ledger_init();
	shmem_rate_init();
	shmem_announce_init();
	shmem_document_init();
	net_init();
	store_guard_init();
	auth_client_init();
	auth_event_init();
	auth_cleanup_init();
	auth_hook_confine_init();
	auth_identity_init();
	auth_outbox_init();
	auth_permission_init();
	auth_request_init();
	worker_init();
	MarkGUCPrefixReserved("fastauth");
}
