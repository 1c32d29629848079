/* SPDX-License-Identifier: MIT */
/*
 * The stack of mempool_stack.c, for what a pool without caches does most: it gets all
 * that it asks for, puts what belongs there, and finds the lock free. Everything else
 * goes the common way.
 */
#ifndef HPDMA_SRC_MEMPOOL_STACK_H
#define HPDMA_SRC_MEMPOOL_STACK_H

#include "mempool_lock.h"
#include "mempool_store.h"

/* What the lock guards stands in the cache line of the lock. */
struct mempool_stack {
	struct mempool_store store;
	uint32_t lock;
	uint64_t count;
	uint64_t room;
	void **objects;
};

/* NULL: it is another kind of store. */
struct mempool_stack *mempool_stack_of(struct mempool_store *store);

/* With the lock; there are so many. */
static inline void mempool_stack_pop(struct mempool_stack *stack,
				     void **objects, uint32_t n)
{
	const uint64_t count = stack->count - n;

	hpdma_mempool_copy(objects, stack->objects + count, n);
	stack->count = count;
	mempool_store_got(&stack->store, count);
}

static inline void mempool_stack_push(struct mempool_stack *stack,
				      void *const *objects, uint32_t n)
{
	hpdma_mempool_copy(stack->objects + stack->count, objects, n);
	stack->count += n;
	mempool_store_has_put(&stack->store);
}

/* Only all @n, and only if the lock is free */
static inline bool mempool_stack_try_get(struct mempool_stack *stack,
					 void **objects, uint32_t n)
{
	bool enough;

	if (!mempool_trylock(&stack->lock))
		return false;
	enough = n <= stack->count;
	if (enough)
		mempool_stack_pop(stack, objects, n);
	mempool_unlock(&stack->lock);
	return enough;
}

static inline bool mempool_stack_try_put(struct mempool_stack *stack,
					 void *const *objects, uint32_t n)
{
	bool room;

	if (!mempool_trylock(&stack->lock))
		return false;
	room = n <= stack->room - stack->count;
	if (room)
		mempool_stack_push(stack, objects, n);
	mempool_unlock(&stack->lock);
	return room;
}

#endif /* HPDMA_SRC_MEMPOOL_STACK_H */
