// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of addresses beside a model that knows each page: buffers of random sizes
 * at random places, in random segments, come and go; after each step random pages
 * have the address, the run and the pointer that the model says.
 *
 * HPDMA_IOVA_STEPS: steps for each seed and mode.
 */
#include "iova_fake.h"

#define PAGE 4096ull
#define PAGES (3u << 17) /* 1.5 GiB: four regions, from the middle of one on */
#define BASE ((1ull << 40) + (1ull << 28))
#define BUFS 24

static uint64_t model[PAGES]; /* Address of each page, 0 for none */

struct piece {
	struct hpdma_buf *buf;
	uint32_t first, pages;
};

static uint64_t seed;

static uint64_t random_below(uint64_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % limit;
}

/* Few pages, whole huge pages, or many odd ones */
static void choose_place(struct piece *piece)
{
	switch (random_below(4)) {
	case 0:
		piece->pages = 1 + random_below(16);
		piece->first = random_below(PAGES - piece->pages);
		break;
	case 1:
		piece->pages = 512 * (1 + random_below(100));
		piece->first = random_below((PAGES - piece->pages) / 512) * 512;
		break;
	case 2:
		piece->pages = 16 * (1 + random_below(64));
		piece->first = random_below((PAGES - piece->pages) / 16) * 16;
		break;
	default:
		piece->pages = 1 + random_below(20000);
		piece->first = random_below(PAGES - piece->pages);
		break;
	}
}

/* Addresses go up, so that none is there twice; some follow the one before. */
static uint64_t next_addr;

static void choose_segments(uint32_t pages, bool one)
{
	uint64_t part;

	for (scripted = 0; pages; scripted++) {
		part = pages;
		if (!one && scripted < SCRIPT_MAX - 1 && random_below(3))
			part = 1 + random_below(pages);
		if (random_below(4))
			next_addr += PAGE * random_below(2000);
		script[scripted] = (struct hpdma_seg){ next_addr, part * PAGE };
		next_addr += part * PAGE;
		pages -= part;
	}
}

static bool is_free(const struct piece *piece)
{
	uint32_t i;

	for (i = 0; i < piece->pages; i++) {
		if (model[piece->first + i])
			return false;
	}
	return true;
}

static void enter_model(const struct piece *piece, bool same)
{
	uint32_t page = piece->first, i, j;

	for (i = 0; i < scripted; i++) {
		for (j = 0; j < script[i].length / PAGE; j++, page++)
			model[page] = same ? BASE + page * PAGE :
					     script[i].addr + j * PAGE;
	}
}

static void check_page(const struct setup *setup, uint32_t page)
{
	uint64_t va = BASE + page * PAGE, in = random_below(PAGE);
	uint64_t wanted = random_below(64 << 20), length = wanted, run = 0;
	uint64_t addr = model[page] ? model[page] + in : HPDMA_IOVA_NONE;
	uint32_t i;

	CHECK_EQ(look(setup, va + in), addr);
	CHECK_EQ(look_run(setup, va + in, &length), addr);
	if (model[page]) {
		for (i = page + 1;
		     i < PAGES && model[i] == model[i - 1] + PAGE;)
			i++;
		run = (i - page) * PAGE - in;
		CHECK_EQ(look_back(setup, addr), va + in);
	}
	CHECK_EQ(length, run < wanted ? run : wanted);
}

/* Edges are where mistakes are. */
static void check_around(const struct setup *setup, const struct piece *piece)
{
	uint32_t end = piece->first + piece->pages;
	int i;

	check_page(setup, piece->first);
	check_page(setup, end - 1);
	if (piece->first)
		check_page(setup, piece->first - 1);
	if (end < PAGES)
		check_page(setup, end);
	for (i = 0; i < 20; i++) {
		check_page(setup, piece->first + random_below(piece->pages));
		check_page(setup, random_below(PAGES));
	}
}

static void add_one(struct setup *setup, enum way way, struct piece *piece)
{
	struct hpdma_error error;
	bool fits;

	choose_place(piece);
	piece->buf = buffer_at(setup->ctx, BASE + piece->first * PAGE,
			       piece->pages * PAGE, 0);
	choose_segments(piece->pages, way == WAY_VA);
	fits = is_free(piece);
	CHECK_EQ(hpdma_iova_add(setup->table, piece->buf, &error),
		 fits ? 0 : -EEXIST);
	if (fits)
		enter_model(piece, way == WAY_VA);
	check_around(setup, piece);
	if (!fits) {
		hpdma_buf_unref(piece->buf);
		piece->buf = NULL;
	}
}

static void remove_one(struct setup *setup, struct piece *piece)
{
	CHECK_EQ(hpdma_iova_remove(setup->table, piece->buf), 0);
	memset(model + piece->first, 0, piece->pages * sizeof(model[0]));
	check_around(setup, piece);
	hpdma_buf_unref(piece->buf);
	piece->buf = NULL;
}

static void run(enum way way, uint64_t from)
{
	const char *steps = getenv("HPDMA_IOVA_STEPS");
	unsigned long i, count = steps ? strtoul(steps, NULL, 0) : 200;
	struct piece pieces[BUFS] = { 0 }, *piece;
	struct setup setup = set_up(way);

	seed = from;
	next_addr = 1ull << 45; /* Never below a pointer's: none is 0 */
	memset(model, 0, sizeof(model));
	for (i = 0; i < count && !harness_failed; i++) {
		piece = &pieces[random_below(BUFS)];
		if (piece->buf)
			remove_one(&setup, piece);
		else
			add_one(&setup, way, piece);
	}
	if (harness_failed)
		printf("# way %d, seed %llu, step %lu\n", way,
		       (unsigned long long)from, i);
	for (i = 0; i < BUFS; i++)
		hpdma_buf_unref(pieces[i].buf);
	tear_down(&setup);
}

TEST(chosen_by_the_kernel)
{
	uint64_t from;

	for (from = 1; from <= 4; from++)
		run(WAY_IOVA, from * 0x9e3779b97f4a7c15);
}

TEST(the_same_as_the_pointer)
{
	uint64_t from;

	for (from = 1; from <= 4; from++)
		run(WAY_VA, from * 0x9e3779b97f4a7c15);
}

TEST(physical_for_a_device)
{
	uint64_t from;

	for (from = 1; from <= 4; from++)
		run(WAY_PHYS, from * 0x9e3779b97f4a7c15);
}

TEST(physical_for_nobody)
{
	uint64_t from;

	for (from = 1; from <= 4; from++)
		run(WAY_NO_DEVICE, from * 0x9e3779b97f4a7c15);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(chosen_by_the_kernel),
		ENTRY(the_same_as_the_pointer),
		ENTRY(physical_for_a_device),
		ENTRY(physical_for_nobody),
	};

	return RUN_TESTS(tests);
}
