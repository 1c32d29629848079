/* SPDX-License-Identifier: MIT */
/*
 * The store of a pool that processes share: see mempool_holder.h for how a dead
 * process's objects come back.
 */
#ifndef HPDMA_SRC_MEMPOOL_SHARED_H
#define HPDMA_SRC_MEMPOOL_SHARED_H

#include <hpdma/mempool.h>

#include "mempool_holder.h"

struct mempool_store;

/**
 * struct hpdma_shared_pool - a pool, in shared memory
 * @object_size: As in &struct hpdma_mempool_opts
 * @header_size: Likewise
 * @flags: Likewise
 * @align: Likewise
 * @memory_at: Where the objects' memory is, from this struct on
 * @memory_length: Bytes of it
 * @first_at: Where the first object is, from this struct on
 * @stride: Bytes from one object to the next
 * @reserved: 0
 * @pad: Rounds up to a cache line
 * @holders: Who has them; the last member
 */
struct hpdma_shared_pool {
	uint64_t object_size;
	uint32_t header_size;
	uint32_t flags;
	uint64_t memory_at;
	uint64_t memory_length;
	uint64_t first_at;
	uint64_t stride;
	uint32_t align;
	uint32_t reserved;
	uint64_t pad;
	struct hpdma_holders holders;
};

/**
 * hpdma_shared_pool_size() - how much memory a pool needs
 * @opts: Options of the pool
 * @size: Receives the bytes
 *
 * Return: 0; -EINVAL; -E2BIG; -EOVERFLOW.
 */
int hpdma_shared_pool_size(const struct hpdma_mempool_opts *opts,
			   uint64_t *size);

/**
 * hpdma_shared_pool_create() - make a pool in shared memory
 * @shared: Memory of hpdma_shared_pool_size() bytes at a multiple of 4096
 * @opts: Options of the pool
 * @slot: The caller's process slot
 * @out: Receives the pool
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_mempool_create() returns.
 */
int hpdma_shared_pool_create(struct hpdma_shared_pool *shared,
			     const struct hpdma_mempool_opts *opts,
			     uint32_t slot, struct hpdma_mempool **out,
			     struct hpdma_error *error);

/**
 * hpdma_shared_pool_attach() - use a pool that another process made
 * @shared: Where this process has it
 * @length: Bytes that it has
 * @opts: Options; what concerns the layout is that of the maker
 * @slot: The caller's process slot
 * @out: Receives the pool
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_mempool_create() returns; -EPROTO if there is no pool.
 */
int hpdma_shared_pool_attach(struct hpdma_shared_pool *shared, uint64_t length,
			     const struct hpdma_mempool_opts *opts,
			     uint32_t slot, struct hpdma_mempool **out,
			     struct hpdma_error *error);

/**
 * hpdma_shared_pool_of() - the shared part of a pool
 * @pool: The pool
 *
 * Return: It, or NULL for a pool of this process alone.
 */
struct hpdma_shared_pool *hpdma_shared_pool_of(struct hpdma_mempool *pool);

/**
 * hpdma_shared_pool_came() - objects came from another process
 * @pool: The pool
 * @objects: The objects
 * @n: How many
 *
 * Looks at them, and tells sanitizers, as when they are got.
 */
void hpdma_shared_pool_came(struct hpdma_mempool *pool, void *const *objects,
			    uint32_t n);

/**
 * hpdma_shared_pool_object() - an object by its number
 * @shared: The pool
 * @index: The number
 *
 * Return: Its address in this process.
 */
static inline void *hpdma_shared_pool_object(
	const struct hpdma_shared_pool *shared, uint32_t index)
{
	return (char *)(uintptr_t)shared + shared->first_at +
	       index * shared->stride;
}

/**
 * hpdma_shared_pool_index() - the number of an object
 * @shared: The pool
 * @object: Its address in this process
 * @index: Receives the number
 *
 * Return: Whether it is an object of the pool.
 */
static inline bool hpdma_shared_pool_index(
	const struct hpdma_shared_pool *shared, const void *object,
	uint32_t *index)
{
	uint64_t distance = (uint64_t)(uintptr_t)object -
			    ((uint64_t)(uintptr_t)shared + shared->first_at);
	uint64_t number = distance / shared->stride;

	*index = (uint32_t)number;
	return number < shared->holders.count &&
	       number * shared->stride == distance;
}

#endif /* HPDMA_SRC_MEMPOOL_SHARED_H */
