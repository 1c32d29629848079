/* SPDX-License-Identifier: MIT */
/*
 * Rings: bounded queues of small elements, without locks, in ordinary memory or
 * in memory that processes share.
 *
 * What is shared is &struct hpdma_ring_mem and the slots behind it: numbers, no
 * pointers, so that each process may see it at an address of its own. What a
 * process has to itself is &struct hpdma_ring: where the memory is, whose claims
 * it makes, and the geometry, checked once and from then on read here and not
 * where others can write it.
 *
 * The fast functions are in ring_ops.h and ring_span.h, which this includes.
 */
#ifndef HPDMA_RING_H
#define HPDMA_RING_H

#include <hpdma/types.h>

/* The library defines this to export the inline functions once, for bindings. */
#ifndef HPDMA_INLINE
#define HPDMA_INLINE static inline
#endif
/* Parts of the inline functions; no API. */
#define HPDMA_RING_PART static inline __attribute__((always_inline))

HPDMA_BEGIN

/* Bytes between what different threads write, and alignment of a ring's memory */
#define HPDMA_RING_LINE 64
/* Most elements that a ring holds */
#define HPDMA_RING_MAX_COUNT (1u << 30)
/* Largest element in bytes */
#define HPDMA_RING_MAX_ELEMENT 4096u
/* Owners are below this */
#define HPDMA_RING_OWNERS (1u << 15)
/* Bytes of a name with its end */
#define HPDMA_RING_NAME 32

/**
 * enum hpdma_ring_flags - bits of &hpdma_ring_opts.flags
 * @HPDMA_RING_SP: One producer at a time; the callers see to it
 * @HPDMA_RING_SC: One consumer at a time; the callers see to it
 * @HPDMA_RING_MP_HTS: Producers take turns (head-tail sync): for more threads
 *	than CPUs, where otherwise one that is preempted keeps all behind it waiting
 *	for its turn to publish, each with a part of the ring claimed
 * @HPDMA_RING_MC_HTS: Consumers take turns
 * @HPDMA_RING_EXACT: Holds exactly @count elements, instead of @count rounded up to
 *	a power of two. The memory is that of the power of two
 * @HPDMA_RING_ROBUST: For a ring of several processes: hpdma_ring_mark_dead()
 *	finds out whether one died in the middle of an operation. Sides with several
 *	threads then take turns as with HPDMA_RING_MP_HTS, _MC_HTS
 *
 * Without flags any number of threads may produce and consume.
 *
 * Since: 0.1
 */
enum hpdma_ring_flags {
	HPDMA_RING_SP = 1 << 0,
	HPDMA_RING_SC = 1 << 1,
	HPDMA_RING_MP_HTS = 1 << 2,
	HPDMA_RING_MC_HTS = 1 << 3,
	HPDMA_RING_EXACT = 1 << 4,
	HPDMA_RING_ROBUST = 1 << 5,
};

/**
 * enum hpdma_ring_mode - how the threads of one side of a ring get along
 * @HPDMA_RING_SINGLE: There is one at a time
 * @HPDMA_RING_MULTI: They claim slots at the same time and publish in turn
 * @HPDMA_RING_HTS: They take turns
 * @HPDMA_RING_SINGLE_ROBUST: As HPDMA_RING_SINGLE, in a ring that the other side
 *	may have broken
 *
 * Since: 0.1
 */
enum hpdma_ring_mode {
	HPDMA_RING_SINGLE = 0,
	HPDMA_RING_MULTI = 1,
	HPDMA_RING_HTS = 2,
	HPDMA_RING_SINGLE_ROBUST = 3,
};

/**
 * struct hpdma_ring_opts - options of hpdma_ring_create() and hpdma_ring_init()
 * @size: sizeof(struct hpdma_ring_opts)
 * @flags: Bits of &enum hpdma_ring_flags
 * @count: Elements that the ring is to hold, 1 to HPDMA_RING_MAX_COUNT
 * @element_size: Bytes of an element, a multiple of 4, at most
 *	HPDMA_RING_MAX_ELEMENT; 0 for 8
 * @watermark: hpdma_ring_above_watermark() is true from this many elements on; 0 for
 *	never
 * @owner: As with hpdma_ring_attach()
 * @name: For people; cut off to HPDMA_RING_NAME - 1 bytes; may be NULL
 *
 * Since: 0.1
 */
struct hpdma_ring_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t count;
	uint32_t element_size;
	uint32_t watermark;
	uint32_t owner;
	const char *name;
};

