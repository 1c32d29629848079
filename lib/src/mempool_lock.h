/* SPDX-License-Identifier: MIT */
/*
 * The lock of a store: held for the time of a few copies, so taking it is one exchange.
 *
 * Who does not get it looks again less and less often: each look takes the cache line from
 * the holder, who does many more gets and puts while it has it for itself. In the end
 * it gives up the CPU: with more threads than CPUs the holder may be waiting for that.
 */
#ifndef HPDMA_SRC_MEMPOOL_LOCK_H
#define HPDMA_SRC_MEMPOOL_LOCK_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Pauses between two looks, at first and at most */
#define MEMPOOL_PAUSES_FIRST 16
#define MEMPOOL_PAUSES_MOST 256

static inline void mempool_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Until another try is worth while */
static inline void mempool_lock_wait(const uint32_t *lock)
{
	unsigned int pauses = MEMPOOL_PAUSES_FIRST, i;

	while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
		for (i = 0; i < pauses; i++)
			mempool_relax();
		if (pauses < MEMPOOL_PAUSES_MOST)
			pauses *= 2;
		else
			sched_yield();
	}
}

/* Acquire: who has the lock sees all that earlier holders wrote. */
static inline bool mempool_trylock(uint32_t *lock)
{
	return !__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE);
}

static inline void mempool_lock(uint32_t *lock)
{
	while (!mempool_trylock(lock))
		mempool_lock_wait(lock);
}

/* Release: all that was written is seen by the next holder. */
static inline void mempool_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif /* HPDMA_SRC_MEMPOOL_LOCK_H */
