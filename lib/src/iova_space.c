// SPDX-License-Identifier: MIT
/*
 * Tables of addresses: which buffers are in one, and the way back.
 *
 * Whoever changes the table holds its lock, also while the kernel maps: that a
 * buffer is not there yet must stay true until it is.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <hpdma/dma.h>

#include "iova.h"
#include "util.h"

/**
 * struct member - a buffer in a table
 * @next: The one added before
 * @buf: Held
 * @dma: Held; NULL without a device
 */
struct member {
	struct member *next;
	struct hpdma_buf *buf;
	struct hpdma_dma *dma;
};

/**
 * struct back - a segment, for the way from address to pointer
 * @seg: Addresses
 * @va: Where it is in this process
 * @reach: Where it or one sorted before it ends: addresses may be there twice, if
 *	memory is
 */
struct back {
	struct hpdma_seg seg;
	uint64_t va;
	uint64_t reach;
};

/**
 * struct space - a table and what belongs to it
 * @table: What the caller sees
 * @refs: References
 * @dev: Held; NULL for physical addresses
 * @ctx: Held; NULL for a device, which holds its own
 * @kind: Of all addresses
 * @lock: Of all that follows, and of writing to @table
 * @granules: All arrays of granules
 * @members: Buffers
 * @back: Segments of all of them, sorted by address
 * @backs: Number of them
 */
struct space {
	struct hpdma_iova table;
	atomic_uint refs;
	struct hpdma_device *dev;
	struct hpdma *ctx;
	enum hpdma_kind kind;
	pthread_mutex_t lock;
	struct hpdma_iova_granules *granules;
	struct member *members;
	struct back *back;
	size_t backs;
};

/* The segments of a buffer; @own is to be freed, @list belongs to a mapping if not. */
struct segments {
	const struct hpdma_seg *list;
	struct hpdma_seg *own;
	size_t count;
	enum hpdma_kind kind;
};

static struct space *space_of(const struct hpdma_iova *table)
{
	return (struct space *)table;
}

static int create(struct hpdma_device *dev, struct hpdma *ctx,
		  enum hpdma_kind kind, struct hpdma_iova **out,
		  struct hpdma_error *error)
{
	struct space *space = hpdma_new(sizeof(*space), error);

	if (!space)
		return -ENOMEM;
	refs_init(&space->refs);
	pthread_mutex_init(&space->lock, NULL);
	space->kind = kind;
	if (dev)
		space->dev = hpdma_device_ref(dev);
	else
		space->ctx = hpdma_ref(ctx);
	*out = &space->table;
	return 0;
}

int hpdma_iova_create(struct hpdma_device *dev, struct hpdma_iova **out,
		      struct hpdma_error *error)
{
	struct hpdma_device_info info = { .size = sizeof(info) };

	hpdma_device_get_info(dev, &info);
	return create(dev, NULL,
		      info.mode == HPDMA_DEVICE_MODE_PHYS ? HPDMA_KIND_PHYS :
							    HPDMA_KIND_IOVA,
		      out, error);
}

int hpdma_iova_create_phys(struct hpdma *ctx, struct hpdma_iova **out,
			   struct hpdma_error *error)
{
	struct hpdma_info info = { .size = sizeof(info) };

	hpdma_get_info(ctx, &info);
	if (!(info.features & HPDMA_HAS_PHYS))
		return hpdma_fail(error, -EPERM, HPDMA_WHY_PHYS_RIGHT,
				  "make a table of physical addresses");
	return create(NULL, ctx, HPDMA_KIND_PHYS, out, error);
}

/*
 * A buffer's segments do not change, but how many there are must be asked first: to
 * have no room for them is no failure that the caller should hear of.
 */
static int fetch_phys(struct hpdma_buf *buf, struct segments *segs,
		      struct hpdma_error *error)
{
	static const char what[] = "ask for the addresses of a buffer";
	struct hpdma_error first = { 0 };
	size_t count = 0;
	int ret;

