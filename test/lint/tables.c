/*
 * tables.c
 *		Prints the documents' tables from the tables in C.
 *
 * Linked with settings.c, settings_server.c, errors.c and stats.c alone; the linker drops their functions
 * that call the server, because nothing here does.
 */
#include "postgres.h"

#undef printf
#undef snprintf
#include <stdio.h>

#include "auth/stats.h"
#include "base/errors.h"
#include "base/settings.h"

static void
print_settings(void)
{
	puts("| setting | default | takes | meaning |");
	puts("| --- | --- | --- | --- |");
	for (int i = 0; i < base_setting_count; i++)
	{
		const BaseSettingDef *def = &base_setting_defs[i];
		char		range[BASE_SETTING_RANGE_MAX];

		if (i > 0 && strcmp(def[-1].name, def->name) >= 0)
		{
			fprintf(stderr, "setting %s is not in its place\n", def->name);
			exit(1);
		}
		base_setting_range(def, range, sizeof(range));
		if (def->initial)
			printf("| `%s` | `%s` | %s | %s |\n", def->name, def->initial, range, def->about);
		else
			printf("| `%s` | | %s | %s |\n", def->name, range, def->about);
	}
}

static const char *
context_name(GucContext context)
{
	switch (context)
	{
		case PGC_POSTMASTER:
			return "restart";
		case PGC_SIGHUP:
			return "reload";
		default:
			return "`SET`, by a superuser";
	}
}

static void
print_server_settings(void)
{
	puts("| setting | default | changed by | meaning |");
	puts("| --- | --- | --- | --- |");
	for (int i = 0; i < base_server_setting_count; i++)
	{
		const BaseServerSettingDef *def = &base_server_setting_defs[i];

		printf("| `%s` | %s | %s | %s |\n", def->name, def->initial, context_name(def->context), def->about);
	}
}

static void
print_errors(void)
{
	puts("| DETAIL | SQLSTATE | when |");
	puts("| --- | --- | --- |");
	for (int i = FA_OK + 1; i < FA_ERROR_COUNT; i++)
		printf("| `%s` | PT%d | %s |\n", base_error_defs[i].word, base_error_defs[i].status, base_error_defs[i].when);
}

static void
print_stats(void)
{
	puts("| counter | unit | meaning |");
	puts("| --- | --- | --- |");
	for (int i = 0; i < SHMEM_COUNTERS; i++)
		printf("| `%s` | %s | %s |\n", auth_stat_defs[i].name, auth_stat_defs[i].unit, auth_stat_defs[i].meaning);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "settings") == 0)
		print_settings();
	else if (strcmp(what, "server-settings") == 0)
		print_server_settings();
	else if (strcmp(what, "errors") == 0)
		print_errors();
	else if (strcmp(what, "stats") == 0)
		print_stats();
	else
		return 2;
	return 0;
}
