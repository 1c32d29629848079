/* SPDX-License-Identifier: MIT */
/*
 * Memzones: named ranges of memory, cut from a set that grows by buffers or
 * that several processes share.
 *
 * A zone is nobody's in particular. It lives from hpdma_memzone_reserve() to
 * hpdma_memzone_free(), whoever calls that, or to the end of its set; there are
 * no references to a zone. What a program holds is a description of it. Each
 * reservation gets a serial number that the set never gives again, so that a
 * stale description frees nothing: of several hpdma_memzone_free() of one zone,
 * one succeeds and the others get -ENOENT. Who uses memory of a zone has to agree
 * with who frees it.
 */
#ifndef HPDMA_MEMZONE_H
#define HPDMA_MEMZONE_H

#include <hpdma/buf.h>
#include <hpdma/context.h>
#include <hpdma/device.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/* Of a name or a tag, with its end. */
#define HPDMA_MEMZONE_NAME_SIZE 64
#define HPDMA_MEMZONE_OWNER_SIZE 32

struct hpdma_memzones;

/**
 * struct hpdma_memzones_opts - options of hpdma_memzones_create()
 * @size: sizeof(struct hpdma_memzones_opts)
 * @flags: Must be 0
 * @max_zones: How many zones there can be at a time, up to 2^20; 0 for 4096
 * @max_chunks: How many pieces the set's memory can have, up to 2^16; 0 for 256
 * @chunk_length: What the set grows by at least, in bytes; 0 for 2 MiB, or an
 *	eighth of what it has if that is more
 * @max_length: Bytes that the set may have at most; 0 for no limit
 * @buf: Options for the buffers the set grows by, or NULL. Their HPDMA_BUF_NODE and
 *	@node are those of the zone; their alignment is a lower bound;
 *	HPDMA_BUF_NO_MAP is refused
 * @device: Each buffer is mapped for this device, and what is contiguous is told
 *	by its addresses; NULL: by the physical ones, as far as they are known
 *
 * Since: 0.1
 */
struct hpdma_memzones_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t max_zones;
	uint32_t max_chunks;
	uint64_t chunk_length;
	uint64_t max_length;
	const struct hpdma_buf_opts *buf;
	struct hpdma_device *device;
};

/**
 * hpdma_memzones_create() - make a set of zones for this process
 * @ctx: The context whose buffers it grows by, or NULL: ordinary memory
 * @opts: Options, or NULL
 * @out: Receives the set with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * It has no memory at first. Memory that it got stays with it until the last unref.
 *
 * Return: 0; -EINVAL, -E2BIG for bad options, among them a device or options of
 * buffers without @ctx; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzones_create(struct hpdma *ctx,
				    const struct hpdma_memzones_opts *opts,
				    struct hpdma_memzones **out,
				    struct hpdma_error *error);

/**
 * hpdma_memzones_ref() - take a reference
 * @zones: The set
 *
 * Return: @zones.
 * Since: 0.1
 */
HPDMA_API struct hpdma_memzones *hpdma_memzones_ref(
	struct hpdma_memzones *zones);

/**
 * hpdma_memzones_unref() - drop a reference
 * @zones: The set, or NULL
 *
 * The last one gives back the memory of the set, and with it all its zones. Of a
 * set that is shared it only forgets where the set is: the zones stay.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_memzones_unref(struct hpdma_memzones *zones);

/**
 * enum hpdma_memzone_flags - bits of &hpdma_memzone_opts.flags
 * @HPDMA_MEMZONE_NODE: On NUMA node @node, or fail
 * @HPDMA_MEMZONE_CONTIGUOUS: In one run of consecutive addresses (those of
 *	&hpdma_memzones_opts.device, else physical), or fail
 *
 * Since: 0.1
 */
enum hpdma_memzone_flags {
	HPDMA_MEMZONE_NODE = 1 << 0,
	HPDMA_MEMZONE_CONTIGUOUS = 1 << 1,
};

