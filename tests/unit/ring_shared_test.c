// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings in memory that others share: attaching at another address, memory that holds
 * anything, and what is broken by a death.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <hpdma/ring.h>

#include "native.h"

#define BYTES 4096

struct shared {
	unsigned char mem[BYTES] __attribute__((aligned(64)));
	/* Never written by a ring */
	unsigned char after[BYTES];
};

static struct hpdma_buf *memory;
static struct shared *shared;

/* The same for all tests, until the program ends */
static void need_memory(void)
{
	if (memory)
		return;
	memory = any_buf(sizeof(*shared));
	shared = hpdma_buf_ptr(memory);
}

static struct hpdma_ring *init_as(uint32_t flags, uint32_t count,
				  uint32_t owner)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .flags = flags,
					      .count = count,
					      .owner = owner,
					      .name = "shared" };
	struct hpdma_ring *ring = NULL;

	need_memory();
	memset(shared, 0xa5, sizeof(*shared));
	CHECK_EQ(hpdma_ring_init(shared->mem, BYTES, &opts, &ring), 0);
	return ring;
}

/* Nothing was written behind so many bytes. */
static bool untouched(size_t bytes)
{
	const unsigned char *all = (const unsigned char *)shared;
	size_t i;

	for (i = bytes; i < sizeof(*shared); i++) {
		if (all[i] != 0xa5)
			return false;
	}
	return true;
}

TEST(init_wants_memory_as_said)
{
	const struct hpdma_ring_opts opts = { .size = sizeof(opts),
					      .count = 16 };
	const size_t size = hpdma_ring_size(&opts);
	struct hpdma_ring *ring;

	CHECK_EQ(size, sizeof(struct hpdma_ring_mem) + 16 * 8);
	need_memory();
	memset(shared, 0xa5, sizeof(*shared));
	CHECK_EQ(hpdma_ring_init(NULL, size, &opts, &ring), -EINVAL);
	CHECK_EQ(hpdma_ring_init(shared->mem + 32, size, &opts, &ring),
		 -EINVAL);
	CHECK_EQ(hpdma_ring_init(shared->mem, size - 1, &opts, &ring), -ENOSPC);
	CHECK_EQ(shared->mem[0], 0xa5);
	CHECK_EQ(hpdma_ring_init(shared->mem, size, &opts, &ring), 0);
	hpdma_ring_destroy(ring);
	/* What was made stays for others */
	CHECK_EQ(hpdma_ring_attach(shared->mem, size, 0, &ring), 0);
	hpdma_ring_destroy(ring);
}

TEST(attach_sees_what_is_there)
{
	struct hpdma_ring *ring = init_as(HPDMA_RING_ROBUST, 16, 1);
	struct hpdma_ring_info info = { .size = sizeof(info) };
	struct hpdma_ring *other;
	uint64_t in[3] = { 1, 2, 3 }, out[3];

	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, in, 3), 3);
	CHECK_EQ(hpdma_ring_attach(shared->mem, BYTES, 2, &other), 0);
	CHECK_EQ(hpdma_ring_dequeue_bulk(other, out, 3), 3);
	CHECK(!memcmp(in, out, sizeof(in)));
	CHECK_EQ(hpdma_ring_get_info(other, &info), 0);
	CHECK(!strcmp(info.name, "shared"));
	hpdma_ring_destroy(other);
	hpdma_ring_destroy(ring);
}

/* Another mapping of the same bytes: no address may be in them */
TEST(attach_at_another_address)
{
	struct hpdma_ring *ring = init_as(0, 16, 0);
	struct hpdma_ring *other;
	struct hpdma_buf *again;
	uint64_t in = 42, out = 0;
	struct shared *moved;
	int fd;

	REQUIRE(!hpdma_buf_export(memory, &fd, NULL));
	REQUIRE(!hpdma_buf_map_fd(backend, fd, 0, &again, NULL));
	close(fd);
	moved = hpdma_buf_ptr(again);
	CHECK(moved != shared);
	hpdma_ring_enqueue_bulk(ring, &in, 1);
	CHECK_EQ(hpdma_ring_attach(moved->mem, BYTES, 0, &other), 0);
	CHECK_EQ(hpdma_ring_dequeue_bulk(other, &out, 1), 1);
	CHECK_EQ(out, 42);
	CHECK(hpdma_ring_empty(ring));
	hpdma_ring_destroy(other);
	hpdma_ring_destroy(ring);
	hpdma_buf_unref(again);
}

