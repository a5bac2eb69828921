/*
 * json.h
 *		JSON that somebody else wrote, read strictly.
 *
 * The rules of S41 and RFC 7515 section 4: one value, valid UTF-8, no member
 * twice in an object, no U+0000, at most 32 levels and 1,000 members, numbers
 * short.  What passes is valid input for jsonb_in().
 */
#ifndef FASTAUTH_BASE_JSON_H
#define FASTAUTH_BASE_JSON_H

#include "postgres.h"

#define BASE_JSON_MAX_DEPTH		32
#define BASE_JSON_MAX_KEYS		1000
#define BASE_JSON_MAX_BYTES		(1024 * 1024)

typedef enum BaseJsonType
{
	BASE_JSON_STRING,
	BASE_JSON_NUMBER,
	BASE_JSON_LITERAL,			/* true, false, null */
	BASE_JSON_OBJECT,
	BASE_JSON_ARRAY
} BaseJsonType;

/*
 * A member of an object or an element of an array.  The value of a string is
 * its text, without escapes and NUL-terminated; of anything else, its JSON.
 */
typedef struct BaseJsonItem
{
	const char *name;			/* NULL in an array */
	BaseJsonType type;
	const char *value;
	size_t		len;
} BaseJsonItem;

typedef struct BaseJsonItems
{
	int			n;
	BaseJsonItem *items;
} BaseJsonItems;

/* Is it one JSON value that follows the rules? */
extern bool base_json_check(const char *json, size_t len);

/*
 * Read the members of an object, or the elements of an array; false when it is
 * none, or breaks a rule at any depth.  json must stay as long as the items.
 */
extern bool base_json_object(const char *json, size_t len, BaseJsonItems *items);
extern bool base_json_array(const char *json, size_t len, BaseJsonItems *items);

/* The member of that name, or NULL. */
extern const BaseJsonItem *base_json_find(const BaseJsonItems *items, const char *name);

/* Is it there, and a string?  *value is then its text. */
extern bool base_json_string(const BaseJsonItems *items, const char *name, const char **value);

/* Wipe the text of every string, when they are secret. */
extern void base_json_wipe(BaseJsonItems *items);

#endif							/* FASTAUTH_BASE_JSON_H */
