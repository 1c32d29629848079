// SPDX-License-Identifier: MIT
/*
 * How a set of this process gets memory. All that takes long is done without the
 * lock; what others did meanwhile is seen when the chunk is put in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memzone_extent.h"
#include "memzone_index.h"
#include "memzone_set.h"

#define HUGE_PAGE (2ull << 20)

/**
 * struct piece - memory that is to become a chunk
 * @local: What holds it, and its addresses
 * @count: How many addresses are known
 * @chunk: The chunk
 */
struct piece {
	struct memzones_local local;
	size_t count;
	struct memzone_chunk chunk;
};

/* Physical addresses, if they may be known. */
static int read_phys(struct piece *piece, struct hpdma_error *error)
{
	enum hpdma_kind kind;
	size_t count = 0;
	int ret;

	ret = hpdma_buf_segments(piece->local.buf, NULL, 0, &count, &kind,
				 error);
	if (ret == -EPERM || ret == -EOPNOTSUPP)
		return 0;
	if (ret != -EMSGSIZE)
		return ret;
	piece->local.segs = calloc(count, sizeof(*piece->local.segs));
	if (!piece->local.segs)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "keep addresses");
	ret = hpdma_buf_segments(piece->local.buf, piece->local.segs, count,
				 &piece->count, &kind, error);
	piece->local.kind = kind;
	return ret;
}

static int map_for_device(struct hpdma_device *device, struct piece *piece,
			  struct hpdma_error *error)
{
	const struct hpdma_seg *segs;
	enum hpdma_kind kind;
	int ret;

	ret = hpdma_dma_map(device, piece->local.buf, 0, 0, &piece->local.dma,
			    error);
	if (ret)
		return ret;
	piece->count = hpdma_dma_segments(piece->local.dma, &segs, &kind);
	piece->local.kind = kind;
	piece->local.segs = calloc(piece->count, sizeof(*segs));
	if (!piece->local.segs)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "keep addresses");
	memcpy(piece->local.segs, segs, piece->count * sizeof(*segs));
	return 0;
}

/* Addresses that are not those of all of the memory say nothing. */
static bool covers(const struct piece *piece)
{
	uint64_t length = 0;
	size_t i;

	for (i = 0; i < piece->count; i++)
		length += piece->local.segs[i].length;
	return piece->count && length == piece->chunk.length;
}

/* Zones and addresses for devices are alike up to the lowest bit they differ in. */
static uint64_t congruence(const struct piece *piece)
{
	uint64_t pos = piece->chunk.start, differ = 1ull << 63;
	size_t i;

	for (i = 0; i < piece->count; i++) {
		differ |= pos ^ piece->local.segs[i].addr;
		pos += piece->local.segs[i].length;
	}
	return lowest_bit(differ);
}

static int take_buf(struct hpdma_memzones *zones, uint64_t length,
		    const struct hpdma_buf_opts *opts, struct piece *piece,
		    struct hpdma_error *error)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct memzone_chunk *chunk = &piece->chunk;
	int ret;

	ret = hpdma_buf_alloc(zones->ctx, length, opts, &piece->local.buf,
			      error);
	if (ret)
		return ret;
	ret = hpdma_buf_get_info(piece->local.buf, &info);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "ask what was obtained");
	chunk->start = (uintptr_t)hpdma_buf_ptr(piece->local.buf);
	chunk->length = info.length;
	chunk->node = info.node;
	chunk->unit = info.page_size ? info.page_size : MEMZONE_PAGE;
	chunk->congruent = chunk->unit;
	ret = zones->device ? map_for_device(zones->device, piece, error) :
			      read_phys(piece, error);
	if (ret)
		return ret;
	if (covers(piece)) {
		chunk->runs = (uint32_t)piece->count;
		chunk->congruent = congruence(piece);
	} else if (!piece->count && info.segments == 1) {
		/* One run, wherever it is. */
		chunk->runs = 1;
	}
	return 0;
}

static int take_plain(uint64_t length, struct piece *piece,
		      struct hpdma_error *error)
{
	void *mem = NULL;

	if (length <= SIZE_MAX)
		mem = aligned_alloc(MEMZONE_PAGE, (size_t)length);
	if (!mem)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate memory");
	memset(mem, 0, (size_t)length);
	piece->local.plain = mem;
	piece->chunk.start = (uintptr_t)mem;
	piece->chunk.length = length;
	piece->chunk.node = -1;
	piece->chunk.unit = MEMZONE_PAGE;
	piece->chunk.congruent = MEMZONE_PAGE;
	return 0;
}

/* Without the lock: how it is with ordinary memory is known before. */
static bool plain_can(const struct memzone_want *want)
{
	const struct memzone_chunk chunk = { .node = -1,
					     .unit = MEMZONE_PAGE,
					     .congruent = MEMZONE_PAGE };

	return hpdma_memzone_extents_can(&chunk, want);
}

static int take_piece(struct hpdma_memzones *zones, uint64_t length,
		      const struct memzone_want *want, struct piece *piece,
		      struct hpdma_error *error)
{
	struct hpdma_buf_opts opts = zones->buf;

