/* SPDX-License-Identifier: MIT */
/*
 * Heaps: blocks of any size out of buffers, as malloc() has them.
 *
 * A heap takes memory from its context in chunks of whole 2 MiB slabs, and what it
 * knows about blocks stands outside of them: a device that writes too much or too
 * late breaks the data of others, but not the heap. Blocks are multiples of 64
 * bytes at multiples of 64, so no two share a cache line. Each is contiguous for the
 * CPU and, in a heap with a device, for the device.
 *
 * Small blocks come from caches of the calling thread, which needs no
 * registration; any thread may free them. Every call takes constant time, except
 * for zeroing, copying and asking the system for memory. None of these is done with
 * a lock held.
 *
 * A heap lies on one NUMA node or on any. For several nodes create several heaps.
 */
#ifndef HPDMA_HEAP_H
#define HPDMA_HEAP_H

#include <hpdma/buf.h>
#include <hpdma/context.h>
#include <hpdma/device.h>
#include <hpdma/misuse.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_heap;

/**
 * enum hpdma_heap_flags - bits of &hpdma_heap_opts.flags
 * @HPDMA_HEAP_STATIC: All memory is taken at the start, and none later: @length
 *	bytes, contiguous in this process
 * @HPDMA_HEAP_NODE: All memory from NUMA node @node, or fail
 * @HPDMA_HEAP_CHECKED: Look for misuse where that costs time, too: fill what is
 *	freed and look whether it changed, see frees of the same block by two threads
 *	at once, and calls after hpdma_heap_destroy()
 * @HPDMA_HEAP_GUARD: Each block ends with a guard that is looked at when it is
 *	freed and by hpdma_heap_check()
 *
 * Since: 0.1
 */
enum hpdma_heap_flags {
	HPDMA_HEAP_STATIC = 1 << 0,
	HPDMA_HEAP_NODE = 1 << 1,
	HPDMA_HEAP_CHECKED = 1 << 2,
	HPDMA_HEAP_GUARD = 1 << 3,
};

/**
 * struct hpdma_heap_opts - options of hpdma_heap_create()
 * @size: sizeof(struct hpdma_heap_opts)
 * @flags: Bits of &enum hpdma_heap_flags
 * @length: Bytes to take at the start, rounded up to 2 MiB. Not 0 with
 *	HPDMA_HEAP_STATIC
 * @max_length: Never more bytes than these; 0 for no limit
 * @chunk_length: How many bytes to take from the system at a time, if it has as many,
 *	rounded up to 2 MiB; 0 for 8 MiB. Larger blocks get a chunk of their size
 * @node: With HPDMA_HEAP_NODE the NUMA node, otherwise must be 0
 * @reserved: Must be 0
 * @buf: Options for the buffers, or NULL; copied. HPDMA_BUF_NO_MAP must not be set, and
 *	HPDMA_HEAP_NODE sets HPDMA_BUF_NODE
 * @device: Map all memory for this device, so that hpdma_heap_iova() has addresses;
 *	NULL for none. Held
 * @name: For reports of misuse and listings; NULL for "heap". Copied, the first 31
 *	bytes
 * @misuse: Told of misuse; NULL for nobody
 * @misuse_arg: Handed to @misuse
 *
 * Since: 0.1
 */
struct hpdma_heap_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t length;
	uint64_t max_length;
	uint64_t chunk_length;
	uint32_t node;
	uint32_t reserved;
	const struct hpdma_buf_opts *buf;
	struct hpdma_device *device;
	const char *name;
	hpdma_misuse_fn misuse;
	void *misuse_arg;
};

/**
 * hpdma_heap_create() - make a heap
 * @ctx: Where its memory comes from; held. NULL for ordinary memory, which no device
 *	reaches
 * @opts: Options, or NULL
 * @out: Receives the heap, for hpdma_heap_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOMEM; -EINVAL, -E2BIG for bad options; -EOPNOTSUPP for a node, a
 * device or buffer options without a context; what hpdma_buf_alloc() and
 * hpdma_dma_map() return.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_create(struct hpdma *ctx,
				const struct hpdma_heap_opts *opts,
				struct hpdma_heap **out,
				struct hpdma_error *error);

/**
 * enum hpdma_heap_destroy_flags - flags of hpdma_heap_destroy()
 * @HPDMA_HEAP_FORCE: Also if blocks are in use; nobody is told of it
 *
 * Since: 0.1
 */
enum hpdma_heap_destroy_flags {
	HPDMA_HEAP_FORCE = 1 << 0,
};

