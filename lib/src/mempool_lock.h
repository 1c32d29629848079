/* SPDX-License-Identifier: MIT */
/*
 * The lock of a store: held for the time of a few copies, so taking it is one exchange.
 * Who does not get it soon gives up the CPU: with more threads than CPUs its holder may
 * be waiting for just that.
 */
#ifndef HPDMA_SRC_MEMPOOL_LOCK_H
#define HPDMA_SRC_MEMPOOL_LOCK_H

#include <sched.h>
#include <stdint.h>

#define MEMPOOL_SPINS 256

static inline void mempool_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Acquire: who has the lock sees all that earlier holders wrote. */
static inline void mempool_lock(uint32_t *lock)
{
	unsigned int spins = 0;

	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
		/* Look without taking the cache line from the holder. */
		while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
			if (++spins % MEMPOOL_SPINS)
				mempool_relax();
			else
				sched_yield();
		}
	}
}

/* Release: all that was written is seen by the next holder. */
static inline void mempool_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif /* HPDMA_SRC_MEMPOOL_LOCK_H */