TEST(attach_refuses_what_is_no_ring)
{
	struct hpdma_ring *ring = init_as(HPDMA_RING_EXACT, 100, 0);
	struct hpdma_ring_mem *mem = ring->mem;
	const struct hpdma_ring_mem good = *mem;
	const size_t size = sizeof(*mem) + 128 * 8;

#define REFUSED(change, code)                                          \
	do {                                                           \
		struct hpdma_ring *out;                                \
		change;                                                \
		CHECK_EQ(hpdma_ring_attach(mem, size, 0, &out), code); \
		*mem = good;                                           \
	} while (0)

	REFUSED(mem->magic++, -EINVAL);
	REFUSED(mem->version++, -EPROTONOSUPPORT);
	REFUSED(mem->flags |= 1 << 10, -EINVAL);
	REFUSED(mem->flags &= ~HPDMA_RING_EXACT, -EINVAL);
	REFUSED(mem->capacity = 0, -EINVAL);
	REFUSED(mem->capacity = 129, -EINVAL);
	REFUSED(mem->slots = 0, -EINVAL);
	REFUSED(mem->slots = 127, -EINVAL);
	REFUSED(mem->slots = 256, -ENOSPC);
	REFUSED(mem->slots = 1u << 31, -EINVAL);
	REFUSED(mem->element_size = 0, -EINVAL);
	REFUSED(mem->element_size = 12, -ENOSPC);
	REFUSED(mem->element_size = 10, -EINVAL);
	REFUSED(mem->element_size = 1u << 31, -EINVAL);
	REFUSED(mem->watermark = 101, -EINVAL);
#undef REFUSED
	CHECK_EQ(hpdma_ring_attach(mem, size - 1, 0, &ring), -ENOSPC);
	CHECK_EQ(hpdma_ring_attach(mem, 8, 0, &ring), -EINVAL);
	CHECK_EQ(hpdma_ring_attach(shared->mem + 8, size, 0, &ring), -EINVAL);
	CHECK_EQ(hpdma_ring_attach(mem, size, HPDMA_RING_OWNERS, &ring),
		 -EINVAL);
	hpdma_ring_destroy(ring);
}

static uint64_t random_state = 3;

static uint64_t random_bits(void)
{
	random_state =
		random_state * 6364136223846793005u + 1442695040888963407u;
	return random_state >> 16 ^ random_state << 40;
}

/* Everything there is, on a ring whose header and positions are @ring's */
static void use(struct hpdma_ring *ring)
{
	static unsigned char array[64 * HPDMA_RING_MAX_ELEMENT];
	struct hpdma_ring_info info = { .size = sizeof(info) };
	struct hpdma_ring_spans spans;
	const uint32_t n = random_bits() % 300;

	CHECK(hpdma_ring_enqueue_bulk(ring, array, n) <= (int)n);
	CHECK(hpdma_ring_dequeue_burst(ring, array, n) <= (int)n);
	CHECK(hpdma_ring_enqueue_burst(ring, array, n) <= (int)n);
	CHECK(hpdma_ring_dequeue_bulk(ring, array, n) <= (int)n);
	if (hpdma_ring_reserve_burst(ring, n, &spans) > 0) {
		memset(spans.first, 1, spans.first_count * ring->element_size);
		if (spans.second)
			memset(spans.second, 1,
			       spans.second_count * ring->element_size);
		hpdma_ring_commit(ring, &spans, n / 2);
	}
	CHECK(hpdma_ring_count(ring) <= hpdma_ring_capacity(ring));
	hpdma_ring_get_info(ring, &info);
	CHECK(memchr(info.name, 0, sizeof(info.name)) != NULL);
}

/*
 * A busy bit that nobody will clear, or a tail that no head will reach, only makes one wait,
 * as any other process could; the fuzzer looks for writing elsewhere.
 */
static void make_it_end(struct hpdma_ring_mem *mem)
{
	mem->prod.tail &= HPDMA_RING_POSITION;
	mem->cons.tail &= HPDMA_RING_POSITION;
	mem->prod.head = mem->prod.tail;
	mem->cons.head = mem->cons.tail;
}

TEST(hostile_memory_is_not_left)
{
	struct hpdma_ring_mem good;
	int i, attached = 0;

	for (i = 0; i < 20000 && !harness_failed; i++) {
		struct hpdma_ring *ring =
			init_as(i % 2 ? HPDMA_RING_ROBUST : i / 2 % 4, 64, 0);
		struct hpdma_ring_mem *mem = ring->mem;
		uint32_t *words = (uint32_t *)mem;
		size_t k;

		good = *mem;
		/* A few words of the header, small or large; all positions */
		for (k = random_bits() % 4; k; k--)
			words[2 + random_bits() % 6] =
				random_bits() % 2 ? (uint32_t)random_bits() :
						    1u << random_bits() % 32;
		mem->prod.tail = random_bits();
		mem->prod.limit = random_bits();
		mem->cons.tail = random_bits();
		mem->cons.limit = random_bits();
		memset(mem->name, 'x', sizeof(mem->name));
		make_it_end(mem);
		/* One who had attached before is not led astray either */
		use(ring);
		CHECK(untouched(sizeof(*mem) + 64 * 8));
		hpdma_ring_destroy(ring);
		if (!hpdma_ring_attach(mem, BYTES, 0, &ring)) {
			attached++;
			CHECK(sizeof(*mem) +
				      (ring->mask + 1ul) * ring->element_size <=
			      BYTES);
			make_it_end(mem);
			use(ring);
			hpdma_ring_destroy(ring);
		}
		CHECK(untouched(BYTES));
		*mem = good;
	}
	CHECK(attached > 1000);
}

