/*
 * delivery.c
 *		The dispatcher's deliveries: takes them out of the outbox, gives them to the network, and writes down what became of them.
 *
 * Each delivery has a slot.  No transaction is open while the network is at it;
 * in between there is one short transaction, the exchange: it writes down what
 * has landed, and claims as many new ones.
 *
 *		free --claimed, committed--> flying --the network is done--> landed --written down, committed--> free
 *
 * What is flying or has landed is what is delivered again if we die now; so
 * there is never more of it than email_concurrency.
 *
 * An exchange that fails takes nothing along: what has landed is then written
 * down one by one.  What cannot be, because somebody holds its row or its
 * user's, keeps its slot and is tried again, after its lease too: then it is
 * claimed once more, and not sent.
 *
 * A claim alone is committed without a flush: after a crash it is released
 * anyhow.
 */
#include "worker/delivery.h"

#include "pgstat.h"
#include "shmem/database.h"
#include "storage/latch.h"
#include "store/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/delivery_job.h"
#include "worker/worker.h"

/* The largest email_concurrency; and slots: those that are written down are free only after the commit. */
#define DELIVERY_MAX	32
#define DELIVERY_SLOTS	(2 * DELIVERY_MAX)

/* Pauses after errors, and while what is due cannot be had, doubling. */
#define DELIVERY_PAUSE_MIN_MS	100
#define DELIVERY_PAUSE_MAX_MS	10000

typedef struct DeliveryPause
{
	long		ms;				/* 0: none */
	TimestampTz until;
} DeliveryPause;

/* What was claimed together; its memory goes when the last of it is over. */
typedef struct DeliveryBatch
{
	MemoryContext context;
	int			open;
} DeliveryBatch;

typedef enum DeliveryState
{
	DELIVERY_FREE,
	DELIVERY_FLYING,
	DELIVERY_LANDED
} DeliveryState;

typedef struct DeliverySlot
{
	DeliveryState state;
	DeliveryBatch *batch;
	DeliveryJob job;
	NetResult	result;			/* once it has landed */
	DeliveryPause trouble;		/* it could not be written down */
} DeliverySlot;

static DeliverySlot delivery_slots[DELIVERY_SLOTS];
static NetPool *delivery_pool = NULL;

static bool delivery_look = true;	/* something may be due */
static bool delivery_stopped = false;	/* nothing is claimed */
static int	delivery_limit = 1;	/* email_concurrency, as it was last read */
static TimestampTz delivery_next = DT_NOEND;	/* when something is due */
static DeliveryPause delivery_pause;	/* after an error */
static DeliveryPause delivery_stuck;	/* nothing of what is due could be had */

static void
delivery_begin_pause(DeliveryPause *pause)
{
	pause->ms = Min(Max(2 * pause->ms, DELIVERY_PAUSE_MIN_MS), DELIVERY_PAUSE_MAX_MS);
	pause->until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), pause->ms);
}

static bool
delivery_is_paused(const DeliveryPause *pause, TimestampTz now)
{
	return pause->ms > 0 && now < pause->until;
}

/* ---- slots ---- */

static int
delivery_count(DeliveryState state)
{
	int			n = 0;

	for (int i = 0; i < DELIVERY_SLOTS; i++)
		n += delivery_slots[i].state == state;
	return n;
}

/* How many more may be begun. */
static int
delivery_room(void)
{
	return delivery_limit - delivery_count(DELIVERY_FLYING) - delivery_count(DELIVERY_LANDED);
}

/* The next one that is free. */
static DeliverySlot *
delivery_free_slot(const DeliverySlot *after)
{
	for (int i = after ? (int) (after - delivery_slots) + 1 : 0; i < DELIVERY_SLOTS; i++)
		if (delivery_slots[i].state == DELIVERY_FREE)
			return &delivery_slots[i];
	return NULL;
}

