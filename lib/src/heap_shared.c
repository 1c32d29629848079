// SPDX-License-Identifier: MIT
/*
 * A heap in memory that processes share. It holds offsets, never pointers.
 *
 * The memory is a row of blocks without gaps, each led by a header. What is true is
 * each header's @word alone: length and use of the block. All else (links, bins, sums)
 * follows from it and is made anew when a process died with the lock held.
 *
 * So every change of the row is one store of one word, before and after which it
 * can be walked:
 *
 * - A split writes the header of the new block into what is still the inside of a
 *   free one, and then makes that one shorter. Allocating is the same store.
 * - Two free neighbours become one by making the first one longer.
 *
 * A process dies between two instructions, and what it stored before is seen by whoever
 * gets its lock afterwards. So the compiler is the only one who could exchange
 * that store with those before and behind it, and commit() forbids it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap_shared.h"
#include "lock.h"
#include "util.h"

#define MAGIC 0x70616568616d6468ull
#define VERSION 1
#define UNIT HPDMA_HEAP_GRANULE
#define USED 1ull
#define MARK 0xb1c64a0fe2957d38ull
/* The header of a block that became a part of the one in front of it. */
#define GONE 0x4e39b5f01d6a82c7ull
#define TRIES 16
#define LENGTH_MIN (64u << 10)
#define LENGTH_MAX (1ull << 37)

/**
 * struct header - in front of a block
 * @word: Bytes up to the next header, and USED
 * @mark: MARK or GONE, with the offset of the header
 * @prev: Offset of the header in front of this one, 0 for none
 * @tag: Of a block in use
 * @next_free: Of a free one: in its bin, 0 for none
 * @prev_free: Likewise
 * @reserved: Not used
 */
struct header {
	uint64_t word;
	uint64_t mark;
	uint64_t prev;
	union {
		char tag[HPDMA_HEAP_SHARED_TAG];
		struct {
			uint64_t next_free;
			uint64_t prev_free;
		};
	};
	uint64_t reserved;
};

/**
 * struct hpdma_heap_shared - at the start of the memory
 * @magic: MAGIC, written last
 * @version: Of this struct and struct header
 * @broken: Somebody wrote over a header
 * @length: Bytes of all
 * @lock: For all below and all headers
 * @recoveries: How often an owner of the lock died
 * @failures: Allocations that failed
 * @used_bytes: Of blocks in use, without headers
 * @used_blocks: How many
 * @bits: Bins that are not empty
 * @bins: Offsets of the first free block
 */
struct hpdma_heap_shared {
	uint64_t magic;
	uint32_t version;
	uint32_t broken;
	uint64_t length;
	struct hpdma_lock lock;
	uint64_t recoveries;
	uint64_t failures;
	uint64_t used_bytes;
	uint64_t used_blocks;
	uint64_t bits[HPDMA_HEAP_BINS / 64];
	uint64_t bins[HPDMA_HEAP_BINS];
};

_Static_assert(sizeof(struct header) == UNIT, "blocks are aligned by it");

#define FIRST ((sizeof(struct hpdma_heap_shared) + UNIT - 1) / UNIT * UNIT)

static struct header *at(struct hpdma_heap_shared *h, uint64_t offset)
{
	return (struct header *)((char *)h + offset);
}

static uint64_t offset_of(const struct hpdma_heap_shared *h,
			  const struct header *block)
{
	return (uint64_t)((const char *)block - (const char *)h);
}

static uint64_t end_of(const struct hpdma_heap_shared *h)
{
	return h->length / UNIT * UNIT;
}

static uint64_t length_of(const struct header *block)
{
	return block->word & ~(uint64_t)(UNIT - 1);
}

/* The one store that changes the row. */
static void commit(struct header *block, uint64_t word)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&block->word, word, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static struct header *behind(struct hpdma_heap_shared *h, struct header *block)
{
	uint64_t offset = offset_of(h, block) + length_of(block);

	return offset < end_of(h) ? at(h, offset) : NULL;
}

static void write_header(struct hpdma_heap_shared *h, struct header *block,
			 uint64_t word, uint64_t prev)
{
	block->mark = MARK ^ offset_of(h, block);
	block->prev = prev;
	commit(block, word);
}

static void put_free(struct hpdma_heap_shared *h, struct header *block)
{
	unsigned int bin = hpdma_heap_bin_of(length_of(block) / UNIT);
	uint64_t offset = offset_of(h, block);

	block->prev_free = 0;
	block->next_free = h->bins[bin];
	if (h->bins[bin])
		at(h, h->bins[bin])->prev_free = offset;
	h->bins[bin] = offset;
	h->bits[bin / 64] |= 1ull << (bin % 64);
}

