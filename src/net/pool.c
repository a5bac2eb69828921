/*
 * pool.c
 *		Several jobs at once, and waiting for them.
 *
 * libcurl tells which sockets it waits for, and when it wants to be called
 * whatever they do; we wait for them with the server's own WaitEventSet,
 * together with our latch and the end of the postmaster, and tell libcurl what
 * happened.  So this process hears a backend that wakes it, and a cancel, at
 * once while the network is slow.
 *
 * An event cannot be taken out of a WaitEventSet again, and a socket that was
 * closed may come back under its number as another, so the set is made anew
 * whenever one came or went.  That may raise, as may waiting: what libcurl told
 * stands in the pool, and the next wait makes the set from it again.
 */
#include "net/net_private.h"

#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/memutils.h"

/* A job may connect to two addresses at once and wait for names; a line closes some connections in the background. */
#define POOL_SOCKETS_OF_JOB	8

/* What is reported at once; the rest is when we wait again. */
#define POOL_EVENTS		16

/* More would be a mistake. */
#define POOL_JOBS_MAX	256

static int64
pool_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what libcurl calls ---- */

static NetSocket *
pool_socket_find(NetPool *pool, curl_socket_t fd)
{
	for (int i = 0; i < pool->socket_count; i++)
		if (pool->sockets[i].fd == fd)
			return &pool->sockets[i];
	return NULL;
}

static int
pool_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *clientp, void *socketp)
{
	NetLine    *line = clientp;
	NetPool    *pool = line->pool;
	NetSocket  *s = pool_socket_find(pool, fd);

	(void) easy;
	(void) socketp;
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE)
	{
		if (s)
			*s = pool->sockets[--pool->socket_count];
		pool->rebuild = true;
		return 0;
	}
	if (s == NULL)
	{
		if (pool->socket_count >= pool->socket_room)
			return -1;
		s = &pool->sockets[pool->socket_count++];
		s->fd = fd;
		pool->rebuild = true;
	}
	s->what = what;
	s->changed = true;
	s->line = line;
	return 0;
}

static int
pool_timer_wanted(CURLM *multi, long timeout_ms, void *clientp)
{
	NetLine    *line = clientp;

	(void) multi;
	line->deadline = timeout_ms < 0 ? -1 : pool_now_ms() + timeout_ms;
	return 0;
}

bool
net_socket_opened(NetPool *pool, curl_socket_t fd)
{
	if (pool->open_count >= pool->socket_room)
		return false;
	pool->open[pool->open_count++] = fd;
	return true;
}

int
net_socket_close(void *clientp, curl_socket_t fd)
{
	NetPool    *pool = clientp;

	for (int i = 0; i < pool->open_count; i++)
	{
		if (pool->open[i] == fd)
		{
			pool->open[i] = pool->open[--pool->open_count];
			break;
		}
	}
	return close(fd);
}

/* ---- lines ---- */

static void
line_free(NetLine *line)
{
	sigset_t	saved;

	net_enter(&saved);
	curl_multi_cleanup(line->multi);
	net_leave(&saved);
	dlist_delete(&line->node);
	if (line->password)
		explicit_bzero(line->password, strlen(line->password));
	pfree(line);
}

