/*
 * settings_server.c
 *		The table of server settings, those in postgresql.conf.
 *
 * Like settings.c, it must do without a running server but for the elog().
 */
#include "base/settings.h"

const BaseServerSettingDef base_server_setting_defs[] = {
	{
		.name = "fastauth.allow_drop", .context = PGC_SUSET, .flags = GUC_DISALLOW_IN_FILE, .initial = "off",
		.brief = "Allows dropping the extension while it holds users.",
		.about = "While there are users, DROP EXTENSION (and whatever else would drop it, such as CASCADE from pgcrypto) is refused unless a superuser sets this in the same session."
	},
	{
		.name = "fastauth.allow_private_networks", .context = PGC_SIGHUP, .flags = GUC_LIST_INPUT | GUC_SUPERUSER_ONLY, .initial = "empty",
		.brief = "Private networks that webhooks and providers may be in.",
		.about = "Networks such as `10.1.0.0/16, ::1` that webhooks and identity providers may be in. Without it no request goes to a private, loopback, link-local or other special address, whatever name leads there. "
		"`http` in place of `https` is taken only for this machine itself, and only when `127.0.0.1` or `::1` is listed. The mail server of `smtp_url` may be anywhere."
	},
	{
		.name = "fastauth.ledger_size", .context = PGC_POSTMASTER, .flags = 0, .initial = "10000",
		.brief = "How many accounts and addresses are remembered in shared memory.",
		.about = "How many accounts, and how many addresses, the lockout and the rate limits remember in shared memory at once, some 300 bytes each. "
		"What was not used for the longest time goes first; the lockout of an account is read again from its failures."
	},
	{
		.name = "fastauth.master_key_command", .context = PGC_SIGHUP, .flags = GUC_SUPERUSER_ONLY, .initial = "empty",
		.brief = "Command whose output is the master key, as lines of id:base64.",
		.about = "A shell command that prints the master key, for a key that a secret store holds. The postmaster runs it at start and at every reload, and kills it after 10 s. "
		"The lines are those of `fastauth.master_key_file`, which wins when both are set. Put no secret into the command itself."
	},
	{
		.name = "fastauth.master_key_file", .context = PGC_SIGHUP, .flags = GUC_SUPERUSER_ONLY, .initial = "empty",
		.brief = "File with the master key, as lines of id:base64.",
		.about = "A file outside the data directory with the master key: lines of `id:base64` (32 bytes; `echo \"$(date +%F):$(openssl rand -base64 32)\"`), at most 16, the first is current, the others still open what they sealed. "
		"It must belong to the server's user with mode 0600, or to root with at most 0640. The postmaster reads it at start and at every reload. "
		"Without this and the command, `fastauth.key` is made in the data directory on first use, and physical backups carry it; pg_upgrade does not: copy it to the new data directory."
	},
	{
		.name = "fastauth.max_concurrent_hashes", .context = PGC_SIGHUP, .flags = 0, .initial = "half of the processors, at least 1",
		.brief = "How many password hashes may be computed at the same time.",
		.about = "How many password hashes may be computed at once in the whole server; the others wait, at most 2 s, and then get `server_busy`. "
		"It bounds memory (each takes `password_hash_memory`) and keeps processors free for other work."
	},
	{
		.name = "fastauth.recorder_slots", .context = PGC_POSTMASTER, .flags = 0, .initial = "0: twice `max_connections`",
		.brief = "How many refusals may wait to be recorded at the same time.",
		.about = "How many checks of a password may be under way in the whole server, as each reserves a place to record its refusal. "
		"One database gets at most half of the places, one account or address an eighth; beyond that, and after a second of waiting, is `recorder_unavailable`."
	},
	{
		.name = "fastauth.worker_idle_exit", .context = PGC_SIGHUP, .flags = GUC_UNIT_MS, .initial = "60 s",
		.brief = "How long the worker of a database stays when it has nothing to do.",
		.about = "How long the background worker of a database stays when it has nothing to do. It is started again in milliseconds when it is needed."
	},
};

const int	base_server_setting_count = lengthof(base_server_setting_defs);

const BaseServerSettingDef *
base_server_setting(const char *name)
{
	for (int i = 0; i < base_server_setting_count; i++)
		if (strcmp(base_server_setting_defs[i].name, name) == 0)
			return &base_server_setting_defs[i];
	elog(ERROR, "no server setting %s", name);
	return NULL;				/* not reached */
}
