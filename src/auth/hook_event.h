/*
 * hook_event.h
 *		Trigger functions of the application that are called with an event.
 */
#ifndef FASTAUTH_AUTH_HOOK_EVENT_H
#define FASTAUTH_AUTH_HOOK_EVENT_H

#include "postgres.h"

#include "store/events.h"

/* The name under which a trigger function gets every event. */
#define AUTH_HOOK_ANY_EVENT "*"

typedef enum AuthHookPlace
{
	AUTH_HOOK_IN_FLOW,			/* an error is the flow's */
	AUTH_HOOK_IN_WORKER,		/* an error is logged, and time is short */
	AUTH_HOOK_IN_DISPATCHER		/* an error is logged, and there is more time */
} AuthHookPlace;

/* Call the hooks of an event that was inserted. */
extern void auth_hook_event(const StoreEvent *event, int ring, AuthHookPlace place);

typedef void (*AuthHookWork) (void *arg);

/*
 * In a worker: call hooks in a subtransaction, with a limit of time; an error is
 * logged.  Nothing is called while hooks have used up their time.
 */
extern void auth_hook_guarded(AuthHookWork work, void *arg, AuthHookPlace place);

#endif							/* FASTAUTH_AUTH_HOOK_EVENT_H */
