/*
 * check.c
 *		SQL: what is misconfigured or unhealthy.
 */
#include "postgres.h"

#include "api/call.h"
#include "api/tuple.h"
#include "auth/check.h"
#include "funcapi.h"

#define CHECK_COLUMNS 4

/* SQL function: fastauth.check() */
FASTAUTH_FUNCTION(fastauth_check, 0)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *findings = auth_check();
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, findings)
	{
		const AuthFinding *finding = lfirst(cell);
		Datum		values[CHECK_COLUMNS];
		bool		nulls[CHECK_COLUMNS];

		values[0] = api_text_datum(auth_check_severity_name(finding->severity), &nulls[0]);
		values[1] = api_text_datum(finding->subject, &nulls[1]);
		values[2] = api_text_datum(finding->problem, &nulls[2]);
		values[3] = api_text_datum(finding->advice, &nulls[3]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
