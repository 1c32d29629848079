/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The physical addresses of a buffer, and whether they are somewhere: as a number
 * in a text, or raw in memory.
 */
#ifndef HPDMA_SELFTESTS_SECRETS_H
#define HPDMA_SELFTESTS_SECRETS_H

#include <ctype.h>
#include <string.h>

#include "common.h"

#define MOST_SECRETS 512

struct secrets {
	uint64_t value[MOST_SECRETS];
	int count;
};

/* A value that is also the length of something says nothing. */
static inline void secrets_add(struct secrets *secrets, uint64_t value)
{
	if (secrets->count < MOST_SECRETS && value > PAGE &&
	    (value & (value - 1)))
		secrets->value[secrets->count++] = value;
}

/* Of a buffer, as told to one who may know: addresses and page frames. */
static inline int secrets_of(struct secrets *secrets, int fd, int id)
{
	struct hpdma_segment segments[64];
	int count = buf_segments(fd, id, segments, 64), i;

	for (i = 0; i < count; i++) {
		uint64_t end = segments[i].addr + segments[i].length;

		secrets_add(secrets, segments[i].addr);
		secrets_add(secrets, segments[i].addr / PAGE);
		secrets_add(secrets, end);
		secrets_add(secrets, end - 1);
	}
	return count;
}

static inline bool secrets_is(const struct secrets *secrets, uint64_t value)
{
	int i;

	for (i = 0; i < secrets->count; i++)
		if (secrets->value[i] == value)
			return true;
	return false;
}

/* Return: where a number of a text is one of them, decimal or not, or NULL. */
static inline const char *secrets_in_text(const struct secrets *secrets,
					  const char *text)
{
	while (*text) {
		const char *word = text;
		char *end;

		if (!isxdigit(*text)) {
			text++;
			continue;
		}
		if (secrets_is(secrets, strtoull(word, NULL, 10)) ||
		    secrets_is(secrets, strtoull(word, &end, 16)))
			return word;
		while (isalnum(*text))
			text++;
	}
	return NULL;
}

/*
 * Return: where one of them is in memory at any byte, in 8 bytes, or NULL. Page
 * frames are too small to tell them from other things there.
 */
static inline const void *secrets_in_memory(const struct secrets *secrets,
					    const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t value;
	size_t i;

	for (i = 0; i + sizeof(value) <= size; i++) {
		memcpy(&value, p + i, sizeof(value));
		if (value >= MB(1) && secrets_is(secrets, value))
			return p + i;
	}
	return NULL;
}

#endif