/**
 * hpdma_heap_destroy() - end a heap
 * @heap: The heap, or NULL
 * @flags: Bits of &enum hpdma_heap_destroy_flags
 *
 * Gives all memory back. No other call on the heap may run or follow; if it was
 * HPDMA_HEAP_CHECKED, calls that follow do nothing and are reported as
 * HPDMA_MISUSE_USE_AFTER_FREE of the heap, as long as not 64 others were destroyed
 * since. Of a heap shared by processes only the caller's view ends, whatever is in use.
 *
 * Return: 0; -EBUSY if blocks are in use, which is reported as
 * HPDMA_MISUSE_IN_USE and changes nothing; -EINVAL for unknown flags.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_destroy(struct hpdma_heap *heap, uint32_t flags);

/**
 * hpdma_heap_malloc() - allocate a block
 * @heap: The heap
 * @size: Bytes; 0 counts as 1
 *
 * The content is undefined.
 *
 * Return: The block, a multiple of 64; NULL if there is no memory or the heap's limit
 * is reached.
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_malloc(struct hpdma_heap *heap, size_t size);

/**
 * hpdma_heap_zmalloc() - allocate a block of zeroes
 * @heap: The heap
 * @size: Bytes; 0 counts as 1
 *
 * What came zero from the system and was not handed out since is not zeroed again.
 *
 * Return: As hpdma_heap_malloc().
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_zmalloc(struct hpdma_heap *heap, size_t size);

/**
 * hpdma_heap_calloc() - allocate an array of zeroes
 * @heap: The heap
 * @count: How many elements
 * @size: Bytes of each
 *
 * Return: As hpdma_heap_malloc(); NULL also if the product overflows.
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_calloc(struct hpdma_heap *heap, size_t count,
				  size_t size);

/**
 * hpdma_heap_aligned() - allocate an aligned block
 * @heap: The heap
 * @alignment: A power of two; 0 for 64
 * @size: Bytes; 0 counts as 1
 *
 * Return: As hpdma_heap_malloc(), a multiple of @alignment; NULL also if that is not a
 * power of two.
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_aligned(struct hpdma_heap *heap, size_t alignment,
				   size_t size);

/**
 * hpdma_heap_tagged() - allocate a block that says whose it is
 * @heap: The heap
 * @alignment: As for hpdma_heap_aligned()
 * @size: Bytes; 0 counts as 1
 * @tag: Shown by hpdma_heap_walk() and in reports of misuse. A string that outlives the
 *	heap; of a heap shared by processes the first 31 bytes are copied. NULL for none
 *
 * A heap knows 254 tags, told apart by their addresses; further ones are shown as
 * "other".
 *
 * Return: As hpdma_heap_aligned().
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_tagged(struct hpdma_heap *heap, size_t alignment,
				  size_t size, const char *tag);

/**
 * hpdma_heap_realloc() - change the size of a block
 * @heap: The heap
 * @ptr: A block of it, or NULL: hpdma_heap_malloc()
 * @size: Bytes; 0 counts as 1, nothing is freed
 *
 * Stays in place if it can. Otherwise the content moves to another block, which has the
 * tag but not the alignment of the first. Memory that is added is undefined.
 *
 * Return: The block; NULL if there is no memory, and then @ptr is as it was, or if
 * @ptr is no block, which is reported.
 * Since: 0.1
 */
HPDMA_API void *hpdma_heap_realloc(struct hpdma_heap *heap, void *ptr,
				   size_t size);

/**
 * hpdma_heap_free() - give a block back
 * @heap: The heap
 * @ptr: A block of it, whichever thread allocated it; NULL does nothing
 *
 * What is free already or is no block of this heap is always found out and reported,
 * also if it is not the heap's memory at all, and nothing is done. (Two threads that
 * free one block at the same instant are found out in a heap that is HPDMA_HEAP_CHECKED,
 * and for blocks above 64 KiB.)
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_heap_free(struct hpdma_heap *heap, void *ptr);

/**
 * hpdma_heap_usable_size() - how much of a block can be used
 * @heap: The heap
 * @ptr: A block of it, or NULL
 *
 * Return: Bytes, not less than asked for; 0 for NULL or for what is no block, which is
 * reported.
 * Since: 0.1
 */
HPDMA_API size_t hpdma_heap_usable_size(struct hpdma_heap *heap, void *ptr);

/**
 * hpdma_heap_iova() - where the heap's device reaches an address
 * @heap: The heap
 * @ptr: Any address in its memory
 * @addr: Receives the device's address
 * @kind: Receives its kind
 *
 * The rest of the block is contiguous from there. Makes no system call.
 *
 * Return: 0; -EOPNOTSUPP if the heap has no device; -EFAULT if @ptr is not in its
 * memory.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_iova(struct hpdma_heap *heap, const void *ptr,
			      uint64_t *addr, enum hpdma_kind *kind);

/**
 * hpdma_heap_trim() - give back what is not needed
 * @heap: The heap
 *
 * Empties the calling thread's cache and gives chunks in which nothing is in use back to
 * the system. Without this a heap keeps one such chunk. The caches of other threads
 * stay; they are emptied when those end.
 *
 * Return: Bytes given back; 0 for a static or shared heap.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_heap_trim(struct hpdma_heap *heap);

/**
 * hpdma_heap_check() - look at the guards of all blocks in use
 * @heap: The heap; no other call on it may run meanwhile
 *
 * Broken ones are reported as HPDMA_MISUSE_OVERRUN.
 *
 * Return: How many are broken; 0 without HPDMA_HEAP_GUARD. For a heap shared by
 * processes, with its lock held: 1 if what it notes beside the blocks makes no sense.
 * Since: 0.1
 */
