// SPDX-License-Identifier: MIT
/*
 * Rings: what the inline functions leave to the library. Waiting, taking turns, slots
 * that wrap, and elements in place. The memory order is at the top of ring_ops.h.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include <hpdma/ring.h>

/* How often to wait on the CPU before leaving it to others: about a microsecond */
#define SPINS 32

/* A moment of the CPU's, and now and then the CPU for the thread waited for */
static void wait_a_moment(unsigned int *spins)
{
	if (++*spins % SPINS == 0) {
		sched_yield();
		return;
	}
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
}

/* One side of a ring, about to do something */
struct turn {
	struct hpdma_ring_side *mine;
	const struct hpdma_ring_side *theirs;
	uint32_t extent;
	uint32_t mode;
};

static struct turn turn_of(const struct hpdma_ring *ring, bool enqueue)
{
	struct hpdma_ring_mem *mem = ring->mem;

	return (struct turn){
		.mine = enqueue ? &mem->prod : &mem->cons,
		.theirs = enqueue ? &mem->cons : &mem->prod,
		.extent = enqueue ? ring->capacity : 0,
		.mode = HPDMA_RING_KIND_MODE(enqueue ? ring->prod_kind :
						       ring->cons_kind),
	};
}

static bool is_broken(const struct hpdma_ring *ring)
{
	/* Who sees it goes away, and reads nothing that this would have to order. */
	return __atomic_load_n(&ring->mem->broken, __ATOMIC_RELAXED);
}

