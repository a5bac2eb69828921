/*
 * net.h
 *		The network: mails by SMTP and requests by HTTPS, several at once.
 *
 * This room is the only one that knows libcurl.  It raises nothing of its own
 * and decides nothing: a job is given in, and comes back with what became of
 * it.  A pool waits for its sockets and for the latch of this process together,
 * so a worker is woken by a backend, and a backend by a cancel, while the
 * network is slow.
 *
 * A pool belongs to the memory context that it was made in: when that is reset,
 * after an error too, connections are closed and handles freed.
 */
#ifndef FASTAUTH_NET_NET_H
#define FASTAUTH_NET_NET_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* What became of a job. */
typedef enum NetStatus
{
	NET_DONE,					/* delivered; of a request: answered with a status 2xx */
	NET_REFUSED,				/* the other side says no for good: 5xx of SMTP, 4xx of HTTP but 408, 425 and 429 */
	NET_FAILED,					/* try later: network, TLS, time, 4xx of SMTP, other answers of HTTP */
	NET_FORBIDDEN				/* not tried: the address is private (S74), or the job is malformed */
} NetStatus;

/* What the log and last_error may say: no text of the other side but its reply code. */
#define NET_PROBLEM_MAX 200

typedef struct NetResult
{
	NetStatus	status;
	int			code;			/* the last reply of SMTP or status of HTTP, or 0 */
	char		problem[NET_PROBLEM_MAX];	/* "": none */
	StringInfo	body;			/* of a request that asked for it */
	bool		json;			/* its content type says JSON */
} NetResult;

typedef enum NetTls
{
	NET_TLS_REQUIRED,			/* verified; a server without STARTTLS is refused */
	NET_TLS_OPPORTUNISTIC,
	NET_TLS_NONE
} NetTls;

typedef struct NetMailServer
{
	const char *url;			/* smtp://host:port or smtps://host:port */
	const char *username;		/* NULL: no AUTH */
	const char *password;
	NetTls		tls;
	const char *ca_file;		/* NULL: the system's */
} NetMailServer;

/* Texts are UTF-8.  Addresses are of base_email_normalize(). */
typedef struct NetMail
{
	const char *from_address;
	const char *from_name;		/* or NULL */
	const char *reply_to;		/* a mailbox as in base_mailbox_parse(), or NULL */
	const char *to;
	const char *subject;
	const char *html;
	const char *text;
	const char *message_id;		/* without angle brackets */
	int64		date;			/* seconds since 1970, UTC */
} NetMail;

typedef struct NetRequest
{
	const char *method;			/* GET or POST */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
	const char *username;		/* for Basic (RFC 7617), or NULL */
	const char *password;
	const char *body;			/* or NULL */
	size_t		body_len;
	const char *ca_file;		/* NULL: the system's */
	size_t		max_answer;		/* bytes, at most 64 MiB; 0: the body of the answer is not wanted, and thrown away */
} NetRequest;

typedef struct NetPool NetPool;
typedef struct NetJob NetJob;

/* Called once by _PG_init: its setting. */
extern void net_init(void);

/* A pool in CurrentMemoryContext, for at most max jobs at once; NULL when there is no memory. */
extern NetPool *net_pool_make(int max);
extern void net_pool_free(NetPool *pool);

/*
 * Begin.  Everything is copied; what is secret is wiped with the job.  NULL
 * when the pool is full.  owner comes back with the job.  timeout_ms is for all
 * of it, name lookup and connecting too.
 */
extern NetJob *net_send_mail(NetPool *pool, const NetMailServer *server, const NetMail *mail, long timeout_ms, void *owner);
extern NetJob *net_send_request(NetPool *pool, const NetRequest *request, long timeout_ms, void *owner);

/* How many are under way. */
extern int	net_pool_jobs(const NetPool *pool);

/*
 * Wait for the network or the latch, at most timeout_ms (-1: no limit), and
 * move the jobs on.  The caller resets the latch and checks for interrupts
 * before it calls again.
 */
extern void net_pool_wait(NetPool *pool, long timeout_ms, uint32 wait_event);

/* A job that is over, or NULL: its owner, and what became of it (the body in CurrentMemoryContext).  It is gone then. */
extern bool net_pool_next_done(NetPool *pool, void **owner, NetResult *result);

#endif							/* FASTAUTH_NET_NET_H */
