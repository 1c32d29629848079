// SPDX-License-Identifier: GPL-2.0-only
/*
 * hpdma_buf_alloc(): options, rounding, the ladder of backings, NUMA nodes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <hpdma.h>

#include "sentinel.h"

#define MIB (1ull << 20)

static struct hpdma_buf_opts opts_of(uint32_t backing, uint32_t flags)
{
	return (struct hpdma_buf_opts){ .size = sizeof(struct hpdma_buf_opts),
					.backing = backing,
					.flags = flags };
}

/* Allocates, tells what was asked of the module last, and gives it back. */
static int attempt(uint64_t length, const struct hpdma_buf_opts *opts,
		   struct hpdma_buf_info *info, struct hpdma_error *error)
{
	struct hpdma *ctx = open_context();
	struct hpdma_buf *buf = SENTINEL;
	int ret = hpdma_buf_alloc(ctx, length, opts, &buf, error);

	info->size = sizeof(*info);
	if (ret) {
		CHECK(buf == SENTINEL);
		if (error)
			CHECK_EQ(error->code, ret);
	} else {
		CHECK_EQ(hpdma_buf_get_info(buf, info), 0);
		CHECK_EQ(hpdma_buf_len(buf), info->length);
		hpdma_buf_unref(buf);
	}
	finish(ctx);
	return ret;
}

TEST(memory_can_be_used)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ctx, 5000, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_len(buf), 8192);
	memset(hpdma_buf_ptr(buf), 1, 8192);
	CHECK_EQ(fake.last_map_flags, MAP_SHARED | MAP_POPULATE);
	hpdma_unref(ctx);
	hpdma_buf_unref(hpdma_buf_ref(buf));
	memset(hpdma_buf_ptr(buf), 2, 8192);
	hpdma_buf_unref(buf);
	hpdma_buf_unref(NULL);
	CHECK(fake_clean());
}

TEST(backing_follows_from_the_length)
{
	static const struct {
		uint64_t length;
		uint32_t backing;
		uint64_t got;
	} rows[] = {
		{ 1, HPDMA_BUF_BACKING_CONTIG, 4096 },
		{ MIB, HPDMA_BUF_BACKING_CONTIG, MIB },
		{ 2 * MIB, HPDMA_BUF_BACKING_HUGETLB, 2 * MIB },
		{ 2 * MIB - 1, HPDMA_BUF_BACKING_HUGETLB, 2 * MIB },
		{ 2 * MIB + 1, HPDMA_BUF_BACKING_CONTIG, 2 * MIB + 4096 },
		{ 7 * MIB, HPDMA_BUF_BACKING_HUGETLB, 8 * MIB },
	};
	struct hpdma_buf_info info;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_reset();
		CHECK_EQ(attempt(rows[i].length, NULL, &info, NULL), 0);
		CHECK_EQ(info.backing, rows[i].backing);
		CHECK_EQ(info.length, rows[i].got);
		CHECK_EQ(info.fallback, 0);
		CHECK_EQ(fake.allocs, 1);
	}
}

TEST(falls_back_and_says_so)
{
	struct hpdma_buf_info info;

	fake_reset();
	fake.huge_bytes = 0;
	CHECK_EQ(attempt(2 * MIB, NULL, &info, NULL), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_CONTIG);
	CHECK_EQ(info.fallback, 1);
	CHECK_EQ(fake.allocs, 2);

	fake_reset();
	fake.contig_bytes = 0;
	CHECK_EQ(attempt(4096, NULL, &info, NULL), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_HUGETLB);
	CHECK_EQ(info.length, 2 * MIB);
	CHECK_EQ(info.fallback, 1);
}

