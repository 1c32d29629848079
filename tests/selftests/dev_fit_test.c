// SPDX-License-Identifier: GPL-2.0-only
/*
 * HPDMA_ALLOC_FIT_DEVICE: memory that the device reaches. It matters where
 * nothing translates (run.sh --no-iommu, with allow_unsafe=1).
 */
#include <fcntl.h>

#include "kselftest_harness.h"
#include "dev_common.c"

#define LIMIT (1ull << EDU_NARROW)

static int alloc_fit(int mem, int dev, struct hpdma_ioc_buf_alloc arg)
{
	int ret;

	arg.flags |= HPDMA_ALLOC_FIT_DEVICE;
	arg.device_fd = dev;
	ret = call(mem, HPDMA_IOC_BUF_ALLOC, &arg);
	return ret ? ret : (int)arg.out_buf_id;
}

TEST(a_file_of_a_device_that_is_attached)
{
	struct hpdma_ioc_buf_alloc arg = contig(PAGE);
	int closed, other, dev;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	EXPECT_LT(0, alloc_fit(rig.mem, rig.dev, contig(PAGE)));
	EXPECT_EQ(-EBADF, alloc_fit(rig.mem, -1, contig(PAGE)));
	closed = dup(rig.dev);
	close(closed);
	EXPECT_EQ(-EBADF, alloc_fit(rig.mem, closed, contig(PAGE)));
	EXPECT_EQ(-EBADF, alloc_fit(rig.mem, rig.mem, contig(PAGE)));
	other = open("/dev/null", O_RDWR);
	EXPECT_EQ(-EBADF, alloc_fit(rig.mem, other, contig(PAGE)));
	close(other);
	dev = dev_open(&rig.edu);
	ASSERT_LE(0, dev);
	arg.flags = HPDMA_ALLOC_FIT_DEVICE;
	arg.device_fd = dev;
	EXPECT_EQ(-EINVAL, call(rig.mem, HPDMA_IOC_BUF_ALLOC, &arg));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, arg.out_reason);
	close(dev);
	/* Without the flag there is no file. */
	arg.flags = 0;
	arg.device_fd = rig.dev;
	EXPECT_EQ(-EINVAL, call(rig.mem, HPDMA_IOC_BUF_ALLOC, &arg));
	/* Nor for a device that has gone. */
	ASSERT_EQ(0, edu_unbind(&rig.edu));
	EXPECT_EQ(-ENODEV, alloc_fit(rig.mem, rig.dev, contig(PAGE)));
	ASSERT_EQ(0, edu_bind(&rig.edu));
	rig_close(&rig);
}

/* The kernel gives the highest memory first. Return: one above, or -errno. */
static int alloc_above(int mem)
{
	struct hpdma_segment segment;
	int i;

	for (i = 0; i < 200; i++) {
		int buf = alloc_contig(mem, MB(4));

		if (buf < 0 || buf_segments(mem, buf, &segment, 1) != 1)
			return -ENOENT;
		if (segment.addr + segment.length > LIMIT)
			return buf;
	}
	return -ENOENT;
}

/* What is above the device's bits is refused; what was made for it is not. */
TEST(where_nothing_translates_it_is_below_the_address_bits)
{
	struct hpdma_ioc_buf_alloc many = contig(MB(6));
	struct hpdma_ioc_buf_alloc lower = contig(PAGE);
	struct hpdma_ioc_buf_alloc wishes[] = { contig(PAGE), contig(MB(1)),
						contig(MB(2)), many };
	struct hpdma_segment segments[64];
	struct rig rig;
	int buf, map;
	size_t i;

	NEED_RIG(&rig, EDU_NARROW);
	if (dev_translated(&rig.edu))
		SKIP(return, "an IOMMU translates");
	buf = alloc_above(rig.mem);
	if (buf < 0)
		SKIP(return, "this machine has no memory above 256 MiB");
	EXPECT_EQ(-ERANGE, dev_map(rig.dev, buf, 0, 0));
	EXPECT_EQ(HPDMA_REASON_ADDRESS, last_reason());
	wishes[3].flags = HPDMA_ALLOC_SCATTER;
	for (i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		int count, j;

		buf = alloc_fit(rig.mem, rig.dev, wishes[i]);
		ASSERT_LE(0, buf);
		count = buf_segments(rig.mem, buf, segments, 64);
		ASSERT_LT(0, count);
		for (j = 0; j < count; j++)
			EXPECT_GE(LIMIT, segments[j].addr + segments[j].length);
		map = dev_map(rig.dev, buf, 0, 0);
		EXPECT_LE(0, map);
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
	}
	/* A wish of less is kept. */
	lower.address_bits = EDU_NARROW - 1;
	buf = alloc_fit(rig.mem, rig.dev, lower);
	ASSERT_LE(0, buf);
	ASSERT_EQ(1, buf_segments(rig.mem, buf, segments, 1));
	EXPECT_GT(LIMIT / 2, segments[0].addr);
	/* One of more does not get more. */
	lower.address_bits = EDU_WIDE;
	buf = alloc_fit(rig.mem, rig.dev, lower);
	ASSERT_LE(0, buf);
	ASSERT_EQ(1, buf_segments(rig.mem, buf, segments, 1));
	EXPECT_GT(LIMIT, segments[0].addr);
	rig_close(&rig);
}

/* Hugetlb memory comes from where it comes from. */
TEST(huge_pages_fit_or_are_refused)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(HUGE_PAGE);
	struct rig rig;
	int ret;

	NEED_RIG(&rig, EDU_NARROW);
	arg.flags = HPDMA_ALLOC_FIT_DEVICE;
	arg.device_fd = rig.dev;
	ret = call(rig.mem, HPDMA_IOC_BUF_ALLOC, &arg);
	if (ret) {
		EXPECT_FALSE(dev_translated(&rig.edu));
		EXPECT_EQ(-ENOMEM, ret);
		EXPECT_EQ(HPDMA_REASON_ADDRESS, arg.out_reason);
	} else {
		EXPECT_LE(0, dev_map(rig.dev, arg.out_buf_id, 0, 0));
	}
	rig_close(&rig);
}

/* Behind an IOMMU all memory is within reach, and the lowest stays for others. */
TEST(behind_an_iommu_any_memory_fits)
{
	struct hpdma_segment segment = { 0 };
	struct rig rig;
	int buf, i;

	NEED_RIG(&rig, EDU_NARROW);
	NEED_IOMMU(&rig);
	for (i = 0; i < 20; i++) {
		buf = alloc_fit(rig.mem, rig.dev, contig(MB(4)));
		ASSERT_LE(0, buf);
		ASSERT_EQ(1, buf_segments(rig.mem, buf, &segment, 1));
		if (segment.addr > LIMIT)
			break;
	}
	EXPECT_LT(LIMIT, segment.addr);
	EXPECT_LE(0, dev_map(rig.dev, buf, 0, 0));
	rig_close(&rig);
}

TEST_HARNESS_MAIN
