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

#include "mempool_lock.h"
#include "mempool_store.h"

struct stack {
	struct mempool_store store;
	uint32_t lock;
	uint64_t count;
	uint64_t room;
	void **objects;
	/* Nothing else in the line that all write to */
	char apart[64];
};

static int64_t stack_get(struct mempool_store *store, void **objects,
			 uint32_t min, uint32_t max)
{
	struct stack *stack = (struct stack *)store;
	uint64_t n = max;

	mempool_lock(&stack->lock);
	if (n > stack->count)
		n = stack->count;
	if (n < min)
		n = 0;
	stack->count -= n;
	hpdma_mempool_copy(objects, stack->objects + stack->count, n);
	if (n)
		mempool_store_got(store, stack->count);
	mempool_unlock(&stack->lock);
	return n;
}

static uint64_t stack_put(struct mempool_store *store, void *const *objects,
			  uint32_t n)
{
	struct stack *stack = (struct stack *)store;
	uint64_t count;

	mempool_lock(&stack->lock);
	hpdma_mempool_copy(stack->objects + stack->count, objects, n);
	count = stack->count += n;
	mempool_store_has_put(store);
	mempool_unlock(&stack->lock);
	return count;
}

static uint64_t stack_count(struct mempool_store *store)
{
	struct stack *stack = (struct stack *)store;
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
	struct stack *stack = (struct stack *)store;
	uint64_t room = stack->room + span->objects;
	void **objects, **old;

	objects = reallocarray(NULL, room, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
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
	struct stack *stack = (struct stack *)store;
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
	struct stack *stack = (struct stack *)store;

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

struct mempool_store *mempool_stack_new(void)
{
	struct stack *stack = calloc(1, sizeof(*stack));

	if (!stack)
		return NULL;
	stack->store.ops = &stack_ops;
	return &stack->store;
}
