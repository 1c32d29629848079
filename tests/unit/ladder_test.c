// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ends of the ladder of backings: huge pages of 1 GiB, and ordinary pages that
 * an IOMMU stitches together. The middle is in alloc_test.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <hpdma.h>

#include "sentinel.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct hpdma_buf_info info;
static struct hpdma_error error;

static int attempt(struct hpdma *ctx, uint64_t length,
		   const struct hpdma_buf_opts *opts)
{
	struct hpdma_buf *buf = SENTINEL;
	int ret = hpdma_buf_alloc(ctx, length, opts, &buf, &error);

	info = (struct hpdma_buf_info){ .size = sizeof(info) };
	if (ret) {
		CHECK(buf == SENTINEL);
		CHECK_EQ(error.code, ret);
		return ret;
	}
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	hpdma_buf_unref(buf);
	return 0;
}

/* A machine with pages of 1 GiB. */
static struct hpdma *start_large(void)
{
	fake_reset();
	fake.hugetlb_sizes |= GIB;
	fake.huge_bytes = 16 * GIB;
	fake.contig_bytes = 16 * GIB;
	fake.large_pages = 4;
	return open_context();
}

TEST(what_fills_large_pages_gets_them)
{
	static const struct {
		uint64_t length;
		uint64_t page_size;
		uint64_t got;
	} rows[] = {
		{ GIB, GIB, GIB },
		{ 820 * MIB, GIB, GIB },
		{ 819 * MIB, 2 * MIB, 820 * MIB },
		{ 2 * GIB, GIB, 2 * GIB },
		{ 4 * GIB, GIB, 4 * GIB },
		{ 4 * GIB + MIB, 2 * MIB, 4 * GIB + 2 * MIB },
		{ 512 * MIB, 2 * MIB, 512 * MIB },
	};
	struct hpdma *ctx = start_large();
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake.huge_bytes = 16 * GIB;
		CHECK_EQ(attempt(ctx, rows[i].length, NULL), 0);
		CHECK_EQ(info.page_size, rows[i].page_size);
		CHECK_EQ(info.length, rows[i].got);
		CHECK_EQ(info.fallback, 0);
	}
	CHECK_EQ(fake.allocs, i);
	finish(ctx);
}

TEST(large_pages_are_tried_only_if_there_are_some)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .flags = HPDMA_BUF_NO_FALLBACK };
	struct hpdma *ctx = start_large();

	fake.large_pages = 0;
	CHECK_EQ(attempt(ctx, GIB, &opts), 0);
	CHECK_EQ(info.page_size, 2 * MIB);
	CHECK_EQ(info.fallback, 0);
	fake.large_pages = 4;
	opts.page_size = 2 * MIB;
	CHECK_EQ(attempt(ctx, GIB, &opts), 0);
	CHECK_EQ(info.page_size, 2 * MIB);
	/* No page of them can stay between two such boundaries. */
	opts = (struct hpdma_buf_opts){ .size = sizeof(opts),
					.boundary = 512 * MIB };
	CHECK_EQ(attempt(ctx, GIB, &opts), 0);
	CHECK_EQ(info.page_size, 2 * MIB);
	CHECK_EQ(fake.allocs, 3);
	finish(ctx);
}

/* How many rungs, from the first, have nothing. */
static unsigned int empty;

static bool refuse(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_buf_alloc *alloc = arg;

	if (cmd != HPDMA_IOC_BUF_ALLOC || fake.allocs >= empty)
		return false;
	fake.alloc[fake.allocs++ % 8].arg = *alloc;
	alloc->out_reason = alloc->backing == HPDMA_BACKING_HUGETLB ?
				    HPDMA_REASON_HUGEPAGES :
				    HPDMA_REASON_CONTIG;
	*ret = -ENOMEM;
	return true;
}

TEST(the_ladder_is_gone_down_rung_by_rung)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts) };
	struct hpdma *ctx = start_large();
	static const struct {
		uint32_t backing;
		uint64_t page_size;
	} rungs[] = {
		{ HPDMA_BUF_BACKING_HUGETLB, GIB },
		{ HPDMA_BUF_BACKING_HUGETLB, 2 * MIB },
		{ HPDMA_BUF_BACKING_CONTIG, 4096 },
		{ HPDMA_BUF_BACKING_USER, 4096 },
	};

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &opts.device, NULL));
	fake.on_ioctl = refuse;
	for (empty = 0; empty < 4; empty++) {
		fake.allocs = 0;
		CHECK_EQ(attempt(ctx, GIB, &opts), 0);
		CHECK_EQ(info.fallback, empty);
		CHECK_EQ(info.backing, rungs[empty].backing);
		CHECK_EQ(info.page_size, rungs[empty].page_size);
		CHECK_EQ(info.length, GIB);
	}
	empty = 1;
	fake.allocs = 0;
	opts.flags = HPDMA_BUF_NO_FALLBACK;
	CHECK_EQ(attempt(ctx, GIB, &opts), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_HUGEPAGES);
	CHECK_EQ(fake.allocs, 1);
	fake.on_ioctl = NULL;
	hpdma_device_unref(opts.device);
	finish(ctx);
}

/* A machine whose memory is all in pieces. */
static struct hpdma *start_in_pieces(struct hpdma_buf_opts *opts)
{
	struct hpdma *ctx;