/* 1 if the head was moved by *@n, 0 if there is no room */
static int claim(const struct turn *turn, uint64_t *position, uint32_t *n,
		 bool bulk)
{
	uint64_t head = __atomic_load_n(&turn->mine->head, __ATOMIC_ACQUIRE);
	const uint32_t wanted = *n;
	uint64_t limit;
	int room;

	do {
		*n = wanted;
		room = hpdma_ring_has_room(turn->mine, turn->theirs,
					   &turn->extent, head, n, bulk,
					   &limit);
		if (!room)
			return 0;
		/* (4); if it fails, head is the new one */
	} while (!__atomic_compare_exchange_n(&turn->mine->head, &head,
					      head + *n, 1, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	hpdma_ring_keep(turn->mine, room, limit);
	*position = head;
	return 1;
}

/* 1 if the turn was taken, for *@n elements; 0 if there is no room; -EOWNERDEAD */
static int take_turn(const struct hpdma_ring *ring, const struct turn *turn,
		     uint64_t *position, uint32_t *n, bool bulk)
{
	const uint32_t wanted = *n;
	unsigned int spins = 0;
	uint64_t limit, tail;
	int room;

	for (;;) {
		if (is_broken(ring))
			return -EOWNERDEAD;
		tail = __atomic_load_n(&turn->mine->tail, __ATOMIC_ACQUIRE);
		if (tail & HPDMA_RING_BUSY) {
			wait_a_moment(&spins);
			continue;
		}
		*n = wanted;
		room = hpdma_ring_has_room(turn->mine, turn->theirs,
					   &turn->extent, tail, n, bulk,
					   &limit);
		if (!room)
			return 0;
		/* (5); that the tail is still the same says that the room is, too */
		if (__atomic_compare_exchange_n(&turn->mine->tail, &tail,
						tail | ring->owner, 0,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			hpdma_ring_keep(turn->mine, room, limit);
			*position = tail;
			return 1;
		}
	}
}

/* The same where the thread is alone, and nothing need be taken */
static int have_turn(const struct hpdma_ring *ring, const struct turn *turn,
		     uint64_t *position, uint32_t *n, bool bulk)
{
	uint64_t limit;
	int room;

	if (turn->mode == HPDMA_RING_SINGLE_ROBUST && is_broken(ring))
		return -EOWNERDEAD;
	*position = __atomic_load_n(&turn->mine->tail, __ATOMIC_RELAXED);
	room = hpdma_ring_has_room(turn->mine, turn->theirs, &turn->extent,
				   *position, n, bulk, &limit);
	if (!room)
		return 0;
	hpdma_ring_keep(turn->mine, room, limit);
	return 1;
}

static int begin(const struct hpdma_ring *ring, const struct turn *turn,
		 uint64_t *position, uint32_t *n, bool bulk)
{
	if (!*n)
		return 0;
	if (*n > ring->capacity) {
		if (bulk)
			return 0;
		*n = ring->capacity;
	}
	switch (turn->mode) {
	case HPDMA_RING_MULTI:
		return claim(turn, position, n, bulk);
	case HPDMA_RING_HTS:
		return take_turn(ring, turn, position, n, bulk);
	default:
		return have_turn(ring, turn, position, n, bulk);
	}
}

/* Publish; ends a turn, too, for the bits above the position become 0. */
static void end(const struct turn *turn, uint64_t position, uint32_t n)
{
	uint64_t tail = position + n;

	if (turn->mode == HPDMA_RING_HTS)
		tail &= HPDMA_RING_POSITION;
	/* (1) */
	__atomic_store_n(&turn->mine->tail, tail, __ATOMIC_RELEASE);
}

int hpdma_ring_publish(struct hpdma_ring_side *side, uint64_t position,
		       uint32_t n)
{
	const struct turn turn = { .mine = side, .mode = HPDMA_RING_MULTI };
	unsigned int spins = 0;

	/* (3) */
	while (__atomic_load_n(&side->tail, __ATOMIC_ACQUIRE) != position)
		wait_a_moment(&spins);
	end(&turn, position, n);
	return (int)n;
}

static void spans_of(const struct hpdma_ring *ring, uint64_t position,
		     uint32_t n, struct hpdma_ring_spans *spans)
{
	unsigned char *slots = hpdma_ring_slots(ring);
	const uint32_t first = hpdma_ring_slot(ring, position);
	const uint32_t to_end = ring->mask + 1 - first;

	spans->first = slots + first * (size_t)ring->element_size;
	spans->first_count = n < to_end ? n : to_end;
	spans->second_count = n - spans->first_count;
	spans->second = spans->second_count ? slots : NULL;
}

static void copy(const struct hpdma_ring *ring, uint64_t position, void *array,
		 uint32_t n, bool enqueue)
{
	const size_t size = ring->element_size;
	struct hpdma_ring_spans spans;
	unsigned char *objects = array;

	spans_of(ring, position, n, &spans);
	if (enqueue)
		hpdma_ring_copy(spans.first, objects, spans.first_count * size);
	else
		hpdma_ring_copy(objects, spans.first, spans.first_count * size);
	if (!spans.second)
		return;
	objects += spans.first_count * size;
	if (enqueue)
		hpdma_ring_copy(spans.second, objects,
				spans.second_count * size);
	else
		hpdma_ring_copy(objects, spans.second,
				spans.second_count * size);
}

int hpdma_ring_slow(const struct hpdma_ring *ring, void *array, uint32_t n,
		    int what)
{
	const bool enqueue = what & HPDMA_RING_ENQUEUE;
	const struct turn turn = turn_of(ring, enqueue);
	uint64_t position;
	int ret;

	ret = begin(ring, &turn, &position, &n, what & HPDMA_RING_BULK);
	if (ret <= 0)
		return ret;
	copy(ring, position, array, n, enqueue);
	if (turn.mode == HPDMA_RING_MULTI)
		return hpdma_ring_publish(turn.mine, position, n);
	end(&turn, position, n);
	return (int)n;
}

static int begin_spans(const struct hpdma_ring *ring, uint32_t n,
		       struct hpdma_ring_spans *spans, bool bulk, bool enqueue)
{
	const struct turn turn = turn_of(ring, enqueue);
	uint64_t position;
	int ret;

	/* Such a claim could not be given back: others may be behind it. */
	if (turn.mode == HPDMA_RING_MULTI)
		return -EOPNOTSUPP;
	ret = begin(ring, &turn, &position, &n, bulk);
	if (ret <= 0)
		return ret;
	spans_of(ring, position, n, spans);
	return (int)n;
}

static int end_spans(const struct hpdma_ring *ring,
		     const struct hpdma_ring_spans *spans, uint32_t n,
		     bool enqueue)
{
	const struct turn turn = turn_of(ring, enqueue);
	/* Nobody else writes it, as this thread is the only one or has the turn. */
	const uint64_t tail =
		__atomic_load_n(&turn.mine->tail, __ATOMIC_RELAXED);
	const uint64_t position =
		turn.mode == HPDMA_RING_HTS ? tail & HPDMA_RING_POSITION : tail;

	if (turn.mode == HPDMA_RING_MULTI)
		return -EOPNOTSUPP;
	if (n > spans->first_count + spans->second_count ||
	    (turn.mode == HPDMA_RING_HTS && tail != (position | ring->owner)))
		return -EINVAL;
	end(&turn, position, n);
	return 0;
}

int hpdma_ring_reserve_bulk(struct hpdma_ring *ring, uint32_t n,
			    struct hpdma_ring_spans *spans)
{
	return begin_spans(ring, n, spans, true, true);
}

int hpdma_ring_reserve_burst(struct hpdma_ring *ring, uint32_t n,
			     struct hpdma_ring_spans *spans)
{
	return begin_spans(ring, n, spans, false, true);
}

int hpdma_ring_commit(struct hpdma_ring *ring,
		      const struct hpdma_ring_spans *spans, uint32_t n)
{
	return end_spans(ring, spans, n, true);
}

int hpdma_ring_peek_bulk(struct hpdma_ring *ring, uint32_t n,
			 struct hpdma_ring_spans *spans)
{
	return begin_spans(ring, n, spans, true, false);
}

int hpdma_ring_peek_burst(struct hpdma_ring *ring, uint32_t n,
			  struct hpdma_ring_spans *spans)
{
	return begin_spans(ring, n, spans, false, false);
}

int hpdma_ring_consume(struct hpdma_ring *ring,
		       const struct hpdma_ring_spans *spans, uint32_t n)
{
	return end_spans(ring, spans, n, false);
}
