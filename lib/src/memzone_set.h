/* SPDX-License-Identifier: MIT */
/*
 * Sets of zones as the library itself sees them: made in given memory, or attached
 * there, and what a process keeps beside them.
 */
#ifndef HPDMA_SRC_MEMZONE_SET_H
#define HPDMA_SRC_MEMZONE_SET_H

#include <hpdma/dma.h>
#include <hpdma/memzone.h>

#include "memzone_table.h"
#include "util.h"

/**
 * struct memzones_format - what a set in given memory is to be
 * @max_zones: How many zones there can be; 0 for 4096
 * @node: NUMA node of the memory, or -1
 * @alignment: Power of two that the memory is aligned to in every process, at least
 *	4096. Zones are aligned up to this
 * @unit: Power of two up to @alignment: each such part of the memory is physically
 *	contiguous (the page size); 0 for 4096
 * @contiguous: All of the memory is one run of the device's or physical addresses,
 *	which are aligned like the memory's, to @alignment
 */
struct memzones_format {
	uint32_t max_zones;
	int32_t node;
	uint64_t alignment;
	uint64_t unit;
	bool contiguous;
};

/**
 * hpdma_memzones_control_length() - what the tables take
 * @format: What the set is to be
 *
 * Return: Bytes in front of the memory for zones; 0 for a bad @format.
 */
uint64_t hpdma_memzones_control_length(const struct memzones_format *format);

/**
 * hpdma_memzones_format() - make a set in given memory
 * @mem: The memory, zero; tables and zones lie in it
 * @length: Bytes
 * @format: What the set is to be
 *
 * Nobody may attach before this returns.
 *
 * Return: 0; -EINVAL; -ENOSPC if @length is too small for the tables and 4096 bytes.
 */
int hpdma_memzones_format(void *mem, size_t length,
			  const struct memzones_format *format);

/**
 * hpdma_memzones_attach() - use a set in given memory
 * @mem: The memory, aligned as it was said to be; stays the caller's, mapped until
 *	the last unref
 * @length: Bytes that are mapped
 * @out: Receives the set with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Believes nothing that it reads there but the lock: what is not a lock can make
 * pthread_mutex_lock() wait forever. Who may write there is trusted not to do harm
 * later on.
 *
 * Return: 0; -EPROTO if there is no set, or one of another version; -EBADMSG if it is
 * damaged; -EINVAL for memory that is not aligned; -ENOTRECOVERABLE; -ENOMEM.
 */
int hpdma_memzones_attach(void *mem, size_t length, struct hpdma_memzones **out,
			  struct hpdma_error *error);

/* What a process knows of a chunk. One of @buf and @plain is set, in a private set. */
struct memzones_local {
	struct hpdma_buf *buf;
	struct hpdma_dma *dma;
	void *plain;
	struct hpdma_seg *segs;
	uint32_t kind;
};

/**
 * struct hpdma_memzones - a set, in a process
 * @refs: References
 * @table: The tables
 * @control: The memory of the tables of a private set, NULL for a shared one
 * @ctx: What it grows by, or NULL
 * @device: As in the options, or NULL
 * @buf: Options of the buffers it grows by
 * @chunk_length: As in the options
 * @max_length: As in the options
 * @local: For each chunk of a private set; NULL for a shared one
 */
struct hpdma_memzones {
	atomic_uint refs;
	struct memzone_table table;
	void *control;
	struct hpdma *ctx;
	struct hpdma_device *device;
	struct hpdma_buf_opts buf;
	uint64_t chunk_length;
	uint64_t max_length;
	struct memzones_local *local;
};

/* Gives back what the chunk is made of. */
void hpdma_memzones_release(struct memzones_local *local);

/**
 * hpdma_memzones_grow() - add memory
 * @zones: A private set, its lock not held
 * @want: A place that is wanted
 * @error: Filled on failure; may be NULL
 *
 * Return: 0: there was such a place a moment ago; else what hpdma_memzone_reserve()
 * returns.
 */
int hpdma_memzones_grow(struct hpdma_memzones *zones,
			const struct memzone_want *want,
			struct hpdma_error *error);

#endif /* HPDMA_SRC_MEMZONE_SET_H */
