// SPDX-License-Identifier: MIT
/* Where the tables of a set lie, and zones by name. */
#include <errno.h>
#include <string.h>

#include "memzone_table.h"
#include "util.h"

#define MAGIC 0x73656e6f7a6d7068ull /* "hpmzones" */
#define VERSION 1u

/* A change of a struct that is forgotten above still tells. */
#define LAYOUT                                           \
	((uint32_t)(sizeof(struct memzone_header) * 31 + \
		    sizeof(struct memzone_entry) * 7 +   \
		    sizeof(struct memzone_block) * 5 +   \
		    sizeof(struct memzone_chunk) * 3 +   \
		    sizeof(struct memzone_run)) ^        \
	 (uint32_t)(sizeof(struct hpdma_lock) << 20) ^   \
	 (uint32_t)(offsetof(struct memzone_entry, next) << 24))

#define MAX_ZONES (1u << 20)
#define MAX_CHUNKS (1u << 16)
#define MAX_RUNS (1u << 20)

static bool sane(const struct memzone_geometry *g)
{
	return g->max_zones && g->max_zones <= MAX_ZONES && g->max_chunks &&
	       g->max_chunks <= MAX_CHUNKS && g->max_runs &&
	       g->max_runs <= MAX_RUNS && !g->reserved;
}

static uint32_t hash_size(const struct memzone_geometry *g)
{
	uint32_t size = 64;

	while (size < g->max_zones)
		size *= 2;
	return size;
}

/*
 * Free blocks of a chunk never touch each other: with the zones between them there
 * are at most twice as many blocks as zones, and one more for each chunk.
 */
static uint32_t block_count(const struct memzone_geometry *g)
{
	return 2 * g->max_zones + g->max_chunks + 1;
}

/* Takes @count elements behind what was taken before; each table on a cache line. */
static void *take(char *mem, uint64_t *used, uint64_t count, uint64_t size)
{
	void *at = mem ? mem + *used : NULL;

	*used = (*used + count * size + MEMZONE_GRANULE - 1) &
		~(uint64_t)(MEMZONE_GRANULE - 1);
	return at;
}

/* The limits of a geometry keep all this far from overflow. */
static uint64_t lay_out(struct memzone_table *t, char *mem)
{
	const struct memzone_geometry *g = &t->geometry;
	uint64_t used = 0;

	t->hash_mask = hash_size(g) - 1;
	t->max_blocks = block_count(g);
	t->head = take(mem, &used, 1, sizeof(*t->head));
	t->chunks = take(mem, &used, g->max_chunks, sizeof(*t->chunks));
	t->runs = take(mem, &used, g->max_runs, sizeof(*t->runs));
	t->zones = take(mem, &used, g->max_zones + 1ull, sizeof(*t->zones));
	t->blocks = take(mem, &used, t->max_blocks, sizeof(*t->blocks));
	t->hash = take(mem, &used, hash_size(g), sizeof(*t->hash));
	t->order = take(mem, &used, g->max_zones, sizeof(*t->order));
	return used;
}

uint64_t hpdma_memzone_table_length(const struct memzone_geometry *geometry)
{
	struct memzone_table table = { .geometry = *geometry };

	return sane(geometry) ? lay_out(&table, NULL) : 0;
}

int hpdma_memzone_table_format(void *mem,
			       const struct memzone_geometry *geometry,
			       uint64_t length, uint64_t alignment)
{
	struct memzone_table table = { .geometry = *geometry };
	uint64_t control;

	if (!sane(geometry))
		return -EINVAL;
	control = lay_out(&table, mem);
	table.head->version = VERSION;
	table.head->layout = LAYOUT;
	table.head->geometry = *geometry;
	table.head->control = control;
	table.head->length = length;
	table.head->alignment = alignment;
	table.head->zone_fresh = 1;
	table.head->block_fresh = 1;
	return hpdma_lock_init(&table.head->lock, length != 0);
}

void hpdma_memzone_table_commit(void *mem)
{
	struct memzone_header *head = mem;

	/* Release: who sees it sees the tables. Pairs with the view's acquire. */
	__atomic_store_n(&head->magic, MAGIC, __ATOMIC_RELEASE);
}

int hpdma_memzone_table_view(struct memzone_table *table, void *mem,
			     uint64_t length)
{
	struct memzone_header *head = mem;

	memset(table, 0, sizeof(*table));
	if (length < sizeof(*head) ||
	    __atomic_load_n(&head->magic, __ATOMIC_ACQUIRE) != MAGIC ||
	    head->version != VERSION || head->layout != LAYOUT)
		return -EPROTO;

	/* What is checked is the copy, whoever writes there meanwhile. */
	table->geometry = head->geometry;
	table->control = head->control;
	table->length = head->length;
	table->alignment = head->alignment;
	if (!sane(&table->geometry) || lay_out(table, mem) != table->control ||
	    table->control > length)
		return -EBADMSG;
	if (!table->length)
		return 0;
	if (table->length > length || table->alignment < MEMZONE_PAGE ||
	    table->alignment != lowest_bit(table->alignment))
		return -EBADMSG;
	table->base = (uintptr_t)mem;
	return 0;
}

/* FNV-1a: names are short, and nobody gains by making them collide in his own set. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash ^ hash >> 15;
}

uint32_t *hpdma_memzone_table_chain(const struct memzone_table *table,
				    const char *name)
{
	return &table->hash[hash_of(name) & table->hash_mask];
}

uint32_t hpdma_memzone_table_find(const struct memzone_table *table,
				  const char *name)
{
	uint32_t i = *hpdma_memzone_table_chain(table, name);

	while (i && strcmp(table->zones[i].name, name))
		i = table->zones[i].next;
	return i;
}

void hpdma_memzone_table_describe(const struct memzone_table *table,
				  uint32_t id, struct hpdma_memzone *zone)
{
	const struct memzone_entry *entry = &table->zones[id];

	memset(zone, 0, sizeof(*zone));
	zone->size = sizeof(*zone);
	zone->id = id;
	zone->serial = entry->serial;
	zone->ptr = memzone_table_ptr(table, entry->pos);
	zone->length = entry->length;
	zone->node = table->chunks[table->blocks[entry->block].chunk].node;
	zone->flags = entry->flags;
	memcpy(zone->name, entry->name, sizeof(zone->name));
	memcpy(zone->owner, entry->owner, sizeof(zone->owner));
}
