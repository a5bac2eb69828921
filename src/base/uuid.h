/*
 * uuid.h
 *		Ids: UUID version 7, and their text.
 */
#ifndef FASTAUTH_BASE_UUID_H
#define FASTAUTH_BASE_UUID_H

#include "postgres.h"

#include "utils/uuid.h"

#define BASE_UUID_TEXT_LEN 36

/* A new time-ordered id (RFC 9562 section 5.7). */
extern void base_uuid_make(pg_uuid_t *out);

/* Text as RFC 9562 section 4 writes it; out holds BASE_UUID_TEXT_LEN + 1 bytes. */
extern void base_uuid_format(const pg_uuid_t *id, char *out);

/* The id of such a text of exactly 36 lower-case characters, or false. */
extern bool base_uuid_parse(const char *in, pg_uuid_t *out);

/* All zeros (RFC 9562 section 5.9). */
extern bool base_uuid_is_nil(const pg_uuid_t *id);

#endif							/* FASTAUTH_BASE_UUID_H */
