/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests where everything fails in turn: an allocation of the library's is a call
 * like those of the fake kernel, and the next of them that is to fail does.
 *
 * Programs that include it are linked with --wrap for each function here: `failing` of
 * the Makefile. For one file of a program only.
 */
#ifndef FAIL_NTH_H
#define FAIL_NTH_H

#include <errno.h>
#include <stddef.h>

#include "fake.h"

/* Whether what failed was an allocation */
static bool fail_was_alloc;

/* Of the calls from here on the @n-th fails, with @code, and none if it is 0. */
static inline void fail_nth(unsigned int n, int code)
{
	fake.calls = 0;
	fake.failed = false;
	fail_was_alloc = false;
	fake.fail_at = n;
	fake.fail_code = code;
}

/* An allocation has no code but this one. */
static inline bool fail_alloc(const char *what)
{
	int code;

	if (!fake_inject(what, &code))
		return false;
	fail_was_alloc = true;
	return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
int __real_posix_memalign(void **out, size_t align, size_t size);
int __wrap_posix_memalign(void **out, size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
	return fail_alloc("malloc") ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fail_alloc("calloc") ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fail_alloc("reallocarray") ?
		       NULL :
		       __real_reallocarray(old, count, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fail_alloc("aligned_alloc") ? NULL :
					     __real_aligned_alloc(align, size);
}

int __wrap_posix_memalign(void **out, size_t align, size_t size)
{
	return fail_alloc("posix_memalign") ?
		       ENOMEM :
		       __real_posix_memalign(out, align, size);
}

#endif /* FAIL_NTH_H */
