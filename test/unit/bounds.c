/*
 * bounds.c
 *		src/shmem/window.c and table.c against models of them that remember everything.
 *
 * The time is an argument and the steps are random, so that every edge is met
 * that a server would meet in years.  Run by t/072_bounds.pl:
 *
 *		bounds window|limit|clock|table SEED
 *
 * Says nothing when all is well, otherwise what was wrong, and ends with 1.
 */
#include "postgres.h"

#undef printf
#undef snprintf
#include <stdio.h>

#include "shmem/table.h"
#include "shmem/window.h"

/* What table.c's elog() needs from the server. */
bool		errstart(int elevel, const char *domain);
bool		errstart_cold(int elevel, const char *domain);
void		errfinish(const char *filename, int lineno, const char *funcname);
int			errmsg_internal(const char *fmt,...);

bool errstart(int elevel, const char *domain) { (void) elevel; (void) domain; abort(); }
bool errstart_cold(int elevel, const char *domain) { (void) elevel; (void) domain; abort(); }
void errfinish(const char *filename, int lineno, const char *funcname) { (void) filename; (void) lineno; (void) funcname; abort(); }
int errmsg_internal(const char *fmt,...) { (void) fmt; abort(); }

#define EVENTS_MAX	20000

static uint64 state;

static uint32
below(uint32 n)
{
	state = state * UINT64CONST(6364136223846793005) + UINT64CONST(1442695040888963407);
	return (uint32) (state >> 33) % n;
}

#define CHECK(condition, ...) \
	do { if (!(condition)) { printf("line %d: ", __LINE__); printf(__VA_ARGS__); printf("\n"); exit(1); } } while (0)

static int64 events[EVENTS_MAX];
static int	event_count;

/* How many happened after that time. */
static uint32
happened_after(int64 time)
{
	uint32		n = 0;

	for (int i = 0; i < event_count; i++)
		n += events[i] > time;
	return n;
}

static const int64 lengths[] = {1, 7, 8, 13, 100, 1000, USECS_PER_SEC, USECS_PER_HOUR + 1, USECS_PER_DAY};

/* A step of nothing, a little, about a part, about the whole, or more. */
static int64
random_step(int64 length)
{
	switch (below(6))
	{
		case 0:
			return 0;
		case 1:
			return 1;
		case 2:
			return length / SHMEM_WINDOW_PARTS + below(2);
		case 3:
			return length - 1 + below(3);
		case 4:
			return length * below(100) / 30;
		default:
			return length * below(100) / 1000;
	}
}

static int64
random_start(void)
{
	return INT64CONST(800000000) * USECS_PER_SEC + (int64) below(2000000000) * 7;
}

/* When the count is below limit is a promise: not at the last moment before, and then it is. */
static void
check_below(const ShmemWindow *window, int64 length, int64 now, uint32 limit)
{
	ShmemWindow copy = *window;
	int64		at = shmem_window_below(&copy, length, now, limit);

	CHECK(at >= now, "below %u answers a time that is over", limit);
	copy = *window;
	CHECK(shmem_window_count(&copy, length, at) < limit, "not below %u when it should be", limit);
	copy = *window;
	CHECK(at == now || shmem_window_count(&copy, length, at - 1) >= limit, "below %u before it should be", limit);
}

/* The count is never less than what happened in the length, nor more than in it and one part. */
static void
test_window(void)
{
	for (int round = 0; round < 200; round++)
	{
		int64		length = lengths[below(lengthof(lengths))];
		int64		part = (length + SHMEM_WINDOW_PARTS - 1) / SHMEM_WINDOW_PARTS;
		int64		now = random_start();
		ShmemWindow window = {0};

		event_count = 0;
		for (int i = 0; i < 300; i++)
		{
			uint32		n = below(4);
			int64		at = below(4) == 0 ? now - random_step(length) : now;
			uint32		count;

			shmem_window_add(&window, length, now, at, n);
			while (n-- > 0)
				events[event_count++] = at;
			now += random_step(length);
			count = shmem_window_count(&window, length, now);
			CHECK(count >= happened_after(now - length), "length %lld: counted %u of %u", (long long) length, count, happened_after(now - length));
			CHECK(count <= happened_after(now - part * (SHMEM_WINDOW_PARTS + 1)), "length %lld: counted %u, %u too old", (long long) length, count,
				  count - happened_after(now - part * (SHMEM_WINDOW_PARTS + 1)));
			check_below(&window, length, now, 1 + below(10));
		}
		CHECK(shmem_window_count(&window, length + SHMEM_WINDOW_PARTS, now) == 0, "another length begins with something counted");
	}
}

/* Who adds only below the limit never has more than that many in a span of the length, however often they try. */
static void
test_limit(void)
{
	for (int round = 0; round < 200; round++)
	{
		int64		length = lengths[below(lengthof(lengths))];
		uint32		limit = 1 + below(20);
		int64		now = random_start();
		ShmemWindow window = {0};

		event_count = 0;
		for (int i = 0; i < 1000; i++)
		{
			bool		allowed = shmem_window_below(&window, length, now, limit) <= now;

			CHECK(allowed == (shmem_window_count(&window, length, now) < limit), "the count and the time do not agree");
			if (allowed)
			{
				shmem_window_add(&window, length, now, now, 1);
				events[event_count++] = now;
				CHECK(event_count <= (int) limit || now - events[event_count - 1 - limit] >= length,
					  "%u in %lld of %lld", limit + 1, (long long) (now - events[event_count - 1 - limit]), (long long) length);
			}
			now += random_step(length) / (1 + below(30));
		}
	}
}

