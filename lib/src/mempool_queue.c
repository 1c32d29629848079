// SPDX-License-Identifier: MIT
/*
 * A store for pools with a single producer or consumer: a queue. Both sides have a lock
 * of their own, which the caller's promise takes off, and meet in two counters only.
 *
 * The counters never wrap round. @room is a power of two, and there are never more
 * objects than it, so nobody looks whether there is room.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mempool_lock.h"
#include "mempool_store.h"

struct side {
	__attribute__((aligned(64))) uint32_t lock;
	bool alone;
	uint64_t at; /* objects put, or got, so far */
};

struct queue {
	struct mempool_store store;
	void **objects;
	uint64_t room;
	uint64_t spans; /* objects of all spans */
	struct side put;
	struct side get;
};

static void enter(struct side *side)
{
	if (!side->alone)
		mempool_lock(&side->lock);
}

static void leave(struct side *side)
{
	if (!side->alone)
		mempool_unlock(&side->lock);
}

/* Two runs at most: up to the end of the array, and from its start. */
static uint32_t first_run(const struct queue *queue, uint64_t at, uint32_t n)
{
	const uint64_t run = queue->room - (at & (queue->room - 1));

	return run < n ? run : n;
}

/*
 * Acquire pairs with the putter's release: what it counts is in the array. The release
 * pairs with the putter's acquire: the slots have been read before they are used again.
 */
static int64_t queue_get(struct mempool_store *store, void **objects,
			 uint32_t min, uint32_t max)
{
	struct queue *queue = (struct queue *)store;
	uint64_t there, at, n = max;
	uint32_t run;

	enter(&queue->get);
	at = queue->get.at;
	there = __atomic_load_n(&queue->put.at, __ATOMIC_ACQUIRE) - at;
	if (n > there)
		n = there;
	if (n < min)
		n = 0;
	if (n) {
		run = first_run(queue, at, n);
		hpdma_mempool_copy(objects,
				   queue->objects + (at & (queue->room - 1)),
				   run);
		hpdma_mempool_copy(objects + run, queue->objects, n - run);
		__atomic_store_n(&queue->get.at, at + n, __ATOMIC_RELEASE);
		mempool_store_got(store, there - n);
	}
	leave(&queue->get);
	return n;
}

/*
 * An object is put after it was got, and its getter's release of @get.at came before;
 * so the slot it is put to has been read, if only the putter knows of that: acquire.
 */
static uint64_t queue_put(struct mempool_store *store, void *const *objects,
			  uint32_t n)
{
	struct queue *queue = (struct queue *)store;
	uint64_t at, got, room;
	bool too_many;
	uint32_t run;

	enter(&queue->put);
	at = queue->put.at;
	got = __atomic_load_n(&queue->get.at, __ATOMIC_ACQUIRE);
	room = queue->spans - (at - got);
	too_many = n > room;
	if (too_many)
		n = (uint32_t)room;
	if (n) {
		run = first_run(queue, at, n);
		hpdma_mempool_copy(queue->objects + (at & (queue->room - 1)),
				   objects, run);
		hpdma_mempool_copy(queue->objects, objects + run, n - run);
		__atomic_store_n(&queue->put.at, at + n, __ATOMIC_RELEASE);
		mempool_store_has_put(store);
	}
	leave(&queue->put);
	return too_many ? MEMPOOL_TOO_MANY : at + n - got;
}

static uint64_t queue_count(struct mempool_store *store)
{
	struct queue *queue = (struct queue *)store;
	const uint64_t got = __atomic_load_n(&queue->get.at, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&queue->put.at, __ATOMIC_ACQUIRE) - got;
}

/* Both sides at once, which the promise covers where it takes off the lock. */
static int queue_add(struct mempool_store *store,
		     const struct mempool_span *span)
{
	struct queue *queue = (struct queue *)store;
	uint64_t room = queue->room ? queue->room : 1, at;
	void **objects = NULL, **old;

	while (room < queue->spans + span->objects)
		room *= 2;
	objects = reallocarray(NULL, room, sizeof(*objects));
	if (!objects)
		return -ENOMEM;
	enter(&queue->put);
	enter(&queue->get);
	for (at = queue->get.at; at != queue->put.at; at++)
		objects[at & (room - 1)] =
			queue->objects[at & (queue->room - 1)];
	old = queue->objects;
	queue->objects = objects;
	queue->room = room;
	queue->spans += span->objects;
	leave(&queue->get);
	leave(&queue->put);
	free(old);
	return 0;
}

static bool queue_withdraw(struct mempool_store *store,
			   const struct mempool_span *span)
{
	struct queue *queue = (struct queue *)store;
	uint64_t at, to, found = 0;
	void *object;

	enter(&queue->put);
	enter(&queue->get);
	for (at = queue->get.at; at != queue->put.at; at++)
		found += mempool_span_has(
			span, queue->objects[at & (queue->room - 1)]);
	if (found == span->objects) {
		to = queue->get.at;
		for (at = to; at != queue->put.at; at++) {
			object = queue->objects[at & (queue->room - 1)];
			if (!mempool_span_has(span, object))
				queue->objects[to++ & (queue->room - 1)] =
					object;
		}
		__atomic_store_n(&queue->put.at, to, __ATOMIC_RELEASE);
		queue->spans -= found;
	}
	leave(&queue->get);
	leave(&queue->put);
	return found == span->objects;
}

static void queue_destroy(struct mempool_store *store)
{
	struct queue *queue = (struct queue *)store;

	free(queue->objects);
	free(queue);
}

static const struct mempool_store_ops queue_ops = {
	.get = queue_get,
	.put = queue_put,
	.count = queue_count,
	.add = queue_add,
	.withdraw = queue_withdraw,
	.destroy = queue_destroy,
};

struct mempool_store *mempool_queue_new(uint32_t flags)
{
	struct queue *queue;
	void *memory;

	if (posix_memalign(&memory, 64, sizeof(*queue)))
		return NULL;
	queue = memset(memory, 0, sizeof(*queue));
	queue->store.ops = &queue_ops;
	queue->put.alone = flags & HPDMA_MEMPOOL_SP;
	queue->get.alone = flags & HPDMA_MEMPOOL_SC;
	return &queue->store;
}
