/*
 * stats.c
 *		What the view fastauth.stats shows of each counter.
 *
 * The table of docs/operations.md is made from this one (test/lint/tables.sh),
 * so nothing here calls the server.  A counter is of one database, since the
 * server's start; none says anything of a single account or address.
 */
#include "auth/stats.h"

const AuthStatDef auth_stat_defs[SHMEM_COUNTERS] = {
	[SHMEM_COUNT_SIGNUPS] = {"signups", "calls", "Users that signed up."},
	[SHMEM_COUNT_SIGNINS] = {"signins", "calls", "Sign-ins that succeeded."},
	[SHMEM_COUNT_SIGNIN_FAILURES] = {"password_failures", "calls",
	"Wrong passwords, at a sign-in or wherever else one is asked for; an address that is nobody's counts too."},
	[SHMEM_COUNT_LOCKOUTS] = {"lockouts", "locks", "Lockouts that began."},
	[SHMEM_COUNT_LOCKED] = {"locked_refusals", "calls", "Calls that were refused because of a lockout (account_locked)."},
	[SHMEM_COUNT_RATE_LIMITED] = {"rate_limited", "calls", "Calls that were refused because of a rate limit (rate_limited)."},
	[SHMEM_COUNT_REFRESHES] = {"refreshes", "calls", "Refresh tokens that were exchanged."},
	[SHMEM_COUNT_REPLAYS] = {"replays", "calls", "Refresh tokens that came again too late (refresh_token_reused)."},
	[SHMEM_COUNT_NO_ADDRESS] = {"no_address", "calls",
	"Sign-ups and sign-ins of a client whose address was not known, so that the limits per address did not hold. An application server tells it by set_client."},
	[SHMEM_COUNT_CSRF_REFUSALS] = {"csrf_refusals", "calls", "Requests that were refused because they did not come from a page of the application (csrf_failed)."},
	[SHMEM_COUNT_HASHES] = {"hashes", "hashes", "Passwords that were hashed or checked."},
	[SHMEM_COUNT_HASH_WAITS] = {"hash_waits", "hashes", "How many of them, and of those that were refused, had to wait for a place (fastauth.max_concurrent_hashes)."},
	[SHMEM_COUNT_HASH_WAIT_US] = {"hash_wait_time", "us", "How long they waited, all together."},
	[SHMEM_COUNT_HASH_BUSY] = {"hash_refusals", "calls", "Calls that found no place in time (server_busy)."},
	[SHMEM_COUNT_RECORDER_REQUESTS] = {"recorder_requests", "requests", "Refusals that the recorder wrote down."},
	[SHMEM_COUNT_RECORDER_COMMITS] = {"recorder_commits", "transactions", "Transactions in which it did so; requests by commits is how many it takes at once."},
	[SHMEM_COUNT_RECORDER_WAIT_US] = {"recorder_wait_time", "us", "How long callers waited for it, all together; by requests it is what recording adds to a refusal."},
	[SHMEM_COUNT_RECORDER_UNAVAILABLE] = {"recorder_unavailable", "calls", "Calls for which nothing could be recorded in time (recorder_unavailable)."},
	[SHMEM_COUNT_EVENTS_ANNOUNCED] = {"events_announced", "events", "Events that were announced to listeners."},
	[SHMEM_COUNT_EVENT_OVERFLOWS] = {"event_overflows", "times", "How often more events came than could be remembered, so that listeners were told to read on from their last one."},
	[SHMEM_COUNT_MAILS_DELIVERED] = {"mails_delivered", "mails", "Mails that the mail server, or the webhook for mails, took."},
	[SHMEM_COUNT_MAILS_FAILED] = {"mails_failed", "tries", "How often one could not be delivered; most are tried again, and what is given up is an event email_failed."},
	[SHMEM_COUNT_WEBHOOKS_DELIVERED] = {"webhooks_delivered", "requests", "Events that a webhook took."},
	[SHMEM_COUNT_WEBHOOKS_FAILED] = {"webhooks_failed", "tries", "How often a webhook did not take one."},
};
