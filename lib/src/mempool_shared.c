// SPDX-License-Identifier: MIT
/*
 * The store of a pool that processes share.
 *
 * Caches stay what they are, those of one process: all that is in them, the process
 * holds. The store is where objects change their holder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mempool.h"
#include "mempool_shared.h"
#include "util.h"

#define PAGE 4096ull

/* So many numbers of objects fit on any stack. */
#define BATCH 64u

_Static_assert(offsetof(struct hpdma_shared_pool, holders) % 64 == 0, "lines");

struct shared_store {
	struct mempool_store store;
	struct hpdma_shared_pool *shared;
	struct hpdma_misuse_to misuse;
	uint32_t slot;
	uint32_t cursor;
};

static struct shared_store *shared_store(struct mempool_store *store)
{
	return (struct shared_store *)store;
}

static uint32_t free_hint(const struct shared_store *self)
{
	uint32_t count =
		__atomic_load_n(&self->shared->holders.free, __ATOMIC_RELAXED);

	/* It may be a little below 0 while others take and give. */
	return count > self->shared->holders.count ? 0 : count;
}

static uint32_t take(struct shared_store *self, void **objects, uint32_t n)
{
	uint32_t index[BATCH], got, want, done = 0, i;

	do {
		want = n - done < BATCH ? n - done : BATCH;
		got = hpdma_holders_take(&self->shared->holders, self->slot,
					 &self->cursor, index, want);
		for (i = 0; i < got; i++)
			objects[done++] = hpdma_shared_pool_object(self->shared,
								   index[i]);
	} while (got == want && done < n);
	return done;
}

/*
 * Who puts, and who gets and finds too few, change one word. The later one sees what
 * the earlier one wrote before: that there are objects, or that somebody waits.
 */
static void meet(struct shared_store *self)
{
	__atomic_fetch_add(&self->shared->holders.free, 0, __ATOMIC_ACQ_REL);
}

static void give(struct shared_store *self, void *const *objects, uint32_t n)
{
	uint32_t i, index;
	int ret;

	for (i = 0; i < n; i++) {
		ret = -EPERM;
		if (hpdma_shared_pool_index(self->shared, objects[i], &index))
			ret = hpdma_holders_give(&self->shared->holders,
						 self->slot, index);
		if (ret)
			hpdma_misuse_tell(&self->misuse,
					  ret == -EALREADY ?
						  HPDMA_MISUSE_DOUBLE_FREE :
						  HPDMA_MISUSE_FOREIGN,
					  objects[i], NULL);
	}
}

static uint64_t shared_put(struct mempool_store *store, void *const *objects,
			   uint32_t n)
{
	struct shared_store *self = shared_store(store);

	give(self, objects, n);
	meet(self);
	__atomic_fetch_add(&store->puts, 1, __ATOMIC_RELAXED);
	return free_hint(self);
}

/* The fewest that were left; of two at the same time one may not count. */
static void note_left(struct shared_store *self)
{
	uint64_t got = UINT64_MAX - free_hint(self);

	if (got > __atomic_load_n(&self->store.most_got, __ATOMIC_RELAXED))
		__atomic_store_n(&self->store.most_got, got, __ATOMIC_RELAXED);
}

static int64_t shared_get(struct mempool_store *store, void **objects,
			  uint32_t min, uint32_t max)
{
	struct shared_store *self = shared_store(store);
	uint32_t got = take(self, objects, max);

	if (got < min) {
		meet(self);
		got += take(self, objects + got, max - got);
	}
	if (got < min) {
		give(self, objects, got);
		return -ENOENT;
	}
	/* Threads of this process at the same time: the numbers order nothing. */
	__atomic_fetch_add(&store->gets, 1, __ATOMIC_RELAXED);
	note_left(self);
	return got;
}

static uint64_t shared_count(struct mempool_store *store)
{
	return hpdma_holders_free_count(&shared_store(store)->shared->holders);
}

static uint64_t shared_held(struct mempool_store *store)
{
	struct shared_store *self = shared_store(store);

	return hpdma_holders_held_by(&self->shared->holders, self->slot);
}

/* The maker adds the memory, and all others the same. There is never any other. */
static int shared_add(struct mempool_store *store,
		      const struct mempool_span *span)
{
	struct hpdma_shared_pool *shared = shared_store(store)->shared;

	if (span->slots != shared->holders.count ||
	    span->objects != span->slots)
		return -EOPNOTSUPP;
	if (!shared->first_at) {
		shared->first_at = span->first - (uintptr_t)shared;
		shared->stride = span->stride;
	}
	return span->first == (uintptr_t)hpdma_shared_pool_object(shared, 0) ?
		       0 :
		       -EOPNOTSUPP;
}

static bool shared_withdraw(struct mempool_store *store,
			    const struct mempool_span *span)
{
	(void)store;
	(void)span;
	return false;
}

static void shared_destroy(struct mempool_store *store)
{
	free(store);
}

static const struct mempool_store_ops shared_ops = {
	.shared = true,
	.get = shared_get,
	.put = shared_put,
	.count = shared_count,
	.held = shared_held,
	.add = shared_add,
	.withdraw = shared_withdraw,
	.destroy = shared_destroy,
};

struct hpdma_shared_pool *hpdma_shared_pool_of(struct hpdma_mempool *pool)
{
	return pool->store->ops == &shared_ops ?
		       shared_store(pool->store)->shared :
		       NULL;
}

void hpdma_shared_pool_came(struct hpdma_mempool *pool, void *const *objects,
			    uint32_t n)
{
	if (pool->told)
		mempool_check_got(pool, objects, n);
}

