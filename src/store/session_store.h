/*
 * session_store.h
 *		Rows of fastauth.session_store: values that live for a while, by a key.
 *
 * Each kind of value is a world of its own: who knows keys of one reaches
 * nothing of another (S36).  A key is kept as its SHA-256 only.  A value whose
 * time is over is not there, whether its row is or not.
 */
#ifndef FASTAUTH_STORE_SESSION_STORE_H
#define FASTAUTH_STORE_SESSION_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/* What the application keeps by session_write(). */
#define STORE_KIND_APP "app"

/* The value of a key, or false. */
extern bool store_session_store_read(const char *kind, const char *key, Jsonb **value);

/* Keep a value, in place of the one before; of several writers the last one wins. */
extern void store_session_store_write(const char *kind, const char *key, const Jsonb *value, TimestampTz expires_at);

/* Keep a value only if there is none of this key; false when there is, of any number of racing callers but one. */
extern bool store_session_store_add(const char *kind, const char *key, const Jsonb *value, TimestampTz expires_at);

/*
 * Remove a key; *value, when not NULL, gets its value.  False when it was not
 * there.  Of any number of racing callers one gets true.
 */
extern bool store_session_store_take(const char *kind, const char *key, Jsonb **value);

/* Delete what is over, at most max rows; the number of rows. */
extern uint64 store_session_store_cleanup(TimestampTz now, int max);

#endif							/* FASTAUTH_STORE_SESSION_STORE_H */
