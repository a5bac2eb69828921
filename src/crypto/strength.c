/*
 * strength.c
 *		How hard a password is to guess, by zxcvbn-c.
 *
 * A guesser who has the e-mail address tries it, its local part, the words of
 * its domain and of the name first, so these are given as a dictionary.  One of
 * them alone is no password in whatever case (zxcvbn-c counts the capitals of a
 * full name as ten bits).
 *
 * Everything is bounded: zxcvbn-c itself looks closely at the first 100 bytes
 * only and adds little for the rest, but its time for the rest is not linear
 * (1,100 equal letters took 3 ms), so the rest is not given to it.  A password
 * whose first 100 bytes are strong is strong.
 */
#include "crypto/strength.h"

#include <math.h>
#include <sodium.h>
#include <zxcvbn.h>

#define STRENGTH_BYTES_MAX		100

/*
 * Of the e-mail (254 bytes) and the name (256).  zxcvbn-c tries each word at
 * each place: 130 times "aaa" against a hundred of "a" took 35 ms, longer than
 * a hash, and outside of its queue.
 */
#define STRENGTH_CONTEXT_MAX	512
#define STRENGTH_WORD_MIN		3
#define STRENGTH_WORDS_MAX		20

typedef struct StrengthWords
{
	const char *words[STRENGTH_WORDS_MAX + 1];	/* NULL-terminated */
	int			n;
	char		text[3 * STRENGTH_CONTEXT_MAX];
	size_t		used;
} StrengthWords;

/* Is this text one of the words, but for the case of letters? */
static bool
strength_is_word(const StrengthWords *w, const char *text, size_t len)
{
	for (int i = 0; i < w->n; i++)
		if (strlen(w->words[i]) == len && pg_strncasecmp(w->words[i], text, len) == 0)
			return true;
	return false;
}

/* Add one word; it is dropped when it is too short or known, or there is no room. */
static void
strength_add(StrengthWords *w, const char *word, size_t len)
{
	if (len < STRENGTH_WORD_MIN || w->n >= STRENGTH_WORDS_MAX ||
		w->used + len + 1 > sizeof(w->text) || strength_is_word(w, word, len))
		return;
	memcpy(w->text + w->used, word, len);
	w->text[w->used + len] = '\0';
	w->words[w->n++] = w->text + w->used;
	w->used += len + 1;
	w->words[w->n] = NULL;
}

/* Add the pieces between ASCII characters that are neither letter nor digit. */
static void
strength_add_pieces(StrengthWords *w, const char *text, size_t len)
{
	size_t		start = 0;

	for (size_t i = 0; i <= len; i++)
	{
		unsigned char c = i < len ? (unsigned char) text[i] : ' ';

		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			continue;
		strength_add(w, text + start, i - start);
		start = i + 1;
	}
}

static void
strength_add_email(StrengthWords *w, const char *email)
{
	size_t		len = strnlen(email, STRENGTH_CONTEXT_MAX / 2);
	const char *at = memchr(email, '@', len);

	strength_add(w, email, len);
	if (at != NULL)
	{
		strength_add(w, email, at - email);
		strength_add(w, at + 1, email + len - at - 1);
	}
	strength_add_pieces(w, email, len);
}

static void
strength_add_name(StrengthWords *w, const char *name)
{
	size_t		len = strnlen(name, STRENGTH_CONTEXT_MAX / 2);

	strength_add(w, name, len);
	strength_add_pieces(w, name, len);
}

int
cr_strength_score(const char *password, const char *email, const char *name)
{
	static const double guesses[] = {1e3, 1e6, 1e8, 1e10};
	char		start[STRENGTH_BYTES_MAX + 1];
	size_t		len = strnlen(password, STRENGTH_BYTES_MAX);
	StrengthWords w;
	double		bits;
	int			score = 0;

	w.n = 0;
	w.used = 0;
	w.words[0] = NULL;
	if (email != NULL)
		strength_add_email(&w, email);
	if (name != NULL)
		strength_add_name(&w, name);

	if (strength_is_word(&w, password, strlen(password)))
		return 0;
	memcpy(start, password, len);
	start[len] = '\0';
	bits = ZxcvbnMatch(start, w.words, NULL);
	sodium_memzero(start, sizeof(start));

	while (score < (int) lengthof(guesses) && bits >= log2(guesses[score]))
		score++;
	return score;
}
