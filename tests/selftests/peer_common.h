/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other driver (tests/peer), as the tests speak to it. A test skips where its
 * module is not loaded. All calls return -errno where they fail.
 */
#ifndef HPDMA_SELFTESTS_PEER_COMMON_H
#define HPDMA_SELFTESTS_PEER_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common.h"
#include "peer.h"

#define PEER_NODE "/dev/hpdma_peer"

/* enum dma_data_direction of the kernel */
#define BOTH_WAYS 0
#define TO_DEVICE 1
#define FROM_DEVICE 2

static inline int peer_open(void)
{
	int fd = open(PEER_NODE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

#define NEED_PEER(_peer)                               \
	do {                                           \
		*(_peer) = peer_open();                \
		if (*(_peer) == -ENOENT)               \
			SKIP(return, "no " PEER_NODE); \
		ASSERT_LE(0, *(_peer));                \
	} while (0)

/* Commands that need nothing. */
static inline int peer_do(int peer, unsigned int number)
{
	struct peer_call arg = {};

	return call(peer, number, &arg);
}

/* PEER_MAP, PEER_BEGIN, PEER_END */
static inline int peer_direct(int peer, unsigned int number,
			      unsigned int direction)
{
	struct peer_call arg = { .direction = direction };

	return call(peer, number, &arg);
}

static inline int peer_attach(int peer, int dmabuf)
{
	struct peer_call arg = { .fd = dmabuf };

	return call(peer, PEER_ATTACH, &arg);
}

static inline int peer_mask(int peer, unsigned int bits)
{
	struct peer_call arg = { .bits = bits };

	return call(peer, PEER_MASK, &arg);
}

/* Return: how many runs there are. */
static inline int peer_addresses(int peer, struct peer_run *array, int count)
{
	struct peer_call arg = { .user = (uintptr_t)array, .count = count };
	int ret = call(peer, PEER_ADDRESSES, &arg);

	return ret ? ret : (int)arg.length;
}

/* PEER_READ, PEER_WRITE */
static inline int peer_copy(int peer, unsigned int number, uint64_t offset,
			    void *data, uint64_t length)
{
	struct peer_call arg = {
		.offset = offset,
		.length = length,
		.user = (uintptr_t)data,
	};

	return call(peer, number, &arg);
}

/* Return: the descriptor of a new dma-buf. */
static inline int peer_export(int peer, uint64_t length, unsigned int flags,
			      unsigned int error)
{
	struct peer_call arg = {
		.length = length,
		.flags = flags,
		.error = error,
	};
	int ret = call(peer, PEER_EXPORT, &arg);

	return ret ? ret : arg.fd;
}

static inline struct peer_stats peer_stats(int peer)
{
	struct peer_stats stats = {};

	call(peer, PEER_STATS, &stats);
	return stats;
}

/* Waits a little for work that the kernel does late. */
static inline bool peer_has(int peer, unsigned int buffers,
			    unsigned int attached, unsigned int mapped)
{
	struct peer_stats stats;
	int tries;

	for (tries = 0; tries < 200; tries++) {
		stats = peer_stats(peer);
		if (stats.buffers == buffers && stats.attached == attached &&
		    stats.mapped == mapped)
			return true;
		usleep(10000);
	}
	fprintf(stderr, "# peer: %u buffers, %u attached, %u mapped\n",
		stats.buffers, stats.attached, stats.mapped);
	return false;
}

#endif
