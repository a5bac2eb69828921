/*
 * device.c
 *		What a user agent says of a device, in words for a mail.
 *
 * A user agent is whatever a stranger sends, and a mail that shows it would carry
 * the stranger's text to somebody else's mailbox, a link for one.  So nothing of
 * it is shown: only words of ours that it contains the signs of.
 */
#include "auth/device.h"

typedef struct DeviceSign
{
	const char *sign;
	const char *name;
} DeviceSign;

/* The first that is found counts: most browsers name their ancestors too. */
static const DeviceSign device_browsers[] = {
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chromium/", "Chromium"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
	{"curl/", "curl"},
	{NULL, NULL}
};

static const DeviceSign device_systems[] = {
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"CrOS", "ChromeOS"},
	{"Windows", "Windows"},
	{"Mac OS X", "macOS"},
	{"Macintosh", "macOS"},
	{"Linux", "Linux"},
	{NULL, NULL}
};

static const char *
device_find(const DeviceSign *signs, const char *user_agent)
{
	for (; signs->sign; signs++)
		if (strstr(user_agent, signs->sign))
			return signs->name;
	return NULL;
}

const char *
auth_device_name(const char *user_agent)
{
	const char *browser = user_agent ? device_find(device_browsers, user_agent) : NULL;
	const char *system = user_agent ? device_find(device_systems, user_agent) : NULL;

	if (browser && system)
		return psprintf("%s on %s", browser, system);
	if (browser || system)
		return browser ? browser : system;
	return "unknown";
}
