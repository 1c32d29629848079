// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: their addresses, what they hold, which buffers they refuse.
 */
#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "sentinel.h"

struct setup {
	struct hpdma *ctx;
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
};

static struct setup set_up_mode(uint32_t segments, uint32_t mode)
{
	struct hpdma_device_opts opts = { .size = sizeof(opts), .mode = mode };
	struct setup setup;

	setup.ctx = start();
	fake.segments = segments;
	if (hpdma_device_open(setup.ctx, "hpdma0", &opts, &setup.dev, NULL) ||
	    hpdma_buf_alloc(setup.ctx, 2 << 20, NULL, &setup.buf, NULL))
		abort();
	return setup;
}

static struct setup set_up(uint32_t segments)
{
	return set_up_mode(segments, HPDMA_DEVICE_MODE_AUTO);
}

/* The caller chooses the addresses. */
static struct setup set_up_caller(void)
{
	return set_up_mode(1, HPDMA_DEVICE_MODE_CALLER_IOVA);
}

static void tear_down(struct setup *setup)
{
	hpdma_buf_unref(setup->buf);
	hpdma_device_unref(setup->dev);
	finish(setup->ctx);
}

TEST(one_segment_has_one_address)
{
	struct setup setup = set_up(1);
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	struct hpdma_dma *dma;
	uint64_t addr = 0;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 4096, 8192, &dma, NULL));
	CHECK_EQ(fake.map.offset, 4096);
	CHECK_EQ(fake.map.length, 8192);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, 1 << 24);
	CHECK_EQ(kind, HPDMA_KIND_IOVA);
	CHECK_EQ(hpdma_dma_addr_at(dma, 8191, &addr, NULL, &kind), 0);
	CHECK_EQ(addr, (1 << 24) + 8191);
	CHECK_EQ(hpdma_dma_addr_at(dma, 8192, &addr, NULL, &kind), -ERANGE);
	/* It came with the mapping. */
	CHECK_EQ(fake.segment_calls, 0);
	hpdma_dma_unref(dma);
	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 4096, 0, &dma, NULL));
	CHECK_EQ(hpdma_dma_addr_at(dma, (2 << 20) - 4097, &addr, NULL, &kind),
		 0);
	CHECK_EQ(hpdma_dma_addr_at(dma, (2 << 20) - 4096, &addr, NULL, &kind),
		 -ERANGE);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

TEST(several_segments_have_no_one_address)
{
	struct setup setup = set_up(3);
	enum hpdma_kind kind = HPDMA_KIND_NONE;
	const struct hpdma_seg *segs;
	struct hpdma_dma *dma;
	uint64_t addr = 5;

	fake.translated = 0;
	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), -EMSGSIZE);
	CHECK_EQ(addr, 5);
	CHECK_EQ(kind, HPDMA_KIND_NONE);
	CHECK_EQ(hpdma_dma_segments(dma, &segs, &kind), 3);
	CHECK_EQ(kind, HPDMA_KIND_PHYS);
	CHECK_EQ(segs[1].addr, 2 << 24);
	CHECK_EQ(segs[1].length, 2 << 12);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

/* Segments of 1, 2 and 3 pages; see fake_module.c. */
TEST(each_byte_has_its_address)
{
	static const struct {
		uint64_t offset, addr, length;
	} rows[] = {
		{ 0, 1 << 24, 4096 },	   { 4095, (1 << 24) + 4095, 1 },
		{ 4096, 2 << 24, 8192 },   { 12287, (2 << 24) + 8191, 1 },
		{ 12288, 3 << 24, 12288 }, { 24575, (3 << 24) + 12287, 1 },
	};
	struct setup setup = set_up(3);
	uint64_t addr = 0, length = 0;
	enum hpdma_kind kind;
	struct hpdma_dma *dma;
	unsigned int calls;
	size_t i;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	calls = fake.calls;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kind = HPDMA_KIND_NONE;
		CHECK_EQ(hpdma_dma_addr_at(dma, rows[i].offset, &addr, &length,
					   &kind),
			 0);
		CHECK_EQ(addr, rows[i].addr);
		CHECK_EQ(length, rows[i].length);
		CHECK_EQ(kind, HPDMA_KIND_IOVA);
	}
	CHECK_EQ(hpdma_dma_addr_at(dma, 0, &addr, NULL, &kind), 0);
	addr = 5;
	CHECK_EQ(hpdma_dma_addr_at(dma, 24576, &addr, &length, &kind), -ERANGE);
	CHECK_EQ(hpdma_dma_addr_at(dma, UINT64_MAX, &addr, &length, &kind),
		 -ERANGE);
	CHECK_EQ(addr, 5);
	CHECK_EQ(fake.calls, calls);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