/**
 * struct hpdma_memzone_opts - options of hpdma_memzone_reserve()
 * @size: sizeof(struct hpdma_memzone_opts)
 * @flags: Bits of &enum hpdma_memzone_flags
 * @alignment: The zone starts at a multiple of this power of two; 0 for 64, and
 *	never less
 * @boundary: The zone does not cross a multiple of this power of two, which is
 *	not below its length; 0 for no wish
 * @node: With HPDMA_MEMZONE_NODE the NUMA node, otherwise must be 0
 * @reserved: Must be 0
 * @owner: Who wants it, for dumps: up to 31 bytes, NULL for ""
 *
 * @alignment and @boundary are of the address in this process. In a shared set they
 * hold in every process, and cannot be more than what its memory is aligned to.
 * With HPDMA_MEMZONE_CONTIGUOUS they hold for the device's or physical addresses,
 * too.
 *
 * Since: 0.1
 */
struct hpdma_memzone_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t alignment;
	uint64_t boundary;
	uint32_t node;
	uint32_t reserved;
	const char *owner;
};

/**
 * struct hpdma_memzone - description of a zone
 * @size: sizeof(struct hpdma_memzone)
 * @id: Its place in the set; a later zone may have the same
 * @serial: Number of the reservation; the set gives no other zone the same
 * @ptr: The memory, in this process
 * @length: Bytes, as asked for
 * @node: NUMA node, or -1 if this is not known
 * @flags: Bits of &enum hpdma_memzone_flags it was reserved with
 * @name: Its name
 * @owner: Tag of who reserved it
 *
 * Since: 0.1
 */
struct hpdma_memzone {
	uint32_t size;
	uint32_t id;
	uint64_t serial;
	void *ptr;
	uint64_t length;
	int32_t node;
	uint32_t flags;
	char name[HPDMA_MEMZONE_NAME_SIZE];
	char owner[HPDMA_MEMZONE_OWNER_SIZE];
};

/**
 * hpdma_memzone_reserve() - make a zone
 * @zones: The set
 * @name: 1 to 63 bytes, none of them a blank, a control character or '/'
 * @length: Bytes, not 0; what is taken is rounded up to 64
 * @opts: Options, or NULL
 * @zone: Filled; @zone->size is set by the caller
 * @error: Filled on failure; may be NULL
 *
 * Of several that reserve one name at the same time, one succeeds. Memory that was a
 * zone's before is not cleared; other memory is zero.
 *
 * A set of this process grows if no place is left; another thread may use the set
 * meanwhile. A shared set does not grow.
 *
 * Return: 0; -EEXIST if there is a zone of this name; -ENOMEM if there is no place
 * for it; -ENOSPC if there are as many zones or pieces of memory as there can be, or
 * as many bytes, or memory of 16 nodes already; -EOPNOTSUPP if memory of the node, or
 * with the alignment, boundary or contiguity asked for cannot be had or be known to
 * be so; -EINVAL, -E2BIG for bad options or a bad name; -EOVERFLOW for more than 2^60
 * bytes; -ENOTRECOVERABLE if the set is damaged; what hpdma_buf_alloc(),
 * hpdma_buf_segments() and hpdma_dma_map() return.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzone_reserve(struct hpdma_memzones *zones,
				    const char *name, uint64_t length,
				    const struct hpdma_memzone_opts *opts,
				    struct hpdma_memzone *zone,
				    struct hpdma_error *error);

/**
 * hpdma_memzone_lookup() - find a zone by its name
 * @zones: The set
 * @name: The name
 * @zone: Filled; @zone->size is set by the caller
 *
 * The description is of one moment and whole. It does not keep others from freeing
 * the zone.
 *
 * Return: 0; -ENOENT; -EINVAL if @zone->size is too small; -ENOTRECOVERABLE if the
 * set is damaged.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzone_lookup(struct hpdma_memzones *zones,
				   const char *name,
				   struct hpdma_memzone *zone);

/**
 * hpdma_memzone_free() - end a zone
 * @zones: The set
 * @zone: As described by the set; in a shared set by any process
 *
 * Its name and its memory can be reserved again when this returns.
 *
 * Return: 0; -ENOENT if it has been freed; -EINVAL if @zone->size is too small;
 * -ENOTRECOVERABLE if the set is damaged.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzone_free(struct hpdma_memzones *zones,
				 const struct hpdma_memzone *zone);

/**
 * typedef hpdma_memzone_fn - told of a zone
 * @zone: The zone; valid during the call
 * @arg: As given with the function
 *
 * Return: 0 to go on; anything else ends the walk.
 * Since: 0.1
 */
