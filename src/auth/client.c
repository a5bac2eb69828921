/*
 * client.c
 *		Where the caller is: address and user agent.
 *
 * An application server tells with set_client(), for one transaction.  A direct
 * connection of a role that is not in the server group (it may not call
 * set_client) has the address of the connection; an application server's own
 * address would be that of everybody behind it, so it counts as unknown, and so
 * does that of a role in authenticator_roles (PostgREST).
 */
#include "auth/client.h"

#include "access/xact.h"
#include "base/compat.h"
#include "nodes/pg_list.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "store/settings.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

/* Lives in TopTransactionContext.  A savepoint that is rolled back brings the outer one back. */
typedef struct ClientState
{
	struct ClientState *outer;
	SubTransactionId subxact;
	inet	   *address;
	char	   *user_agent;
} ClientState;

static ClientState *client = NULL;

static void
client_end_of_transaction(XactEvent event, void *arg)
{
	(void) arg;
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		client = NULL;
}

static void
client_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	(void) arg;
	if (client == NULL || client->subxact != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		client = client->outer;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		client->subxact = parent;
		if (client->outer && client->outer->subxact == parent)
			client->outer = client->outer->outer;
	}
}

void
auth_client_init(void)
{
	RegisterXactCallback(client_end_of_transaction, NULL);
	RegisterSubXactCallback(client_end_of_subtransaction, NULL);
}

void
auth_client_set(const inet *address, const char *user_agent)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	ClientState *fresh = palloc0(sizeof(ClientState));

	fresh->subxact = GetCurrentSubTransactionId();
	fresh->outer = client && client->subxact == fresh->subxact ? client->outer : client;
	if (address)
		fresh->address = (inet *) memcpy(palloc(VARSIZE_ANY(address)), address, VARSIZE_ANY(address));
	if (user_agent)
		fresh->user_agent = pstrdup(user_agent);
	client = fresh;
	MemoryContextSwitchTo(old);
}

bool
auth_client_is_authenticator(void)
{
	const char *role = GetUserNameFromId(GetSessionUserId(), true);

	if (role == NULL)
		return false;
	for (char **name = store_settings()->authenticator_roles; *name; name++)
		if (strcmp(*name, role) == 0)
			return true;
	return false;
}

const void *
auth_client_mark(void)
{
	return client;
}

/* What was set meanwhile stays where it is until the transaction ends. */
void
auth_client_return(const void *mark)
{
	client = unconstify(void *, mark);
}

/* May the role that connected call set_client(), so that it is an application server? */
static bool
client_is_server(void)
{
	List	   *name = list_make2(makeString(pstrdup("fastauth")), makeString(pstrdup("set_client")));
	Oid			types[] = {INETOID, TEXTOID};
	Oid			function = LookupFuncName(name, lengthof(types), types, true);

	return !OidIsValid(function) || base_function_executable(function, GetSessionUserId());
}

/* The address of the connection; NULL over a local socket. */
static inet *
client_connection_address(void)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	return fcinfo->isnull ? NULL : DatumGetInetPP(address);
}

inet *
auth_client_address(void)
{
	if (client)
		return client->address;
	return client_is_server() || auth_client_is_authenticator() ? NULL : client_connection_address();
}

char *
auth_client_user_agent(void)
{
	return client ? client->user_agent : NULL;
}