	memset(piece, 0, sizeof(*piece));
	if (!zones->ctx)
		return take_plain(length, piece, error);
	if (want->node >= 0) {
		opts.flags |= HPDMA_BUF_NODE;
		opts.node = (uint32_t)want->node;
	}
	if (want->contiguous && !zones->device) {
		if (opts.alignment < want->alignment)
			opts.alignment = want->alignment;
		/* Huge pages follow each other by chance only. */
		if (want->size > HUGE_PAGE && !opts.page_size &&
		    opts.backing == HPDMA_BUF_BACKING_ANY)
			opts.backing = HPDMA_BUF_BACKING_CONTIG;
	}
	return take_buf(zones, length, &opts, piece, error);
}

static void write_runs(struct memzone_table *t, const struct piece *piece)
{
	struct memzone_run *run = &t->runs[piece->chunk.first_run];
	uint64_t pos = piece->chunk.start;
	size_t i;

	if (!piece->count) {
		run->start = pos;
		run->length = piece->chunk.length;
		return;
	}
	for (i = 0; i < piece->count; i++) {
		run[i].start = pos;
		run[i].length = piece->local.segs[i].length;
		pos += run[i].length;
	}
}

/* With the lock: nothing counts before all is known to be right. */
static int put_in(struct hpdma_memzones *zones, struct piece *piece,
		  const struct memzone_want *want)
{
	struct memzone_table *t = &zones->table;
	struct memzone_header *head = t->head;
	struct memzone_chunk *chunk = &t->chunks[head->chunks];

	if (head->chunks == t->geometry.max_chunks)
		return -ENOSPC;
	if (zones->max_length &&
	    (head->memory > zones->max_length ||
	     piece->chunk.length > zones->max_length - head->memory))
		return -ENOSPC;

	piece->chunk.first_run = head->runs;
	if (piece->chunk.runs > t->geometry.max_runs - head->runs) {
		/* Too many to keep: then only pages are contiguous. */
		piece->chunk.runs = 0;
		piece->chunk.congruent = piece->chunk.unit;
	}
	if (piece->chunk.runs)
		write_runs(t, piece);
	*chunk = piece->chunk;
	if (!hpdma_memzone_extents_fit(t, chunk, chunk->start,
				       chunk->start + chunk->length, want))
		return -EOPNOTSUPP;
	if (!hpdma_memzone_extents_add(t, head->chunks))
		return -ENOSPC;
	zones->local[head->chunks] = piece->local;
	head->runs += chunk->runs;
	head->chunks++;
	return 0;
}

/**
 * plan() - how much to get
 * @zones: The set
 * @want: The place wanted
 * @least: Receives what the place takes wherever the memory begins
 * @length: Receives what is to be tried first, not less
 *
 * Return: 0, -ENOSPC or -EOVERFLOW.
 */
static int plan(struct hpdma_memzones *zones, const struct memzone_want *want,
		uint64_t *least, uint64_t *length)
{
	uint64_t memory, most, grow = zones->chunk_length;
	uint32_t chunks;
	int ret;

	ret = hpdma_memzone_index_lock(&zones->table);
	if (ret)
		return ret;
	memory = zones->table.head->memory;
	chunks = zones->table.head->chunks;
	memzone_index_unlock(&zones->table);

	*least = want->size;
	if (want->alignment > MEMZONE_PAGE)
		*least += want->alignment;
	if (want->boundary)
		*least += want->size;
	if (!round_up(*least, MEMZONE_PAGE, least))
		return -EOVERFLOW;
	if (!grow)
		grow = memory / 8 > HUGE_PAGE ? memory / 8 : HUGE_PAGE;
	if (grow < *least)
		grow = *least;
	if (!round_up(grow, grow < HUGE_PAGE ? MEMZONE_PAGE : HUGE_PAGE,
		      length))
		return -EOVERFLOW;
	if (chunks == zones->table.geometry.max_chunks)
		return -ENOSPC;
	if (!zones->max_length)
		return 0;
	most = memory < zones->max_length ? zones->max_length - memory : 0;
	most &= ~(uint64_t)(MEMZONE_PAGE - 1);
	if (*least > most)
		return -ENOSPC;
	if (*length > most)
		*length = most;
	return 0;
}

int hpdma_memzones_grow(struct hpdma_memzones *zones,
			const struct memzone_want *want,
			struct hpdma_error *error)
{
	/* What fails on the way to success is not told. */
	struct hpdma_error told;
	uint64_t least, length;
	struct piece piece;
	int ret;

	if (!zones->ctx && !plain_can(want))
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "find such memory without a context");
	ret = plan(zones, want, &least, &length);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "let memzones grow");

	ret = take_piece(zones, length, want, &piece, &told);
	if (ret == -ENOMEM && length > least) {
		hpdma_memzones_release(&piece.local);
		ret = take_piece(zones, least, want, &piece, &told);
	}
	if (ret)
		goto err_release;

	ret = hpdma_memzone_index_lock(&zones->table);
	if (!ret) {
		ret = put_in(zones, &piece, want);
		memzone_index_unlock(&zones->table);
	}
	if (ret) {
		hpdma_fail(&told, ret, HPDMA_WHY_NONE, "add to memzones");
		goto err_release;
	}
	return 0;

err_release:
	hpdma_memzones_release(&piece.local);
	return hpdma_fail(error, told.code, told.why, told.what);
}
