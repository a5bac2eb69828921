/*
 * requests.c
 *		Many clients that send requests as PostgREST does, and look at each
 *		answer for somebody else's identity.  A test program (t/130_pgbouncer.pl).
 *
 *	requests CONNINFO CLIENTS REQUESTS SEED named|unnamed PEOPLE
 *
 * Each client is a thread with a connection of its own, so that a pooler
 * between here and the server hands the same server connection from one to the
 * next.  Each request is a transaction: what is left of somebody else is looked
 * for first, then come the settings, pre_request() and the work, which ends
 * well, fails, is cancelled, or is cut off with its connection.
 *
 * PEOPLE is a file with a line for each client: user id, e-mail, whether the
 * user may read what is shared (t or f), an access token, a refresh token of
 * the same session, and an access token of a session that has ended.
 *
 * Printed is how often each kind of request was made, how many server
 * connections served, by how many clients the busiest of them was used, and a
 * line for each fault.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CLIENTS		64
#define MAX_SERVERS		4096
#define TOKEN_MAX		4096
#define PASSWORD		"zebra Quilt 7 harbour"

typedef enum Statement
{
	LEFT,
	SETTINGS,
	PRE_REQUEST,
	WHO,
	NOTES,
	SHARED,
	NOBODY,
	FAIL,
	SLEEP,
	LASTING,
	SIGNIN,
	REFRESH,
	STATEMENTS
} Statement;

static const char *const statements[STATEMENTS] = {
	[LEFT] = "SELECT fastauth.uid(), current_user, current_setting('request.headers', true), current_setting('request.jwt.claims', true),"
	" (SELECT count(*) FROM public.notes), (SELECT count(*) FROM public.shared), pg_backend_pid()",
	[SETTINGS] = "SELECT set_config('search_path', '\"fastauth_api\", \"public\"', true), set_config('role', $1, true),"
	" set_config('request.jwt.claims', $2, true), set_config('request.method', $3, true), set_config('request.path', $4, true),"
	" set_config('request.headers', $5, true), set_config('request.cookies', '{}', true)",
	[PRE_REQUEST] = "SELECT fastauth.pre_request()",
	[WHO] = "SELECT uid(), current_user, session_id(), email FROM me()",
	/* apart, because these can run in parallel workers */
	[NOTES] = "SELECT uid(), string_agg(DISTINCT user_id::text, ' '), count(*), bool_and(user_id = uid()) FROM notes",
	[SHARED] = "SELECT count(*), has_role('reader'), has_permission('notes:read') FROM shared",
	[NOBODY] = "SELECT uid(), current_user, (SELECT count(*) FROM notes), (SELECT count(*) FROM shared), has_role('reader'), has_permission('notes:read')",
	[FAIL] = "SELECT uid(), 1 / (SELECT count(*) - count(*) FROM notes)",
	[SLEEP] = "SELECT uid(), pg_sleep(600)",
	[LASTING] = "SELECT fastauth.authenticate($1, false)",
	[SIGNIN] = "SELECT access_token, refresh_token FROM signin($1, $2)",
	[REFRESH] = "SELECT access_token, refresh_token FROM refresh($1)"
};

typedef enum Kind
{
	READ, GET, ANON, REVOKED, FAILS, CANCELLED, VANISHES, REFRESHES, SIGNS_IN, FORGED, TWO_TOKENS, LASTS, KINDS
} Kind;

static const char *const kind_names[KINDS] = {
	"read", "get", "anon", "revoked", "fails", "cancelled", "vanishes", "refreshes", "signs_in", "forged", "two_tokens", "lasts"
};

/* Of a thousand. */
static const int kind_weights[KINDS] = {430, 180, 110, 70, 70, 8, 8, 50, 14, 30, 20, 10};

typedef struct Person
{
	char		id[64];
	char		email[256];
	char		may_read[2];
	char		access[TOKEN_MAX];
	char		refresh[TOKEN_MAX];
	char		revoked[TOKEN_MAX];
} Person;

