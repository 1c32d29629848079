/* SPDX-License-Identifier: MIT */
/*
 * Rings, heaps and pools that the processes of a domain share, by name.
 *
 * Each process has an object of its own for what it created or attached to, and
 * ends it by hpdma_ring_destroy(), hpdma_heap_destroy() or hpdma_mempool_destroy(),
 * before it lets go of the domain. That ends its use of it, and not the thing itself.
 *
 * A pool's objects belong to the process that got them, also while they are in a
 * cache of one of its threads. They go to another process by hpdma_domain_send()
 * and hpdma_domain_receive() only: an object that is handed over in any other way
 * stays the first one's, and is taken from the second when the first dies.
 */
#ifndef HPDMA_DOMAIN_OBJECTS_H
#define HPDMA_DOMAIN_OBJECTS_H

#include <hpdma/domain.h>
#include <hpdma/heap.h>
#include <hpdma/mempool.h>
#include <hpdma/ring.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * hpdma_domain_ring_create() - make a ring that processes share
 * @domain: The domain
 * @name: 1 to 39 bytes
 * @opts: Options; HPDMA_RING_ROBUST is added, and @owner is the process slot
 * @out: Receives the ring, the caller's to hpdma_ring_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Others see it when it is complete; if the caller dies before, it never was there.
 *
 * Return: 0; -EEXIST; -ENOSPC if the domain has no room, or (HPDMA_WHY_OBJECTS) no
 * entry; -ESTALE (HPDMA_WHY_FORKED); -ENOTRECOVERABLE; what hpdma_ring_init()
 * returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_ring_create(struct hpdma_domain *domain,
				       const char *name,
				       const struct hpdma_ring_opts *opts,
				       struct hpdma_ring **out,
				       struct hpdma_error *error);

/**
 * hpdma_domain_ring_attach() - use a ring of the domain
 * @domain: The domain
 * @name: As created
 * @out: Receives the ring, the caller's to hpdma_ring_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOENT; -ESTALE (HPDMA_WHY_FORKED); -ENOTRECOVERABLE; what
 * hpdma_ring_attach() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_ring_attach(struct hpdma_domain *domain,
				       const char *name,
				       struct hpdma_ring **out,
				       struct hpdma_error *error);

/**
 * hpdma_domain_heap_create() - make a heap that processes share
 * @domain: The domain
 * @name: 1 to 39 bytes
 * @length: Bytes of it; it does not grow
 * @opts: As of hpdma_heap_shared_attach()
 * @out: Receives the heap, the caller's to hpdma_heap_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_domain_ring_create() returns, for heaps.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_heap_create(struct hpdma_domain *domain,
				       const char *name, size_t length,
				       const struct hpdma_heap_opts *opts,
				       struct hpdma_heap **out,
				       struct hpdma_error *error);

/**
 * hpdma_domain_heap_attach() - use a heap of the domain
 * @domain: The domain
 * @name: As created
 * @opts: As of hpdma_heap_shared_attach()
 * @out: Receives the heap, the caller's to hpdma_heap_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_domain_ring_attach() returns, for heaps.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_heap_attach(struct hpdma_domain *domain,
				       const char *name,
				       const struct hpdma_heap_opts *opts,
				       struct hpdma_heap **out,
				       struct hpdma_error *error);

/**
 * hpdma_domain_mempool_create() - make a pool that processes share
 * @domain: The domain
 * @name: 1 to 39 bytes
 * @opts: Options. @count is what the pool has: it does not grow or shrink. @device
 *	and @buf must be NULL; HPDMA_MEMPOOL_SP and _SC must not be set
 * @out: Receives the pool, the caller's to hpdma_mempool_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_domain_ring_create() returns, for pools.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_mempool_create(struct hpdma_domain *domain,
					  const char *name,
					  const struct hpdma_mempool_opts *opts,
					  struct hpdma_mempool **out,
					  struct hpdma_error *error);

/**
 * hpdma_domain_mempool_attach() - use a pool of the domain
 * @domain: The domain
 * @name: As created
 * @opts: Options of this process: @cache_size, @low_water, @low, @misuse, and
 *	their arguments, @name and @owner. What is told of the objects, and the
 *	flags, are those of the maker, whatever is given here. May be NULL
 * @out: Receives the pool, the caller's to hpdma_mempool_destroy()
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_domain_ring_attach() returns, for pools.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_mempool_attach(struct hpdma_domain *domain,
					  const char *name,
					  const struct hpdma_mempool_opts *opts,
					  struct hpdma_mempool **out,
					  struct hpdma_error *error);

/**
 * hpdma_domain_remove() - end a ring, heap or pool
 * @domain: The domain
 * @type: &enum hpdma_domain_type
 * @name: As created
 * @error: Filled on failure; may be NULL
 *
 * The caller does not use it any more. Whoever asked for it counts as using it
 * until he is detached.
 *
 * Return: 0; -ENOENT; -EBUSY if another process has asked for it; -ESTALE
 * (HPDMA_WHY_FORKED); -ENOTRECOVERABLE.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_remove(struct hpdma_domain *domain,
				  enum hpdma_domain_type type, const char *name,
				  struct hpdma_error *error);

/**
 * hpdma_domain_send() - put objects of a pool into a ring, for another process
 * @domain: The domain
 * @pool: A pool of the domain
 * @ring: A ring of the domain, with elements of 8 bytes. It may be used for other
 *	things as well
 * @objects: Objects that this process holds
 * @n: How many
 *
 * What was sent is not the caller's any more. If he dies in here an object is either
 * in the ring or free again.
 *
 * Return: How many were sent, from the first on; fewer than @n if the ring is full,
 * or at an object that this process does not hold. If there would be none: -EPERM
 * for such an object; -EINVAL for a pool or ring that does not fit; -EOWNERDEAD if
 * the ring is broken.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_send(struct hpdma_domain *domain,
				struct hpdma_mempool *pool,
				struct hpdma_ring *ring, void *const *objects,
				uint32_t n);

/**
 * hpdma_domain_receive() - take objects of a pool out of a ring
 * @domain: The domain
 * @pool: The pool of which they are
 * @ring: A ring of the domain, with elements of 8 bytes
 * @objects: Receives them: this process holds them from now on
 * @n: How many at most
 *
 * Elements that are no objects on their way, or of another pool, are dropped. If the
 * caller dies in here an object is either in the ring, or free again.
 *
 * Return: How many; 0 if the ring is empty; -EINVAL for a pool or ring that does not
 * fit; -EOWNERDEAD if the ring is broken.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_receive(struct hpdma_domain *domain,
				   struct hpdma_mempool *pool,
				   struct hpdma_ring *ring, void **objects,
				   uint32_t n);

HPDMA_END

#endif /* HPDMA_DOMAIN_OBJECTS_H */