/* A clock that goes back a little forgets nothing; one that was wrong by more does not count for as long as it was. */
static void
test_clock(void)
{
	for (int i = 0; i < 1000; i++)
	{
		int64		length = USECS_PER_SEC + below(1000000);
		int64		now = random_start();
		int64		back = (int64) below(3600) * USECS_PER_SEC;
		ShmemWindow window = {0};

		shmem_window_add(&window, length, now, now, 5);
		CHECK(shmem_window_count(&window, length, now - back) == 5, "forgotten when the clock was set back");
		shmem_window_add(&window, length, now - back, now - back, 1);
		CHECK(shmem_window_count(&window, length, now) == 6, "not counted when the clock was set back");
		CHECK(shmem_window_count(&window, length, now - USECS_PER_HOUR - 2 * length) == 0, "counted for ever when the clock was wrong");
		shmem_window_add(&window, length, now - USECS_PER_DAY, now - USECS_PER_DAY, 3);
		CHECK(shmem_window_count(&window, length, now - USECS_PER_DAY + length / 2) == 3, "not counted after the clock was set back");
	}
}

#define TABLE_ENTRIES	17
#define TABLE_KEYS		40

typedef struct Entry
{
	ShmemTableEntry head;
	uint32		key;
	uint32		value;
} Entry;

/* The model: when each key was last used (0: not there), its pins and its value. */
static uint64 used[TABLE_KEYS];
static int	pins[TABLE_KEYS];
static uint32 values[TABLE_KEYS];

/* The key that has to make room: the one without pins that was used first; -1: there is room; -2: all are pinned. */
static int
victim(void)
{
	int			found = -2;
	int			n = 0;

	for (int i = 0; i < TABLE_KEYS; i++)
	{
		n += used[i] > 0;
		if (used[i] > 0 && pins[i] == 0 && (found < 0 || used[i] < used[found]))
			found = i;
	}
	return n < TABLE_ENTRIES ? -1 : found;
}

static void
check_table(ShmemTable *table)
{
	int			cursor = 0;
	int			n = 0;
	Entry	   *entry;

	while ((entry = shmem_table_next(table, &cursor)) != NULL)
	{
		CHECK(entry->key < TABLE_KEYS && used[entry->key] > 0, "key %u should not be there", entry->key);
		CHECK(entry->value == values[entry->key], "key %u has another's value", entry->key);
		CHECK(entry->head.pins == pins[entry->key], "key %u has other pins", entry->key);
		n++;
	}
	for (int i = 0; i < TABLE_KEYS; i++)
		n -= used[i] > 0;
	CHECK(n == 0, "%d entries too many", n);
}

static void
test_table(void)
{
	Size		size = shmem_table_size(TABLE_ENTRIES, sizeof(Entry));
	ShmemTable *table = shmem_table_init(calloc(1, size), TABLE_ENTRIES, sizeof(Entry), sizeof(uint32));
	uint64		evictions = 0;

	for (uint64 step = 1; step < 200000; step++)
	{
		uint32		key = below(TABLE_KEYS);
		/* now and then all are pinned, now and then none */
		uint32		pinning = step / 5000 % 3;
		bool		was_there = used[key] > 0;
		Entry	   *entry;

		if (below(3) == 0)
		{
			entry = shmem_table_find(table, &key);
			CHECK((entry != NULL) == was_there, "key %u is %s there", key, was_there ? "not" : "still");
		}
		else
		{
			int			out = was_there ? -1 : victim();

			entry = shmem_table_make(table, &key);
			CHECK((entry == NULL) == (out == -2), "key %u was %smade", key, entry ? "" : "not ");
			if (out >= 0)
			{
				used[out] = 0;
				evictions++;
			}
			if (entry && !was_there)
			{
				CHECK(entry->value == 0 && entry->head.pins == 0, "a new entry is not empty");
				entry->value = values[key] = below(1000000) + 1;
			}
		}
		if (entry)
		{
			CHECK(entry->key == key, "key %u for key %u", entry->key, key);
			used[key] = step;
			if (pinning == 1 && below(2) == 0)
				entry->head.pins = pins[key] = 1 + below(2);
			else if (pinning != 1 && below(2) == 0)
				entry->head.pins = pins[key] = 0;
			if (pins[key] == 0 && below(10) == 0)
			{
				shmem_table_remove(table, entry);
				used[key] = 0;
			}
		}
		CHECK(shmem_table_evictions(table) == evictions, "evictions are not counted");
		if (step % 50 == 0)
			check_table(table);
	}
	CHECK(evictions > 1000, "the test made too few evictions");
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	state = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	if (strcmp(what, "window") == 0)
		test_window();
	else if (strcmp(what, "limit") == 0)
		test_limit();
	else if (strcmp(what, "clock") == 0)
		test_clock();
	else if (strcmp(what, "table") == 0)
		test_table();
	else
		return 2;
	return 0;
}