	ret = hpdma_buf_segments(buf, NULL, 0, &count, &segs->kind, &first);
	if (ret != -EMSGSIZE)
		return hpdma_fail(error, ret ? ret : -EPROTO, first.why, what);
	segs->own = reallocarray(NULL, count, sizeof(*segs->own));
	if (!segs->own)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE, what);
	segs->list = segs->own;
	return hpdma_buf_segments(buf, segs->own, count, &segs->count,
				  &segs->kind, error);
}

static int fetch(struct space *space, struct member *member,
		 struct segments *segs, struct hpdma_error *error)
{
	int ret;

	if (!space->dev)
		return fetch_phys(member->buf, segs, error);
	ret = hpdma_dma_map(space->dev, member->buf, 0, 0, &member->dma, error);
	if (!ret)
		segs->count = hpdma_dma_segments(member->dma, &segs->list,
						 &segs->kind);
	return ret;
}

/* Success is to mean that each byte has its address. */
static int check(const struct space *space, const struct hpdma_buf *buf,
		 const struct segments *segs)
{
	uint64_t left = hpdma_buf_len(buf);
	size_t i;

	if (segs->kind != space->kind)
		return -EPROTO;
	for (i = 0; i < segs->count; i++) {
		if (segs->list[i].length > left || !segs->list[i].length)
			return -EPROTO;
		left -= segs->list[i].length;
		if ((segs->list[i].addr | segs->list[i].length) %
		    HPDMA_IOVA_PAGE)
			return -EOPNOTSUPP;
	}
	return left ? -EPROTO : 0;
}

static int by_address(const void *left, const void *right)
{
	const struct back *a = left, *b = right;

	return (a->seg.addr > b->seg.addr) - (a->seg.addr < b->seg.addr);
}

static void set_reach(struct space *space)
{
	uint64_t reach = 0, end;
	size_t i;

	for (i = 0; i < space->backs; i++) {
		end = space->back[i].seg.addr + space->back[i].seg.length;
		if (end > reach)
			reach = end;
		space->back[i].reach = reach;
	}
}

/* Merges @count sorted ones in from the end; there is room. */
static void merge_backs(struct space *space, const struct back *new,
			size_t count)
{
	size_t old = space->backs, to = old + count;

	space->backs = to;
	while (count) {
		if (old &&
		    space->back[old - 1].seg.addr > new[count - 1].seg.addr)
			space->back[--to] = space->back[--old];
		else
			space->back[--to] = new[--count];
	}
	set_reach(space);
}

/* All that can fail comes first, then what can be seen. */
static int enter(struct space *space, uint64_t va, const struct segments *segs)
{
	struct back *new, *all;
	uint64_t at = va;
	size_t i;
	int ret = -ENOMEM;

	new = reallocarray(NULL, segs->count, sizeof(*new));
	if (!new)
		return -ENOMEM;
	for (i = 0; i < segs->count; i++) {
		new[i] = (struct back){ segs->list[i], at, 0 };
		ret = hpdma_iova_prepare(&space->table, &space->granules, at,
					 segs->list[i].length);
		if (ret)
			goto out;
		at += segs->list[i].length;
	}
	all = reallocarray(space->back, space->backs + segs->count,
			   sizeof(*all));
	if (!all) {
		ret = -ENOMEM;
		goto out;
	}
	space->back = all;

	for (i = 0; i < segs->count; i++)
		hpdma_iova_set(&space->table, new[i].va, new[i].seg.length,
			       new[i].seg.addr);
	qsort(new, segs->count, sizeof(*new), by_address);
	merge_backs(space, new, segs->count);
out:
	free(new);
	return ret;
}

static int check_place(const struct space *space, uint64_t va, uint64_t length)
{
	const uint64_t end = 1ull << HPDMA_IOVA_POINTER_BITS;

	if (!va || va % HPDMA_IOVA_PAGE)
		return -EINVAL;
	if (va >= end || length > end - va)
		return -ERANGE;
	return hpdma_iova_none(&space->table, va, length) ? 0 : -EEXIST;
}

static int add(struct space *space, struct member *member,
	       struct hpdma_error *error)
{
	static const char what[] = "enter a buffer into a table of addresses";
	uint64_t va = (uintptr_t)hpdma_buf_ptr(member->buf);
	struct segments segs = { 0 };
	int ret;