static void
delivery_release_slot(DeliverySlot *slot)
{
	DeliveryBatch *batch = slot->batch;

	worker_job_wipe(&slot->job);
	memset(slot, 0, sizeof(*slot));
	if (--batch->open == 0)
		MemoryContextDelete(batch->context);
}

/* It failed without the network. */
static void
delivery_land(DeliverySlot *slot, const char *problem)
{
	slot->state = DELIVERY_LANDED;
	slot->result.status = NET_FAILED;
	strlcpy(slot->result.problem, problem, sizeof(slot->result.problem));
}

/* ---- the exchange ---- */

typedef struct DeliveryExchange
{
	DeliveryBatch *batch;		/* of what is claimed; NULL: nothing was asked for */
	DeliverySlot *claimed[DELIVERY_MAX];
	DeliverySlot *written[DELIVERY_SLOTS];
	int			n_claimed;
	int			n_written;
	bool		all;			/* everything that is due is claimed */
	TimestampTz next;			/* then: when something is due next */
} DeliveryExchange;

static void
delivery_write_down(DeliverySlot *slot)
{
	DeliveryJob *job = &slot->job;

	if (slot->result.status == NET_DONE)
		auth_delivery_done(&job->delivery);
	else
		auth_delivery_failed(&job->delivery, job->problem ? job->forever : worker_job_is_final(job, &slot->result),
							 slot->result.problem);
}

static void
delivery_write_landed(DeliveryExchange *exchange)
{
	for (int i = 0; i < DELIVERY_SLOTS; i++)
	{
		DeliverySlot *slot = &delivery_slots[i];

		if (slot->state != DELIVERY_LANDED || slot->trouble.ms > 0)
			continue;
		delivery_write_down(slot);
		exchange->written[exchange->n_written++] = slot;
	}
}

/* One that could not be written down before its lease was over is claimed again, and has landed already. */
static bool
delivery_is_known(const AuthDelivery *delivery)
{
	for (int i = 0; i < DELIVERY_SLOTS; i++)
	{
		DeliverySlot *slot = &delivery_slots[i];

		if (slot->state == DELIVERY_LANDED && slot->trouble.ms > 0 &&
			memcmp(&slot->job.delivery.id, &delivery->id, UUID_LEN) == 0)
		{
			slot->job.delivery.attempts = delivery->attempts;
			return true;
		}
	}
	return false;
}

/* The slots count as free until all has committed. */
static void
delivery_claim(DeliveryExchange *exchange, int max)
{
	static AuthDelivery deliveries[DELIVERY_MAX];
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "fastauth deliveries", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	DeliverySlot *slot = NULL;
	int			n;

	exchange->batch = palloc0(sizeof(DeliveryBatch));
	exchange->batch->context = context;
	n = auth_delivery_claim(deliveries, max);
	exchange->all = n < max;
	for (int i = 0; i < n; i++)
	{
		if (delivery_is_known(&deliveries[i]))
			continue;
		slot = delivery_free_slot(slot);
		memset(slot, 0, sizeof(*slot));
		slot->batch = exchange->batch;
		slot->job.delivery = deliveries[i];
		exchange->claimed[exchange->n_claimed++] = slot;
		worker_job_prepare(&slot->job);
	}
	MemoryContextSwitchTo(old);
}

/* When is something due?  What is only old is removed when its time has come. */
static void
delivery_find_next(DeliveryExchange *exchange)
{
	exchange->next = auth_delivery_next_due();
	if (exchange->n_claimed > 0 || exchange->next > GetCurrentTimestamp())
		return;
	exchange->all = !auth_outbox_cleanup();
	exchange->next = auth_delivery_next_due();
}

static void
delivery_exchange(void *arg)
{
	DeliveryExchange *exchange = arg;
	StoreOwner	owner;
	int			room;

	if (!worker_dispatcher_begin(&owner))
		return;
	pgstat_report_activity(STATE_RUNNING, "delivering");
	delivery_write_landed(exchange);
	delivery_limit = Min(store_settings()->email_concurrency, DELIVERY_MAX);
	room = delivery_room() + exchange->n_written;
	if (room > 0 && !delivery_stopped)
		delivery_claim(exchange, room);
	if (exchange->all)
		delivery_find_next(exchange);
	if (exchange->n_written > 0)
		worker_commit(&owner);
	else
		worker_commit_unflushed(&owner);
}