static bool understate(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_dev_map *map = arg;

	if (cmd != HPDMA_IOC_DEV_MAP)
		return false;
	fake.on_ioctl = NULL;
	*ret = fake_module_ioctl(101, cmd, arg);
	map->out_segments = 0;
	return true;
}

TEST(the_array_grows_to_what_there_is)
{
	struct setup setup = set_up(1000);
	const struct hpdma_seg *segs;
	enum hpdma_kind kind;
	struct hpdma_dma *dma;

	fake.on_ioctl = understate;
	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	CHECK_EQ(fake.segment_calls, 2);
	CHECK_EQ(hpdma_dma_segments(dma, &segs, &kind), 1000);
	CHECK_EQ(segs[999].addr, 1000ull << 24);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

static bool lie(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_segments *segments = arg;

	if (cmd != HPDMA_IOC_DEV_SEGMENTS)
		return false;
	segments->out_count = 0;
	*ret = 0;
	return true;
}

static bool stutter(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_segments *segments = arg;

	if (cmd != HPDMA_IOC_DEV_SEGMENTS)
		return false;
	segments->out_count = segments->count;
	*ret = -EMSGSIZE;
	return true;
}

TEST(a_senseless_answer_is_an_error)
{
	struct setup setup = set_up(2);
	struct hpdma_dma *dma = SENTINEL;
	struct hpdma_error error;

	fake.on_ioctl = lie;
	CHECK_EQ(hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, &error),
		 -EPROTO);
	CHECK_EQ(error.code, -EPROTO);
	fake.on_ioctl = stutter;
	CHECK_EQ(hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, &error),
		 -EMSGSIZE);
	CHECK(dma == SENTINEL);
	tear_down(&setup);
}

TEST(a_mapping_holds_device_and_buffer)
{
	struct setup setup = set_up(1);
	struct hpdma_dma *dma;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	hpdma_buf_unref(setup.buf);
	hpdma_device_unref(setup.dev);
	hpdma_unref(setup.ctx);
	CHECK(fake.mapping[0]);
	CHECK(fake.buffer[1].held);
	CHECK(hpdma_dma_ref(dma) == dma);
	hpdma_dma_unref(dma);
	CHECK(fake.mapping[0]);
	hpdma_dma_unref(dma);
	hpdma_dma_unref(NULL);
	CHECK(fake_clean());
}

TEST(foreign_buffers_are_refused)
{
	struct setup setup = set_up(1);
	struct hpdma *other = open_context();
	int fd = fake_open_file(FAKE_EXPORT);
	struct hpdma_dma *dma = SENTINEL;
	struct hpdma_error error;
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(other, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_dma_map(setup.dev, buf, 0, 0, &dma, &error), -EINVAL);
	CHECK_EQ(error.why, HPDMA_WHY_FOREIGN);
	hpdma_buf_unref(buf);
	REQUIRE(!hpdma_buf_map_fd(setup.ctx, fd, 0, &buf, NULL));
	CHECK_EQ(hpdma_dma_map(setup.dev, buf, 0, 0, &dma, &error), -EINVAL);
	CHECK_EQ(error.why, HPDMA_WHY_FOREIGN);
	CHECK(dma == SENTINEL);
	hpdma_buf_unref(buf);
	fake_sys.close(fd);
	hpdma_unref(other);
	tear_down(&setup);
}