static void remove_free(struct hpdma_heap_shared *h, struct header *block)
{
	unsigned int bin = hpdma_heap_bin_of(length_of(block) / UNIT);

	if (block->next_free)
		at(h, block->next_free)->prev_free = block->prev_free;
	if (block->prev_free)
		at(h, block->prev_free)->next_free = block->next_free;
	else
		h->bins[bin] = block->next_free;
	if (!h->bins[bin])
		h->bits[bin / 64] &= ~(1ull << (bin % 64));
}

/* Whether a header stands at @offset, as far as can be seen. */
static bool sound(struct hpdma_heap_shared *h, uint64_t offset)
{
	struct header *block = at(h, offset);
	uint64_t length = length_of(block);

	return block->mark == (MARK ^ offset) && length &&
	       length <= end_of(h) - offset;
}

/* Makes all that follows from the row, if it is one. */
static bool rebuild(struct hpdma_heap_shared *h)
{
	struct header *block, *last = NULL;
	uint64_t offset, length, prev = 0;

	memset(h->bins, 0, sizeof(h->bins));
	memset(h->bits, 0, sizeof(h->bits));
	h->used_bytes = 0;
	h->used_blocks = 0;
	for (offset = FIRST; offset < end_of(h); offset += length) {
		if (!sound(h, offset))
			return false;
		block = at(h, offset);
		length = length_of(block);
		if (block->word & USED) {
			h->used_bytes += length - UNIT;
			h->used_blocks++;
		} else if (last && !(last->word & USED)) {
			/* Its owner died before he could do that. */
			remove_free(h, last);
			commit(last, length_of(last) + length);
			block->mark = GONE ^ offset;
			put_free(h, last);
			continue;
		} else {
			put_free(h, block);
		}
		block->prev = prev;
		prev = offset;
		last = block;
	}
	return true;
}

static int lock(struct hpdma_heap_shared *h)
{
	int ret = hpdma_lock_take(&h->lock);

	if (ret == -EOWNERDEAD) {
		h->broken |= !rebuild(h);
		h->recoveries++;
		/* Who dies before this leaves it to the next one, to do anew. */
		hpdma_lock_mended(&h->lock);
		ret = 0;
	}
	if (!ret && h->broken) {
		hpdma_lock_drop(&h->lock);
		ret = -ENOTRECOVERABLE;
	}
	return ret;
}

static void unlock(struct hpdma_heap_shared *h)
{
	hpdma_lock_drop(&h->lock);
}

/* Bytes to leave in front of a block of @block so that it is aligned here. */
static uint64_t skip(const struct header *block, size_t alignment)
{
	return -(uint64_t)(uintptr_t)(block + 1) & (alignment - 1);
}

static struct header *find_free(struct hpdma_heap_shared *h, uint64_t need,
				size_t alignment)
{
	unsigned int bin, tries = 0;
	struct header *block;
	uint64_t offset;

	if (need > h->length || alignment > h->length)
		return NULL;
	bin = hpdma_heap_bin_from(h->bits, (need + alignment - UNIT) / UNIT);
	if (bin < HPDMA_HEAP_BINS)
		return at(h, h->bins[bin]);
	offset = h->bins[hpdma_heap_bin_of(need / UNIT)];
	for (; offset && tries < TRIES; offset = block->next_free, tries++) {
		block = at(h, offset);
		if (skip(block, alignment) + need <= length_of(block))
			return block;
	}
	return NULL;
}

/* Cuts a free block that is in no bin; returns the second part, in none either. */
static struct header *split(struct hpdma_heap_shared *h, struct header *block,
			    uint64_t length, uint64_t word)
{
	struct header *rest = at(h, offset_of(h, block) + length);
	struct header *next = behind(h, block);

	write_header(h, rest, length_of(block) - length, offset_of(h, block));
	commit(block, word);
	if (next)
		next->prev = offset_of(h, rest);
	return rest;
}

static struct header *take(struct hpdma_heap_shared *h, uint64_t need,
			   size_t alignment, const char *tag)
{
	struct header *block = find_free(h, need, alignment), *front;
	uint64_t gap;

	if (!block)
		return NULL;
	remove_free(h, block);
	gap = skip(block, alignment);
	if (gap) {
		front = block;
		block = split(h, front, gap, gap);
		put_free(h, front);
	}
	memset(block->tag, 0, sizeof(block->tag));
	if (tag)
		strncpy(block->tag, tag, sizeof(block->tag) - 1);
	if (length_of(block) > need + UNIT)
		put_free(h, split(h, block, need, need | USED));
	else
		commit(block, block->word | USED);
	h->used_bytes += length_of(block) - UNIT;
	h->used_blocks++;
	return block;
}