typedef struct Client
{
	int			number;
	unsigned	random;
	PGconn	   *conn;
	int			request;		/* how many before this one */
	Kind		kind;
	int			prepared[STATEMENTS];
	Person		self;			/* with the tokens that it was given last */
	long		served[MAX_SERVERS];	/* server processes that it met */
	int			n_served;
	long		counts[KINDS];
} Client;

static const char *conninfo;
static int	n_clients;
static int	n_requests;
static int	named;
static Person people[MAX_CLIENTS];
static Client clients[MAX_CLIENTS];
static pthread_mutex_t faults_lock = PTHREAD_MUTEX_INITIALIZER;
static int	faults = 0;

static void
fault(Client *client, const char *format,...)
{
	va_list		args;

	pthread_mutex_lock(&faults_lock);
	if (faults++ < 20)
	{
		printf("fault: client %d, request %d, %s: ", client->number, client->request, kind_names[client->kind]);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
	}
	pthread_mutex_unlock(&faults_lock);
}

static int
chance(Client *client, int n)
{
	return rand_r(&client->random) % n;
}

/* ---- tokens ---- */

/* The claims of a token, as PostgREST hands them over. */
static void
claims_of(const char *token, char *claims)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *c = strchr(token, '.');
	unsigned	bits = 0;
	int			n = 0;

	for (c = c ? c + 1 : ""; *c && *c != '.'; c++)
	{
		bits = bits << 6 | (unsigned) (strchr(alphabet, *c) - alphabet);
		n += 6;
		if (n >= 8)
		{
			n -= 8;
			*claims++ = (char) (bits >> n);
		}
	}
	*claims = '\0';
}

/* A member of the claims that is a string. */
static void
claim(const char *claims, const char *name, char *value, size_t size)
{
	char		member[64];
	const char *at;

	snprintf(member, sizeof(member), "\"%s\":\"", name);
	at = strstr(claims, member);
	at = at ? at + strlen(member) : "";
	snprintf(value, size, "%.*s", (int) strcspn(at, "\""), at);
}

/* ---- statements ---- */

static void
connect_client(Client *client)
{
	memset(client->prepared, 0, sizeof(client->prepared));
	client->conn = PQconnectdb(conninfo);
	if (PQstatus(client->conn) != CONNECTION_OK)
		fault(client, "no connection: %s", PQerrorMessage(client->conn));
}

static PGresult *
run(Client *client, Statement statement, int n, const char *const *values)
{
	char		name[16];

	if (!named)
		return PQexecParams(client->conn, statements[statement], n, NULL, values, NULL, NULL, 0);
	snprintf(name, sizeof(name), "s%d", statement);
	if (!client->prepared[statement])
	{
		PQclear(PQprepare(client->conn, name, statements[statement], n, NULL));
		client->prepared[statement] = 1;
	}
	return PQexecPrepared(client->conn, name, n, values, NULL, NULL, 0);
}

static void
command(Client *client, const char *text)
{
	PGresult   *result = PQexecParams(client->conn, text, 0, NULL, NULL, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fault(client, "%s: %s", text, PQresultErrorMessage(result));
	PQclear(result);
}

/* The answer must be one row of these; "" stands for NULL, too. */
static void
answers(Client *client, PGresult *result, const char *what, int n, const char *const *wanted)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		fault(client, "%s: %s", what, PQresultErrorMessage(result));
	else
		for (int i = 0; i < n; i++)
			if (strcmp(PQgetvalue(result, 0, i), wanted[i]) != 0)
				fault(client, "%s: %s is \"%s\" and not \"%s\"", what, PQfname(result, i), PQgetvalue(result, 0, i), wanted[i]);
	PQclear(result);
}

/* It must fail, with this code. */
static void
refuses(Client *client, PGresult *result, const char *code)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state == NULL || strcmp(state, code) != 0)
		fault(client, "%s instead of %s: %s", state ? state : "an answer", code, PQresultErrorMessage(result));
	PQclear(result);
}