	fake_reset();
	fake.huge_bytes = 0;
	fake.contig_bytes = 0;
	fake.memory_node = 1;
	ctx = open_context();
	*opts = (struct hpdma_buf_opts){ .size = sizeof(*opts) };
	if (hpdma_device_open(ctx, "hpdma0", NULL, &opts->device, NULL))
		abort();
	return ctx;
}

TEST(stitched_pages_can_be_used_by_the_device)
{
	struct hpdma_buf_opts opts;
	struct hpdma *ctx = start_in_pieces(&opts);
	struct hpdma_buf *buf;
	struct hpdma_dma *dma;
	int fd = -1;

	REQUIRE(!hpdma_buf_alloc(ctx, 5 * MIB - 1, &opts, &buf, NULL));
	CHECK_EQ(hpdma_buf_len(buf), 5 * MIB);
	CHECK_EQ(fake.registered.flags, 0);
	CHECK_EQ(fake.registered.addr, (uintptr_t)hpdma_buf_ptr(buf));
	CHECK_EQ(fake.registered.length, 5 * MIB);
	CHECK_EQ(fake.last_map_flags, MAP_SHARED | MAP_ANONYMOUS);
	memset(hpdma_buf_ptr(buf), 1, 5 * MIB);
	REQUIRE(!hpdma_dma_map(opts.device, buf, 0, 0, &dma, NULL));
	hpdma_dma_unref(dma);
	/* What the module cannot do with registered memory. */
	CHECK_EQ(hpdma_buf_export(buf, &fd, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_publish(buf, "name", NULL, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_map_at(buf, &fd, 0, NULL), -EBUSY);
	hpdma_device_unref(opts.device);
	hpdma_unref(ctx);
	hpdma_buf_unref(buf);
	CHECK(fake_clean());
}

TEST(stitching_promises_nothing_it_cannot_keep)
{
	static const struct hpdma_buf_opts rows[] = {
		{ .address_bits = 32 },
		{ .boundary = 16 * MIB },
		{ .min_segment = 8192 },
		{ .alignment = 8192 },
		{ .flags = HPDMA_BUF_MAP_WC },
		{ .flags = HPDMA_BUF_NO_MAP },
		{ .flags = HPDMA_BUF_NAMEABLE },
		{ .flags = HPDMA_BUF_NO_FALLBACK },
		{ .backing = HPDMA_BUF_BACKING_CONTIG },
		{ .backing = HPDMA_BUF_BACKING_HUGETLB },
	};
	struct hpdma_buf_opts opts, row;
	struct hpdma *ctx = start_in_pieces(&opts);
	size_t i;

	CHECK_EQ(attempt(ctx, 4 * MIB, NULL), -ENOMEM);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = rows[i];
		row.size = sizeof(row);
		row.device = opts.device;
		CHECK_EQ(attempt(ctx, 4 * MIB, &row), -ENOMEM);
	}
	CHECK_EQ(fake.registered.length, 0);
	opts.alignment = 4096;
	opts.min_segment = 4096;
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), 0);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

TEST(without_an_iommu_nothing_is_stitched)
{
	struct hpdma_device_opts how = { .size = sizeof(how),
					 .mode = HPDMA_DEVICE_MODE_PHYS };
	struct hpdma_buf_opts opts;
	struct hpdma *ctx = start_in_pieces(&opts);

	hpdma_device_unref(opts.device);
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", &how, &opts.device, NULL));
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOMEM);
	hpdma_device_unref(opts.device);
	fake.translated = 0;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &opts.device, NULL));
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOMEM);
	hpdma_device_unref(opts.device);
	how.mode = HPDMA_DEVICE_MODE_KERNEL_IOVA;
	REQUIRE(!hpdma_device_open(ctx, "hpdma0", &how, &opts.device, NULL));
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOMEM);
	CHECK_EQ(fake.registered.length, 0);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

TEST(stitched_pages_are_of_the_node_or_none)
{
	struct hpdma_buf_opts opts;
	struct hpdma *ctx = start_in_pieces(&opts);

	opts.flags = HPDMA_BUF_NODE;
	opts.node = 1;
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), 0);
	CHECK_EQ(info.node, 1);
	opts.node = 0;
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOMEM);
	fake.memory_node = -1;
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOMEM);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

static bool no_pin(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_buf_register *arg_register = arg;

	if (cmd != HPDMA_IOC_BUF_REGISTER)
		return false;
	arg_register->out_reason = HPDMA_REASON_MEMLOCK;
	*ret = -ENOSPC;
	return true;
}

TEST(a_limit_on_the_last_rung_is_what_is_reported)
{
	struct hpdma_buf_opts opts;
	struct hpdma *ctx = start_in_pieces(&opts);

	fake.on_ioctl = no_pin;
	CHECK_EQ(attempt(ctx, 4 * MIB, &opts), -ENOSPC);
	CHECK_EQ(error.why, HPDMA_WHY_MEMLOCK);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(what_fills_large_pages_gets_them),
		ENTRY(large_pages_are_tried_only_if_there_are_some),
		ENTRY(the_ladder_is_gone_down_rung_by_rung),
		ENTRY(stitched_pages_can_be_used_by_the_device),
		ENTRY(stitching_promises_nothing_it_cannot_keep),
		ENTRY(without_an_iommu_nothing_is_stitched),
		ENTRY(stitched_pages_are_of_the_node_or_none),
		ENTRY(a_limit_on_the_last_rung_is_what_is_reported),
	};

	return RUN_TESTS(tests);
}
