// SPDX-License-Identifier: MIT
/*
 * Waiting for objects. It costs those who do not wait one load when they put into the
 * store.
 *
 * A waiter counts itself, closes all caches, and looks into the store; then it sleeps.
 * A putter puts, and then looks whether somebody is counted. Either the waiter entered
 * the store's lock first, and the putter, who took it later, sees the count; or the waiter
 * sees the object. A putter that sees the count takes the waiters' lock, so it wakes nobody
 * who has looked but does not sleep yet.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <time.h>

#include "mempool.h"

/* How long to sleep where other processes put: nobody wakes us then. */
#define SHARED_NS 1000000

void mempool_wake_waiters(struct hpdma_mempool *pool)
{
	pthread_mutex_lock(&pool->wait_lock);
	pthread_cond_broadcast(&pool->wait_cond);
	pthread_mutex_unlock(&pool->wait_lock);
}

static struct timespec after(struct timespec from, int64_t ns)
{
	from.tv_sec += ns / 1000000000;
	from.tv_nsec += ns % 1000000000;
	if (from.tv_nsec >= 1000000000) {
		from.tv_nsec -= 1000000000;
		from.tv_sec++;
	}
	return from;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	       (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* With the waiters' lock. Until woken or @end; false when that has come. */
static bool doze(struct hpdma_mempool *pool, const struct timespec *end)
{
	struct timespec now, until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (end && !is_before(&now, end))
		return false;
	mempool_count(&pool->waits);
	until = after(now, SHARED_NS);
	if (pool->store->ops->shared && !(end && is_before(end, &until)))
		pthread_cond_timedwait(&pool->wait_cond, &pool->wait_lock,
				       &until);
	else if (end)
		pthread_cond_timedwait(&pool->wait_cond, &pool->wait_lock, end);
	else
		pthread_cond_wait(&pool->wait_cond, &pool->wait_lock);
	return true;
}

int hpdma_mempool_get_wait(struct hpdma_mempool *pool, void **objects,
			   uint32_t n, int timeout_ms)
{
	struct hpdma_mempool_cache *cache;
	struct timespec end;
	int64_t got;

	if (pool->flags & (HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC))
		return -EINVAL;
	cache = mempool_cache_mine(pool);
	got = hpdma_mempool_get_more(pool, cache, objects, n, n);
	if (got != -ENOENT)
		return got < 0 ? (int)got : 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end = after(end, (int64_t)timeout_ms * 1000000);
	__atomic_fetch_add(&pool->waiters, 1, __ATOMIC_SEQ_CST);
	mempool_caches_close(pool);
	/* No put of another thread empties this one. */
	if (cache)
		mempool_cache_empty(pool, cache);

	pthread_mutex_lock(&pool->wait_lock);
	do {
		got = mempool_take(pool, NULL, objects, n, n);
	} while (got == -ENOENT && doze(pool, timeout_ms < 0 ? NULL : &end));
	pthread_mutex_unlock(&pool->wait_lock);
	__atomic_fetch_sub(&pool->waiters, 1, __ATOMIC_SEQ_CST);

	if (got > 0 && pool->told)
		mempool_check_got(pool, objects, n);
	mempool_tell_low(pool);
	if (got < 0)
		return got == -ENOENT ? -ETIMEDOUT : (int)got;
	return 0;
}