/**
 * struct hpdma_ring_side - where the producers, or the consumers, of a ring are
 * @tail: What they are done with; the other side reads it, so it has a line to itself
 * @head: What they have claimed (HPDMA_RING_MULTI only)
 * @limit: How far they may go, as of the last time they looked at the other side
 *
 * No API. All three are positions: see ring_ops.h. Never grows.
 *
 * Since: 0.1
 */
struct hpdma_ring_side {
	uint64_t tail __attribute__((aligned(HPDMA_RING_LINE)));
	uint64_t head __attribute__((aligned(HPDMA_RING_LINE)));
	uint64_t limit;
};

/**
 * struct hpdma_ring_mem - a ring, as it lies in memory; its slots follow
 * @magic: Says that this is a ring; written last
 * @version: Of this layout
 * @flags: Bits of &enum hpdma_ring_flags
 * @capacity: Elements that it holds
 * @slots: Slots behind this struct; a power of two
 * @element_size: Bytes of a slot
 * @watermark: As in the options
 * @name: As in the options
 * @broken: 1 after hpdma_ring_mark_dead() found it broken
 * @prod: The producers
 * @cons: The consumers
 *
 * No API. Each version of the library that writes another layout has another
 * @version.
 *
 * Since: 0.1
 */
struct hpdma_ring_mem {
	uint64_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t capacity;
	uint32_t slots;
	uint32_t element_size;
	uint32_t watermark;
	char name[HPDMA_RING_NAME];
	uint32_t broken __attribute__((aligned(HPDMA_RING_LINE)));
	struct hpdma_ring_side prod;
	struct hpdma_ring_side cons;
};

/**
 * struct hpdma_ring - a ring, as one process has it
 * @mem: The memory
 * @mask: Number of slots - 1
 * @capacity: Elements that it holds
 * @prod_kind: HPDMA_RING_KIND() of the producers' side
 * @cons_kind: HPDMA_RING_KIND() of the consumers' side
 * @element_size: Bytes of an element
 * @watermark: As in the options
 * @owner: Whose claims this process makes, with the bit that makes it a claim
 * @flags: Bits of &enum hpdma_ring_flags
 * @allocated: What hpdma_ring_destroy() frees
 *
 * Not written after it was made. For the inline functions only; users have pointers
 * to it and no members.
 *
 * Since: 0.1
 */
struct hpdma_ring {
	struct hpdma_ring_mem *mem;
	uint32_t mask;
	uint32_t capacity;
	uint32_t prod_kind;
	uint32_t cons_kind;
	uint32_t element_size;
	uint32_t watermark;
	uint64_t owner;
	uint32_t flags;
	void *allocated;
};

/**
 * struct hpdma_ring_info - a ring as it is at the moment
 * @size: sizeof(struct hpdma_ring_info)
 * @flags: Bits of &enum hpdma_ring_flags
 * @capacity: Elements that it holds
 * @element_size: Bytes of an element
 * @count: Elements that are in it
 * @watermark: As in the options
 * @broken: 1 if it is broken, else 0
 * @prod_mode: &enum hpdma_ring_mode of the producers
 * @cons_mode: &enum hpdma_ring_mode of the consumers
 * @prod_owner: Owner of a producer in the middle of an operation, or -1 if there is
 *	none or this is not known (HPDMA_RING_HTS only)
 * @cons_owner: Likewise of a consumer
 * @reserved: 0
 * @enqueued: Elements that were ever put in, modulo 2^48
 * @dequeued: Elements that were ever taken out, modulo 2^48
 * @memory: Bytes of the ring with its slots
 * @name: As in the options, possibly cut off
 *
 * Since: 0.1
 */
struct hpdma_ring_info {
	uint32_t size;
	uint32_t flags;
	uint32_t capacity;
	uint32_t element_size;
	uint32_t count;
	uint32_t watermark;
	uint32_t broken;
	uint32_t prod_mode;
	uint32_t cons_mode;
	int32_t prod_owner;
	int32_t cons_owner;
	uint32_t reserved;
	uint64_t enqueued;
	uint64_t dequeued;
	uint64_t memory;
	char name[HPDMA_RING_NAME];
};

/**
 * hpdma_ring_size() - how much memory a ring needs
 * @opts: Options
 *
 * Return: Bytes for hpdma_ring_init(); 0 if the options are bad.
 * Since: 0.1
 */
HPDMA_API size_t hpdma_ring_size(const struct hpdma_ring_opts *opts);