static int read_opts(const struct hpdma_mempool_opts *opts,
		     struct hpdma_mempool_opts *o)
{
	int ret = hpdma_opts_copy(o, sizeof(*o), sizeof(*o), opts);

	if (ret)
		return ret;
	if (o->device || o->buf ||
	    o->flags & (HPDMA_MEMPOOL_SP | HPDMA_MEMPOOL_SC))
		return -EINVAL;
	return 0;
}

/* Where things are. The memory is aligned more than any object need be. */
static int plan(const struct hpdma_mempool_opts *o,
		struct hpdma_shared_pool *shared)
{
	struct mempool_layout layout;
	uint64_t first, length;
	int ret;

	if (!o->count || o->count > INT32_MAX)
		return o->count ? -EOVERFLOW : -EINVAL;
	ret = mempool_layout(o, &layout);
	if (ret)
		return ret;
	if (!round_up(layout.lead, layout.align, &first) ||
	    __builtin_mul_overflow(layout.stride, o->count, &length) ||
	    length > SIZE_MAX / 2)
		return -EOVERFLOW;

	*shared = (struct hpdma_shared_pool){
		.object_size = o->object_size,
		.header_size = o->header_size,
		.flags = o->flags,
		.align = o->align,
		.memory_length = first + length,
	};
	round_up(offsetof(struct hpdma_shared_pool, holders) +
			 hpdma_holders_size((uint32_t)o->count),
		 PAGE, &shared->memory_at);
	return 0;
}

int hpdma_shared_pool_size(const struct hpdma_mempool_opts *opts,
			   uint64_t *size)
{
	struct hpdma_shared_pool shared;
	struct hpdma_mempool_opts o;
	int ret;

	ret = read_opts(opts, &o);
	if (!ret)
		ret = plan(&o, &shared);
	if (!ret)
		*size = shared.memory_at + shared.memory_length;
	return ret;
}

/* A pool of this process over the shared one, without objects yet. */
static int make(struct hpdma_shared_pool *shared,
		const struct hpdma_mempool_opts *o, uint32_t slot,
		struct hpdma_mempool **out, struct hpdma_error *error)
{
	struct hpdma_mempool_opts mine = *o;
	struct shared_store *store;
	int ret;

	store = hpdma_new(sizeof(*store), error);
	if (!store)
		return -ENOMEM;
	store->store.ops = &shared_ops;
	store->shared = shared;
	store->slot = slot;
	/* Processes begin apart, so that they meet less often. */
	store->cursor = (uint32_t)((uint64_t)shared->holders.hints * slot /
				   HPDMA_HOLDERS_MAX);
	store->misuse = (struct hpdma_misuse_to){ .tell = o->misuse,
						  .arg = o->misuse_arg };
	mine.size = sizeof(mine);
	mine.count = 0;
	ret = mempool_create_with_store(NULL, &mine, &store->store, out, error);
	if (!ret)
		store->misuse.where = (*out)->name;
	return ret;
}

int hpdma_shared_pool_create(struct hpdma_shared_pool *shared,
			     const struct hpdma_mempool_opts *opts,
			     uint32_t slot, struct hpdma_mempool **out,
			     struct hpdma_error *error)
{
	struct hpdma_mempool_memory memory = { .size = sizeof(memory) };
	struct hpdma_mempool_opts o;
	struct hpdma_mempool *pool;
	int ret;

	ret = read_opts(opts, &o);
	if (!ret)
		ret = plan(&o, shared);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	hpdma_holders_format(&shared->holders, (uint32_t)o.count, slot);
	ret = make(shared, &o, slot, &pool, error);
	if (ret)
		return ret;

	memory.mem = (char *)shared + shared->memory_at;
	memory.length = shared->memory_length;
	ret = hpdma_mempool_add(pool, &memory, error);
	if (ret) {
		hpdma_mempool_destroy(pool);
		return ret;
	}
	*out = pool;
	return 0;
}

/* Who may write to it can do worse; this is for what broke by itself. */
static bool is_sound(const struct hpdma_shared_pool *shared, uint64_t length)
{
	uint64_t count = shared->holders.count, bytes;

	return length >= sizeof(*shared) && count && shared->stride &&
	       shared->first_at < length &&
	       !__builtin_mul_overflow(count, shared->stride, &bytes) &&
	       bytes <= length - shared->first_at &&
	       shared->memory_at >= hpdma_holders_size((uint32_t)count) &&
	       shared->memory_at < length;
}

int hpdma_shared_pool_attach(struct hpdma_shared_pool *shared, uint64_t length,
			     const struct hpdma_mempool_opts *opts,
			     uint32_t slot, struct hpdma_mempool **out,
			     struct hpdma_error *error)
{
	struct mempool_span span;
	struct hpdma_mempool_opts o;
	struct hpdma_mempool *pool;
	int ret;

	ret = read_opts(opts, &o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (!is_sound(shared, length))
		return hpdma_fail(error, -EPROTO, HPDMA_WHY_OTHER_TYPE,
				  "attach to a pool");
	o.object_size = shared->object_size;
	o.header_size = shared->header_size;
	o.flags = shared->flags;
	o.align = shared->align;
	ret = make(shared, &o, slot, &pool, error);
	if (ret)
		return ret;

	span = (struct mempool_span){
		.first = (uintptr_t)hpdma_shared_pool_object(shared, 0),
		.stride = shared->stride,
		.slots = shared->holders.count,
		.objects = shared->holders.count,
	};
	ret = mempool_attach_span(pool, (char *)shared + shared->memory_at,
				  shared->memory_length, &span);
	if (ret) {
		hpdma_mempool_destroy(pool);
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "attach to a pool");
	}
	*out = pool;
	return 0;
}
