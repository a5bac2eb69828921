/*
 * net_private.h
 *		What the files of this room share: pools, lines and jobs.
 *
 * A line is the connections of one kind: to one mail server as it is configured
 * now, or for requests.  libcurl before 8.10 would use a plain connection again
 * for a mail that wants STARTTLS, so another server, or the same one by other
 * rules, gets a line of its own.
 *
 * Who calls libcurl calls net_enter() before and net_leave() after it: threads
 * that it starts, to look up names, must not run the server's signal handlers.
 * What libcurl calls (callbacks) must not raise, allocate by palloc, or check
 * for interrupts, since a longjmp through libcurl would leave it in pieces.
 */
#ifndef FASTAUTH_NET_NET_PRIVATE_H
#define FASTAUTH_NET_NET_PRIVATE_H

#include "net/net.h"

#include <signal.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "lib/ilist.h"
#include "storage/latch.h"

/* Of a line of ours: the longest text of a subject, a name or a header that we send. */
#define NET_TEXT_MAX	1024

/* An answer that nobody wants is read up to here, so that the connection can be used again. */
#define NET_UNWANTED_MAX (64 * 1024)

/* What libcurl wants to know of a socket. */
typedef struct NetSocket
{
	curl_socket_t fd;
	int			what;			/* CURL_POLL_IN and the like */
	int			pos;			/* in the pool's set of wait events */
	bool		changed;		/* what is not what the set waits for */
	struct NetLine *line;
} NetSocket;

struct NetPool
{
	MemoryContext context;		/* of its own: where the pool and its jobs live */
	MemoryContextCallback callback;
	int			max;			/* jobs */
	int			jobs;			/* that have not come back */
	dlist_head	lines;
	dlist_head	done;			/* jobs that are over */
	NetSocket  *sockets;		/* room for socket_room of them */
	int			socket_count;
	int			socket_room;
	curl_socket_t *open;		/* every connection that libcurl has, idle ones too */
	int			open_count;
	WaitEventSet *set;			/* of the sockets as they were when it was made */
	bool		rebuild;		/* sockets came or went since */
};

typedef struct NetLine
{
	dlist_node	node;			/* in the pool's lines */
	NetPool    *pool;
	CURLM	   *multi;
	bool		broken;			/* libcurl gave up on it: no new jobs */
	int64		deadline;		/* when libcurl wants to be called, in ms; -1: not */
	dlist_head	running;		/* jobs */
	bool		mail;			/* what follows is of a mail server */
	NetTls		tls;
	char	   *url;
	char	   *username;
	char	   *password;
	char	   *ca_file;
} NetLine;

struct NetJob
{
	dlist_node	node;			/* in its line's running, or in the pool's done */
	NetPool    *pool;
	void	   *owner;
	CURL	   *easy;			/* NULL when it is over */
	curl_mime  *mime;
	struct curl_slist *headers;
	struct curl_slist *recipients;
	char	   *body;			/* of a request; malloc'd */
	size_t		body_len;
	bool		bad;			/* an option was not taken, for want of memory */
	bool		mail;
	bool		loopback;		/* a request by http: to this machine itself */
	bool		began;			/* connected, encrypted and signed in: what is answered now is about this job */
	bool		address_tried;
	bool		address_refused;	/* by S74 */
	size_t		max_answer;
	bool		answer_too_long;
	char	   *answer;			/* malloc'd */
	size_t		answer_len;
	size_t		answer_room;
	NetResult	result;
};

/* Set an option of a job; a failure shows in job->bad. */
#define NET_OPTION(job, option, value) \
	((job)->bad |= curl_easy_setopt((job)->easy, (option), (value)) != CURLE_OK)

/* ---- (library.c) ---- */

/* Make libcurl ready in this process; false when it cannot be. */
extern bool net_library_ready(void);

extern void net_enter(sigset_t *saved);
extern void net_leave(const sigset_t *saved);

/* ---- (pool.c) ---- */

/* The line for requests (server NULL), or to a mail server; NULL when there is no memory. */
extern NetLine *net_line(NetPool *pool, const NetMailServer *server);

/* For CURLOPT_CLOSESOCKETFUNCTION; and note a socket that was opened: false when there is no room. */
extern int	net_socket_close(void *pool, curl_socket_t fd);
extern bool net_socket_opened(NetPool *pool, curl_socket_t fd);

/* ---- (job.c) ---- */

/* A job with the options that all have, by these protocols; NULL when the pool is full.  In no list yet. */
extern NetJob *net_job_make(NetPool *pool, const char *protocols, const char *ca_file, long timeout_ms, void *owner);

/* One more header; what it says is copied. */
extern void net_job_header(NetJob *job, const char *header);

/* Give it to libcurl; after a failure it is over. */
extern NetJob *net_job_start(NetJob *job, NetLine *line);

/* It is over before it began. */
extern NetJob *net_job_refuse(NetJob *job, const char *problem);

/* It is over: what became of it, by libcurl's word. */
extern void net_job_over(NetJob *job, CURLcode code);

/* Free what libcurl has of it, after it was taken out of its line; the job itself stays. */
extern void net_job_release(NetJob *job);
extern void net_job_forget_answer(NetJob *job);

/* What became of it, in our own words; code is the other side's, or 0. */
extern void net_job_result(NetJob *job, NetStatus status, int code, const char *problem);

/* libcurl's word in ours. */
extern const char *net_words(CURLcode code);

/* (mail.c, request.c) Judge by libcurl's word and the other side's code. */
extern void net_mail_judge(NetJob *job, CURLcode code, int reply);
extern void net_request_judge(NetJob *job, CURLcode code, int status);

/* ---- (header.c) ---- */

/* May it stand in a header: UTF-8, of bounded length, without control characters? */
extern bool net_header_text_ok(const char *text);

/* "Name: text", with encoded words where they are needed (RFC 2047).  out holds NET_HEADER_ROOM bytes. */
#define NET_HEADER_ROOM (4 * NET_TEXT_MAX)
extern void net_header_text(const char *name, const char *text, char *out);

/* "Name: display <address>"; display may be NULL. */
extern void net_header_mailbox(const char *name, const char *display, const char *address, char *out);

/* "Date: Thu, 26 Nov 2026 00:51:56 +0000" (RFC 5322 section 3.3) */
extern void net_header_date(int64 date, char *out);

/* ---- (address.c) ---- */

extern void net_address_init(void);

/* May a request connect there?  loopback: only if it is this machine itself, too. */
extern bool net_address_ok(const struct sockaddr *address, bool loopback);

/* The same of an address as text. */
extern bool net_address_text_ok(const char *address, bool loopback);

#endif							/* FASTAUTH_NET_NET_PRIVATE_H */
