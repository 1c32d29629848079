// SPDX-License-Identifier: MIT
/* Zones: reserve, lookup, free. */
#include <errno.h>
#include <string.h>

#include "memzone_extent.h"
#include "memzone_index.h"
#include "memzone_set.h"

#define ALL_FLAGS (HPDMA_MEMZONE_NODE | HPDMA_MEMZONE_CONTIGUOUS)

/* Sums of what is no more than this fit into 64 bits. */
#define MOST (1ull << 60)

static bool name_good(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++) {
		if (i == HPDMA_MEMZONE_NAME_SIZE - 1 ||
		    (unsigned char)name[i] <= ' ' || name[i] == 0x7f ||
		    name[i] == '/')
			return false;
	}
	return i > 0;
}

static int check(const char *name, uint64_t length,
		 const struct hpdma_memzone_opts *o)
{
	if (!name_good(name) || !length)
		return -EINVAL;
	if (o->flags & ~(uint32_t)ALL_FLAGS || o->reserved ||
	    o->node > INT32_MAX)
		return -EINVAL;
	if (o->node && !(o->flags & HPDMA_MEMZONE_NODE))
		return -EINVAL;
	if (o->alignment != lowest_bit(o->alignment) || o->alignment > MOST ||
	    o->boundary != lowest_bit(o->boundary))
		return -EINVAL;
	if (length > MOST)
		return -EOVERFLOW;
	if (o->boundary && o->boundary < length)
		return -EINVAL;
	if (o->owner && strlen(o->owner) >= HPDMA_MEMZONE_OWNER_SIZE)
		return -EINVAL;
	return 0;
}

static void read_want(const struct hpdma_memzone_opts *o, uint64_t length,
		      struct memzone_want *want)
{
	want->size = memzone_size(length);
	want->alignment = o->alignment > MEMZONE_GRANULE ? o->alignment :
							   MEMZONE_GRANULE;
	/* A zone no longer than a boundary below that starts at one. */
	want->boundary = o->boundary >= MEMZONE_GRANULE ? o->boundary : 0;
	want->node = o->flags & HPDMA_MEMZONE_NODE ? (int32_t)o->node : -1;
	want->contiguous = o->flags & HPDMA_MEMZONE_CONTIGUOUS;
}

/* Why a set that does not grow has no place: there is none now, or never. */
static int why_none(const struct memzone_table *t,
		    const struct memzone_want *want)
{
	uint32_t i;

	for (i = 0; i < t->head->chunks; i++) {
		if (hpdma_memzone_extents_can(&t->chunks[i], want))
			return -ENOMEM;
	}
	return -EOPNOTSUPP;
}

/* Its length was checked. Nothing of who was there before is left behind it. */
static void put_text(char *to, size_t size, const char *text)
{
	size_t length = strlen(text);

	memcpy(to, text, length);
	memset(to + length, 0, size - length);
}

static int reserve(struct memzone_table *t, const char *name, uint64_t length,
		   const struct hpdma_memzone_opts *o,
		   const struct memzone_want *want, struct hpdma_memzone *zone)
{
	struct memzone_entry *entry;
	uint32_t id, block;
	uint64_t pos;

	if (hpdma_memzone_table_find(t, name))
		return -EEXIST;
	id = hpdma_memzone_index_entry(t);
	if (!id)
		return -ENOSPC;
	block = hpdma_memzone_extents_find(t, want, &pos);
	if (!block)
		return t->length ? why_none(t, want) : -ENOMEM;

	/* Nobody reads it before it is added: a death in here leaves it free. */
	entry = &t->zones[id];
	entry->serial = ++t->head->serial;
	entry->flags = o->flags;
	entry->pos = pos;
	entry->length = length;
	put_text(entry->name, sizeof(entry->name), name);
	put_text(entry->owner, sizeof(entry->owner), o->owner ? o->owner : "");
	hpdma_memzone_index_add(t, id, block);
	hpdma_memzone_table_describe(t, id, zone);
	return 0;
}

int hpdma_memzone_reserve(struct hpdma_memzones *zones, const char *name,
			  uint64_t length,
			  const struct hpdma_memzone_opts *opts,
			  struct hpdma_memzone *zone, struct hpdma_error *error)
{
	struct memzone_table *t = &zones->table;
	struct hpdma_memzone_opts o;
	struct hpdma_memzone made;
	struct memzone_want want;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret && zone->size < sizeof(*zone))
		ret = -EINVAL;
	if (!ret)
		ret = check(name, length, &o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	read_want(&o, length, &want);
	if (t->length &&
	    (want.alignment > t->alignment || want.boundary > t->alignment))
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "align more than shared memory is");

	for (;;) {
		ret = hpdma_memzone_index_lock(t);
		if (ret)
			break;
		ret = reserve(t, name, length, &o, &want, &made);
		memzone_index_unlock(t);
		if (ret != -ENOMEM || !zones->local)
			break;
		/* Others may take what came: then once more. */
		ret = hpdma_memzones_grow(zones, &want, error);
		if (ret)
			return ret;
	}
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "reserve a memzone");
	return hpdma_info_copy(zone, sizeof(made), &made, sizeof(made));
}

int hpdma_memzone_lookup(struct hpdma_memzones *zones, const char *name,
			 struct hpdma_memzone *zone)
{
	struct memzone_table *t = &zones->table;
	struct hpdma_memzone found;
	uint32_t id;
	int ret;

	if (zone->size < sizeof(*zone))
		return -EINVAL;
	ret = hpdma_memzone_index_lock(t);
	if (ret)
		return ret;
	id = hpdma_memzone_table_find(t, name);
	if (id)
		hpdma_memzone_table_describe(t, id, &found);
	memzone_index_unlock(t);
	if (!id)
		return -ENOENT;
	return hpdma_info_copy(zone, sizeof(found), &found, sizeof(found));
}

int hpdma_memzone_free(struct hpdma_memzones *zones,
		       const struct hpdma_memzone *zone)
{
	struct memzone_table *t = &zones->table;
	const struct memzone_entry *entry;
	int ret;

	if (zone->size < sizeof(*zone))
		return -EINVAL;
	if (!zone->id || zone->id > t->geometry.max_zones)
		return -ENOENT;
	entry = &t->zones[zone->id];
	ret = hpdma_memzone_index_lock(t);
	if (ret)
		return ret;
	if (entry->state == MEMZONE_LIVE && entry->serial == zone->serial)
		hpdma_memzone_index_remove(t, zone->id);
	else
		ret = -ENOENT;
	memzone_index_unlock(t);
	return ret;
}
