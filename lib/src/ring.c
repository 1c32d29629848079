// SPDX-License-Identifier: MIT
/*
 * Rings: making, attaching and ending them. What is fast is in the headers, and
 * exported from here for those who cannot use inline functions.
 */
#define HPDMA_INLINE HPDMA_API
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <hpdma/ring.h>
#pragma GCC diagnostic pop

#include <stdlib.h>
#include <string.h>

#include "ring_view.h"
#include "util.h"

#define MAGIC UINT64_C(0x676e697261646d70) /* "pmdaring" */
#define VERSION 1
#define KNOWN_FLAGS                                          \
	(HPDMA_RING_SP | HPDMA_RING_SC | HPDMA_RING_MP_HTS | \
	 HPDMA_RING_MC_HTS | HPDMA_RING_EXACT | HPDMA_RING_ROBUST)

_Static_assert(sizeof(struct hpdma_ring_mem) == 6 * HPDMA_RING_LINE,
	       "shared between processes");
_Static_assert(sizeof(struct hpdma_ring_side) == 2 * HPDMA_RING_LINE,
	       "shared between processes");

/* What a ring is made of; from options, or from memory that is not trusted. */
struct geometry {
	uint32_t flags;
	uint32_t capacity;
	uint32_t slots;
	uint32_t element_size;
	uint32_t watermark;
};

static bool has_all(uint32_t flags, uint32_t bits)
{
	return (flags & bits) == bits;
}

static bool geometry_is_good(const struct geometry *geo)
{
	if (geo->flags & ~(uint32_t)KNOWN_FLAGS ||
	    has_all(geo->flags, HPDMA_RING_SP | HPDMA_RING_MP_HTS) ||
	    has_all(geo->flags, HPDMA_RING_SC | HPDMA_RING_MC_HTS))
		return false;
	if (!geo->slots || geo->slots > HPDMA_RING_MAX_COUNT ||
	    geo->slots & (geo->slots - 1))
		return false;
	if (!geo->capacity || geo->capacity > geo->slots ||
	    (!(geo->flags & HPDMA_RING_EXACT) && geo->capacity != geo->slots))
		return false;
	return geo->element_size && geo->element_size % 4 == 0 &&
	       geo->element_size <= HPDMA_RING_MAX_ELEMENT &&
	       geo->watermark <= geo->capacity;
}

/* Bytes; cannot overflow 64 bits, and false if it does a smaller size_t. */
static bool geometry_bytes(const struct geometry *geo, size_t *bytes)
{
	const uint64_t slots = (uint64_t)geo->slots * geo->element_size;

	if (slots > SIZE_MAX / 2)
		return false;
	*bytes = sizeof(struct hpdma_ring_mem) + (size_t)slots;
	return true;
}

static int read_opts(const struct hpdma_ring_opts *from,
		     struct hpdma_ring_opts *opts, struct geometry *geo,
		     size_t *bytes)
{
	int ret;

	ret = hpdma_opts_copy(opts, sizeof(*opts), sizeof(*opts), from);
	if (ret)
		return ret;
	if (!opts->count || opts->count > HPDMA_RING_MAX_COUNT ||
	    opts->owner >= HPDMA_RING_OWNERS)
		return -EINVAL;
	geo->flags = opts->flags;
	geo->slots = 1;
	while (geo->slots < opts->count)
		geo->slots *= 2;
	geo->capacity = opts->flags & HPDMA_RING_EXACT ? opts->count :
							 geo->slots;
	geo->element_size = opts->element_size ? opts->element_size : 8;
	geo->watermark = opts->watermark;
	return geometry_is_good(geo) && geometry_bytes(geo, bytes) ? 0 :
								     -EINVAL;
}

size_t hpdma_ring_size(const struct hpdma_ring_opts *opts)
{
	struct hpdma_ring_opts own;
	struct geometry geo;
	size_t bytes;

	return read_opts(opts, &own, &geo, &bytes) ? 0 : bytes;
}

static uint32_t kind_of(const struct geometry *geo, uint32_t single,
			uint32_t hts)
{
	const uint32_t robust = geo->flags & HPDMA_RING_ROBUST;
	enum hpdma_ring_mode mode = HPDMA_RING_MULTI;

	if (geo->flags & single)
		mode = robust ? HPDMA_RING_SINGLE_ROBUST : HPDMA_RING_SINGLE;
	else if (robust || geo->flags & hts)
		mode = HPDMA_RING_HTS;
	return HPDMA_RING_KIND(mode, geo->element_size);
}

