/*
 * device.h
 *		What a user agent says of a device, in words for a mail.
 */
#ifndef FASTAUTH_AUTH_DEVICE_H
#define FASTAUTH_AUTH_DEVICE_H

#include "postgres.h"

/* "Firefox on Windows"; user_agent may be NULL. */
extern const char *auth_device_name(const char *user_agent);

#endif							/* FASTAUTH_AUTH_DEVICE_H */
