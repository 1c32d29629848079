// SPDX-License-Identifier: MIT
/* Robust mutexes, shared between processes or not. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>

#include "lock.h"
#include "sys.h"

int hpdma_lock_init(struct hpdma_lock *lock, bool shared)
{
	pthread_mutexattr_t attr;
	int ret;

	/*
	 * Where the kernel knows nothing that processes could wait at, the C library
	 * would end the first one that has to.
	 */
	if (shared && hpdma_sys_native.wake(&lock->mutex) == -EFAULT)
		return -EOPNOTSUPP;
	ret = pthread_mutexattr_init(&attr);
	if (ret)
		return -ret;
	if (shared) {
		ret = pthread_mutexattr_setpshared(&attr,
						   PTHREAD_PROCESS_SHARED);
		if (!ret)
			ret = pthread_mutexattr_setrobust(&attr,
							  PTHREAD_MUTEX_ROBUST);
	}
	if (!ret)
		ret = pthread_mutex_init(&lock->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return -ret;
}

void hpdma_lock_end(struct hpdma_lock *lock)
{
	pthread_mutex_destroy(&lock->mutex);
}

int hpdma_lock_take(struct hpdma_lock *lock)
{
	return -pthread_mutex_lock(&lock->mutex);
}

void hpdma_lock_mended(struct hpdma_lock *lock)
{
	pthread_mutex_consistent(&lock->mutex);
}

void hpdma_lock_drop(struct hpdma_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}