/* This process's view; all it needs of the header is in @geo. */
static struct hpdma_ring view_of(struct hpdma_ring_mem *mem,
				 const struct geometry *geo, uint32_t owner,
				 void *allocated)
{
	return (struct hpdma_ring){
		.mem = mem,
		.mask = geo->slots - 1,
		.capacity = geo->capacity,
		.prod_kind = kind_of(geo, HPDMA_RING_SP, HPDMA_RING_MP_HTS),
		.cons_kind = kind_of(geo, HPDMA_RING_SC, HPDMA_RING_MC_HTS),
		.element_size = geo->element_size,
		.watermark = geo->watermark,
		.owner = (uint64_t)owner << (HPDMA_RING_BITS + 1) |
			 HPDMA_RING_BUSY,
		.flags = geo->flags,
		.allocated = allocated,
	};
}

static int new_ring(const struct hpdma_ring *view, struct hpdma_ring **out)
{
	struct hpdma_ring *ring = hpdma_new(sizeof(*ring), NULL);

	if (!ring)
		return -ENOMEM;
	*ring = *view;
	*out = ring;
	return 0;
}

static void write_header(struct hpdma_ring_mem *mem, const struct geometry *geo,
			 const char *name)
{
	size_t i;

	memset(mem, 0, sizeof(*mem));
	mem->version = VERSION;
	mem->flags = geo->flags;
	mem->capacity = geo->capacity;
	mem->slots = geo->slots;
	mem->element_size = geo->element_size;
	mem->watermark = geo->watermark;
	for (i = 0; name && name[i] && i < HPDMA_RING_NAME - 1; i++)
		mem->name[i] = name[i];
	mem->prod.limit = geo->capacity;
	/* Who sees it sees the rest. */
	__atomic_store_n(&mem->magic, MAGIC, __ATOMIC_RELEASE);
}

static bool is_aligned(const void *mem)
{
	return mem && (uintptr_t)mem % HPDMA_RING_LINE == 0;
}

int hpdma_ring_init(void *mem, size_t size, const struct hpdma_ring_opts *opts,
		    struct hpdma_ring **out)
{
	struct hpdma_ring_opts own;
	struct hpdma_ring view;
	struct geometry geo;
	size_t bytes;
	int ret;

	ret = read_opts(opts, &own, &geo, &bytes);
	if (ret)
		return ret;
	if (!is_aligned(mem))
		return -EINVAL;
	if (size < bytes)
		return -ENOSPC;
	view = view_of(mem, &geo, own.owner, NULL);
	ret = new_ring(&view, out);
	if (!ret)
		write_header(mem, &geo, own.name);
	return ret;
}

int hpdma_ring_create(const struct hpdma_ring_opts *opts,
		      struct hpdma_ring **out)
{
	struct hpdma_ring_opts own;
	struct hpdma_ring view;
	struct geometry geo;
	void *allocated;
	uintptr_t mem;
	size_t bytes;
	int ret;

	ret = read_opts(opts, &own, &geo, &bytes);
	if (ret)
		return ret;
	allocated = hpdma_new(bytes + HPDMA_RING_LINE - 1, NULL);
	if (!allocated)
		return -ENOMEM;
	mem = ((uintptr_t)allocated + HPDMA_RING_LINE - 1) &
	      ~(uintptr_t)(HPDMA_RING_LINE - 1);
	view = view_of((void *)mem, &geo, own.owner, allocated);
	ret = new_ring(&view, out);
	if (ret)
		free(allocated);
	else
		write_header((void *)mem, &geo, own.name);
	return ret;
}

int hpdma_ring_view(void *mem, size_t size, uint32_t owner,
		    struct hpdma_ring *ring)
{
	const volatile struct hpdma_ring_mem *header = mem;
	struct geometry geo;
	size_t bytes;