TEST(a_device_can_be_kept_from_writing)
{
	struct hpdma_dma_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_DMA_READ_ONLY,
				       .offset = 8192,
				       .length = 4096 };
	struct setup setup = set_up(1);
	struct hpdma_dma *dma = SENTINEL;
	struct hpdma_error error;

	REQUIRE(!hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, NULL));
	CHECK_EQ(fake.map.flags, HPDMA_MAP_READ_ONLY);
	CHECK_EQ(fake.map.offset, 8192);
	CHECK_EQ(fake.map.length, 4096);
	hpdma_dma_unref(dma);
	REQUIRE(!hpdma_dma_map_with(setup.dev, setup.buf, NULL, &dma, NULL));
	CHECK_EQ(fake.map.flags, 0);
	CHECK_EQ(fake.map.length, 0);
	hpdma_dma_unref(dma);

	dma = SENTINEL;
	opts.flags = 4;
	CHECK_EQ(hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, &error),
		 -EINVAL);
	opts.flags = 0;
	opts.iova = 4096;
	CHECK_EQ(hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, &error),
		 -EINVAL);
	CHECK_EQ(error.why, HPDMA_WHY_NONE);
	opts.flags = HPDMA_DMA_AT;
	CHECK_EQ(hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_MODE);
	opts.size--;
	CHECK_EQ(hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, &error),
		 -EINVAL);
	CHECK(dma == SENTINEL);
	tear_down(&setup);
}

TEST(the_virtual_address_is_the_devices)
{
	struct hpdma_buf_opts no_map = { .size = sizeof(no_map),
					 .flags = HPDMA_BUF_NO_MAP };
	struct setup setup = set_up_caller();
	struct hpdma_dma *dma;
	struct hpdma_error error;
	enum hpdma_kind kind;
	struct hpdma_buf *buf;
	uint64_t addr = 0;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 4096, 0, &dma, NULL));
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, (uintptr_t)hpdma_buf_ptr(setup.buf) + 4096);
	CHECK_EQ(kind, HPDMA_KIND_IOVA);
	hpdma_dma_unref(dma);

	REQUIRE(!hpdma_buf_alloc(setup.ctx, 4096, &no_map, &buf, NULL));
	dma = SENTINEL;
	CHECK_EQ(hpdma_dma_map(setup.dev, buf, 0, 0, &dma, &error), -EINVAL);
	CHECK_EQ(error.why, HPDMA_WHY_MODE);
	CHECK(dma == SENTINEL);
	hpdma_buf_unref(buf);
	tear_down(&setup);
}

TEST(an_address_can_be_chosen_also_zero)
{
	struct hpdma_dma_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_DMA_AT };
	struct setup setup = set_up_caller();
	enum hpdma_kind kind;
	struct hpdma_dma *dma;
	uint64_t addr = 5;

	REQUIRE(!hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, NULL));
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, 0);
	hpdma_dma_unref(dma);
	opts.iova = 0x7000000000;
	REQUIRE(!hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, NULL));
	CHECK_EQ(fake.map.iova, 0x7000000000);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, 0x7000000000);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

/* How many bytes from there on have addresses; 0: that byte has none. */
static uint64_t reach(const struct hpdma_dma *dma, uint64_t page)
{
	uint64_t addr, length;
	enum hpdma_kind kind;

	if (hpdma_dma_addr_at(dma, page << 12, &addr, &length, &kind))
		return 0;
	CHECK_EQ(addr, (1 << 30) + (page << 12));
	CHECK_EQ(kind, HPDMA_KIND_IOVA);
	return length >> 12;
}

static int unmap_pages(struct hpdma_dma *dma, uint64_t page, uint64_t count)
{
	int ret = hpdma_dma_unmap_part(dma, page << 12, count << 12, NULL);

	CHECK_EQ(fake.unmap.offset, page << 12);
	CHECK_EQ(fake.unmap.length, count << 12);
	CHECK(fake.mapping[0]);
	return ret;
}

