/*
 * one_time_tokens.h
 *		Rows of fastauth.one_time_tokens: what is good for one use.
 *
 * Of any number of racing callers one takes a row; the others find none when
 * its transaction has committed.
 */
#ifndef FASTAUTH_STORE_ONE_TIME_TOKENS_H
#define FASTAUTH_STORE_ONE_TIME_TOKENS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/inet.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#define STORE_ONETIME_HASH_LEN 32

/* So many of one type, user (or address of nobody) and client are live; an older one is over. */
#define STORE_ONETIME_LIVE_MAX 3

/* A row that is to be stored; NULL is NULL, and every hash has STORE_ONETIME_HASH_LEN bytes. */
typedef struct StoreOnetimeNew
{
	pg_uuid_t	id;
	const void *token_hash;
	const void *any_type_hash;
	const char *type;
	const pg_uuid_t *user_id;
	const void *address_hash;
	const bytea *sealed_address;
	const inet *client;
	const void *challenge_hash;
	const void *code_hash;
	const Jsonb *raw_data;
	TimestampTz created_at;
	TimestampTz expires_at;
} StoreOnetimeNew;

/* What a look at a row of ours finds. */
typedef struct StoreOnetime
{
	pg_uuid_t	id;
	bool		has_user;
	pg_uuid_t	user_id;
	bytea	   *address_hash;
	bytea	   *sealed_address; /* or NULL */
	bytea	   *challenge_hash; /* or NULL */
	bytea	   *code_hash;		/* or NULL */
	bool		expired;
	bool		outnumbered;	/* STORE_ONETIME_LIVE_MAX newer ones are there */
} StoreOnetime;

/* A token of the application. */
typedef struct StoreOnetimeData
{
	pg_uuid_t	user_id;
	char	   *type;
	Jsonb	   *raw_data;		/* or NULL */
	TimestampTz created_at;
	TimestampTz expires_at;
} StoreOnetimeData;

/* False when there is no such user. */
extern bool store_onetime_insert(const StoreOnetimeNew *token);

/* End the oldest of its type, user (or address of nobody) and client, until STORE_ONETIME_LIVE_MAX are left. */
extern void store_onetime_cut(const StoreOnetimeNew *token);

extern bool store_onetime_look(const char *type, const void *token_hash, TimestampTz now, StoreOnetime *found);

/* Take it, and with it all others of the type, of its user and of its address; false when it is gone. */
extern bool store_onetime_take(const char *type, const StoreOnetime *found);

/* End the user's of this type, or (NULL) of all types: the application's too, or ours alone; how many. */
extern uint64 store_onetime_end(const pg_uuid_t *user_id, const char *type, bool ours_alone);

/* The user that a row belongs to; false when it is gone or nobody's. */
extern bool store_onetime_user(const pg_uuid_t *id, pg_uuid_t *user_id);

/* ---- of the application ---- */

extern bool store_onetime_get(const char *type, const void *token_hash, TimestampTz now, StoreOnetimeData *data);
extern bool store_onetime_consume(const char *type, const void *token_hash, TimestampTz now, StoreOnetimeData *data);
extern void store_onetime_delete(const void *any_type_hash);

/* Delete what is over, at most max rows; the number of rows. */
extern uint64 store_onetime_cleanup(TimestampTz now, int max);

#endif							/* FASTAUTH_STORE_ONE_TIME_TOKENS_H */