static void all_say(struct hpdma_ring *ring, int code)
{
	struct hpdma_ring_spans spans;
	uint64_t value = 0;

	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 1), code);
	CHECK_EQ(hpdma_ring_enqueue_burst(ring, &value, 1), code);
	CHECK_EQ(hpdma_ring_dequeue_bulk(ring, &value, 1), code);
	CHECK_EQ(hpdma_ring_dequeue_burst(ring, &value, 1), code);
	CHECK_EQ(hpdma_ring_reserve_bulk(ring, 1, &spans), code);
	CHECK_EQ(hpdma_ring_reserve_burst(ring, 1, &spans), code);
	CHECK_EQ(hpdma_ring_peek_bulk(ring, 1, &spans), code);
	CHECK_EQ(hpdma_ring_peek_burst(ring, 1, &spans), code);
}

TEST(a_death_in_a_turn_breaks_the_ring)
{
	const uint32_t flags[] = { HPDMA_RING_ROBUST,
				   HPDMA_RING_ROBUST | HPDMA_RING_SP,
				   HPDMA_RING_ROBUST | HPDMA_RING_SC };
	struct hpdma_ring_info info = { .size = sizeof(info) };
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct hpdma_ring *ring = init_as(flags[i], 16, 1);
		struct hpdma_ring_spans spans;
		uint64_t values[4] = { 0 };
		struct hpdma_ring *other;

		CHECK_EQ(hpdma_ring_attach(shared->mem, BYTES, 2, &other), 0);
		hpdma_ring_enqueue_bulk(ring, values, 4);
		if (flags[i] & HPDMA_RING_SP)
			CHECK_EQ(hpdma_ring_peek_bulk(other, 2, &spans), 2);
		else
			CHECK_EQ(hpdma_ring_reserve_bulk(other, 2, &spans), 2);
		/* It is another who has died, and then the one */
		CHECK_EQ(hpdma_ring_mark_dead(ring, 1), 0);
		CHECK_EQ(hpdma_ring_mark_dead(ring, 3), 0);
		CHECK_EQ(hpdma_ring_mark_dead(ring, 2), -EOWNERDEAD);
		CHECK_EQ(hpdma_ring_mark_dead(ring, 1), -EOWNERDEAD);
		all_say(ring, -EOWNERDEAD);
		hpdma_ring_get_info(ring, &info);
		CHECK_EQ(info.broken, 1);
		hpdma_ring_reset(ring);
		CHECK_EQ(hpdma_ring_mark_dead(ring, 2), 0);
		CHECK(hpdma_ring_empty(ring));
		CHECK_EQ(hpdma_ring_enqueue_bulk(ring, values, 4), 4);
		CHECK_EQ(hpdma_ring_dequeue_bulk(ring, values, 4), 4);
		hpdma_ring_destroy(other);
		hpdma_ring_destroy(ring);
	}
}

TEST(a_death_elsewhere_breaks_nothing)
{
	struct hpdma_ring *ring =
		init_as(HPDMA_RING_ROBUST | HPDMA_RING_SP | HPDMA_RING_SC, 16,
			1);
	struct hpdma_ring_spans spans;
	uint64_t value = 5;

	/* A lone producer has published, or it has not */
	CHECK_EQ(hpdma_ring_enqueue_bulk(ring, &value, 1), 1);
	CHECK_EQ(hpdma_ring_reserve_bulk(ring, 3, &spans), 3);
	CHECK_EQ(hpdma_ring_mark_dead(ring, 1), 0);
	CHECK_EQ(hpdma_ring_count(ring), 1);
	hpdma_ring_destroy(ring);
	ring = init_as(0, 16, 1);
	CHECK_EQ(hpdma_ring_mark_dead(ring, 1), -EOPNOTSUPP);
	hpdma_ring_destroy(ring);
	ring = init_as(HPDMA_RING_ROBUST, 16, 1);
	CHECK_EQ(hpdma_ring_mark_dead(ring, HPDMA_RING_OWNERS), -EINVAL);
	hpdma_ring_destroy(ring);
}

static const struct test tests[] = {
	ENTRY(init_wants_memory_as_said),
	ENTRY(attach_sees_what_is_there),
	ENTRY(attach_at_another_address),
	ENTRY(attach_refuses_what_is_no_ring),
	ENTRY(hostile_memory_is_not_left),
	ENTRY(a_death_in_a_turn_breaks_the_ring),
	ENTRY(a_death_elsewhere_breaks_nothing),
};

int main(void)
{
	return RUN_ON_BACKEND(tests);
}