void *hpdma_heap_shared_take(struct hpdma_heap *heap, size_t alignment,
			     size_t size, const char *tag)
{
	struct hpdma_heap_shared *h = heap->shared;
	struct header *block;
	uint64_t need;

	if (lock(h))
		return NULL;
	need = UNIT + ((uint64_t)size + UNIT - 1) / UNIT * UNIT;
	block = take(h, need, alignment, tag);
	h->failures += !block;
	unlock(h);
	return block ? block + 1 : NULL;
}

/* Makes @next a part of @block; neither is in a bin. */
static void merge(struct hpdma_heap_shared *h, struct header *block,
		  struct header *next)
{
	struct header *after;

	commit(block, length_of(block) + length_of(next));
	next->mark = GONE ^ offset_of(h, next);
	after = behind(h, block);
	if (after)
		after->prev = offset_of(h, block);
}

static void give(struct hpdma_heap_shared *h, struct header *block)
{
	struct header *other;

	h->used_bytes -= length_of(block) - UNIT;
	h->used_blocks--;
	commit(block, length_of(block));
	other = behind(h, block);
	if (other && !(other->word & USED)) {
		remove_free(h, other);
		merge(h, block, other);
	}
	other = block->prev ? at(h, block->prev) : NULL;
	if (other && !(other->word & USED)) {
		remove_free(h, other);
		merge(h, other, block);
		block = other;
	}
	put_free(h, block);
}

/* The header of a block in use, with the lock; else what is wrong with @ptr. */
static struct header *find(struct hpdma_heap_shared *h, const void *ptr,
			   uint32_t *kind)
{
	uint64_t offset = (uintptr_t)ptr - (uintptr_t)h - UNIT;

	*kind = HPDMA_MISUSE_FOREIGN;
	if ((uintptr_t)ptr < (uintptr_t)h + FIRST + UNIT ||
	    offset >= end_of(h) || offset % UNIT)
		return NULL;
	if (at(h, offset)->mark == (GONE ^ offset))
		*kind = HPDMA_MISUSE_DOUBLE_FREE;
	if (!sound(h, offset))
		return NULL;
	*kind = HPDMA_MISUSE_DOUBLE_FREE;
	return at(h, offset)->word & USED ? at(h, offset) : NULL;
}

void hpdma_heap_shared_give(struct hpdma_heap *heap, void *ptr)
{
	struct hpdma_heap_shared *h = heap->shared;
	struct header *block;
	uint32_t kind;

	if (lock(h))
		return;
	block = find(h, ptr, &kind);
	if (block)
		give(h, block);
	unlock(h);
	if (!block)
		hpdma_misuse_tell(&heap->misuse, kind, ptr, NULL);
}

size_t hpdma_heap_shared_length(struct hpdma_heap *heap, void *ptr)
{
	struct hpdma_heap_shared *h = heap->shared;
	struct header *block;
	size_t length = 0;
	uint32_t kind;

	if (lock(h))
		return 0;
	block = find(h, ptr, &kind);
	if (block)
		length = (size_t)length_of(block) - UNIT;
	unlock(h);
	if (!block)
		hpdma_misuse_tell(&heap->misuse, kind, ptr, NULL);
	return length;
}

void hpdma_heap_shared_tag(const struct hpdma_heap *heap, const void *ptr,
			   char tag[HPDMA_HEAP_SHARED_TAG])
{
	const struct header *block = (const struct header *)ptr - 1;

	(void)heap;
	memcpy(tag, block->tag, HPDMA_HEAP_SHARED_TAG);
}

int hpdma_heap_shared_check(struct hpdma_heap *heap)
{
	struct hpdma_heap_shared *h = heap->shared;
	uint64_t offset, prev = 0, used = 0;
	bool was_free = false, is_free, right = true;
	struct header *block;

	if (lock(h))
		return -ENOTRECOVERABLE;
	for (offset = FIRST; right && offset < end_of(h);
	     offset += length_of(block)) {
		block = at(h, offset);
		is_free = !(block->word & USED);
		right = sound(h, offset) && block->prev == prev &&
			!(is_free && was_free);
		used += !is_free;
		was_free = is_free;
		prev = offset;
	}
	right = right && used == h->used_blocks;
	unlock(h);
	return right ? 0 : -ENOTRECOVERABLE;
}

