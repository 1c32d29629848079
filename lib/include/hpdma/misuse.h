/* SPDX-License-Identifier: MIT */
/*
 * Misuse of an allocator: what is told to the program when it gives back what it
 * does not hold, or writes where it should not.
 *
 * AddressSanitizer finds more, where it happens, if the library is built with it; so
 * does valgrind, if it is built with CPPFLAGS=-DHPDMA_VALGRIND.
 */
#ifndef HPDMA_MISUSE_H
#define HPDMA_MISUSE_H

#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * enum hpdma_misuse_kind - what was found
 * @HPDMA_MISUSE_DOUBLE_FREE: Given back what is free already
 * @HPDMA_MISUSE_FOREIGN: Given back what is not of this heap or pool
 * @HPDMA_MISUSE_OVERRUN: Somebody wrote behind the end of an object
 * @HPDMA_MISUSE_UNDERRUN: Somebody wrote in front of an object
 * @HPDMA_MISUSE_USE_AFTER_FREE: Somebody wrote into what is free
 * @HPDMA_MISUSE_IN_USE: Destroyed while objects of it are in use
 *
 * Since: 0.1
 */
enum hpdma_misuse_kind {
	HPDMA_MISUSE_DOUBLE_FREE = 1,
	HPDMA_MISUSE_FOREIGN = 2,
	HPDMA_MISUSE_OVERRUN = 3,
	HPDMA_MISUSE_UNDERRUN = 4,
	HPDMA_MISUSE_USE_AFTER_FREE = 5,
	HPDMA_MISUSE_IN_USE = 6,
};

/**
 * struct hpdma_misuse - one finding
 * @kind: &enum hpdma_misuse_kind
 * @reserved: 0
 * @object: The object or block, as the caller knows it
 * @where: Name of the heap, pool or ring
 * @owner: Tag of who allocated it, or NULL
 *
 * Never grows.
 *
 * Since: 0.1
 */
struct hpdma_misuse {
	uint32_t kind;
	uint32_t reserved;
	const void *object;
	const char *where;
	const char *owner;
};

/**
 * typedef hpdma_misuse_fn - told of misuse
 * @misuse: What was found; valid during the call
 * @arg: As given with the function
 *
 * Called by the thread that found it, with no lock held. The operation that found it
 * changes nothing afterwards, whatever this does. It may abort() or throw the process
 * into a debugger; the library never does.
 *
 * Since: 0.1
 */
typedef void (*hpdma_misuse_fn)(const struct hpdma_misuse *misuse, void *arg);

/**
 * hpdma_misuse_text() - what was found, in words
 * @kind: &enum hpdma_misuse_kind
 *
 * Return: A phrase without full stop; a string constant, never NULL.
 * Since: 0.1
 */
HPDMA_API const char *hpdma_misuse_text(uint32_t kind);

HPDMA_END

#endif /* HPDMA_MISUSE_H */