TEST(a_boundary_leaves_the_backing_that_can_keep_it)
{
	struct hpdma_buf_opts opts = opts_of(HPDMA_BUF_BACKING_ANY, 0);
	struct hpdma_buf_info info;

	/* A run of 3 MiB cannot, pages of 2 MiB can. */
	fake_reset();
	opts.boundary = 2 * MIB;
	CHECK_EQ(attempt(3 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_HUGETLB);
	CHECK_EQ(info.fallback, 0);
	CHECK_EQ(fake.allocs, 1);
	CHECK_EQ(fake.alloc[0].arg.boundary, 2 * MIB);

	/* No fallback to what would be -EINVAL. */
	fake_reset();
	fake.huge_bytes = 0;
	CHECK_EQ(attempt(4 * MIB, &opts, &info, NULL), -ENOMEM);
	CHECK_EQ(fake.allocs, 1);

	/* Pages of 2 MiB cannot, runs can. */
	fake_reset();
	opts.boundary = MIB;
	opts.flags = HPDMA_BUF_SCATTER;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_CONTIG);
	CHECK_EQ(fake.allocs, 1);

	/* Neither: the module has the word. */
	fake_reset();
	opts.flags = 0;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(fake.allocs, 1);
	CHECK_EQ(fake.alloc[0].arg.boundary, MIB);
}

TEST(runs_are_for_contiguous_memory_and_write_combining_for_both)
{
	struct hpdma_buf_opts opts =
		opts_of(HPDMA_BUF_BACKING_ANY,
			HPDMA_BUF_SCATTER | HPDMA_BUF_MAP_WC);
	struct hpdma_buf_info info;

	fake_reset();
	fake.huge_bytes = 0;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(fake.allocs, 2);
	CHECK_EQ(fake.alloc[0].arg.flags, HPDMA_ALLOC_WRITE_COMBINE);
	CHECK_EQ(fake.alloc[1].arg.flags,
		 HPDMA_ALLOC_SCATTER | HPDMA_ALLOC_WRITE_COMBINE);
}

TEST(without_huge_pages_there_is_one_rung)
{
	struct hpdma_error error;
	struct hpdma_buf_info info;

	fake_reset();
	fake.hugetlb_sizes = 0;
	CHECK_EQ(attempt(2 * MIB, NULL, &info, NULL), 0);
	CHECK_EQ(info.fallback, 0);
	fake.contig_bytes = 0;
	CHECK_EQ(attempt(2 * MIB, NULL, &info, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_CONTIG);
}

TEST(the_first_choice_is_the_one_explained)
{
	struct hpdma_error error;
	struct hpdma_buf_info info;

	fake_reset();
	fake.huge_bytes = 0;
	fake.contig_bytes = 0;
	CHECK_EQ(attempt(2 * MIB, NULL, &info, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_HUGEPAGES);
	CHECK_EQ(attempt(4096, NULL, &info, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_CONTIG);
	CHECK_EQ(attempt(4096, NULL, &info, NULL), -ENOMEM);
}

static int refuse_code;
static uint32_t refuse_backing;

static bool refuse(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_buf_alloc *alloc = arg;

	if (cmd != HPDMA_IOC_BUF_ALLOC || alloc->backing != refuse_backing)
		return false;
	fake.allocs++;
	alloc->out_reason = HPDMA_REASON_MEMLOCK;
	*ret = refuse_code;
	return true;
}

TEST(only_a_lack_of_memory_leads_to_the_next_rung)
{
	static const int codes[] = { -ENOSPC, -EINTR, -EPERM, -EINVAL, -EIO };
	struct hpdma_error error;
	struct hpdma_buf_info info;
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		fake_reset();
		fake.on_ioctl = refuse;
		refuse_backing = HPDMA_BACKING_HUGETLB;
		refuse_code = codes[i];
		CHECK_EQ(attempt(2 * MIB, NULL, &info, &error), codes[i]);
		CHECK_EQ(error.why, HPDMA_WHY_MEMLOCK);
		CHECK_EQ(fake.allocs, 1);
	}
	/* If the second rung fails in such a way, that is what counts. */
	fake_reset();
	fake.huge_bytes = 0;
	fake.on_ioctl = refuse;
	refuse_backing = HPDMA_BACKING_CONTIG;
	refuse_code = -ENOSPC;
	CHECK_EQ(attempt(2 * MIB, NULL, &info, &error), -ENOSPC);
	CHECK_EQ(error.why, HPDMA_WHY_MEMLOCK);
	CHECK_EQ(fake.allocs, 2);
}

TEST(a_named_backing_has_no_fallback)
{
	struct hpdma_buf_opts opts = opts_of(HPDMA_BUF_BACKING_HUGETLB, 0);
	struct hpdma_error error;
	struct hpdma_buf_info info;

	fake_reset();
	CHECK_EQ(attempt(1, &opts, &info, NULL), 0);
	CHECK_EQ(info.length, 2 * MIB);
	fake.huge_bytes = 0;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_HUGEPAGES);
	opts.backing = HPDMA_BUF_BACKING_CONTIG;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(info.fallback, 0);
	opts = opts_of(HPDMA_BUF_BACKING_ANY, HPDMA_BUF_NO_FALLBACK);
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), -ENOMEM);
	CHECK_EQ(attempt(4096, &opts, &info, NULL), 0);
}

