/*
 * job.c
 *		One mail or request: what all have in common.
 */
#include "net/net_private.h"

#include <fcntl.h>
#include <unistd.h>

/* A server may close an idle connection after 5 min (RFC 5321 section 4.5.3.2.7), and many do after one. */
#define JOB_IDLE_MAX_S	50L

#define JOB_AGENT	"fastauth/" FASTAUTH_VERSION

void
net_job_result(NetJob *job, NetStatus status, int code, const char *problem)
{
	job->result.status = status;
	job->result.code = code;
	/* A reply that says "go on" tells nothing of what went wrong. */
	if (code >= 300 && code != 354)
		snprintf(job->result.problem, NET_PROBLEM_MAX, "%s (%d)", problem, code);
	else
		strlcpy(job->result.problem, problem, NET_PROBLEM_MAX);
}

const char *
net_words(CURLcode code)
{
	static char other[64];

	switch (code)
	{
		case CURLE_COULDNT_RESOLVE_HOST:
			return "the name of the server was not found";
		case CURLE_COULDNT_CONNECT:
			return "could not connect to the server";
		case CURLE_OPERATION_TIMEDOUT:
			return "the time ran out";
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_CERTPROBLEM:
			return "the certificate of the server could not be verified";
		case CURLE_SSL_CACERT_BADFILE:
			return "the file of certificates could not be read";
		case CURLE_USE_SSL_FAILED:
			return "the server does not offer STARTTLS";
		case CURLE_SSL_CONNECT_ERROR:
			return "TLS could not be started";
		case CURLE_LOGIN_DENIED:
			return "the server refused the user name or the password";
		case CURLE_GOT_NOTHING:
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
		case CURLE_PARTIAL_FILE:
			return "the connection was lost";
		case CURLE_OUT_OF_MEMORY:
			return "out of memory";
		default:
			snprintf(other, sizeof(other), "the exchange failed, error %d of libcurl", (int) code);
			return other;
	}
}

