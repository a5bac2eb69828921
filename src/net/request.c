/*
 * request.c
 *		A request by HTTPS.
 *
 * https, or http to this machine itself where fastauth.allow_private_networks
 * lists it (rule S74).  The answer is read up to a bound, and not unpacked.
 */
#include "net/net_private.h"

#include "base/url.h"

/* The first piece of an answer; it doubles. */
#define REQUEST_ANSWER_FIRST	4096

#define REQUEST_ANSWER_MAX	(64 * 1024 * 1024)

static bool
request_header_ok(const char *header)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
	size_t		name = strspn(header, token);

	/* Without a value libcurl would leave the header out. */
	if (name == 0 || header[name] != ':' || header[name + 1] != ' ' || header[name + 2] == '\0')
		return false;
	for (const char *c = header; *c; c++)
		if ((unsigned char) *c < 0x20 || *c == 0x7F)
			return false;
	return true;
}

/* What is wrong with it, or NULL. */
static const char *
request_problem(const NetRequest *request, BaseUrl *url)
{
	if (!base_url_parse(request->url, url))
		return "the URL is malformed";
	if (!base_url_is_safe(url))
		return "the URL is not https";
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0)
		return "the method is neither GET nor POST";
	for (const char *const *h = request->headers; h && *h; h++)
		if (!request_header_ok(*h))
			return "a header is malformed";
	if (request->username && strchr(request->username, ':'))
		return "the user name holds a colon";
	if (request->max_answer > REQUEST_ANSWER_MAX)
		return "too long an answer is asked for";
	return NULL;
}

/* Room for n bytes more of the answer. */
static bool
request_make_room(NetJob *job, size_t n)
{
	size_t		room = Max(job->answer_room, REQUEST_ANSWER_FIRST);
	char	   *answer;

	while (room < job->answer_len + n)
		room *= 2;
	if (room == job->answer_room)
		return true;
	answer = malloc(room);
	if (answer == NULL)
		return false;
	if (job->answer)
	{
		memcpy(answer, job->answer, job->answer_len);
		explicit_bzero(job->answer, job->answer_room);
		free(job->answer);
	}
	job->answer = answer;
	job->answer_room = room;
	return true;
}

/* To take less than there is ends the exchange. */
static size_t
request_take_answer(char *data, size_t size, size_t n, void *clientp)
{
	NetJob	   *job = clientp;
	size_t		len = size * n;

	if (len > (job->max_answer ? job->max_answer : NET_UNWANTED_MAX) - job->answer_len)
	{
		job->answer_too_long = true;
		return 0;
	}
	if (job->max_answer > 0)
	{
		if (!request_make_room(job, len))
			return 0;
		memcpy(job->answer + job->answer_len, data, len);
	}
	job->answer_len += len;
	return len;
}

static void
request_set_body(NetJob *job, const NetRequest *request)
{
	if (request->body_len > 0)
	{
		job->body = malloc(request->body_len);
		if (job->body == NULL)
		{
			job->bad = true;
			return;
		}
		memcpy(job->body, request->body, request->body_len);
		job->body_len = request->body_len;
	}
	NET_OPTION(job, CURLOPT_POST, 1L);
	NET_OPTION(job, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) job->body_len);
	NET_OPTION(job, CURLOPT_POSTFIELDS, job->body ? job->body : "");
	/* Do not ask first whether the body is welcome: not all servers answer that. */
	net_job_header(job, "Expect:");
}

NetJob *
net_send_request(NetPool *pool, const NetRequest *request, long timeout_ms, void *owner)
{
	NetJob	   *job = net_job_make(pool, "https,http", request->ca_file, timeout_ms, owner);
	BaseUrl		url;
	const char *problem = request_problem(request, &url);

	if (job == NULL)
		return NULL;
	if (problem)
		return net_job_refuse(job, problem);
	if (job->bad)
		return net_job_start(job, NULL);
	job->loopback = strcmp(url.scheme, "http") == 0;
	job->max_answer = request->max_answer;
	NET_OPTION(job, CURLOPT_URL, request->url);
	NET_OPTION(job, CURLOPT_WRITEFUNCTION, request_take_answer);
	NET_OPTION(job, CURLOPT_WRITEDATA, job);
	for (const char *const *h = request->headers; h && *h; h++)
		net_job_header(job, *h);
	if (strcmp(request->method, "POST") == 0)
		request_set_body(job, request);
	NET_OPTION(job, CURLOPT_HTTPHEADER, job->headers);
	if (request->username)
	{
		NET_OPTION(job, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
		NET_OPTION(job, CURLOPT_USERNAME, request->username);
		NET_OPTION(job, CURLOPT_PASSWORD, request->password ? request->password : "");
	}
	return net_job_start(job, net_line(pool, NULL));
}

/* application/json, or application/anything+json (RFC 6839 section 3.1), with or without parameters. */
static bool
request_is_json(const char *type)
{
	size_t		len = strcspn(type, "; \t");

	if (pg_strncasecmp(type, "application/", 12) != 0)
		return false;
	return (len == 16 && pg_strncasecmp(type + 12, "json", 4) == 0) ||
		(len > 17 && pg_strncasecmp(type + len - 5, "+json", 5) == 0);
}

static NetStatus
request_status(int status)
{
	if (status >= 200 && status <= 299)
		return NET_DONE;
	if (status >= 400 && status <= 499 && status != 408 && status != 425 && status != 429)
		return NET_REFUSED;
	return NET_FAILED;
}

void
net_request_judge(NetJob *job, CURLcode code, int status)
{
	char	   *type = NULL;

	curl_easy_getinfo(job->easy, CURLINFO_CONTENT_TYPE, &type);
	job->result.json = type && request_is_json(type);
	/* Enough was read of an answer that is not wanted. */
	if (code == CURLE_WRITE_ERROR && job->answer_too_long && job->max_answer == 0)
		code = CURLE_OK;
	if (code == CURLE_OK && status > 0)
		net_job_result(job, request_status(status), status,
					   request_status(status) == NET_DONE ? "" : "the server answered with a status that is no success");
	else if (job->address_refused && !job->address_tried)
		net_job_result(job, NET_FORBIDDEN, 0, "the address of the server is private, and not in fastauth.allow_private_networks");
	else if (job->answer_too_long)
		net_job_result(job, NET_FAILED, 0, "the answer is too long");
	else if (code == CURLE_WRITE_ERROR)
		net_job_result(job, NET_FAILED, 0, net_words(CURLE_OUT_OF_MEMORY));
	else
		net_job_result(job, NET_FAILED, 0, net_words(code));
}