	ret = check_place(space, va, hpdma_buf_len(member->buf));
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, what);
	ret = fetch(space, member, &segs, error);
	if (!ret) {
		ret = check(space, member->buf, &segs);
		if (!ret)
			ret = enter(space, va, &segs);
		if (ret)
			hpdma_fail(error, ret, HPDMA_WHY_NONE, what);
	}
	if (ret)
		hpdma_dma_unref(member->dma);
	free(segs.own);
	return ret;
}

int hpdma_iova_add(struct hpdma_iova *table, struct hpdma_buf *buf,
		   struct hpdma_error *error)
{
	struct space *space = space_of(table);
	struct member *member = hpdma_new(sizeof(*member), error);
	int ret;

	if (!member)
		return -ENOMEM;
	member->buf = buf;
	pthread_mutex_lock(&space->lock);
	ret = add(space, member, error);
	if (!ret) {
		hpdma_buf_ref(buf);
		member->next = space->members;
		space->members = member;
	}
	pthread_mutex_unlock(&space->lock);
	if (ret)
		free(member);
	return ret;
}

static void forget_backs(struct space *space, uint64_t va, uint64_t length)
{
	size_t i, kept = 0;

	for (i = 0; i < space->backs; i++) {
		if (space->back[i].va - va >= length)
			space->back[kept++] = space->back[i];
	}
	space->backs = kept;
	set_reach(space);
}

static void drop_member(struct member *member)
{
	hpdma_dma_unref(member->dma);
	hpdma_buf_unref(member->buf);
	free(member);
}

int hpdma_iova_remove(struct hpdma_iova *table, struct hpdma_buf *buf)
{
	uint64_t va = (uintptr_t)hpdma_buf_ptr(buf), length;
	struct space *space = space_of(table);
	struct member **link, *member;

	pthread_mutex_lock(&space->lock);
	for (link = &space->members; *link && (*link)->buf != buf;)
		link = &(*link)->next;
	member = *link;
	if (member) {
		*link = member->next;
		length = hpdma_buf_len(buf);
		hpdma_iova_set(table, va, length, HPDMA_IOVA_NONE);
		forget_backs(space, va, length);
	}
	pthread_mutex_unlock(&space->lock);
	if (!member)
		return -ENOENT;
	/* No look-up gives an address any more; only now may it end. */
	drop_member(member);
	return 0;
}

/* The last segment that starts no later has it, or one before that reaches so far. */
static uint64_t find_back(const struct space *space, uint64_t addr)
{
	size_t low = 0, high = space->backs, middle;
	const struct back *back;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (space->back[middle].seg.addr > addr)
			high = middle;
		else
			low = middle + 1;
	}
	while (low && space->back[low - 1].reach > addr) {
		back = &space->back[--low];
		if (addr - back->seg.addr < back->seg.length)
			return back->va + (addr - back->seg.addr);
	}
	return 0;
}

void *hpdma_iova_ptr(struct hpdma_iova *table, uint64_t addr)
{
	struct space *space = space_of(table);
	uint64_t va;

	pthread_mutex_lock(&space->lock);
	va = find_back(space, addr);
	pthread_mutex_unlock(&space->lock);
	return (void *)(uintptr_t)va;
}

enum hpdma_kind hpdma_iova_kind(const struct hpdma_iova *table)
{
	return space_of(table)->kind;
}

struct hpdma_iova *hpdma_iova_ref(struct hpdma_iova *table)
{
	refs_get(&space_of(table)->refs);
	return table;
}

void hpdma_iova_unref(struct hpdma_iova *table)
{
	struct space *space = space_of(table);
	struct member *member;

	if (!table || !refs_put(&space->refs))
		return;
	while (space->members) {
		member = space->members;
		space->members = member->next;
		drop_member(member);
	}
	hpdma_iova_free(space->granules);
	pthread_mutex_destroy(&space->lock);
	hpdma_device_unref(space->dev);
	hpdma_unref(space->ctx);
	free(space->back);
	free(space);
}