TEST(options_reach_the_module)
{
	struct hpdma_buf_opts opts = opts_of(HPDMA_BUF_BACKING_HUGETLB, 0);
	struct hpdma_ioc_buf_alloc *arg = &fake.alloc[0].arg;
	struct hpdma_buf_info info;

	fake_reset();
	fake.hugetlb_sizes |= 1ull << 30;
	fake.huge_bytes = 4ull << 30;
	opts.flags = HPDMA_BUF_NO_MAP;
	opts.page_size = 1ull << 30;
	opts.min_segment = 8192;
	opts.alignment = 65536;
	opts.address_bits = 36;
	CHECK_EQ(attempt(1, &opts, &info, NULL), 0);
	CHECK_EQ(arg->page_size, 1ull << 30);
	CHECK_EQ(arg->length, 1ull << 30);
	CHECK_EQ(arg->min_segment, 8192);
	CHECK_EQ(arg->alignment, 65536);
	CHECK_EQ(arg->address_bits, 36);
	CHECK_EQ(arg->flags, 0);
}

TEST(the_smallest_huge_page_is_used_if_2_mib_are_unknown)
{
	struct hpdma_buf_opts opts = opts_of(HPDMA_BUF_BACKING_HUGETLB, 0);
	struct hpdma_buf_info info;

	fake_reset();
	fake.hugetlb_sizes = 32 * MIB | 16 * 1024 * MIB;
	CHECK_EQ(attempt(1, &opts, &info, NULL), 0);
	CHECK_EQ(info.page_size, 32 * MIB);
	fake.hugetlb_sizes = 0;
	CHECK_EQ(attempt(1, &opts, &info, NULL), -EOPNOTSUPP);
}

TEST(bad_options_are_refused_before_any_call)
{
	static const struct hpdma_buf_opts rows[] = {
		{ .size = 8 },
		{ .size = sizeof(rows[0]), .flags = 1u << 31 },
		{ .size = sizeof(rows[0]), .flags = 1u << 7 },
		{ .size = sizeof(rows[0]), .backing = 3 },
		{ .size = sizeof(rows[0]), .page_size = 3 * MIB },
		{ .size = sizeof(rows[0]),
		  .backing = HPDMA_BUF_BACKING_CONTIG,
		  .page_size = 2 * MIB },
		{ .size = sizeof(rows[0]), .node = 1 },
		{ .size = sizeof(rows[0]), .reserved = 1 },
	};
	struct hpdma_buf_info info;
	size_t i;

	fake_reset();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_EQ(attempt(4096, &rows[i], &info, NULL), -EINVAL);
	CHECK_EQ(attempt(0, NULL, &info, NULL), -EINVAL);
	CHECK_EQ(attempt(UINT64_MAX, NULL, &info, NULL), -EOVERFLOW);
	CHECK_EQ(fake.allocs, 0);
}