/* ---- after it ---- */

static void
delivery_tell(void *arg)
{
	DeliverySlot *slot = arg;
	StoreOwner	owner;

	if (!worker_dispatcher_begin(&owner))
		return;
	auth_delivery_tell(&slot->job.delivery);
	worker_commit(&owner);
}

/* It is written down: count it, call hooks, and forget it. */
static void
delivery_close(DeliverySlot *slot)
{
	bool		mail = slot->job.delivery.kind == AUTH_OUTBOX_MAIL;

	if (slot->result.status == NET_DONE)
		shmem_count(mail ? SHMEM_COUNT_MAILS_DELIVERED : SHMEM_COUNT_WEBHOOKS_DELIVERED, 1);
	else
		shmem_count(mail ? SHMEM_COUNT_MAILS_FAILED : SHMEM_COUNT_WEBHOOKS_FAILED, 1);
	if (slot->job.delivery.has_event)
		(void) worker_try(delivery_tell, slot);
	delivery_release_slot(slot);
}

static void
delivery_make_pool(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	delivery_pool = net_pool_make(DELIVERY_MAX);
	MemoryContextSwitchTo(old);
}

static void
delivery_start(DeliverySlot *slot)
{
	slot->batch->open++;
	if (delivery_pool == NULL)
		delivery_make_pool();
	if (slot->job.problem)
		delivery_land(slot, slot->job.problem);
	else if (delivery_pool && worker_job_start(delivery_pool, &slot->job, slot))
		slot->state = DELIVERY_FLYING;
	else
		delivery_land(slot, "out of memory");
}

static void
delivery_write_one(void *arg)
{
	StoreOwner	owner;

	if (!worker_dispatcher_begin(&owner))
		return;
	delivery_write_down(arg);
	worker_commit(&owner);
}

/* Those that could not be written down, when it is time; untried: all others too. */
static bool
delivery_write_each(bool untried)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		busy = false;

	for (int i = 0; i < DELIVERY_SLOTS; i++)
	{
		DeliverySlot *slot = &delivery_slots[i];

		if (slot->state != DELIVERY_LANDED || (slot->trouble.ms > 0 ? delivery_is_paused(&slot->trouble, now) : !untried))
			continue;
		busy = true;
		if (worker_try(delivery_write_one, slot))
			delivery_close(slot);
		else
			delivery_begin_pause(&slot->trouble);
	}
	return busy;
}

/* What was claimed is pending again; what has landed is written down one by one. */
static void
delivery_exchange_failed(DeliveryExchange *exchange)
{
	for (int i = 0; i < exchange->n_claimed; i++)
	{
		worker_job_wipe(&exchange->claimed[i]->job);
		memset(exchange->claimed[i], 0, sizeof(DeliverySlot));
	}
	if (exchange->batch)
		MemoryContextDelete(exchange->batch->context);
	(void) delivery_write_each(true);
	delivery_look = true;
	delivery_begin_pause(&delivery_pause);
}

/* What is due and could not be claimed is held by somebody; that is looked at again, but what comes new does not wait for it. */
static void
delivery_plan_next(const DeliveryExchange *exchange)
{
	delivery_pause.ms = 0;
	delivery_look = !exchange->all;
	delivery_next = exchange->next;
	if (!exchange->all || exchange->n_claimed > 0 || exchange->next > GetCurrentTimestamp())
		delivery_stuck.ms = 0;
	else
	{
		delivery_begin_pause(&delivery_stuck);
		delivery_next = delivery_stuck.until;
	}
}