int hpdma_heap_shared_info(struct hpdma_heap *heap,
			   struct hpdma_heap_info *info)
{
	struct hpdma_heap_shared *h = heap->shared;
	unsigned int bin = HPDMA_HEAP_BINS;
	uint64_t offset;

	if (lock(h))
		return -ENOTRECOVERABLE;
	info->node = -1;
	info->chunks = 1;
	info->length = h->length;
	info->max_length = h->length;
	info->used_bytes = h->used_bytes;
	info->used_blocks = h->used_blocks;
	info->free_bytes =
		end_of(h) - FIRST - h->used_bytes - h->used_blocks * UNIT;
	while (bin-- > 0 && !h->bins[bin])
		;
	offset = bin < HPDMA_HEAP_BINS ? h->bins[bin] : 0;
	for (; offset; offset = at(h, offset)->next_free) {
		if (length_of(at(h, offset)) - UNIT > info->largest_free)
			info->largest_free = length_of(at(h, offset)) - UNIT;
	}
	info->failures = h->failures;
	info->recoveries = h->recoveries;
	unlock(h);
	return 0;
}

struct copy {
	struct hpdma_heap_block block;
	char tag[HPDMA_HEAP_SHARED_TAG];
};

/* Copies blocks in use, as many as there is room for; returns how many there are. */
static int copy_blocks(struct hpdma_heap_shared *h, struct copy *copies,
		       size_t room, size_t *count)
{
	struct header *block;
	uint64_t offset;
	size_t n = 0;
	int ret;

	ret = lock(h);
	if (ret)
		return ret;
	for (offset = FIRST; offset < end_of(h); offset += length_of(block)) {
		block = at(h, offset);
		if (!sound(h, offset)) {
			ret = -ENOTRECOVERABLE;
			break;
		}
		if (!(block->word & USED))
			continue;
		if (n < room) {
			copies[n].block.ptr = block + 1;
			copies[n].block.length =
				(size_t)length_of(block) - UNIT;
			memcpy(copies[n].tag, block->tag,
			       sizeof(copies[n].tag));
		}
		n++;
	}
	*count = n;
	unlock(h);
	return ret;
}

int hpdma_heap_shared_walk(struct hpdma_heap *heap,
			   int (*each)(const struct hpdma_heap_block *block,
				       void *arg),
			   void *arg)
{
	struct copy *copies = NULL;
	size_t count = 0, room, i;
	int ret;

	do {
		free(copies);
		room = count + count / 4 + 64;
		copies = malloc(room * sizeof(*copies));
		if (!copies)
			return -ENOMEM;
		/* Lest it be touched for the first time under the lock. */
		memset(copies, 0, room * sizeof(*copies));
		ret = copy_blocks(heap->shared, copies, room, &count);
	} while (!ret && count > room);
	for (i = 0; !ret && i < count; i++) {
		if (copies[i].tag[0])
			copies[i].block.tag = copies[i].tag;
		ret = each(&copies[i].block, arg);
	}
	free(copies);
	return ret;
}

static bool fits(const void *mem, size_t length)
{
	return mem && !((uintptr_t)mem % UNIT) && length >= LENGTH_MIN &&
	       length <= LENGTH_MAX;
}

int hpdma_heap_shared_format(void *mem, size_t length,
			     struct hpdma_error *error)
{
	struct hpdma_heap_shared *h = mem;
	int ret;

	if (!fits(mem, length))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "make a shared heap");
	memset(h, 0, sizeof(*h));
	ret = hpdma_lock_init(&h->lock, true);
	if (ret)
		return hpdma_fail(error, ret,
				  ret == -EOPNOTSUPP ? HPDMA_WHY_NO_FUTEX :
						       HPDMA_WHY_NONE,
				  "make the lock of a shared heap");
	h->version = VERSION;
	h->length = length;
	write_header(h, at(h, FIRST), end_of(h) - FIRST, 0);
	put_free(h, at(h, FIRST));
	/* Release: whoever finds it finds all above. */
	__atomic_store_n(&h->magic, MAGIC, __ATOMIC_RELEASE);
	return 0;
}

int hpdma_heap_shared_look(void *mem, size_t length, struct hpdma_error *error)
{
	struct hpdma_heap_shared *h = mem;

	if (!fits(mem, length) ||
	    __atomic_load_n(&h->magic, __ATOMIC_ACQUIRE) != MAGIC)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "find a shared heap");
	if (h->version != VERSION)
		return hpdma_fail(error, -EPROTONOSUPPORT, HPDMA_WHY_NONE,
				  "use a shared heap of another version");
	if (h->length != length)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "use a shared heap of another length");
	return 0;
}
