/*
 * library.c
 *		libcurl in this process: made ready once, its memory wiped, its threads deaf.
 *
 * libcurl copies passwords, links and bodies into buffers of its own and frees
 * them as they are.  So it gets functions for memory that wipe what is freed.
 * (If another library of this process was first to start libcurl, its functions
 * stay, and what libcurl frees is not wiped.)
 */
#include "net/net_private.h"

#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "miscadmin.h"

static void
library_free(void *ptr)
{
	if (ptr)
		explicit_bzero(ptr, malloc_usable_size(ptr));
	free(ptr);
}

/* Never in place: what realloc() leaves behind cannot be wiped any more. */
static void *
library_realloc(void *ptr, size_t size)
{
	void	   *copy;
	size_t		old;

	if (ptr == NULL)
		return malloc(size);
	old = malloc_usable_size(ptr);
	copy = malloc(size);
	if (copy == NULL)
		return NULL;
	memcpy(copy, ptr, Min(old, size));
	library_free(ptr);
	return copy;
}

/* Not in the postmaster, whose children would share what libcurl has opened. */
bool
net_library_ready(void)
{
	static bool ready = false;

	if (!ready && MyProcPid != PostmasterPid)
	{
		sigset_t	saved;

		net_enter(&saved);
		ready = curl_global_init_mem(CURL_GLOBAL_ALL, malloc, library_free, library_realloc, strdup, calloc) == CURLE_OK;
		net_leave(&saved);
	}
	return ready;
}

/* A thread begins with the mask of the one that starts it. */
void
net_enter(sigset_t *saved)
{
	static const int own_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t	block;

	sigfillset(&block);
	for (size_t i = 0; i < lengthof(own_faults); i++)
		sigdelset(&block, own_faults[i]);
	pthread_sigmask(SIG_BLOCK, &block, saved);
}

void
net_leave(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}
