/*
 * window.c
 *		How often something happened lately: a sliding window of counts.  See window.h.
 */
#include "shmem/window.h"

/*
 * When the clock is set back farther than this, a window begins anew: it would
 * otherwise count for as long as the clock was wrong.
 */
#define WINDOW_SET_BACK_MAX USECS_PER_HOUR

/* Let go what is over, so that counts[0] is the part of now. */
static void
window_move(ShmemWindow *window, int64 length, TimestampTz now)
{
	int64		part = (length + SHMEM_WINDOW_PARTS - 1) / SHMEM_WINDOW_PARTS;
	int64		number = now / part;
	int64		steps;

	if (window->part != part || window->newest * part - now > WINDOW_SET_BACK_MAX)
	{
		memset(window, 0, sizeof(*window));
		window->part = part;
		window->newest = number;
	}

	/* A clock that was set back a little goes on in the part that was the newest. */
	steps = number - window->newest;
	if (steps <= 0)
		return;
	for (int i = SHMEM_WINDOW_PARTS; i >= 0; i--)
		window->counts[i] = i >= steps ? window->counts[i - steps] : 0;
	window->newest = number;
}

uint32
shmem_window_count(ShmemWindow *window, int64 length, TimestampTz now)
{
	uint32		count = 0;

	window_move(window, length, now);
	for (int i = 0; i <= SHMEM_WINDOW_PARTS; i++)
		count += window->counts[i];
	return count;
}

void
shmem_window_add(ShmemWindow *window, int64 length, TimestampTz now, TimestampTz at, uint32 n)
{
	int64		age;

	window_move(window, length, now);
	/* Not from the newest part, which is not that of now when the clock was set back. */
	age = now / window->part - at / window->part;
	if (age <= SHMEM_WINDOW_PARTS)
		window->counts[Max(age, 0)] += n;
}

void
shmem_window_subtract(ShmemWindow *window, ShmemWindow *other, int64 length, TimestampTz now)
{
	window_move(window, length, now);
	window_move(other, length, now);
	for (int i = 0; i <= SHMEM_WINDOW_PARTS; i++)
		window->counts[i] -= Min(window->counts[i], other->counts[i]);
}

TimestampTz
shmem_window_below(ShmemWindow *window, int64 length, TimestampTz now, uint32 limit)
{
	uint32		count = shmem_window_count(window, length, now);
	int			oldest = SHMEM_WINDOW_PARTS;

	if (count < limit)
		return now;
	while (oldest > 0 && count - window->counts[oldest] >= limit)
		count -= window->counts[oldest--];
	/* Part i from the newest is let go when number newest - i + SHMEM_WINDOW_PARTS + 1 begins. */
	return (window->newest - oldest + SHMEM_WINDOW_PARTS + 1) * window->part;
}
