// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages of both sizes, several in a buffer, and what becomes of the pools:
 * they lose exactly what a buffer has, nothing by a call that fails, and get back
 * all of it; of surplus pages too. The 1 GiB pages are for a boot that has some.
 */
#include "kselftest_harness.h"
#include "dev_common.c"
#include "pool.h"

/* Faults of writing to each page of the system's size. */
static long touch(uint8_t *p, uint64_t length)
{
	long before = faults();
	uint64_t at;

	for (at = 0; at < length; at += PAGE)
		*(volatile uint64_t *)(p + at) = at;
	return faults() - before;
}

static bool is_touched(const uint8_t *p, uint64_t length)
{
	uint64_t at;

	for (at = 0; at < length; at += PAGE)
		if (*(const uint64_t *)(p + at) != at)
			return false;
	return true;
}

TEST_F(pool, in_buffers_of_one_page_and_of_several)
{
	static struct hpdma_segment segments[8];
	struct hpdma_ioc_buf_info info;
	uint64_t count, length;
	int id, export, got;
	const char *wrong;
	uint8_t *p;

	NEED_POOL();
	for (count = 1; count <= self->pages; count *= 2) {
		struct hpdma_ioc_buf_alloc arg =
			pages_of(variant->page_size, count);

		length = arg.length;
		id = alloc(self->fd, &arg);
		ASSERT_LT(0, id);
		EXPECT_EQ(self->pool.all[FREE] - (long long)count,
			  counter(-1, variant->page_size, counters[FREE]));
		EXPECT_EQ(self->pool.all[RESERVED],
			  counter(-1, variant->page_size, counters[RESERVED]));
		EXPECT_EQ(0, buf_info(self->fd, id, &info));
		EXPECT_EQ(variant->page_size, info.out_page_size);
		EXPECT_EQ(length, info.out_length);

		/* One fault for each page, or none. */
		p = map_cookie(self->fd, id, length, RW, 0);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(0, (uintptr_t)p % variant->page_size);
		EXPECT_EQ(0, *(uint64_t *)(p + length - 8));
		munmap(p, length);
		p = map_cookie(self->fd, id, length, RW, 0);
		EXPECT_EQ((long)count, touch(p, length));
		EXPECT_EQ((long)(variant->page_size >> 10),
			  smaps(p, "MMUPageSize"));
		got = buf_segments(self->fd, id, segments, 8);
		ASSERT_LT(0, got);
		wrong = compare_frames(p, length, segments, got);
		EXPECT_EQ(NULL, wrong)
		{
			TH_LOG("%s", wrong);
		}
		munmap(p, length);

		export = buf_export(self->fd, id);
		p = map_fd(export, 0, length, variant->page_size, RW,
			   MAP_POPULATE);
		ASSERT_NE(NULL, p);
		EXPECT_TRUE(is_touched(p, length));
		EXPECT_EQ(0, touch(p, length));
		/* Freed while it is mapped, and given up page by page. */
		EXPECT_EQ(0, buf_free(self->fd, id));
		close(export);
		if (count > 1)
			EXPECT_EQ(0, munmap(p, length - variant->page_size));
		EXPECT_EQ(self->pool.all[FREE] - (long long)count,
			  counter(-1, variant->page_size, counters[FREE]));
		EXPECT_EQ(0, munmap(p + length - variant->page_size,
				    variant->page_size));
		EXPECT_TRUE(state_is(&self->state));
		EXPECT_TRUE(pool_is(&self->pool, variant->page_size));
	}
}

TEST_F(pool, for_a_device)
{
	struct hpdma_ioc_buf_alloc arg;
	uint64_t addr, last;
	struct rig rig;
	int id, map;
	uint8_t *p;

	NEED_POOL();
	NEED_RIG(&rig, EDU_WIDE);
	NEED_IOMMU(&rig);
	arg = pages_of(variant->page_size, self->pages);
	last = arg.length - EDU_CHUNK;
	id = alloc(rig.mem, &arg);
	ASSERT_LT(0, id);
	map = dev_map(rig.dev, id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	p = map_cookie(rig.mem, id, arg.length, RW, 0);
	ASSERT_NE(NULL, p);
	fill_pattern(p, EDU_CHUNK, 3);
	EXPECT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	EXPECT_TRUE(edu_to_ram(rig.regs, addr + last, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(p + last, EDU_CHUNK, 3));
	munmap(p, arg.length);
	rig_close(&rig);
}

TEST_F(pool, too_short)
{
	struct hpdma_ioc_buf_alloc arg;
	int all;

	NEED_POOL();
	arg = pages_of(variant->page_size, self->pool.all[FREE] + 1);
	EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
	EXPECT_TRUE(pool_is(&self->pool, variant->page_size));

	/* Empty. */
	arg = pages_of(variant->page_size, self->pool.all[FREE]);
	all = alloc(self->fd, &arg);
	ASSERT_LT(0, all);
	EXPECT_EQ(0, counter(-1, variant->page_size, counters[FREE]));
	arg = pages_of(variant->page_size, 1);
	EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
	EXPECT_EQ(0, counter(-1, variant->page_size, counters[FREE]));
	EXPECT_EQ(self->pool.all[RESERVED],
		  counter(-1, variant->page_size, counters[RESERVED]));
	EXPECT_EQ(0, buf_free(self->fd, all));
}

TEST_F(pool, with_surplus_pages)
{
	const char *name = "nr_overcommit_hugepages";
	struct hpdma_ioc_buf_alloc arg;
	long long old;
	int id;

	NEED_POOL();
	/* What memory has of 1 GiB pages is known at boot only. */
	if (variant->page_size != HUGE_PAGE)
		SKIP(return, "no surplus pages of this size");
	old = counter(-1, variant->page_size, name);
	ASSERT_TRUE(set_counter(-1, variant->page_size, name, old + 2));
	arg = pages_of(variant->page_size, self->pool.all[FREE] + 2);
	id = alloc(self->fd, &arg);
	EXPECT_LT(0, id);
	EXPECT_EQ(self->pool.all[SURPLUS] + 2,
		  counter(-1, variant->page_size, counters[SURPLUS]));
	EXPECT_EQ(self->pool.all[TOTAL] + 2,
		  counter(-1, variant->page_size, counters[TOTAL]));
	EXPECT_EQ(0, counter(-1, variant->page_size, counters[RESERVED]));
	/* And not one more; the two are taken and go again. */
	arg = pages_of(variant->page_size, 1);
	EXPECT_EQ(-ENOMEM, alloc(self->fd, &arg));
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_TRUE(pool_is(&self->pool, variant->page_size));
	arg = pages_of(variant->page_size, self->pool.all[FREE] + 3);
	EXPECT_EQ(-ENOMEM, alloc(self->fd, &arg));
	EXPECT_TRUE(set_counter(-1, variant->page_size, name, old));
}

TEST_HARNESS_MAIN