TEST(parts_that_are_unmapped_have_no_address)
{
	struct hpdma_dma_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_DMA_AT,
				       .length = 16 << 12,
				       .iova = 1 << 30 };
	struct setup setup = set_up_caller();
	const struct hpdma_seg *segs;
	enum hpdma_kind kind;
	struct hpdma_dma *dma;
	uint64_t addr;

	REQUIRE(!hpdma_dma_map_with(setup.dev, setup.buf, &opts, &dma, NULL));
	CHECK_EQ(unmap_pages(dma, 4, 4), 0);
	CHECK_EQ(reach(dma, 0), 4);
	CHECK_EQ(reach(dma, 3), 1);
	CHECK_EQ(reach(dma, 4), 0);
	CHECK_EQ(reach(dma, 7), 0);
	CHECK_EQ(reach(dma, 8), 8);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), -EMSGSIZE);
	CHECK_EQ(hpdma_dma_segments(dma, &segs, &kind), 2);
	CHECK_EQ(segs[1].addr, (1 << 30) + (8 << 12));
	CHECK_EQ(segs[1].length, 8 << 12);
	/* Over what is gone already, and both ends of what is left */
	CHECK_EQ(unmap_pages(dma, 3, 6), 0);
	CHECK_EQ(reach(dma, 2), 1);
	CHECK_EQ(reach(dma, 3), 0);
	CHECK_EQ(reach(dma, 8), 0);
	CHECK_EQ(reach(dma, 9), 7);
	CHECK_EQ(unmap_pages(dma, 15, 1), 0);
	CHECK_EQ(reach(dma, 9), 6);
	CHECK_EQ(reach(dma, 15), 0);
	CHECK_EQ(unmap_pages(dma, 0, 3), 0);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, (1 << 30) + (9 << 12));
	CHECK_EQ(unmap_pages(dma, 0, 16), 0);
	CHECK_EQ(hpdma_dma_segments(dma, &segs, &kind), 0);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), -EMSGSIZE);
	CHECK_EQ(reach(dma, 0), 0);
	CHECK_EQ(unmap_pages(dma, 0, 16), 0);
	CHECK(fake.mapping[0]);
	hpdma_dma_unref(dma);
	CHECK_EQ(fake.unmap.offset, 0);
	CHECK_EQ(fake.unmap.length, 0);
	CHECK(!fake.mapping[0]);
	tear_down(&setup);
}

TEST(a_part_that_stays_keeps_its_addresses)
{
	struct setup setup = set_up_caller();
	struct hpdma_dma *dma;
	struct hpdma_error error;
	enum hpdma_kind kind;
	unsigned int calls;
	uint64_t addr = 5;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	calls = fake.calls;
	CHECK_EQ(hpdma_dma_unmap_part(dma, 4096, 0, &error), -EINVAL);
	CHECK_EQ(hpdma_dma_unmap_part(dma, UINT64_MAX, 1, &error), -EOVERFLOW);
	CHECK_EQ(fake.calls, calls);
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -EINTR;
	CHECK_EQ(hpdma_dma_unmap_part(dma, 4096, 4096, &error), -EINTR);
	CHECK_EQ(error.code, -EINTR);
	CHECK_EQ(hpdma_dma_addr(dma, &addr, &kind), 0);
	CHECK_EQ(addr, (uintptr_t)hpdma_buf_ptr(setup.buf));
	hpdma_dma_unref(dma);
	tear_down(&setup);

	setup = set_up(1);
	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	CHECK_EQ(hpdma_dma_unmap_part(dma, 0, 4096, &error), -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_MODE);
	hpdma_dma_unref(dma);
	tear_down(&setup);
}

TEST(unmapping_is_not_kept_from_happening_by_a_signal)
{
	struct setup setup = set_up(1);
	struct hpdma_dma *dma;

	REQUIRE(!hpdma_dma_map(setup.dev, setup.buf, 0, 0, &dma, NULL));
	fake.fail_at = fake.calls + 1;
	fake.fail_code = -EINTR;
	hpdma_dma_unref(dma);
	CHECK(fake.failed);
	CHECK(!fake.mapping[0]);
	tear_down(&setup);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(one_segment_has_one_address),
		ENTRY(several_segments_have_no_one_address),
		ENTRY(each_byte_has_its_address),
		ENTRY(the_array_grows_to_what_there_is),
		ENTRY(a_senseless_answer_is_an_error),
		ENTRY(a_mapping_holds_device_and_buffer),
		ENTRY(foreign_buffers_are_refused),
		ENTRY(a_device_can_be_kept_from_writing),
		ENTRY(the_virtual_address_is_the_devices),
		ENTRY(an_address_can_be_chosen_also_zero),
		ENTRY(parts_that_are_unmapped_have_no_address),
		ENTRY(a_part_that_stays_keeps_its_addresses),
		ENTRY(unmapping_is_not_kept_from_happening_by_a_signal),
	};

	return RUN_TESTS(tests);
}