static bool
line_text_is(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
line_is_for(const NetLine *line, const NetMailServer *server)
{
	if (line->broken || line->mail != (server != NULL))
		return false;
	return server == NULL ||
		(line->tls == server->tls && line_text_is(line->url, server->url) && line_text_is(line->username, server->username) &&
		 line_text_is(line->password, server->password) && line_text_is(line->ca_file, server->ca_file));
}

/* Copy into *room, which moves on. */
static char *
line_copy(char **room, const char *text)
{
	char	   *copy = *room;
	size_t		size;

	if (text == NULL)
		return NULL;
	size = strlen(text) + 1;
	memcpy(copy, text, size);
	*room += size;
	return copy;
}

static size_t
line_size(const NetMailServer *server)
{
	const char *const texts[] = {server->url, server->username, server->password, server->ca_file};
	size_t		size = 0;

	for (size_t i = 0; i < lengthof(texts); i++)
		size += texts[i] ? strlen(texts[i]) + 1 : 0;
	return size;
}

/* Everything in one piece, so that there is one place that can fail. */
static NetLine *
line_make(NetPool *pool, const NetMailServer *server)
{
	NetLine    *line = MemoryContextAllocExtended(pool->context, sizeof(NetLine) + (server ? line_size(server) : 0),
												  MCXT_ALLOC_ZERO | MCXT_ALLOC_NO_OOM);
	char	   *room = (char *) (line + 1);

	if (line == NULL)
		return NULL;
	line->multi = curl_multi_init();
	if (line->multi == NULL)
	{
		pfree(line);
		return NULL;
	}
	line->pool = pool;
	line->deadline = -1;
	line->mail = server != NULL;
	dlist_init(&line->running);
	dlist_push_tail(&pool->lines, &line->node);
	if (server)
	{
		line->tls = server->tls;
		line->url = line_copy(&room, server->url);
		line->username = line_copy(&room, server->username);
		line->password = line_copy(&room, server->password);
		line->ca_file = line_copy(&room, server->ca_file);
	}
	curl_multi_setopt(line->multi, CURLMOPT_SOCKETFUNCTION, pool_socket_wanted);
	curl_multi_setopt(line->multi, CURLMOPT_SOCKETDATA, line);
	curl_multi_setopt(line->multi, CURLMOPT_TIMERFUNCTION, pool_timer_wanted);
	curl_multi_setopt(line->multi, CURLMOPT_TIMERDATA, line);
	curl_multi_setopt(line->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long) pool->max);
	curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, (long) pool->max);
	return line;
}

/* Lines that nobody will use again go, when their jobs are over. */
NetLine *
net_line(NetPool *pool, const NetMailServer *server)
{
	NetLine    *found = NULL;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &pool->lines)
	{
		NetLine    *line = dlist_container(NetLine, node, iter.cur);

		if (line_is_for(line, server))
			found = line;
		else if (dlist_is_empty(&line->running) && (line->broken || line->mail == (server != NULL)))
			line_free(line);
	}
	return found ? found : line_make(pool, server);
}

static void
line_remove(NetLine *line, CURL *easy)
{
	sigset_t	saved;

	net_enter(&saved);
	curl_multi_remove_handle(line->multi, easy);
	net_leave(&saved);
}

/* Take in what is over. */
static void
line_collect(NetLine *line, CURLMcode status)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(line->multi, &left)) != NULL)
	{
		CURL	   *easy = message->easy_handle;
		CURLcode	code = message->data.result;
		char	   *job = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &job);
		line_remove(line, easy);
		net_job_over((NetJob *) job, code);
	}
	if (status == CURLM_OK || status == CURLM_BAD_SOCKET)
		return;
	line->broken = true;
	while (!dlist_is_empty(&line->running))
	{
		NetJob	   *job = dlist_head_element(NetJob, node, &line->running);

		line_remove(line, job->easy);
		net_job_over(job, CURLE_OUT_OF_MEMORY);
	}
}

static void
line_tell(NetLine *line, curl_socket_t fd, int mask)
{
	CURLMcode	status;
	int			running;
	sigset_t	saved;

	net_enter(&saved);
	status = curl_multi_socket_action(line->multi, fd, mask, &running);
	net_leave(&saved);
	line_collect(line, status);
}

/* ---- pools ---- */

/*
 * The pool's memory goes, after an error perhaps.  libcurl says QUIT to a mail
 * server and waits for the answer; so nothing can be read any more from then on.
 */
static void
pool_release(void *arg)
{
	NetPool    *pool = arg;
	dlist_mutable_iter iter;

	for (int i = 0; i < pool->open_count; i++)
		shutdown(pool->open[i], SHUT_RD);
	while (!dlist_is_empty(&pool->lines))
	{
		NetLine    *line = dlist_head_element(NetLine, node, &pool->lines);

		dlist_foreach_modify(iter, &line->running)
		{
			NetJob	   *job = dlist_container(NetJob, node, iter.cur);

			line_remove(line, job->easy);
			net_job_release(job);
			net_job_forget_answer(job);
		}
		line_free(line);
	}
	dlist_foreach_modify(iter, &pool->done)
		net_job_forget_answer(dlist_container(NetJob, node, iter.cur));
	if (pool->set)
		FreeWaitEventSet(pool->set);
	for (int i = 0; i < pool->max; i++)
		ReleaseExternalFD();
}

void
net_init(void)
{
	net_address_init();
}

