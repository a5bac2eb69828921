/*
 * owner.h
 *		Acting as one of our roles where SECURITY DEFINER does not do it.
 */
#ifndef FASTAUTH_STORE_OWNER_H
#define FASTAUTH_STORE_OWNER_H

#include "postgres.h"

typedef struct StoreOwner
{
	Oid			user_id;
	int			sec_context;
	int			guc_level;
} StoreOwner;

/*
 * Become the owner of our schema, with our search_path.  An error in between
 * needs no care: the end of the (sub)transaction restores both.
 */
extern void store_owner_enter(StoreOwner *saved);

/* The same as fastauth_events, which may insert into fastauth.events and nothing else (S3). */
extern void store_owner_enter_events(StoreOwner *saved);

extern void store_owner_leave(const StoreOwner *saved);

#endif							/* FASTAUTH_STORE_OWNER_H */
