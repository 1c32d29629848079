/* SPDX-License-Identifier: MIT */
/*
 * Small things that every file needs: reference counts, overflow-safe sizes,
 * structs that carry their size, errors, and the one way to make an ioctl.
 */
#ifndef HPDMA_SRC_UTIL_H
#define HPDMA_SRC_UTIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hpdma/types.h>

#include "sys.h"

/* The contract and the public headers have values of their own that are the same. */
#define SAME(ours, theirs) \
	_Static_assert((int)(ours) == (int)(theirs), #ours " differs")

/* An array of ours can be handed to the module as one of its own. */
#define SAME_SIZE(ours, theirs) \
	_Static_assert(sizeof(struct ours) == sizeof(struct theirs), #ours)
#define SAME_PLACE(ours, theirs, field)                        \
	_Static_assert(offsetof(struct ours, field) ==         \
			       offsetof(struct theirs, field), \
		       #ours "." #field)

static inline void refs_init(atomic_uint *refs)
{
	atomic_init(refs, 1);
}

/* The caller holds a reference, so nothing has to be ordered here. */
static inline void refs_get(atomic_uint *refs)
{
	atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

/* True for the last one, who then sees what all others wrote. */
static inline bool refs_put(atomic_uint *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

/* Round up to a power of two; false if that does not fit. */
static inline bool round_up(uint64_t value, uint64_t to, uint64_t *out)
{
	if (value > UINT64_MAX - (to - 1))
		return false;
	*out = (value + to - 1) & ~(to - 1);
	return true;
}

static inline uint64_t lowest_bit(uint64_t value)
{
	return value & (~value + 1);
}

/**
 * hpdma_opts_copy() - take options of any version
 * @opts: This version's options; zeroed, then filled
 * @known: sizeof() of this version's
 * @first: sizeof() of the first version's
 * @from: The caller's, starting with a uint32_t size, or NULL
 *
 * Return: 0; -EINVAL if the caller's size is below the first version's; -E2BIG
 * if he sets an option that this version does not know.
 */
int hpdma_opts_copy(void *opts, size_t known, size_t first, const void *from);

/**
 * hpdma_info_copy() - give results to a caller of any version
 * @to: The caller's, starting with a uint32_t size, which is kept
 * @first: sizeof() of the first version's
 * @info: This version's
 * @known: sizeof() of this version's
 *
 * Return: 0, or -EINVAL if the caller's size is below the first version's.
 */
int hpdma_info_copy(void *to, size_t first, const void *info, size_t known);

/**
 * hpdma_fail() - explain a failure
 * @error: The caller's, or NULL
 * @code: The negative errno
 * @why: &enum hpdma_why
 * @what: What was being done
 *
 * Return: @code.
 */
int hpdma_fail(struct hpdma_error *error, int code, uint32_t why,
	       const char *what);

/**
 * hpdma_new() - make an object
 * @size: Bytes
 * @error: Filled on failure; may be NULL
 *
 * Return: Zeroed memory for free(), or NULL: -ENOMEM.
 */
void *hpdma_new(size_t size, struct hpdma_error *error);

/**
 * hpdma_ioctl() - make an ioctl of the contract
 * @sys: System calls
 * @fd: The file
 * @cmd: HPDMA_IOC_*
 * @arg: Its struct, starting with size, flags and out_reason
 * @error: Filled on failure, with the reason that the module gave; may be NULL
 * @what: What is being done
 *
 * Return: 0 or a negative errno.
 */
int hpdma_ioctl(const struct hpdma_sys *sys, int fd, unsigned long cmd,
		void *arg, struct hpdma_error *error, const char *what);

/**
 * hpdma_ioctl_undo() - make an ioctl that gives something back
 * @sys: System calls
 * @fd: The file
 * @cmd: HPDMA_IOC_*
 * @arg: Its struct
 *
 * For paths that cannot fail: a signal does not keep it from being done, and
 * nobody is told of other failures (the device is gone, and all with it).
 */
void hpdma_ioctl_undo(const struct hpdma_sys *sys, int fd, unsigned long cmd,
		      void *arg);

#endif /* HPDMA_SRC_UTIL_H */
