// SPDX-License-Identifier: MIT
/*
 * A store for threads of one process: a stack. What was put last is got first, so that
 * objects and the stack's own top stay in the CPU's caches, however large the pool.
 * One lock; it shares a cache line with what it guards.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mempool_stack.h"

static int64_t stack_get(struct mempool_store *store, void **objects,
			 uint32_t min, uint32_t max)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;

	mempool_lock(&stack->lock);
	if (max > stack->count)
		max = min > stack->count ? 0 : (uint32_t)stack->count;
	if (max)
		mempool_stack_pop(stack, objects, max);
	mempool_unlock(&stack->lock);
	return max;
}

static uint64_t stack_put(struct mempool_store *store, void *const *objects,
			  uint32_t n)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;
	uint64_t count, room;

	mempool_lock(&stack->lock);
	room = stack->room - stack->count;
	mempool_stack_push(stack, objects, n < room ? n : (uint32_t)room);
	count = n <= room ? stack->count : MEMPOOL_TOO_MANY;
	mempool_unlock(&stack->lock);
	return count;
}

static uint64_t stack_count(struct mempool_store *store)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;
	uint64_t count;

	mempool_lock(&stack->lock);
	count = stack->count;
	mempool_unlock(&stack->lock);
	return count;
}

/* Memory is had and given back while nobody waits for the lock. */
static int stack_add(struct mempool_store *store,
		     const struct mempool_span *span)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;
	uint64_t room = stack->room + span->objects;
	void **objects, **old, *memory;

	/* Eight to a cache line */
	if (posix_memalign(&memory, 64, room * sizeof(*objects)))
		return -ENOMEM;
	objects = memory;
	mempool_lock(&stack->lock);
	if (stack->count)
		memcpy(objects, stack->objects,
		       stack->count * sizeof(*objects));
	old = stack->objects;
	stack->objects = objects;
	stack->room = room;
	mempool_unlock(&stack->lock);
	free(old);
	return 0;
}

static bool stack_withdraw(struct mempool_store *store,
			   const struct mempool_span *span)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;
	uint64_t i, kept = 0, found = 0;

	mempool_lock(&stack->lock);
	for (i = 0; i < stack->count; i++)
		found += mempool_span_has(span, stack->objects[i]);
	if (found == span->objects) {
		for (i = 0; i < stack->count; i++) {
			if (!mempool_span_has(span, stack->objects[i]))
				stack->objects[kept++] = stack->objects[i];
		}
		stack->count = kept;
		stack->room -= found;
	}
	mempool_unlock(&stack->lock);
	return found == span->objects;
}

static void stack_destroy(struct mempool_store *store)
{
	struct mempool_stack *stack = (struct mempool_stack *)store;

	free(stack->objects);
	free(stack);
}

static const struct mempool_store_ops stack_ops = {
	.get = stack_get,
	.put = stack_put,
	.count = stack_count,
	.add = stack_add,
	.withdraw = stack_withdraw,
	.destroy = stack_destroy,
};

struct mempool_stack *mempool_stack_of(struct mempool_store *store)
{
	return store->ops == &stack_ops ? (struct mempool_stack *)store : NULL;
}

/* Nothing else in the line that all write to */
struct mempool_store *mempool_stack_new(void)
{
	struct mempool_stack *stack;
	void *memory;

	_Static_assert(sizeof(*stack) <= 64, "one line");
	if (posix_memalign(&memory, 64, 64))
		return NULL;
	stack = memset(memory, 0, sizeof(*stack));
	stack->store.ops = &stack_ops;
	return &stack->store;
}