HPDMA_API size_t hpdma_heap_check(struct hpdma_heap *heap);

/**
 * struct hpdma_heap_info - what a heap has and gave
 * @size: sizeof(struct hpdma_heap_info)
 * @flags: Bits of &enum hpdma_heap_flags
 * @node: NUMA node, or -1
 * @chunks: How many chunks it has now
 * @length: Bytes of all chunks
 * @max_length: Limit, or 0
 * @used_bytes: Bytes of blocks in use, as usable
 * @used_blocks: Blocks in use
 * @cached_bytes: Bytes in caches of threads
 * @free_bytes: Bytes that are neither, nor in partly used spans of small blocks
 * @largest_free: Largest contiguous run of these
 * @grown: How many chunks were taken from the system
 * @given_back: How many were given back
 * @failures: How many allocations failed
 * @recoveries: How often a process died in the middle of a change; shared heaps only
 *
 * While other threads use the heap the numbers may not fit together.
 *
 * Since: 0.1
 */
struct hpdma_heap_info {
	uint32_t size;
	uint32_t flags;
	int32_t node;
	uint32_t chunks;
	uint64_t length;
	uint64_t max_length;
	uint64_t used_bytes;
	uint64_t used_blocks;
	uint64_t cached_bytes;
	uint64_t free_bytes;
	uint64_t largest_free;
	uint64_t grown;
	uint64_t given_back;
	uint64_t failures;
	uint64_t recoveries;
};

/**
 * hpdma_heap_get_info() - what a heap has and gave
 * @heap: The heap
 * @info: Filled; @info->size is set by the caller
 *
 * Return: 0; -EINVAL if @info->size is too small; -ENOTRECOVERABLE for a broken shared
 * heap.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_get_info(struct hpdma_heap *heap,
				  struct hpdma_heap_info *info);

/**
 * struct hpdma_heap_block - a block in use, as hpdma_heap_walk() shows it
 * @ptr: Its address
 * @length: Usable bytes
 * @tag: As given, or NULL
 *
 * Newer versions may be longer.
 *
 * Since: 0.1
 */
struct hpdma_heap_block {
	void *ptr;
	size_t length;
	const char *tag;
};

/**
 * hpdma_heap_walk() - all blocks in use
 * @heap: The heap
 * @each: Called for each block, in the order of addresses, with no lock held; may
 *	use the heap; anything but 0 ends the walk
 * @arg: Handed to @each
 *
 * A block that comes or goes meanwhile may be shown or missed.
 *
 * Return: 0; what @each returned; -ENOTRECOVERABLE for a broken shared heap.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_walk(struct hpdma_heap *heap,
			      int (*each)(const struct hpdma_heap_block *block,
					  void *arg),
			      void *arg);

/**
 * hpdma_heap_shared_format() - make a heap in memory that processes share
 * @mem: The memory; a multiple of 64. Nobody has it attached. Of buffers of the kernel
 *	module only HPDMA_BUF_BACKING_HUGETLB will do
 * @length: Bytes; at least 64 KiB
 * @error: Filled on failure; may be NULL
 *
 * Such a heap does not grow, has no caches, and notes what it knows of a block
 * in the 64 bytes in front of it: no pointers, so each process may have it at another
 * address. A process may die at any instruction: the next one that comes repairs the
 * heap, and nothing is lost but the block that was being allocated or freed.
 *
 * Return: 0; -EINVAL; -EOPNOTSUPP (HPDMA_WHY_NO_FUTEX) for memory in which processes
 * cannot wait for each other's lock; -ENOMEM if a lock cannot be made.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_shared_format(void *mem, size_t length,
				       struct hpdma_error *error);

/**
 * hpdma_heap_shared_attach() - use a heap in memory that processes share
 * @mem: The memory, formatted; it must stay until hpdma_heap_destroy()
 * @length: Bytes, as formatted
 * @opts: Options, or NULL; only @name, @misuse and @misuse_arg, all others must be 0
 * @out: Receives the heap, for hpdma_heap_destroy()
 * @error: Filled on failure; may be NULL
 *
 * All functions of heaps work on it. Addresses for devices (hpdma_heap_iova()) are the
 * affair of whoever gave the memory.
 *
 * Return: 0; -ENOMEM; -EINVAL if there is no such heap, or for bad options; -E2BIG;
 * -EPROTONOSUPPORT if another version of the library formatted it.
 * Since: 0.1
 */
HPDMA_API int hpdma_heap_shared_attach(void *mem, size_t length,
				       const struct hpdma_heap_opts *opts,
				       struct hpdma_heap **out,
				       struct hpdma_error *error);

HPDMA_END

#endif /* HPDMA_HEAP_H */
