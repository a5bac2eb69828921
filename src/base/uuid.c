/*
 * uuid.c
 *		Ids: UUID version 7, and their text.
 *
 * The first 48 bits are the time in milliseconds, so that new rows land at the
 * right end of their index; the next 12 bits are the fraction of a millisecond
 * (RFC 9562 section 6.2, method 3); the rest is random.  An id is no secret,
 * but nobody may be able to guess one either.
 */
#include "base/uuid.h"

#include "base/errors.h"
#include "datatype/timestamp.h"
#include "utils/timestamp.h"

/* Microseconds between the Unix epoch and PostgreSQL's. */
#define UUID_EPOCH_DIFF_US \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

void
base_uuid_make(pg_uuid_t *out)
{
	int64		us = GetCurrentTimestamp() + UUID_EPOCH_DIFF_US;
	int64		ms = us / 1000;
	int			fraction = (int) (us % 1000 * 4096 / 1000);

	if (!pg_strong_random(out->data, UUID_LEN))
		base_raise(FA_INTERNAL_ERROR, "could not get random bytes");
	for (int i = 0; i < 6; i++)
		out->data[i] = (unsigned char) (ms >> (40 - 8 * i));
	out->data[6] = 0x70 | (fraction >> 8);
	out->data[7] = fraction & 0xFF;
	out->data[8] = (out->data[8] & 0x3F) | 0x80;
}

void
base_uuid_format(const pg_uuid_t *id, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[id->data[i] >> 4];
		*out++ = hex[id->data[i] & 0x0F];
	}
	*out = '\0';
}

static int
uuid_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
base_uuid_parse(const char *in, pg_uuid_t *out)
{
	if (strlen(in) != BASE_UUID_TEXT_LEN)
		return false;
	for (int i = 0; i < UUID_LEN; i++)
	{
		int			high;
		int			low;

		if (i == 4 || i == 6 || i == 8 || i == 10)
			if (*in++ != '-')
				return false;
		high = uuid_hex_value(*in++);
		low = uuid_hex_value(*in++);
		if (high < 0 || low < 0)
			return false;
		out->data[i] = (unsigned char) (high << 4 | low);
	}
	return true;
}

bool
base_uuid_is_nil(const pg_uuid_t *id)
{
	static const pg_uuid_t nil = {0};

	return memcmp(id, &nil, sizeof(nil)) == 0;
}
