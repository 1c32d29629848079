// SPDX-License-Identifier: MIT
/*
 * Looking at a pool's chunks and objects, free or not.
 */
#include "mempool.h"

int hpdma_mempool_walk_chunks(
	struct hpdma_mempool *pool,
	int (*each)(const struct hpdma_mempool_chunk *chunk, void *arg),
	void *arg)
{
	const struct mempool_chunk *chunk;
	struct hpdma_mempool_chunk told;
	int ret = 0;

	pthread_mutex_lock(&pool->lock);
	for (chunk = pool->chunks; chunk && !ret; chunk = chunk->next) {
		if (!chunk->slots)
			continue;
		told = (struct hpdma_mempool_chunk){
			.mem = chunk->memory.mem,
			.length = chunk->memory.length,
			.first = (void *)chunk->first,
			.count = chunk->objects,
			.index = chunk->index,
		};
		ret = each(&told, arg);
	}
	pthread_mutex_unlock(&pool->lock);
	return ret;
}

static int walk_chunk(const struct hpdma_mempool *pool,
		      const struct mempool_chunk *chunk,
		      int (*each)(void *object, uint64_t index, void *arg),
		      void *arg)
{
	void *object;
	uint64_t i;
	int ret = 0;

	for (i = 0; i < chunk->slots && !ret; i++) {
		object = (void *)(chunk->first + i * pool->layout.stride);
		if (mempool_head(object)->mark != MEMPOOL_HOLE)
			ret = each(object, chunk->index + i, arg);
	}
	return ret;
}

int hpdma_mempool_walk(struct hpdma_mempool *pool,
		       int (*each)(void *object, uint64_t index, void *arg),
		       void *arg)
{
	const struct mempool_chunk *chunk;
	int ret = 0;

	pthread_mutex_lock(&pool->lock);
	for (chunk = pool->chunks; chunk && !ret; chunk = chunk->next)
		ret = walk_chunk(pool, chunk, each, arg);
	pthread_mutex_unlock(&pool->lock);
	return ret;
}