/* ---- a request ---- */

/* What the one before has left behind. */
static void
look_for_leftovers(Client *client)
{
	const char *const nothing[] = {"", "authenticator", "", "", "0", "0"};
	PGresult   *result = run(client, LEFT, 0, NULL);

	if (PQntuples(result) == 1)
	{
		long		pid = atol(PQgetvalue(result, 0, 6));
		int			i = 0;

		while (i < client->n_served && client->served[i] != pid)
			i++;
		if (i == client->n_served && i < MAX_SERVERS)
			client->served[client->n_served++] = pid;
	}
	answers(client, result, "left over", 6, nothing);
}

/* BEGIN and the settings; the caller calls pre_request().  A header of the client's address, or none. */
static void
begin_request(Client *client, const char *role, const char *claims, const char *token, const char *method, const char *path, int with_address)
{
	char		headers[TOKEN_MAX + 512] = "{\"accept\": \"*/*\"";
	char	   *end = headers + strlen(headers);
	const char *values[] = {role, claims, method, path, headers};
	PGresult   *result;

	if (token)
		end += sprintf(end, ", \"authorization\": \"Bearer %s\"", token);
	if (with_address)
		end += sprintf(end, ", \"x-client\": \"10.%d.%d.%d\", \"user-agent\": \"client %d request %d\"", client->number,
					   client->request / 256, client->request % 256, client->number, client->request);
	strcpy(end, "}");
	command(client, strcmp(method, "GET") == 0 ? "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY" : "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
	look_for_leftovers(client);
	result = run(client, SETTINGS, 5, values);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fault(client, "settings: %s", PQresultErrorMessage(result));
	PQclear(result);
}

static void
pre_request(Client *client)
{
	const char *const nothing[] = {""};

	answers(client, run(client, PRE_REQUEST, 0, NULL), "pre_request", 1, nothing);
}

static void
begin_as(Client *client, const char *token, const char *method)
{
	char		claims[TOKEN_MAX];

	claims_of(token, claims);
	begin_request(client, "authenticated", claims, token, method, "/rpc/me", 0);
}

static void
begin_as_nobody(Client *client, const char *path, int with_address)
{
	begin_request(client, "anon", "{\"role\": \"anon\"}", NULL, "POST", path, with_address);
	pre_request(client);
}

/* Is everything the person's? */
static void
check_who(Client *client, const Person *person, const char *token)
{
	char		claims[TOKEN_MAX];
	char		sid[64];
	const char *who[] = {person->id, "authenticated", sid, person->email};
	const char *notes[] = {person->id, person->id, "2", "t"};
	const char *shared[] = {*person->may_read == 't' ? "3" : "0", person->may_read, person->may_read};

	claims_of(token, claims);
	claim(claims, "sid", sid, sizeof(sid));
	answers(client, run(client, WHO, 0, NULL), "who", 4, who);
	answers(client, run(client, NOTES, 0, NULL), "notes", 4, notes);
	answers(client, run(client, SHARED, 0, NULL), "shared", 3, shared);
}

static void
check_nobody(Client *client)
{
	const char *const wanted[] = {"", "anon", "0", "0", "f", "f"};

	answers(client, run(client, NOBODY, 0, NULL), "nobody", 6, wanted);
}

/* One of all, by the token that everybody knows, or oneself by the newest token. */
static const Person *
somebody(Client *client)
{
	return chance(client, 3) ? &people[chance(client, n_clients)] : &client->self;
}

static void
request_that_reads(Client *client, const char *method)
{
	const Person *person = somebody(client);

	begin_as(client, person->access, method);
	pre_request(client);
	check_who(client, person, person->access);
	command(client, "COMMIT");
}

static void
request_of_nobody(Client *client)
{
	begin_as_nobody(client, "/notes", 0);
	check_nobody(client);
	command(client, "COMMIT");
}

static void
request_that_is_refused(Client *client)
{
	int			n = chance(client, n_clients);
	const Person *person = &people[n];
	const Person *other = &people[(n + 1) % n_clients];
	char		claims[TOKEN_MAX];

	/* Of two headers PostgREST takes one and shows the other, or there is none at all. */
	claims_of(client->kind == TWO_TOKENS ? other->access : person->access, claims);
	if (client->kind == REVOKED)
		begin_as(client, person->revoked, "POST");
	else
		begin_request(client, "authenticated", claims, client->kind == TWO_TOKENS ? person->access : NULL, "POST", "/notes", 0);
	refuses(client, run(client, PRE_REQUEST, 0, NULL), "PT401");
	command(client, "ROLLBACK");
}

static void
request_that_fails(Client *client)
{
	const Person *person = somebody(client);
	const char *values[] = {person->access};

	begin_as(client, person->access, "POST");
	pre_request(client);
	check_who(client, person, person->access);
	if (client->kind == LASTS)
		refuses(client, run(client, LASTING, 1, values), "PT400");
	else
		refuses(client, run(client, FAIL, 0, NULL), "22012");
	command(client, "ROLLBACK");
}

/* Wait for the answer; false when there is none in that time. */
static int
wait_for_answer(Client *client, int ms)
{
	struct pollfd fd = {.fd = PQsocket(client->conn), .events = POLLIN};

	while (PQisBusy(client->conn))
		if (poll(&fd, 1, ms) <= 0 || !PQconsumeInput(client->conn))
			return 0;
	return 1;
}

static void
request_that_is_cancelled(Client *client)
{
	const Person *person = somebody(client);
	PGcancel   *cancel = PQgetCancel(client->conn);
	char		error[256];

	begin_as(client, person->access, "POST");
	pre_request(client);
	check_who(client, person, person->access);
	PQsendQueryParams(client->conn, statements[SLEEP], 0, NULL, NULL, NULL, NULL, 0);
	PQflush(client->conn);
	/* One that comes before the statement cancels nothing. */
	for (int tries = 0; !wait_for_answer(client, tries == 0 ? 20 : 2000); tries++)
		if (!PQcancel(cancel, error, sizeof(error)) || tries == 10)
		{
			fault(client, "cannot be cancelled: %s", error);
			break;
		}
	refuses(client, PQgetResult(client->conn), "57014");
	PQclear(PQgetResult(client->conn));
	PQfreeCancel(cancel);
	command(client, "ROLLBACK");
}

static void
request_that_is_cut_off(Client *client)
{
	const Person *person = somebody(client);

	begin_as(client, person->access, "POST");
	pre_request(client);
	if (chance(client, 2))
		check_who(client, person, person->access);
	PQfinish(client->conn);
	connect_client(client);
}

/* Sign in, or refresh: new tokens, which are the client's own; rolled back, the old ones stay good. */
static void
request_for_tokens(Client *client)
{
	int			signs_in = client->kind == SIGNS_IN;
	const char *values[] = {signs_in ? client->self.email : client->self.refresh, PASSWORD};
	int			stays = signs_in || chance(client, 4);
	char		claims[TOKEN_MAX];
	char		sub[64];
	PGresult   *result;

	begin_as_nobody(client, signs_in ? "/rpc/signin" : "/rpc/refresh", chance(client, 2));
	result = run(client, signs_in ? SIGNIN : REFRESH, signs_in ? 2 : 1, values);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fault(client, "no tokens: %s", PQresultErrorMessage(result));
	else
	{
		claims_of(PQgetvalue(result, 0, 0), claims);
		claim(claims, "sub", sub, sizeof(sub));
		if (strcmp(sub, client->self.id) != 0)
			fault(client, "a token of %s", sub);
		if (stays)
		{
			snprintf(client->self.access, TOKEN_MAX, "%s", PQgetvalue(result, 0, 0));
			snprintf(client->self.refresh, TOKEN_MAX, "%s", PQgetvalue(result, 0, 1));
		}
	}
	PQclear(result);
	check_nobody(client);
	command(client, stays ? "COMMIT" : "ROLLBACK");
}

static void
request(Client *client)
{
	int			at = chance(client, 1000);

	for (client->kind = 0; client->kind < KINDS - 1 && at >= kind_weights[client->kind]; client->kind++)
		at -= kind_weights[client->kind];
	client->counts[client->kind]++;
	switch (client->kind)
	{
		case READ:
			request_that_reads(client, "POST");
			break;
		case GET:
			request_that_reads(client, "GET");
			break;
		case ANON:
			request_of_nobody(client);
			break;
		case REVOKED:
		case FORGED:
		case TWO_TOKENS:
			request_that_is_refused(client);
			break;
		case FAILS:
		case LASTS:
			request_that_fails(client);
			break;
		case CANCELLED:
			request_that_is_cancelled(client);
			break;
		case VANISHES:
			request_that_is_cut_off(client);
			break;
		default:
			request_for_tokens(client);
	}
	/* Outside of a request, too, on whatever connection that is. */
	if (chance(client, 10) == 0)
		look_for_leftovers(client);
}

static void *
run_client(void *arg)
{
	Client	   *client = arg;

	connect_client(client);
	for (; client->request < n_requests && PQstatus(client->conn) == CONNECTION_OK; client->request++)
		request(client);
	PQfinish(client->conn);
	return NULL;
}

/* ---- the whole ---- */

static void
report(void)
{
	long		servers[MAX_SERVERS];
	int			n_servers = 0;
	int			busiest = 0;

	for (int kind = 0; kind < KINDS; kind++)
	{
		long		n = 0;

		for (int i = 0; i < n_clients; i++)
			n += clients[i].counts[kind];
		printf("%s %ld\n", kind_names[kind], n);
	}
	for (int i = 0; i < n_clients; i++)
		for (int j = 0; j < clients[i].n_served; j++)
		{
			int			users = 0;
			int			known = 0;

			for (int k = 0; k < n_servers; k++)
				known |= servers[k] == clients[i].served[j];
			if (known || n_servers == MAX_SERVERS)
				continue;
			servers[n_servers++] = clients[i].served[j];
			for (int k = i; k < n_clients; k++)
				for (int l = 0; l < clients[k].n_served; l++)
					users += clients[k].served[l] == clients[i].served[j];
			if (users > busiest)
				busiest = users;
		}
	printf("servers %d\nclients_of_one_server %d\nfaults %d\n", n_servers, busiest, faults);
}

int
main(int argc, char **argv)
{
	pthread_t	threads[MAX_CLIENTS];
	FILE	   *file;

	if (argc != 7 || (n_clients = atoi(argv[2])) < 2 || n_clients > MAX_CLIENTS || (file = fopen(argv[6], "r")) == NULL)
	{
		fprintf(stderr, "usage: requests CONNINFO CLIENTS REQUESTS SEED named|unnamed PEOPLE\n");
		return 2;
	}
	conninfo = argv[1];
	n_requests = atoi(argv[3]);
	named = strcmp(argv[5], "named") == 0;
	for (int i = 0; i < n_clients; i++)
	{
		Person	   *person = &people[i];

		if (fscanf(file, "%63s %255s %1s %4095s %4095s %4095s", person->id, person->email, person->may_read, person->access, person->refresh, person->revoked) != 6)
		{
			fprintf(stderr, "too few people\n");
			return 2;
		}
		clients[i].number = i;
		clients[i].self = *person;
		clients[i].random = (unsigned) (atoi(argv[4]) + i * 7919);
	}
	fclose(file);
	for (int i = 0; i < n_clients; i++)
		pthread_create(&threads[i], NULL, run_client, &clients[i]);
	for (int i = 0; i < n_clients; i++)
		pthread_join(threads[i], NULL);
	report();
	return 0;
}
