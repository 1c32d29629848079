// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long and scattered buffers, whole and in part, for a device behind an IOMMU and
 * without one: the addresses are those of the memory, and DMA crosses the seams.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define LENGTH (MB(6) + 3 * PAGE)
#define MOST 2048

static struct hpdma_segment memory[MOST], mapped[MOST];

/* The bus address of a byte of what is mapped. */
static uint64_t bus_address(int count, uint64_t at)
{
	int i;

	for (i = 0; i < count; at -= mapped[i].length, i++)
		if (at < mapped[i].length)
			return mapped[i].addr + at;
	return 0;
}

/* The physical address of a byte of the buffer. */
static uint64_t phys_address(int count, uint64_t at)
{
	int i;

	for (i = 0; i < count; at -= memory[i].length, i++)
		if (at < memory[i].length)
			return memory[i].addr + at;
	return 0;
}

static void check_part(struct __test_metadata *_metadata, struct rig *rig,
		       const struct hpdma_ioc_buf_alloc *arg, uint8_t *data,
		       uint64_t offset, uint64_t length)
{
	int count = buf_segments(rig->mem, arg->out_buf_id, memory, MOST);
	int map = dev_map(rig->dev, arg->out_buf_id, offset, length), runs, i;
	uint64_t sum = 0, at, start;

	ASSERT_LE(0, map);
	runs = dev_segments(rig->dev, map, mapped, MOST);
	ASSERT_LT(0, runs);
	if (dev_translated(&rig->edu))
		EXPECT_EQ(1, runs);
	for (i = 0; i < runs; i++) {
		if (!dev_translated(&rig->edu)) {
			EXPECT_EQ(phys_address(count, offset + sum),
				  mapped[i].addr);
			if (arg->boundary)
				EXPECT_EQ(mapped[i].addr / arg->boundary,
					  (mapped[i].addr + mapped[i].length -
					   1) / arg->boundary);
		}
		sum += mapped[i].length;
	}
	EXPECT_EQ(length, sum);

	/* At both ends, and where one chunk follows another. */
	for (at = 0; at < length; at += MB(2) - EDU_CHUNK / 2) {
		if (at + EDU_CHUNK > length)
			at = length - EDU_CHUNK;
		start = bus_address(runs, at);
		/* A seam of two segments is the driver's to see. */
		if (bus_address(runs, at + EDU_CHUNK - 1) !=
		    start + EDU_CHUNK - 1)
			continue;
		fill_pattern(data + offset + at, EDU_CHUNK, at);
		ASSERT_TRUE(edu_from_ram(rig->regs, start, EDU_CHUNK));
		memset(data + offset + at, 0, EDU_CHUNK);
		ASSERT_TRUE(edu_to_ram(rig->regs, start, EDU_CHUNK));
		EXPECT_EQ(-1, check_pattern(data + offset + at, EDU_CHUNK, at));
	}
	EXPECT_EQ(0, dev_unmap(rig->dev, map));
}

static void check_buffer(struct __test_metadata *_metadata, uint32_t flags,
			 uint64_t boundary)
{
	struct hpdma_ioc_buf_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.backing = HPDMA_BACKING_CONTIG,
		.length = LENGTH,
		.boundary = boundary,
	};
	struct rig rig;
	uint8_t *data;
	int ret;

	NEED_RIG(&rig, EDU_NARROW);
	arg.address_bits = dev_translated(&rig.edu) ? 0 : EDU_NARROW;
	ret = call(rig.mem, HPDMA_IOC_BUF_ALLOC, &arg);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no such runs on this kernel");
	ASSERT_EQ(0, ret);
	data = map_cookie(rig.mem, arg.out_buf_id, LENGTH,
			  PROT_READ | PROT_WRITE, MAP_POPULATE);
	ASSERT_NE(NULL, data);
	check_part(_metadata, &rig, &arg, data, 0, LENGTH);
	check_part(_metadata, &rig, &arg, data, MB(1) + PAGE, MB(3));
	check_part(_metadata, &rig, &arg, data, MB(6) + PAGE, 2 * PAGE);
	munmap(data, LENGTH);
	rig_close(&rig);
}

TEST(a_long_run)
{
	check_buffer(_metadata, 0, 0);
}

TEST(a_scattered_buffer)
{
	check_buffer(_metadata, HPDMA_ALLOC_SCATTER, 0);
}

TEST(a_scattered_buffer_cut_at_a_boundary)
{
	check_buffer(_metadata, HPDMA_ALLOC_SCATTER, KB(64));
}

TEST_HARNESS_MAIN