/* libcurl tries the addresses of a name in turn; one that is not allowed does not spoil the others. */
static curl_socket_t
job_open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *address)
{
	NetJob	   *job = clientp;
	int			fd;

	(void) purpose;
	if (!job->mail && !net_address_ok(&address->addr, job->loopback))
	{
		job->address_refused = true;
		return CURL_SOCKET_BAD;
	}
	job->address_tried = true;
	fd = socket(address->family, address->socktype, address->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || !net_socket_opened(job->pool, fd))
	{
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd;
}

/*
 * There is a connection, encrypted and signed in, and the job itself begins.
 * The connection may be an old one, made when more addresses were allowed.
 */
static int
job_before(void *clientp, char *address, char *local_address, int port, int local_port)
{
	NetJob	   *job = clientp;

	(void) local_address;
	(void) port;
	(void) local_port;
	job->address_tried = true;
	if (!job->mail && !net_address_text_ok(address, job->loopback))
	{
		job->address_refused = true;
		job->address_tried = false;
		return CURL_PREREQFUNC_ABORT;
	}
	job->began = true;
	return CURL_PREREQFUNC_OK;
}

/* Nothing of the environment decides: no proxy, no .netrc; no redirects, which could lead anywhere. */
static void
job_options(NetJob *job, const char *protocols, const char *ca_file, long timeout_ms)
{
	NET_OPTION(job, CURLOPT_PRIVATE, job);
	NET_OPTION(job, CURLOPT_NOSIGNAL, 1L);
	NET_OPTION(job, CURLOPT_PROTOCOLS_STR, protocols);
	NET_OPTION(job, CURLOPT_FOLLOWLOCATION, 0L);
	NET_OPTION(job, CURLOPT_PROXY, "");
	NET_OPTION(job, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	NET_OPTION(job, CURLOPT_TIMEOUT_MS, timeout_ms);
	NET_OPTION(job, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	NET_OPTION(job, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout_ms / 1000 + 1);
	/* A name server that does not answer must not hold us when the job is over. */
	NET_OPTION(job, CURLOPT_QUICK_EXIT, 1L);
	NET_OPTION(job, CURLOPT_MAXAGE_CONN, JOB_IDLE_MAX_S);
	NET_OPTION(job, CURLOPT_USERAGENT, JOB_AGENT);
	NET_OPTION(job, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	NET_OPTION(job, CURLOPT_SSL_VERIFYPEER, 1L);
	NET_OPTION(job, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca_file)
	{
		NET_OPTION(job, CURLOPT_CAINFO, ca_file);
		NET_OPTION(job, CURLOPT_CAPATH, NULL);
	}
	NET_OPTION(job, CURLOPT_OPENSOCKETFUNCTION, job_open_socket);
	NET_OPTION(job, CURLOPT_OPENSOCKETDATA, job);
	NET_OPTION(job, CURLOPT_CLOSESOCKETFUNCTION, net_socket_close);
	NET_OPTION(job, CURLOPT_CLOSESOCKETDATA, job->pool);
	NET_OPTION(job, CURLOPT_PREREQFUNCTION, job_before);
	NET_OPTION(job, CURLOPT_PREREQDATA, job);
}

NetJob *
net_job_make(NetPool *pool, const char *protocols, const char *ca_file, long timeout_ms, void *owner)
{
	NetJob	   *job;

	if (pool->jobs >= pool->max)
		return NULL;
	job = MemoryContextAllocExtended(pool->context, sizeof(NetJob), MCXT_ALLOC_ZERO | MCXT_ALLOC_NO_OOM);
	if (job == NULL)
		return NULL;
	job->pool = pool;
	job->owner = owner;
	job->easy = curl_easy_init();
	if (job->easy == NULL)
		job->bad = true;
	else
		job_options(job, protocols, ca_file, timeout_ms);
	pool->jobs++;
	return job;
}

void
net_job_header(NetJob *job, const char *header)
{
	struct curl_slist *list = curl_slist_append(job->headers, header);

	if (list)
		job->headers = list;
	else
		job->bad = true;
}

NetJob *
net_job_refuse(NetJob *job, const char *problem)
{
	net_job_result(job, NET_FORBIDDEN, 0, problem);
	net_job_release(job);
	dlist_push_tail(&job->pool->done, &job->node);
	return job;
}

NetJob *
net_job_start(NetJob *job, NetLine *line)
{
	sigset_t	saved;

	job->bad |= line == NULL;
	if (!job->bad)
	{
		net_enter(&saved);
		job->bad = curl_multi_add_handle(line->multi, job->easy) != CURLM_OK;
		net_leave(&saved);
	}
	if (!job->bad)
	{
		dlist_push_tail(&line->running, &job->node);
		return job;
	}
	net_job_result(job, NET_FAILED, 0, net_words(CURLE_OUT_OF_MEMORY));
	net_job_release(job);
	dlist_push_tail(&job->pool->done, &job->node);
	return job;
}

void
net_job_over(NetJob *job, CURLcode code)
{
	long		reply = 0;

	curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &reply);
	if (job->mail)
		net_mail_judge(job, code, (int) reply);
	else
		net_request_judge(job, code, (int) reply);
	dlist_delete(&job->node);
	net_job_release(job);
	dlist_push_tail(&job->pool->done, &job->node);
}

/* The connection stays with its line. */
void
net_job_release(NetJob *job)
{
	sigset_t	saved;

	net_enter(&saved);
	if (job->easy)
		curl_easy_cleanup(job->easy);
	job->easy = NULL;
	curl_mime_free(job->mime);
	job->mime = NULL;
	curl_slist_free_all(job->headers);
	job->headers = NULL;
	curl_slist_free_all(job->recipients);
	job->recipients = NULL;
	net_leave(&saved);
	if (job->body)
		explicit_bzero(job->body, job->body_len);
	free(job->body);
	job->body = NULL;
}

/* It may hold tokens. */
void
net_job_forget_answer(NetJob *job)
{
	if (job->answer)
		explicit_bzero(job->answer, job->answer_room);
	free(job->answer);
	job->answer = NULL;
}

bool
net_pool_next_done(NetPool *pool, void **owner, NetResult *result)
{
	NetJob	   *job;

	if (dlist_is_empty(&pool->done))
		return false;
	job = dlist_head_element(NetJob, node, &pool->done);
	*owner = job->owner;
	*result = job->result;
	if (job->max_answer > 0 && job->result.code > 0)
	{
		/* May raise; the job stays until it has not. */
		result->body = makeStringInfo();
		if (job->answer_len > 0)
			appendBinaryStringInfo(result->body, job->answer, (int) job->answer_len);
	}
	dlist_delete(&job->node);
	net_job_forget_answer(job);
	pool->jobs--;
	pfree(job);
	return true;
}
