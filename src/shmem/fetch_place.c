/*
 * fetch_place.c
 *		At most so many backends wait for identity providers at once, in the whole server.  See fetch_place.h.
 *
 * Half of all connections may wait, a quarter for one server, an eighth for one
 * client (whose address is known; otherwise it may be everybody behind an
 * application server).  Nobody queues: who waits in a queue holds a connection
 * just as well.
 *
 * A place is given back when the memory of what is asked goes, after an error
 * too; a backend that leaves by FATAL does not free its memory, so it gives back
 * what it has as it leaves.
 */
#include "shmem/fetch_place.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "shmem/shmem.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"

#define PLACE_FREE 0

typedef struct Place
{
	int			pid;			/* PLACE_FREE: nobody's */
	Oid			database;
	uint64		server;			/* a hash of its name */
	ShmemAddress address;
} Place;

static LWLock *place_lock = NULL;
static Place *places = NULL;

static int
place_count(void)
{
	return Max(MaxConnections / 2, 1);
}

static Size
place_size(void)
{
	return sizeof(Place) * (Size) place_count();
}

static void
place_attach(void *memory, LWLockPadded *locks)
{
	place_lock = &locks[0].lock;
	places = memory;
}

void
shmem_fetch_place_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_fetch_places", .size = place_size, .locks = 1, .attach = place_attach
	};

	shmem_register(&room);
}

/* The lock is held. */
static int
place_find(uint64 server, const ShmemAddress *address)
{
	int			free = SHMEM_NO_PLACE;
	int			of_server = 0;
	int			of_address = 0;

	for (int i = 0; i < place_count(); i++)
	{
		const Place *place = &places[i];

		if (place->pid == PLACE_FREE)
		{
			free = i;
			continue;
		}
		if (place->database != MyDatabaseId)
			continue;
		of_server += place->server == server;
		of_address += memcmp(&place->address, address, sizeof(*address)) == 0;
	}
	if (of_server >= Max(MaxConnections / 4, 1) ||
		(shmem_address_known(address) && of_address >= Max(MaxConnections / 8, 1)))
		return SHMEM_NO_PLACE;
	return free;
}

static void
place_leave(int code, Datum arg)
{
	(void) code;
	(void) arg;
	LWLockAcquire(place_lock, LW_EXCLUSIVE);
	for (int i = 0; i < place_count(); i++)
		if (places[i].pid == MyProcPid)
			places[i].pid = PLACE_FREE;
	LWLockRelease(place_lock);
}

int
shmem_fetch_place_take(const char *server, const ShmemAddress *address)
{
	static bool registered = false;
	uint64		hash = hash_bytes_extended((const unsigned char *) server, (int) strlen(server), 0);
	int			found;

	/* Not before_shmem_exit(): our callers have such a cleanup for the time being, which has to stay the last. */
	if (!registered)
		on_shmem_exit(place_leave, (Datum) 0);
	registered = true;
	LWLockAcquire(place_lock, LW_EXCLUSIVE);
	found = place_find(hash, address);
	if (found != SHMEM_NO_PLACE)
	{
		places[found].pid = MyProcPid;
		places[found].database = MyDatabaseId;
		places[found].server = hash;
		places[found].address = *address;
	}
	LWLockRelease(place_lock);
	return found;
}

void
shmem_fetch_place_release(int place)
{
	if (place == SHMEM_NO_PLACE)
		return;
	LWLockAcquire(place_lock, LW_EXCLUSIVE);
	/* Memory that is freed late must not give back what is another's by then. */
	if (places[place].pid == MyProcPid)
		places[place].pid = PLACE_FREE;
	LWLockRelease(place_lock);
}
