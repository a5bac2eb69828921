/*
 * jsonb.c
 *		Making jsonb values from text that we wrote or checked ourselves.
 */
#include "base/jsonb.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

Jsonb *
base_jsonb_parse(const char *json)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}