NetPool *
net_pool_make(int max)
{
	MemoryContext context;
	NetPool    *pool;
	int			room = max * POOL_SOCKETS_OF_JOB + POOL_EVENTS;

	Assert(max > 0 && max <= POOL_JOBS_MAX);
	if (!net_library_ready())
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "fastauth network", ALLOCSET_DEFAULT_SIZES);
	pool = MemoryContextAllocZero(context, sizeof(NetPool));
	pool->context = context;
	pool->max = max;
	pool->socket_room = room;
	pool->sockets = MemoryContextAllocZero(context, room * sizeof(NetSocket));
	pool->open = MemoryContextAllocZero(context, room * sizeof(curl_socket_t));
	pool->rebuild = true;
	dlist_init(&pool->lines);
	dlist_init(&pool->done);
	/* The server shall count on fewer files of its own. */
	for (int i = 0; i < max; i++)
		ReserveExternalFD();
	pool->callback.func = pool_release;
	pool->callback.arg = pool;
	MemoryContextRegisterResetCallback(context, &pool->callback);
	return pool;
}

void
net_pool_free(NetPool *pool)
{
	MemoryContextDelete(pool->context);
}

int
net_pool_jobs(const NetPool *pool)
{
	return pool->jobs;
}

/* ---- waiting ---- */

static uint32
pool_events(const NetSocket *s)
{
	return (s->what & CURL_POLL_IN ? WL_SOCKET_READABLE : 0) | (s->what & CURL_POLL_OUT ? WL_SOCKET_WRITEABLE : 0);
}

/* Make the set of wait events be what libcurl wants. */
static void
pool_prepare(NetPool *pool)
{
	if (pool->rebuild)
	{
		WaitEventSet *old = pool->set;

		pool->set = NULL;
		if (old)
			FreeWaitEventSet(old);
		pool->set = base_wait_event_set(pool->socket_count + 2);
		AddWaitEventToSet(pool->set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		AddWaitEventToSet(pool->set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	}
	for (int i = 0; i < pool->socket_count; i++)
	{
		NetSocket  *s = &pool->sockets[i];

		if (pool->rebuild)
			s->pos = AddWaitEventToSet(pool->set, pool_events(s), s->fd, NULL, NULL);
		else if (s->changed)
			ModifyWaitEvent(pool->set, s->pos, pool_events(s), NULL);
		s->changed = false;
	}
	pool->rebuild = false;
}

/* Tell libcurl of the deadlines that are over; answers how long until the next, -1 when there is none. */
static long
pool_run_timers(NetPool *pool)
{
	int64		now = pool_now_ms();
	int64		next = -1;
	dlist_iter	iter;

	dlist_foreach(iter, &pool->lines)
	{
		NetLine    *line = dlist_container(NetLine, node, iter.cur);

		if (line->deadline >= 0 && line->deadline <= now)
		{
			line->deadline = -1;
			line_tell(line, CURL_SOCKET_TIMEOUT, 0);
		}
		if (line->deadline >= 0)
			next = next < 0 ? line->deadline : Min(next, line->deadline);
	}
	return next < 0 ? -1 : (long) Max(next - now, 0);
}

static void
pool_tell(NetPool *pool, const WaitEvent *event)
{
	NetSocket  *s = event->fd == PGINVALID_SOCKET ? NULL : pool_socket_find(pool, event->fd);
	int			mask = 0;

	/* It may be gone since, by what libcurl did about an event before this one. */
	if (s == NULL)
		return;
	if (event->events & WL_SOCKET_READABLE)
		mask |= CURL_CSELECT_IN;
	if (event->events & WL_SOCKET_WRITEABLE)
		mask |= CURL_CSELECT_OUT;
	line_tell(s->line, s->fd, mask);
}

void
net_pool_wait(NetPool *pool, long timeout_ms, uint32 wait_event)
{
	WaitEvent	events[POOL_EVENTS];
	long		next = pool_run_timers(pool);
	int			n;

	if (!dlist_is_empty(&pool->done))
		timeout_ms = 0;
	else if (next >= 0 && (timeout_ms < 0 || next < timeout_ms))
		timeout_ms = next;
	pool_prepare(pool);
	n = WaitEventSetWait(pool->set, timeout_ms, events, POOL_EVENTS, wait_event);
	for (int i = 0; i < n; i++)
		if (events[i].events & (WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE))
			pool_tell(pool, &events[i]);
	(void) pool_run_timers(pool);
}
