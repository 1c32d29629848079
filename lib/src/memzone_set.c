// SPDX-License-Identifier: MIT
/* Sets of zones: of this process, and in given memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memzone_extent.h"
#include "memzone_index.h"
#include "memzone_set.h"

#define DEFAULT_ZONES 4096
#define DEFAULT_CHUNKS 256
#define RUNS_PER_CHUNK 16

static int check(const struct hpdma_memzones_opts *o,
		 const struct hpdma_buf_opts *buf, const struct hpdma *ctx)
{
	if (o->flags || buf->flags & HPDMA_BUF_NO_MAP)
		return -EINVAL;
	if (!ctx && (o->buf || o->device))
		return -EINVAL;
	/* These are the zone's to ask for. */
	if (buf->flags & HPDMA_BUF_NODE || buf->node)
		return -EINVAL;
	return 0;
}

static int new_tables(struct hpdma_memzones *zones,
		      const struct memzone_geometry *geometry,
		      struct hpdma_error *error)
{
	uint64_t length = hpdma_memzone_table_length(geometry);
	int ret;

	if (!length)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read options");
	zones->local = calloc(geometry->max_chunks, sizeof(*zones->local));
	zones->control = calloc(1, length);
	ret = zones->local && zones->control ?
		      hpdma_memzone_table_format(zones->control, geometry, 0,
						 0) :
		      -ENOMEM;
	if (ret) {
		free(zones->control);
		free(zones->local);
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "make the tables of memzones");
	}
	hpdma_memzone_table_commit(zones->control);
	return hpdma_memzone_table_view(&zones->table, zones->control, length);
}

int hpdma_memzones_create(struct hpdma *ctx,
			  const struct hpdma_memzones_opts *opts,
			  struct hpdma_memzones **out,
			  struct hpdma_error *error)
{
	struct memzone_geometry geometry = { .reserved = 0 };
	struct hpdma_memzones_opts o;
	struct hpdma_memzones *zones;
	struct hpdma_buf_opts buf;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = hpdma_opts_copy(&buf, sizeof(buf), sizeof(buf), o.buf);
	if (!ret)
		ret = check(&o, &buf, ctx);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	geometry.max_zones = o.max_zones ? o.max_zones : DEFAULT_ZONES;
	geometry.max_chunks = o.max_chunks ? o.max_chunks : DEFAULT_CHUNKS;
	/* Overflow makes a geometry that is refused for its chunks, too. */
	geometry.max_runs = geometry.max_chunks * RUNS_PER_CHUNK;

	zones = hpdma_new(sizeof(*zones), error);
	if (!zones)
		return -ENOMEM;
	ret = new_tables(zones, &geometry, error);
	if (ret)
		goto err_free;

	refs_init(&zones->refs);
	zones->ctx = ctx ? hpdma_ref(ctx) : NULL;
	zones->device = o.device ? hpdma_device_ref(o.device) : NULL;
	zones->buf = buf;
	zones->buf.size = sizeof(buf);
	zones->chunk_length = o.chunk_length;
	zones->max_length = o.max_length;
	*out = zones;
	return 0;

err_free:
	free(zones);
	return ret;
}

struct hpdma_memzones *hpdma_memzones_ref(struct hpdma_memzones *zones)
{
	refs_get(&zones->refs);
	return zones;
}

void hpdma_memzones_unref(struct hpdma_memzones *zones)
{
	uint32_t i;

	if (!zones || !refs_put(&zones->refs))
		return;
	if (zones->local) {
		for (i = 0; i < zones->table.head->chunks; i++)
			hpdma_memzones_release(&zones->local[i]);
		hpdma_lock_end(&zones->table.head->lock);
	}
	free(zones->local);
	free(zones->control);
	hpdma_device_unref(zones->device);
	hpdma_unref(zones->ctx);
	free(zones);
}

void hpdma_memzones_release(struct memzones_local *local)
{
	free(local->segs);
	hpdma_dma_unref(local->dma);
	hpdma_buf_unref(local->buf);
	free(local->plain);
}

static struct memzone_geometry geometry_of(const struct memzones_format *format)
{
	return (struct memzone_geometry){
		.max_zones = format->max_zones ? format->max_zones :
						 DEFAULT_ZONES,
		.max_chunks = 1,
		.max_runs = 1,
	};
}

uint64_t hpdma_memzones_control_length(const struct memzones_format *format)
{
	struct memzone_geometry geometry = geometry_of(format);
	uint64_t length = hpdma_memzone_table_length(&geometry), control;

	/* Zones are aligned to distances from the start: any may come first. */
	return length && round_up(length, MEMZONE_PAGE, &control) ? control : 0;
}

int hpdma_memzones_format(void *mem, size_t length,
			  const struct memzones_format *format)
{
	struct memzone_geometry geometry = geometry_of(format);
	uint64_t control = hpdma_memzones_control_length(format);
	uint64_t unit = format->unit ? format->unit : MEMZONE_PAGE;
	struct memzone_table table;
	int ret;

	if (!control || format->alignment < MEMZONE_PAGE ||
	    format->alignment != lowest_bit(format->alignment) ||
	    unit != lowest_bit(unit) || unit < MEMZONE_GRANULE ||
	    unit > format->alignment ||
	    (uintptr_t)mem & (format->alignment - 1))
		return -EINVAL;
	length &= ~(size_t)(MEMZONE_GRANULE - 1);
	if (length < control + MEMZONE_PAGE)
		return -ENOSPC;
	ret = hpdma_memzone_table_format(mem, &geometry, length,
					 format->alignment);
	if (ret)
		return ret;

	/* Committed here for the view; nobody attaches before this returns. */
	hpdma_memzone_table_commit(mem);
	ret = hpdma_memzone_table_view(&table, mem, length);
	if (ret)
		return ret;
	table.chunks[0] = (struct memzone_chunk){
		.start = control,
		.length = length - control,
		.congruent = format->contiguous ? format->alignment : unit,
		.unit = unit,
		.node = format->node,
		.runs = format->contiguous,
	};
	table.runs[0] = (struct memzone_run){
		.start = control,
		.length = length - control,
	};
	table.head->chunks = 1;
	table.head->runs = format->contiguous;
	return hpdma_memzone_index_build(&table);
}

/* The index may be anything: it is made anew of what can be true. */
static int read_set(struct memzone_table *table, struct hpdma_error *error)
{
	int ret;

	ret = hpdma_memzone_index_lock(table);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "lock memzones");
	ret = hpdma_memzone_index_build(table);
	memzone_index_unlock(table);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read memzones");
	return 0;
}

int hpdma_memzones_attach(void *mem, size_t length, struct hpdma_memzones **out,
			  struct hpdma_error *error)
{
	struct hpdma_memzones *zones;
	int ret;

	zones = hpdma_new(sizeof(*zones), error);
	if (!zones)
		return -ENOMEM;
	ret = (uintptr_t)mem & (MEMZONE_PAGE - 1) ?
		      -EINVAL :
		      hpdma_memzone_table_view(&zones->table, mem, length);
	if (!ret && !zones->table.length)
		ret = -EBADMSG;
	if (!ret && (uintptr_t)mem & (zones->table.alignment - 1))
		ret = -EINVAL;
	if (ret) {
		hpdma_fail(error, ret, HPDMA_WHY_NONE, "look at memzones");
		goto err_free;
	}
	ret = read_set(&zones->table, error);
	if (ret)
		goto err_free;
	refs_init(&zones->refs);
	*out = zones;
	return 0;

err_free:
	free(zones);
	return ret;
}