/**
 * hpdma_ring_init() - make a ring in memory of the caller
 * @mem: The memory: private, a memzone, or shared with other processes; a multiple
 *	of HPDMA_RING_LINE
 * @size: Its bytes
 * @opts: Options; @count at least
 * @out: Receives the ring, the caller's to hpdma_ring_destroy()
 *
 * Nobody else may use the memory meanwhile. The memory stays the caller's.
 *
 * Return: 0; -EINVAL, -E2BIG for bad options or memory that is not aligned; -ENOSPC
 * if @size is below hpdma_ring_size(); -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_init(void *mem, size_t size,
			      const struct hpdma_ring_opts *opts,
			      struct hpdma_ring **out);

/**
 * hpdma_ring_attach() - use a ring that another process made
 * @mem: The memory, where this process sees it
 * @size: Its bytes
 * @owner: Number of this process among those that use the ring, below
 *	HPDMA_RING_OWNERS; for hpdma_ring_mark_dead(). 0 if nobody asks
 * @out: Receives the ring, the caller's to hpdma_ring_destroy()
 *
 * The memory is not trusted: whatever it holds, and whatever others write to it
 * later, no function reads or writes outside of it. What comes out of the ring is
 * only as good as those who share it.
 *
 * Return: 0; -EINVAL if there is no ring, or one that cannot be; -EPROTONOSUPPORT if
 * its layout is of another version; -ENOSPC if it is longer than @size; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_attach(void *mem, size_t size, uint32_t owner,
				struct hpdma_ring **out);

/**
 * hpdma_ring_create() - make a ring in ordinary memory
 * @opts: Options; @count at least
 * @out: Receives the ring, the caller's to hpdma_ring_destroy()
 *
 * Return: 0; -EINVAL, -E2BIG for bad options; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_create(const struct hpdma_ring_opts *opts,
				struct hpdma_ring **out);

/**
 * hpdma_ring_destroy() - end the use of a ring
 * @ring: The ring, or NULL
 *
 * Frees the memory of hpdma_ring_create(). That of hpdma_ring_init() and
 * hpdma_ring_attach() stays as it is, and the ring goes on for others. Must be the
 * last call on @ring.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_ring_destroy(struct hpdma_ring *ring);

/**
 * hpdma_ring_reset() - make a ring empty and whole
 * @ring: The ring
 *
 * What is in it is dropped. Nobody else, of any process, may use it meanwhile.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_ring_reset(struct hpdma_ring *ring);

/**
 * hpdma_ring_mark_dead() - say that a process has died
 * @ring: A ring with HPDMA_RING_ROBUST
 * @owner: Its number; not to be given to another process before this returned
 *
 * If it died in the middle of an operation, between its claim and its end,
 * nobody knows what became of the elements, and the ring is broken: all
 * operations on it, also those that are waiting, return -EOWNERDEAD until
 * hpdma_ring_reset(). Otherwise the ring is as it was, and goes on. May be called
 * while others use the ring, and again.
 *
 * Return: 0 if the ring is whole; -EOWNERDEAD if it is broken, now or before;
 * -EOPNOTSUPP without HPDMA_RING_ROBUST; -EINVAL for an owner that cannot be.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_mark_dead(struct hpdma_ring *ring, uint32_t owner);

/**
 * hpdma_ring_get_info() - a ring as it is at the moment
 * @ring: The ring
 * @info: Filled; @info->size is set by the caller
 *
 * Return: 0; -EINVAL if @info->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_get_info(const struct hpdma_ring *ring,
				  struct hpdma_ring_info *info);

/**
 * hpdma_ring_slow() - an operation that the inline functions leave to the library
 * @ring: The ring
 * @array: Elements to put in, or array to fill
 * @n: How many
 * @what: HPDMA_RING_BULK, HPDMA_RING_ENQUEUE
 *
 * Part of the inline functions: they try what is usual, in few instructions and
 * without a frame of their own. Here are the end of the memory, and sides whose
 * threads take turns.
 *
 * Return: What the operation returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_slow(const struct hpdma_ring *ring, void *array,
			      uint32_t n, int what);

/**
 * hpdma_ring_publish() - publish behind others
 * @side: Side of a ring, in HPDMA_RING_MULTI
 * @position: Where the claim begins that is to be published
 * @n: Its elements
 *
 * Part of the inline functions. Waits until all claims before are published; lets
 * other threads have the CPU every now and then, for one of them may be the one
 * that it waits for.
 *
 * Return: @n.
 * Since: 0.1
 */
HPDMA_API int hpdma_ring_publish(struct hpdma_ring_side *side,
				 uint64_t position, uint32_t n);

HPDMA_END

#include <hpdma/ring_ops.h>
#include <hpdma/ring_span.h>

#endif /* HPDMA_RING_H */