TEST(a_buffer_need_not_be_mapped_or_populated)
{
	struct hpdma_buf_opts opts = opts_of(0, HPDMA_BUF_NO_POPULATE);
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL));
	CHECK_EQ(fake.last_map_flags, MAP_SHARED);
	hpdma_buf_unref(buf);
	opts.flags = HPDMA_BUF_NO_MAP;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL));
	CHECK(!hpdma_buf_ptr(buf));
	CHECK_EQ(hpdma_buf_len(buf), 4096);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(huge_pages_of_a_node_are_taken_by_policy)
{
	struct hpdma_buf_opts opts = opts_of(0, HPDMA_BUF_NODE);
	struct hpdma_buf_info info;

	fake_reset();
	fake.memory_node = 5;
	opts.node = 5;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(fake.alloc[0].arg.flags, HPDMA_ALLOC_NODE);
	CHECK_EQ(fake.alloc[0].arg.node, 5);
	CHECK_EQ(fake.alloc[0].policy_mode, 2); /* MPOL_BIND */
	CHECK_EQ(fake.alloc[0].policy_nodes, 1 << 5);
	CHECK_EQ(info.node, 5);
}

TEST(contiguous_memory_of_a_node_leaves_the_policy_alone)
{
	struct hpdma_buf_opts opts =
		opts_of(HPDMA_BUF_BACKING_CONTIG, HPDMA_BUF_NODE);
	struct hpdma_buf_info info;

	fake_reset();
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	CHECK_EQ(fake.alloc[0].policy_mode, 3);
	CHECK_EQ(fake.alloc[0].arg.flags, HPDMA_ALLOC_NODE);
}

TEST(the_policy_comes_back_if_there_is_no_memory)
{
	struct hpdma_buf_opts opts =
		opts_of(HPDMA_BUF_BACKING_HUGETLB, HPDMA_BUF_NODE);
	struct hpdma_error error;
	struct hpdma_buf_info info;

	fake_reset();
	opts.node = 1;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, &error), -ENOMEM);
	CHECK_EQ(error.why, HPDMA_WHY_NODE);
}

TEST(memory_can_be_made_to_fit_a_device)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts) };
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &opts.device, NULL));
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL));
	CHECK_EQ(fake.alloc[0].arg.flags, HPDMA_ALLOC_FIT_DEVICE);
	CHECK_EQ(fake.alloc[0].arg.device_fd, 101);
	CHECK_EQ(fake.alloc[0].arg.address_bits, 0);
	hpdma_buf_unref(buf);
	hpdma_device_unref(opts.device);
	finish(ctx);
}

TEST(without_numa_the_module_checks_the_node)
{
	struct hpdma_buf_opts opts =
		opts_of(HPDMA_BUF_BACKING_HUGETLB, HPDMA_BUF_NODE);
	struct hpdma_buf_info info;

	fake_reset();
	fake.no_numa = true;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), 0);
	opts.node = 1;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), -ENOMEM);
	opts.node = 1024;
	CHECK_EQ(attempt(2 * MIB, &opts, &info, NULL), -EINVAL);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(memory_can_be_used),
		ENTRY(backing_follows_from_the_length),
		ENTRY(falls_back_and_says_so),
		ENTRY(a_boundary_leaves_the_backing_that_can_keep_it),
		ENTRY(runs_are_for_contiguous_memory_and_write_combining_for_both),
		ENTRY(without_huge_pages_there_is_one_rung),
		ENTRY(the_first_choice_is_the_one_explained),
		ENTRY(only_a_lack_of_memory_leads_to_the_next_rung),
		ENTRY(a_named_backing_has_no_fallback),
		ENTRY(options_reach_the_module),
		ENTRY(the_smallest_huge_page_is_used_if_2_mib_are_unknown),
		ENTRY(bad_options_are_refused_before_any_call),
		ENTRY(a_buffer_need_not_be_mapped_or_populated),
		ENTRY(huge_pages_of_a_node_are_taken_by_policy),
		ENTRY(contiguous_memory_of_a_node_leaves_the_policy_alone),
		ENTRY(the_policy_comes_back_if_there_is_no_memory),
		ENTRY(memory_can_be_made_to_fit_a_device),
		ENTRY(without_numa_the_module_checks_the_node),
	};

	return RUN_TESTS(tests);
}
