/* SPDX-License-Identifier: MIT */
/*
 * A lock that outlives those who die with it: it may lie in memory that processes
 * share, and tells who takes it next that its owner died.
 */
#ifndef HPDMA_SRC_LOCK_H
#define HPDMA_SRC_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct hpdma_lock {
	pthread_mutex_t mutex;
};

/*
 * A lock that is not @shared is of one process. Returns 0 or a negative errno:
 * -EOPNOTSUPP where processes cannot wait for each other, as in contiguous memory of the
 * module.
 */
int hpdma_lock_init(struct hpdma_lock *lock, bool shared);

/* For locks of this process: a shared one ends with its memory. */
void hpdma_lock_end(struct hpdma_lock *lock);

/**
 * hpdma_lock_take() - wait for the lock
 * @lock: The lock
 *
 * Return: 0; -EOWNERDEAD: taken as well, but its owner died, so that what it guards
 * may be half changed: put that right, say hpdma_lock_mended(), and go on. Dropped
 * without that the lock is void. -ENOTRECOVERABLE: void, not taken. -EINVAL and the
 * like: not a lock, not taken.
 */
int hpdma_lock_take(struct hpdma_lock *lock);

void hpdma_lock_mended(struct hpdma_lock *lock);
void hpdma_lock_drop(struct hpdma_lock *lock);

#endif /* HPDMA_SRC_LOCK_H */