	if (!is_aligned(mem) || size < sizeof(*header) ||
	    owner >= HPDMA_RING_OWNERS)
		return -EINVAL;
	if (__atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) != MAGIC)
		return -EINVAL;
	if (header->version != VERSION)
		return -EPROTONOSUPPORT;
	/* Once each (volatile), and then checked: others may write meanwhile. */
	geo.flags = header->flags;
	geo.capacity = header->capacity;
	geo.slots = header->slots;
	geo.element_size = header->element_size;
	geo.watermark = header->watermark;
	if (!geometry_is_good(&geo) || !geometry_bytes(&geo, &bytes))
		return -EINVAL;
	if (size < bytes)
		return -ENOSPC;
	*ring = view_of(mem, &geo, owner, NULL);
	return 0;
}

int hpdma_ring_attach(void *mem, size_t size, uint32_t owner,
		      struct hpdma_ring **out)
{
	struct hpdma_ring view;
	int ret = hpdma_ring_view(mem, size, owner, &view);

	return ret ? ret : new_ring(&view, out);
}

void hpdma_ring_destroy(struct hpdma_ring *ring)
{
	if (!ring)
		return;
	free(ring->allocated);
	free(ring);
}

static void reset_side(struct hpdma_ring_side *side, uint64_t limit)
{
	__atomic_store_n(&side->head, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&side->limit, limit, __ATOMIC_RELAXED);
	__atomic_store_n(&side->tail, 0, __ATOMIC_RELEASE);
}

void hpdma_ring_reset(struct hpdma_ring *ring)
{
	reset_side(&ring->mem->prod, ring->capacity);
	reset_side(&ring->mem->cons, 0);
	/* Last: who finds the ring whole finds it empty. */
	__atomic_store_n(&ring->mem->broken, 0, __ATOMIC_RELEASE);
}

/* Owner of a side's turn, or -1 if it is nobody's */
static int32_t turn_of(const struct hpdma_ring_side *side)
{
	const uint64_t tail = __atomic_load_n(&side->tail, __ATOMIC_ACQUIRE);

	if (!(tail & HPDMA_RING_BUSY))
		return -1;
	return (int32_t)(tail >> (HPDMA_RING_BITS + 1));
}

int hpdma_ring_mark_dead(struct hpdma_ring *ring, uint32_t owner)
{
	struct hpdma_ring_mem *mem = ring->mem;

	if (owner >= HPDMA_RING_OWNERS)
		return -EINVAL;
	if (!(ring->flags & HPDMA_RING_ROBUST))
		return -EOPNOTSUPP;
	/*
	 * A dead process takes no turn and ends none, so what is seen of it here stays.
	 * A side of one thread has no turns: what it has not published is not there.
	 */
	if (turn_of(&mem->prod) == (int32_t)owner ||
	    turn_of(&mem->cons) == (int32_t)owner)
		__atomic_store_n(&mem->broken, 1, __ATOMIC_RELEASE);
	return __atomic_load_n(&mem->broken, __ATOMIC_RELAXED) ? -EOWNERDEAD :
								 0;
}

int hpdma_ring_get_info(const struct hpdma_ring *ring,
			struct hpdma_ring_info *info)
{
	const struct hpdma_ring_mem *mem = ring->mem;
	struct hpdma_ring_info own = {
		.flags = ring->flags,
		.capacity = ring->capacity,
		.element_size = ring->element_size,
		.count = hpdma_ring_count(ring),
		.watermark = ring->watermark,
		.broken = __atomic_load_n(&mem->broken, __ATOMIC_RELAXED) != 0,
		.prod_mode = HPDMA_RING_KIND_MODE(ring->prod_kind),
		.cons_mode = HPDMA_RING_KIND_MODE(ring->cons_kind),
		.prod_owner = turn_of(&mem->prod),
		.cons_owner = turn_of(&mem->cons),
		.enqueued = __atomic_load_n(&mem->prod.tail, __ATOMIC_RELAXED) &
			    HPDMA_RING_POSITION,
		.dequeued = __atomic_load_n(&mem->cons.tail, __ATOMIC_RELAXED) &
			    HPDMA_RING_POSITION,
		.memory = sizeof(*mem) +
			  ((uint64_t)ring->mask + 1) * ring->element_size,
	};

	memcpy(own.name, mem->name, sizeof(own.name) - 1);
	return hpdma_info_copy(info, sizeof(own), &own, sizeof(own));
}
