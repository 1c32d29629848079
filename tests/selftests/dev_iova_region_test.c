// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions of addresses: where a caller who chooses them may, and where not. Nothing
 * that is asked for makes the kernel log anything.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "dev_iova_common.h"

#define MESSAGES 0xfee00000ull

TEST(regions_are_in_order_and_say_where_messages_go)
{
	struct hpdma_region regions[16] = {};
	bool messages = false;
	struct rig rig;
	int count, i;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	for (i = 0; i < count; i++) {
		EXPECT_LT(regions[i].first, regions[i].last);
		EXPECT_EQ(0, regions[i].first % PAGE);
		EXPECT_EQ(PAGE - 1, regions[i].last % PAGE);
		EXPECT_EQ(0, regions[i].__reserved);
		if (i)
			EXPECT_EQ(regions[i - 1].last + 1, regions[i].first);
		if (i)
			EXPECT_NE(regions[i - 1].kind, regions[i].kind);
		if (regions[i].kind == HPDMA_REGION_RESERVED &&
		    regions[i].first <= MESSAGES &&
		    regions[i].last >= MESSAGES + 0xfffff)
			messages = true;
		TH_LOG("%s %llx to %llx",
		       regions[i].kind ? "reserved" : "usable",
		       (unsigned long long)regions[i].first,
		       (unsigned long long)regions[i].last);
	}
	EXPECT_TRUE(messages);
	EXPECT_LE(BASE, regions[count - 1].last);
	rig_close(&rig);
}

TEST(regions_that_do_not_fit_are_only_counted)
{
	struct hpdma_region region = { 1, 2, 3, 4 };
	struct hpdma_ioc_dev_regions arg = {
		.size = sizeof(arg),
		.regions = (uintptr_t)&region,
		.count = 1,
	};
	int mem, dev, count;
	struct rig rig;
	struct edu edu;

	NEED_OWN(&rig, EDU_WIDE);
	EXPECT_EQ(-EMSGSIZE, call(rig.dev, HPDMA_IOC_DEV_REGIONS, &arg));
	EXPECT_LT(1, arg.out_count);
	count = arg.out_count;
	EXPECT_EQ(1, region.first);
	EXPECT_EQ(4, region.__reserved);
	arg.count = count;
	arg.regions = 8;
	EXPECT_EQ(-EFAULT, call(rig.dev, HPDMA_IOC_DEV_REGIONS, &arg));
	rig_close(&rig);
	/* Who cannot choose need not know. */
	NEED_FILES(&edu, &mem, &dev);
	EXPECT_EQ(-EINVAL, dev_regions(dev, &region, 1));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, last_reason());
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_WIDE));
	EXPECT_EQ(-EOPNOTSUPP, dev_regions(dev, &region, 1));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(dev);
	close(mem);
}

/* At both ends of each region, and a page beyond. */
TEST(usable_regions_to_their_last_page_and_no_further)
{
	struct hpdma_region regions[16];
	struct block block;
	struct watch watch;
	struct rig rig;
	int count, i, map;

	NEED_OWN(&rig, EDU_WIDE);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	watch_begin(&watch, true);
	for (i = 0; i < count; i++) {
		uint64_t last = regions[i].last - PAGE + 1;
		uint64_t ends[] = { regions[i].first, last };
		int j;

		for (j = 0; j < 2; j++) {
			map = dev_map_at(rig.dev, block.id, 0, PAGE, ends[j],
					 0);
			if (regions[i].kind == HPDMA_REGION_RESERVED) {
				EXPECT_EQ(-ERANGE, map);
				EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED,
					  last_reason());
				continue;
			}
			ASSERT_LE(0, map);
			copy(_metadata, &rig, block.data, PAGE, ends[j], 0,
			     EDU_CHUNK);
			EXPECT_EQ(0, dev_unmap(rig.dev, map));
		}
		/* The second page is what is next. */
		EXPECT_EQ(-ERANGE,
			  dev_map_at(rig.dev, block.id, 0, 0, last, 0));
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
		if (!regions[i].first)
			continue;
		EXPECT_EQ(-ERANGE, dev_map_at(rig.dev, block.id, 0, 0,
					      regions[i].first - PAGE, 0));
		EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	}
	EXPECT_EQ(0, watch_end(&watch));
	block_drop(&block);
	rig_close(&rig);
}

TEST(addresses_that_are_none)
{
	static const struct {
		uint64_t iova;
		int want;
		unsigned int reason;
	} bad[] = {
		{ 1, -EINVAL, HPDMA_REASON_NONE },
		{ PAGE - 1, -EINVAL, HPDMA_REASON_NONE },
		{ BASE + 512, -EINVAL, HPDMA_REASON_NONE },
		{ UINT64_MAX, -EINVAL, HPDMA_REASON_NONE },
		{ MESSAGES, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ MESSAGES - PAGE, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 48, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 57, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ 1ull << 63, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ -2 * PAGE, -ERANGE, HPDMA_REASON_IOVA_RESERVED },
		{ -PAGE, -EOVERFLOW, HPDMA_REASON_NONE },
	};
	struct watch watch;
	struct rig rig;
	size_t i;
	int buf;

	NEED_OWN(&rig, EDU_WIDE);
	buf = alloc_contig(rig.mem, 2 * PAGE);
	ASSERT_LE(0, buf);
	watch_begin(&watch, true);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(bad[i].want,
			  dev_map_at(rig.dev, buf, 0, 0, bad[i].iova, 0))
		{
			TH_LOG("at %llx", (unsigned long long)bad[i].iova);
		}
		EXPECT_EQ(bad[i].reason, last_reason());
	}
	EXPECT_EQ(0, watch_end(&watch));
	EXPECT_EQ(0, mappings());
	rig_close(&rig);
}

/* What the device would cut off it cannot be given. */
TEST(no_address_above_the_address_bits)
{
	uint64_t limit = 1ull << EDU_NARROW;
	struct hpdma_region regions[16];
	struct block block;
	struct rig rig;
	int count, map;

	NEED_OWN(&rig, EDU_NARROW);
	count = dev_regions(rig.dev, regions, 16);
	ASSERT_EQ(1, count);
	EXPECT_EQ(limit - 1, regions[0].last);
	ASSERT_EQ(0, block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, 2 * PAGE,
				0));
	EXPECT_EQ(-ERANGE,
		  dev_map_at(rig.dev, block.id, 0, 0, limit - PAGE, 0));
	EXPECT_EQ(HPDMA_REASON_IOVA_RESERVED, last_reason());
	EXPECT_EQ(-ERANGE, dev_map_at(rig.dev, block.id, 0, 0, limit, 0));
	map = dev_map_at(rig.dev, block.id, 0, 0, limit - 2 * PAGE, 0);
	ASSERT_LE(0, map);
	copy(_metadata, &rig, block.data, 2 * PAGE, limit - 2 * PAGE, 0,
	     2 * PAGE - EDU_CHUNK);
	block_drop(&block);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
