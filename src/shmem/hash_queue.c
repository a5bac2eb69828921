/*
 * hash_queue.c
 *		At most so many password hashes at once in the whole cluster.
 *
 * A hash takes 19 MiB and a core for some twenty milliseconds.  A thousand
 * clients that sign in at once would take all memory and every core, and their
 * own answers would come too late to be of use.  So they queue: at most
 * fastauth.max_concurrent_hashes compute, the others wait on a condition
 * variable, interruptibly, for at most two seconds, and no more of them than
 * half of all connections, so that who hashes nothing still finds one (S18).
 * Beyond either bound the caller says server_busy.
 *
 * A place is given back on every way out: return, ERROR and cancel, and FATAL,
 * for which PG_TRY is not enough.  (After a SIGKILL the postmaster makes shared
 * memory anew.)  No wakeup is lost: whoever leaves, from the work or from the
 * queue, signals the next waiter if there is a free place, so the signal of a
 * waiter that was cancelled meanwhile goes on to another.
 *
 * The limit may change at any reload, which every backend notices at its own
 * time; each compares with the value that it knows.  Whoever takes a place and
 * sees another free wakes one more, and a waiter looks again four times a
 * second, so a raised limit is filled and a lowered one drains.
 */
#include "shmem/hash_queue.h"

#include <unistd.h>

#include "base/compat.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "shmem/database.h"
#include "shmem/shmem.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/spin.h"
#include "utils/guc.h"

#define QUEUE_WAIT_MS		2000
#define QUEUE_LOOK_AGAIN_MS	250

/* More than any machine has use for: 1,024 hashes take 19 GiB. */
#define QUEUE_LIMIT_MAX		1024

typedef struct HashQueue
{
	slock_t		mutex;			/* protects the two counts; held for a few instructions */
	int			running;
	int			waiting;
	ConditionVariable freed;	/* a place may be free */
} HashQueue;

/* What this backend is counted as. */
typedef enum QueuePlace
{
	QUEUE_OUTSIDE,
	QUEUE_WAITING,
	QUEUE_RUNNING
} QueuePlace;

static HashQueue *queue = NULL;
static QueuePlace my_place = QUEUE_OUTSIDE;

static int	max_concurrent_hashes;

static Size
queue_size(void)
{
	return sizeof(HashQueue);
}

static void
queue_attach(void *area, LWLockPadded *locks)
{
	(void) locks;
	queue = area;
	SpinLockInit(&queue->mutex);
	ConditionVariableInit(&queue->freed);
}

/* Half of the processors: the other half is for everything else. */
static int
queue_default_limit(void)
{
	long		processors = sysconf(_SC_NPROCESSORS_ONLN);

	return (int) Min(Max(processors / 2, 1), QUEUE_LIMIT_MAX);
}

void
shmem_hash_queue_init(void)
{
	static const ShmemRoom room = {
		.name = "fastauth_hash_queue", .size = queue_size, .locks = 0, .attach = queue_attach
	};
	const BaseServerSettingDef *def = base_server_setting("fastauth.max_concurrent_hashes");

	shmem_register(&room);
	DefineCustomIntVariable(def->name, def->brief, NULL, &max_concurrent_hashes,
							queue_default_limit(), 1, QUEUE_LIMIT_MAX,
							def->context, def->flags, NULL, NULL, NULL);
}

/* To be called with the mutex held: should a waiter be woken? */
static inline bool
queue_should_wake(void)
{
	return queue->waiting > 0 && queue->running < max_concurrent_hashes;
}

/* Go out, from wherever we are, and let the next one in. */
static void
queue_leave(int code, Datum arg)
{
	bool		wake;

	(void) code;
	(void) arg;
	ConditionVariableCancelSleep();
	SpinLockAcquire(&queue->mutex);
	if (my_place == QUEUE_WAITING)
		queue->waiting--;
	else if (my_place == QUEUE_RUNNING)
		queue->running--;
	my_place = QUEUE_OUTSIDE;
	wake = queue_should_wake();
	SpinLockRelease(&queue->mutex);
	if (wake)
		ConditionVariableSignal(&queue->freed);
}

/* Take a place if one is free, else a place among the waiters if one is left. */
static QueuePlace
queue_try(void)
{
	int			max_waiting = Max(MaxConnections / 2, 1);
	int			running;
	int			waiting;
	bool		wake = false;

	SpinLockAcquire(&queue->mutex);
	if (queue->running < max_concurrent_hashes)
	{
		queue->running++;
		if (my_place == QUEUE_WAITING)
			queue->waiting--;
		my_place = QUEUE_RUNNING;
		wake = queue_should_wake();
	}
	else if (my_place == QUEUE_OUTSIDE && queue->waiting < max_waiting)
	{
		queue->waiting++;
		my_place = QUEUE_WAITING;
	}
	running = queue->running;
	waiting = queue->waiting;
	SpinLockRelease(&queue->mutex);
	if (wake)
		ConditionVariableSignal(&queue->freed);
	if (my_place != QUEUE_WAITING)
		elog(DEBUG1, "hash queue: %s, %d running, %d waiting",
			 my_place == QUEUE_RUNNING ? "entered" : "full", running, waiting);
	return my_place;
}

/* Among the waiters: wait for a place; false when there was none in time. */
static bool
queue_wait(instr_time start)
{
	static uint32 wait_event = 0;

	if (wait_event == 0)
		wait_event = base_wait_event("FastauthHashQueue");
	do
	{
		instr_time	now;
		long		left;

		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, start);
		left = QUEUE_WAIT_MS - (long) INSTR_TIME_GET_MILLISEC(now);
		if (left <= 0)
			return false;
		(void) ConditionVariableTimedSleep(&queue->freed, Min(left, QUEUE_LOOK_AGAIN_MS), wait_event);
	} while (queue_try() == QUEUE_WAITING);
	ConditionVariableCancelSleep();
	return true;
}

/* Get a place, and count how; who is cancelled while it waits is not counted. */
static bool
queue_enter(void)
{
	instr_time	start;
	bool		entered;

	INSTR_TIME_SET_CURRENT(start);
	if (queue_try() == QUEUE_WAITING)
	{
		instr_time	waited;

		entered = queue_wait(start);
		INSTR_TIME_SET_CURRENT(waited);
		INSTR_TIME_SUBTRACT(waited, start);
		shmem_count(SHMEM_COUNT_HASH_WAITS, 1);
		shmem_count(SHMEM_COUNT_HASH_WAIT_US, INSTR_TIME_GET_MICROSEC(waited));
	}
	else
		entered = my_place == QUEUE_RUNNING;
	shmem_count(entered ? SHMEM_COUNT_HASHES : SHMEM_COUNT_HASH_BUSY, 1);
	return entered;
}

bool
shmem_hash_queue_run(ShmemHashWork work, void *arg)
{
	volatile bool entered = false;

	Assert(my_place == QUEUE_OUTSIDE);
	PG_ENSURE_ERROR_CLEANUP(queue_leave, (Datum) 0);
	{
		entered = queue_enter();
		if (entered)
			work(arg);
	}
	PG_END_ENSURE_ERROR_CLEANUP(queue_leave, (Datum) 0);
	queue_leave(0, (Datum) 0);
	return entered;
}
