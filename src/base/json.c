/*
 * json.c
 *		JSON that somebody else wrote, read strictly.  See json.h.
 *
 * The grammar is PostgreSQL's own (common/jsonapi.h).  It recurses, raises an
 * error when the stack is used up, and on 15 a callback cannot stop it; so a
 * first look at the bytes bounds depth and members before it starts.  That look
 * agrees with the parser on where strings begin and end for all input that the
 * parser gets past, which is what a bound needs.
 */
#include "base/json.h"

#include "base/compat.h"
#include "mb/pg_wchar.h"

/* RFC 8259 section 6 lets us bound numbers: 1e308 is the largest double's size. */
#define JSON_NUMBER_MAX_BYTES	64
#define JSON_NUMBER_MAX_EXPONENT 308

typedef struct JsonName
{
	int			object;			/* which object it is in */
	const char *name;
} JsonName;

typedef struct JsonRead
{
	JsonLexContext *lex;
	int			depth;
	int			objects;		/* objects begun so far */
	int			object_at[BASE_JSON_MAX_DEPTH + 1]; /* the object at each depth */
	JsonName   *names;
	int			n_names;
	bool		bad_number;
	bool		is_object;		/* the outermost value */
	bool		is_array;

	/* Items of the outermost value, when wanted. */
	BaseJsonItems *items;
	int			room;
	const char *item_start;		/* where the current nested item began */
} JsonRead;

/* Count levels and members of what may be JSON; false when there are too many. */
static bool
json_is_bounded(const char *json, size_t len, int *n_names, int *n_values)
{
	int			depth = 0;
	bool		in_string = false;

	*n_names = 0;
	*n_values = 1;
	for (size_t i = 0; i < len; i++)
	{
		char		c = json[i];

		if (in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		}
		else if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (c == ':')
			(*n_names)++;
		else if (c == ',')
			(*n_values)++;
		if (depth > BASE_JSON_MAX_DEPTH || *n_names > BASE_JSON_MAX_KEYS)
			return false;
	}
	return true;
}

static BaseJsonItem *
json_add_item(JsonRead *read, const char *name)
{
	BaseJsonItem *item;

	Assert(read->items->n < read->room);
	item = &read->items->items[read->items->n++];
	item->name = name;
	return item;
}

static BaseJsonAction
json_object_start(void *state)
{
	JsonRead   *read = state;

	if (read->depth == 0)
		read->is_object = true;
	read->depth++;
	read->object_at[read->depth] = read->objects++;
	BASE_JSON_CONTINUE;
}

static BaseJsonAction
json_array_start(void *state)
{
	JsonRead   *read = state;

	if (read->depth == 0)
		read->is_array = true;
	read->depth++;
	BASE_JSON_CONTINUE;
}

static BaseJsonAction
json_end(void *state)
{
	((JsonRead *) state)->depth--;
	BASE_JSON_CONTINUE;
}

/* A member begins: its name is known, the lexer stands at its value. */
static BaseJsonAction
json_field_start(void *state, char *name, bool isnull)
{
	JsonRead   *read = state;

	(void) isnull;
	read->names[read->n_names].object = read->object_at[read->depth];
	read->names[read->n_names++].name = name;
	if (read->depth == 1 && read->items)
	{
		json_add_item(read, name);
		read->item_start = read->lex->token_start;
	}
	BASE_JSON_CONTINUE;
}

static BaseJsonAction
json_element_start(void *state, bool isnull)
{
	JsonRead   *read = state;

	(void) isnull;
	if (read->depth == 1 && read->items)
	{
		json_add_item(read, NULL);
		read->item_start = read->lex->token_start;
	}
	BASE_JSON_CONTINUE;
}

/* An item of the outermost value has ended; scalars were kept when they came. */
static void
json_item_end(JsonRead *read)
{
	BaseJsonItem *item;

	if (read->depth != 1 || read->items == NULL || (*read->item_start != '{' && *read->item_start != '['))
		return;
	item = &read->items->items[read->items->n - 1];
	item->type = *read->item_start == '{' ? BASE_JSON_OBJECT : BASE_JSON_ARRAY;
	item->value = read->item_start;
	item->len = read->lex->prev_token_terminator - read->item_start;
}

static BaseJsonAction
json_field_end(void *state, char *name, bool isnull)
{
	(void) name;
	(void) isnull;
	json_item_end(state);
	BASE_JSON_CONTINUE;
}

static BaseJsonAction
json_element_end(void *state, bool isnull)
{
	(void) isnull;
	json_item_end(state);
	BASE_JSON_CONTINUE;
}

