/*
 * jsonb.h
 *		Making jsonb values from text that we wrote or checked ourselves.
 */
#ifndef FASTAUTH_BASE_JSONB_H
#define FASTAUTH_BASE_JSONB_H

#include "postgres.h"

#include "utils/jsonb.h"

/* The value of a JSON text; raises when it is none. */
extern Jsonb *base_jsonb_parse(const char *json);

/* An object of n members: name, text, name, text, ...; a NULL text is JSON's null. */
extern Jsonb *base_jsonb_object(int n,...);

#endif							/* FASTAUTH_BASE_JSONB_H */
