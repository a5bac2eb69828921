/*
 * shmem.c
 *		Shared memory: each room registers its area when the library is loaded.
 *
 * The postmaster asks for the sum of the areas, makes each one, and hands it to
 * its room; backends inherit the rooms' pointers by fork.  After a crash of a
 * backend the postmaster makes shared memory anew and calls attach again.
 */
#include "shmem/shmem.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#define SHMEM_MAX_ROOMS 16

static const ShmemRoom *rooms[SHMEM_MAX_ROOMS];
static int	room_count = 0;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static void
shmem_request(void)
{
	if (previous_request_hook)
		previous_request_hook();
	for (int i = 0; i < room_count; i++)
	{
		RequestAddinShmemSpace(MAXALIGN(rooms[i]->size()));
		if (rooms[i]->locks > 0)
			RequestNamedLWLockTranche(rooms[i]->name, rooms[i]->locks);
	}
}

static void
shmem_startup(void)
{
	if (previous_startup_hook)
		previous_startup_hook();
	for (int i = 0; i < room_count; i++)
	{
		const ShmemRoom *room = rooms[i];
		Size		size = room->size();
		void	   *area;
		bool		found;

		LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
		area = ShmemInitStruct(room->name, size, &found);
		if (!found)
			memset(area, 0, size);
		LWLockRelease(AddinShmemInitLock);
		room->attach(area, room->locks > 0 ? GetNamedLWLockTranche(room->name) : NULL);
	}
}

void
shmem_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = shmem_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = shmem_startup;
}

void
shmem_register(const ShmemRoom *room)
{
	if (room_count >= SHMEM_MAX_ROOMS)
		elog(ERROR, "too many areas of shared memory");
	rooms[room_count++] = room;
}
