/*
 * compat.h
 *		The differences between PostgreSQL 15, 16, 17 and 18, in one place.
 *
 * Code elsewhere is written for the newest form; this header supplies it on
 * older servers.  No other file tests PG_VERSION_NUM.
 */
#ifndef FASTAUTH_BASE_COMPAT_H
#define FASTAUTH_BASE_COMPAT_H

#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "commands/user.h"
#include "common/jsonapi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"				/* postgres.h had it before */
#endif

/*
 * The library is built with hidden visibility, so that nothing but what SQL
 * calls is exported; PostgreSQL 15's PGDLLEXPORT is empty on ELF systems.
 */
#define FA_EXPORT __attribute__((visibility("default")))

#if PG_VERSION_NUM < 160000
static inline bool
base_object_owned(Oid classid, Oid objectid, Oid roleid)
{
	if (classid == DatabaseRelationId)
		return pg_database_ownercheck(objectid, roleid);
	if (classid == ExtensionRelationId)
		return pg_extension_ownercheck(objectid, roleid);
	return pg_proc_ownercheck(objectid, roleid);
}

static inline bool
base_function_executable(Oid fn, Oid roleid)
{
	return pg_proc_aclcheck(fn, roleid, ACL_EXECUTE) == ACLCHECK_OK;
}

/* The extra data of a setting is freed with free() on 15, guc_free() later. */
#define base_guc_extra_alloc(size) malloc(size)
#define base_guc_extra_free(extra) free(extra)
#else
static inline bool
base_object_owned(Oid classid, Oid objectid, Oid roleid)
{
	return object_ownercheck(classid, objectid, roleid);
}

static inline bool
base_function_executable(Oid fn, Oid roleid)
{
	return object_aclcheck(ProcedureRelationId, fn, roleid, ACL_EXECUTE) == ACLCHECK_OK;
}

#define base_guc_extra_alloc(size) guc_malloc(LOG, size)
#define base_guc_extra_free(extra) guc_free(extra)
#endif

#if PG_VERSION_NUM >= 170000
#define base_my_procno() (MyProcNumber)
#define base_my_lxid() (MyProc->vxid.lxid)
#else
#define base_my_procno() (MyProc->pgprocno)
#define base_my_lxid() (MyProc->lxid)
#endif

/* GRANT role TO role: 16 takes the text of the statement, for the place of an error. */
static inline void
base_grant_role(GrantRoleStmt *stmt)
{
#if PG_VERSION_NUM < 160000
	GrantRole(stmt);
#else
	GrantRole(NULL, stmt);
#endif
}

/* May the one SET ROLE to the other?  Since 16 a membership can be without. */
static inline bool
base_can_set_role(Oid member, Oid role)
{
#if PG_VERSION_NUM < 160000
	return is_member_of_role(member, role);
#else
	return member_can_set_role(member, role);
#endif
}

/* Until 16, a role with CREATEROLE could make itself a member of any role that is no superuser. */
#define BASE_CREATEROLE_TAKES_ALL (PG_VERSION_NUM < 160000)

/* What the connection limit of a database says whose DROP was interrupted; in minor releases of 2023. */
#ifdef DATCONNLIMIT_INVALID_DB
#define BASE_DATCONNLIMIT_INVALID DATCONNLIMIT_INVALID_DB
#else
#define BASE_DATCONNLIMIT_INVALID (-2)
#endif

/* A wait event's number; keep it.  Before 17 all of them are called Extension. */
#if PG_VERSION_NUM >= 170000
#define base_wait_event(name) WaitEventExtensionNew(name)
#else
#define base_wait_event(name) PG_WAIT_EXTENSION
#endif

/* A set of wait events that outlives the transaction; its owner frees it. */
static inline WaitEventSet *
base_wait_event_set(int room)
{
#if PG_VERSION_NUM < 170000
	return CreateWaitEventSet(TopMemoryContext, room);
#else
	return CreateWaitEventSet(NULL, room);
#endif
}

/* The JSON parser: since 16 a callback answers whether to go on, since 17 the lexer may be the caller's. */
#if PG_VERSION_NUM < 160000
typedef void BaseJsonAction;

#define BASE_JSON_CONTINUE return
#else
typedef JsonParseErrorType BaseJsonAction;

#define BASE_JSON_CONTINUE return JSON_SUCCESS
#endif

static inline JsonLexContext *
base_json_lexer(const char *json, size_t len)
{
#if PG_VERSION_NUM < 170000
	return makeJsonLexContextCstringLen(unconstify(char *, json), (int) len, PG_UTF8, true);
#else
	return makeJsonLexContextCstringLen(NULL, json, len, PG_UTF8, true);
#endif
}

/* The lexer keeps the last string that it decoded. */
static inline void
base_json_lexer_wipe(JsonLexContext *lex)
{
	if (lex->strval)
		explicit_bzero(lex->strval->data, lex->strval->maxlen);
}

#endif							/* FASTAUTH_BASE_COMPAT_H */