/* The grammar was checked by the lexer; here only the size. */
static bool
json_number_is_bounded(const char *token)
{
	const char *e = strpbrk(token, "eE");
	long		exponent;

	if (strlen(token) > JSON_NUMBER_MAX_BYTES)
		return false;
	/* strtol() stops at the end of its range; atoi() would make 0 of 4294967296. */
	exponent = e ? strtol(e + 1, NULL, 10) : 0;
	return exponent >= -JSON_NUMBER_MAX_EXPONENT && exponent <= JSON_NUMBER_MAX_EXPONENT;
}

static BaseJsonAction
json_scalar(void *state, char *token, JsonTokenType type)
{
	JsonRead   *read = state;
	BaseJsonItem *item;

	if (type == JSON_TOKEN_NUMBER && !json_number_is_bounded(token))
		read->bad_number = true;
	if (read->depth != 1 || read->items == NULL)
		BASE_JSON_CONTINUE;
	item = &read->items->items[read->items->n - 1];
	item->type = type == JSON_TOKEN_STRING ? BASE_JSON_STRING :
		type == JSON_TOKEN_NUMBER ? BASE_JSON_NUMBER : BASE_JSON_LITERAL;
	item->value = token;
	item->len = strlen(token);
	BASE_JSON_CONTINUE;
}

static int
json_compare_names(const void *a, const void *b)
{
	const JsonName *x = a;
	const JsonName *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* RFC 7515 section 4: a member that comes twice is refused, not the last one taken. */
static bool
json_has_duplicates(JsonRead *read)
{
	qsort(read->names, read->n_names, sizeof(JsonName), json_compare_names);
	for (int i = 1; i < read->n_names; i++)
		if (json_compare_names(&read->names[i - 1], &read->names[i]) == 0)
			return true;
	return false;
}

static bool
json_read(const char *json, size_t len, JsonRead *read)
{
	int			n_names;
	int			n_values;
	JsonParseErrorType error;
	JsonSemAction actions = {
		.semstate = read,
		.object_start = json_object_start,
		.object_end = json_end,
		.array_start = json_array_start,
		.array_end = json_end,
		.object_field_start = json_field_start,
		.object_field_end = json_field_end,
		.array_element_start = json_element_start,
		.array_element_end = json_element_end,
		.scalar = json_scalar,
	};

	if (len == 0 || len > BASE_JSON_MAX_BYTES ||
		!pg_verify_mbstr(PG_UTF8, json, (int) len, true) ||
		!json_is_bounded(json, len, &n_names, &n_values))
		return false;
	read->names = palloc(sizeof(JsonName) * (n_names + 1));
	if (read->items)
	{
		read->room = n_values;
		read->items->n = 0;
		read->items->items = palloc0(sizeof(BaseJsonItem) * n_values);
	}
	/* Strings are decoded: only then is an escaped U+0000 seen, and names compared as what they mean. */
	read->lex = base_json_lexer(json, len);
	error = pg_parse_json(read->lex, &actions);
	base_json_lexer_wipe(read->lex);
	return error == JSON_SUCCESS && !read->bad_number && !json_has_duplicates(read);
}

bool
base_json_check(const char *json, size_t len)
{
	JsonRead	read = {0};

	return json_read(json, len, &read);
}

bool
base_json_object(const char *json, size_t len, BaseJsonItems *items)
{
	JsonRead	read = {.items = items};

	return json_read(json, len, &read) && read.is_object;
}

bool
base_json_array(const char *json, size_t len, BaseJsonItems *items)
{
	JsonRead	read = {.items = items};

	return json_read(json, len, &read) && read.is_array;
}

const BaseJsonItem *
base_json_find(const BaseJsonItems *items, const char *name)
{
	for (int i = 0; i < items->n; i++)
		if (items->items[i].name && strcmp(items->items[i].name, name) == 0)
			return &items->items[i];
	return NULL;
}

bool
base_json_string(const BaseJsonItems *items, const char *name, const char **value)
{
	const BaseJsonItem *item = base_json_find(items, name);

	if (item == NULL || item->type != BASE_JSON_STRING)
		return false;
	*value = item->value;
	return true;
}

/* The strings are the parser's copies, so they are ours to change. */
void
base_json_wipe(BaseJsonItems *items)
{
	for (int i = 0; i < items->n; i++)
		if (items->items[i].type == BASE_JSON_STRING && items->items[i].value)
			explicit_bzero(unconstify(char *, items->items[i].value), items->items[i].len);
}