/* True when something was done. */
static bool
delivery_do_exchange(void)
{
	DeliveryExchange exchange = {.next = DT_NOEND};

	if (!worker_try(delivery_exchange, &exchange))
	{
		delivery_exchange_failed(&exchange);
		return true;
	}
	delivery_plan_next(&exchange);
	if (exchange.batch && exchange.n_claimed == 0)
		MemoryContextDelete(exchange.batch->context);
	for (int i = 0; i < exchange.n_claimed; i++)
		delivery_start(exchange.claimed[i]);
	for (int i = 0; i < exchange.n_written; i++)
		delivery_close(exchange.written[i]);
	return exchange.n_claimed > 0 || exchange.n_written > 0;
}

/* ---- for the dispatcher ---- */

static void
delivery_release_all(void *arg)
{
	StoreOwner	owner;

	(void) arg;
	if (!worker_dispatcher_begin(&owner))
		return;
	auth_delivery_release();
	worker_commit_unflushed(&owner);
}

void
worker_delivery_begin(void)
{
	(void) worker_try(delivery_release_all, NULL);
}

static void
delivery_collect(void)
{
	NetResult	result;
	void	   *owner;

	while (delivery_pool && net_pool_next_done(delivery_pool, &owner, &result))
	{
		DeliverySlot *slot = owner;

		slot->state = DELIVERY_LANDED;
		slot->result = result;
	}
}

/* Has one landed that nobody tried to write down? */
static bool
delivery_has_landed(void)
{
	for (int i = 0; i < DELIVERY_SLOTS; i++)
		if (delivery_slots[i].state == DELIVERY_LANDED && delivery_slots[i].trouble.ms == 0)
			return true;
	return false;
}

static bool
delivery_may_claim(void)
{
	return !delivery_stopped && delivery_room() > 0;
}

bool
worker_delivery_step(bool called)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		busy;

	delivery_collect();
	delivery_look |= called;
	busy = delivery_write_each(false);
	if (!delivery_is_paused(&delivery_pause, now) &&
		(delivery_has_landed() || (delivery_may_claim() && (delivery_look || now >= delivery_next))))
		busy |= delivery_do_exchange();
	shmem_dispatcher_set_delivering(worker_delivery_is_busy());
	return busy;
}

bool
worker_delivery_is_busy(void)
{
	return delivery_count(DELIVERY_FREE) < DELIVERY_SLOTS;
}

bool
worker_delivery_is_paused(void)
{
	return delivery_pause.ms > 0 || delivery_stuck.ms > 0;
}

bool
worker_delivery_is_looking(void)
{
	return delivery_look;
}

TimestampTz
worker_delivery_next(void)
{
	TimestampTz next = delivery_look ? GetCurrentTimestamp() : delivery_next;

	if (!delivery_may_claim())
		next = DT_NOEND;
	if (delivery_has_landed())
		next = GetCurrentTimestamp();
	if (delivery_pause.ms > 0)
		next = Max(next, delivery_pause.until);
	for (int i = 0; i < DELIVERY_SLOTS; i++)
		if (delivery_slots[i].state == DELIVERY_LANDED && delivery_slots[i].trouble.ms > 0)
			next = Min(next, delivery_slots[i].trouble.until);
	return next;
}

void
worker_delivery_stop(bool stop)
{
	delivery_stopped = stop;
}

typedef struct DeliveryWait
{
	long		ms;
	uint32		event;
} DeliveryWait;

static void
delivery_wait_network(void *arg)
{
	DeliveryWait *wait = arg;

	net_pool_wait(delivery_pool, wait->ms, wait->event);
}

void
worker_delivery_wait(long ms, uint32 wait_event)
{
	DeliveryWait wait = {.ms = ms, .event = wait_event};

	if (delivery_pool && net_pool_jobs(delivery_pool) > 0)
	{
		if (worker_try(delivery_wait_network, &wait))
			return;
		ms = Min(ms, DELIVERY_PAUSE_MIN_MS);
	}
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms, wait_event);
}