typedef int (*hpdma_memzone_fn)(const struct hpdma_memzone *zone, void *arg);

/**
 * hpdma_memzones_walk() - look at all zones in the order of their addresses
 * @zones: The set
 * @fn: Called for each zone
 * @arg: For @fn
 *
 * Tells of the zones that there were at one moment. No lock is held meanwhile: @fn
 * may use the set, also free the zone.
 *
 * Return: 0; what @fn returned if that is not 0; -ENOMEM; -ENOTRECOVERABLE if the set
 * is damaged.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzones_walk(struct hpdma_memzones *zones,
				  hpdma_memzone_fn fn, void *arg);

/**
 * struct hpdma_memzone_run - memory of a set that is contiguous
 * @size: sizeof(struct hpdma_memzone_run)
 * @kind: &enum hpdma_kind of @addr; HPDMA_KIND_NONE if it is not known
 * @ptr: The memory, in this process
 * @length: Bytes
 * @free: How many of them are in no zone
 * @addr: Address for the device, or physical address; 0 if it is not known
 * @unit: 0 if all of it is contiguous for devices, too. Else that much is, from
 *	each multiple of it: nothing more is known
 * @node: NUMA node, or -1 if this is not known
 * @reserved: 0
 *
 * Since: 0.1
 */
struct hpdma_memzone_run {
	uint32_t size;
	uint32_t kind;
	void *ptr;
	uint64_t length;
	uint64_t free;
	uint64_t addr;
	uint64_t unit;
	int32_t node;
	uint32_t reserved;
};

/**
 * typedef hpdma_memzone_run_fn - told of a run
 * @run: The run; valid during the call
 * @arg: As given with the function
 *
 * Return: 0 to go on; anything else ends the walk.
 * Since: 0.1
 */
typedef int (*hpdma_memzone_run_fn)(const struct hpdma_memzone_run *run,
				    void *arg);

/**
 * hpdma_memzones_runs() - look at all memory in the order of its addresses
 * @zones: The set
 * @node: NUMA node, or -1: all
 * @fn: Called for each run
 * @arg: For @fn
 *
 * Tells of one moment. No lock is held meanwhile.
 *
 * Return: 0; what @fn returned if that is not 0; -ENOMEM; -ENOTRECOVERABLE if the set
 * is damaged.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzones_runs(struct hpdma_memzones *zones, int32_t node,
				  hpdma_memzone_run_fn fn, void *arg);

/**
 * struct hpdma_memzones_info - statistics of a set
 * @size: sizeof(struct hpdma_memzones_info)
 * @max_zones: How many zones there can be
 * @zones: How many there are
 * @chunks: How many pieces of memory there are
 * @max_chunks: How many pieces there can be
 * @repairs: How often a process died in the middle of a change, and another one put
 *	it right
 * @length: Bytes of memory
 * @used: Bytes in zones, as rounded up
 * @largest_free: Longest free range in bytes
 * @free_ranges: How many free ranges there are
 * @serial: Serial number of the last reservation; 0 if there was none
 *
 * Since: 0.1
 */
struct hpdma_memzones_info {
	uint32_t size;
	uint32_t max_zones;
	uint32_t zones;
	uint32_t chunks;
	uint32_t max_chunks;
	uint32_t repairs;
	uint64_t length;
	uint64_t used;
	uint64_t largest_free;
	uint64_t free_ranges;
	uint64_t serial;
};

/**
 * hpdma_memzones_get_info() - statistics of a set
 * @zones: The set
 * @info: Filled; @info->size is set by the caller
 *
 * Return: 0; -EINVAL if @info->size is too small; -ENOTRECOVERABLE if the set is
 * damaged.
 * Since: 0.1
 */
HPDMA_API int hpdma_memzones_get_info(struct hpdma_memzones *zones,
				      struct hpdma_memzones_info *info);

HPDMA_END

#endif /* HPDMA_MEMZONE_H */
