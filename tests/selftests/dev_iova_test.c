// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address modes: where each can be had, and that the first holder fixes it. Nothing
 * that is asked for makes the kernel log anything.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "dev_iova_common.h"

static bool has_iommu(const struct edu *edu)
{
	char path[128];

	return !access(edu_sysfs(edu, "iommu_group", path), F_OK);
}

/* What a bound device is attached in, or -errno. */
static int try_mode(const struct edu *edu, int mem, unsigned int mode)
{
	int dev = dev_open(edu);
	int ret = dev_attach_mode(dev, mem, EDU_WIDE, mode);

	close(dev);
	return ret;
}

TEST(each_mode_where_it_can_be_had)
{
	int mem, dev, usual;
	bool translated;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	close(dev);
	translated = dev_translated(&edu);
	usual = translated ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	EXPECT_EQ(usual, try_mode(&edu, mem, HPDMA_MODE_DEFAULT));
	EXPECT_EQ(usual, try_mode(&edu, mem, usual));
	if (translated) {
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, HPDMA_MODE_PHYS));
		EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	} else {
		EXPECT_EQ(-EOPNOTSUPP,
			  try_mode(&edu, mem, HPDMA_MODE_KERNEL_IOVA));
		EXPECT_EQ(HPDMA_REASON_NO_IOMMU, last_reason());
	}
	if (has_iommu(&edu)) {
		EXPECT_EQ(OWN, try_mode(&edu, mem, OWN));
	} else {
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, OWN));
		EXPECT_EQ(HPDMA_REASON_NO_IOMMU, last_reason());
	}
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

/* All combinations, in both orders. */
TEST(the_first_holder_fixes_the_mode)
{
	int mem, dev, other, usual, first, second, ret;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	close(dev);
	if (!has_iommu(&edu))
		SKIP(return, "there is but one mode");
	usual = dev_translated(&edu) ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	for (first = 0; first <= HPDMA_MODE_PHYS; first++) {
		for (second = 0; second <= HPDMA_MODE_PHYS; second++) {
			int one = first ? first : usual;
			int two = second ? second : usual;

			if ((one != usual && one != OWN) ||
			    (two != usual && two != OWN))
				continue;
			dev = dev_open(&edu);
			other = dev_open(&edu);
			ASSERT_EQ(one,
				  dev_attach_mode(dev, mem, EDU_WIDE, first));
			ret = dev_attach_mode(other, mem, EDU_WIDE, second);
			EXPECT_EQ(one == two ? two : -EBUSY, ret)
			{
				TH_LOG("%d after %d", second, first);
			}
			if (ret < 0)
				EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER,
					  last_reason());
			/* Till the last one has gone, whoever it is. */
			close(dev);
			dev = dev_open(&edu);
			ret = dev_attach_mode(dev, mem, EDU_WIDE,
					      one == OWN ? usual : OWN);
			EXPECT_EQ(-EBUSY, ret);
			close(other);
			close(dev);
		}
	}
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

/* Nothing is written, nothing is decided, nothing is started. */
TEST(attaching_that_fails_changes_nothing)
{
	struct hpdma_ioc_dev_attach *arg;
	int mem, dev, usual, mode;
	struct edu edu;
	bool can;

	NEED_FILES(&edu, &mem, &dev);
	usual = dev_translated(&edu) ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
	arg = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	for (mode = 0; mode <= HPDMA_MODE_PHYS; mode++) {
		mprotect(arg, PAGE, PROT_READ | PROT_WRITE);
		*arg = (struct hpdma_ioc_dev_attach){
			.size = sizeof(*arg),
			.fd = mem,
			.address_bits = EDU_WIDE,
			.mode = mode,
			.out_mode = 77,
		};
		mprotect(arg, PAGE, PROT_READ);
		can = !mode || mode == usual ||
		      (mode == (int)OWN && has_iommu(&edu));
		/* Not EBUSY: the mode before is not fixed either. */
		EXPECT_EQ(can ? -EFAULT : -EOPNOTSUPP,
			  call(dev, HPDMA_IOC_DEV_ATTACH, arg))
		{
			TH_LOG("mode %d", mode);
		}
		EXPECT_EQ(77, arg->out_mode);
		EXPECT_FALSE(edu_is_master(&edu));
	}
	mprotect(arg, PAGE, PROT_READ | PROT_WRITE);
	arg->mode = dev_translated(&edu) ? HPDMA_MODE_PHYS :
					   HPDMA_MODE_KERNEL_IOVA;
	EXPECT_EQ(-EOPNOTSUPP, call(dev, HPDMA_IOC_DEV_ATTACH, arg));
	EXPECT_EQ(77, arg->out_mode);
	/* Neither the file nor the device is tied to anything. */
	arg->mode = HPDMA_MODE_DEFAULT;
	EXPECT_EQ(0, call(dev, HPDMA_IOC_DEV_ATTACH, arg));
	EXPECT_EQ(usual, arg->out_mode);
	EXPECT_TRUE(edu_is_master(&edu));
	munmap(arg, PAGE);
	close(dev);
	close(mem);
}

TEST(no_address_in_the_other_modes)
{
	int mem, dev, buf;
	struct edu edu;

	NEED_FILES(&edu, &mem, &dev);
	buf = alloc_contig(mem, PAGE);
	ASSERT_LE(0, buf);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_WIDE));
	EXPECT_EQ(-EOPNOTSUPP, dev_map_at(dev, buf, 0, 0, BASE, 0));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	EXPECT_LE(0, dev_map(dev, buf, 0, 0));
	EXPECT_EQ(-EOPNOTSUPP, dev_unmap_part(dev, 1, 0, PAGE));
	EXPECT_EQ(HPDMA_REASON_MODE, last_reason());
	close(dev);
	close(mem);
}

TEST(interrupts_arrive)
{
	int32_t count = 0;
	struct rig rig;

	NEED_OWN(&rig, EDU_WIDE);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	edu_raise(rig.regs);
	EXPECT_EQ(4, read(rig.dev, &count, 4));
	rig_close(&rig);
}

/* Behind a bridge that does not tell its devices apart. */
TEST(not_for_a_device_that_shares_its_group)
{
	char path[128], alone[8];
	unsigned int nth, shared = 0;
	struct edu edu;
	int mem;

	mem = open_node();
	for (nth = 0; !edu_find(&edu, EDU_NARROW, nth); nth++) {
		snprintf(path, sizeof(path), "/sys/class/hpdma/%.20s/alone",
			 edu.node + strlen("/dev/"));
		ASSERT_TRUE(read_text(path, alone, sizeof(alone)));
		if (alone[0] == '1' || !has_iommu(&edu) || !unsafe_allowed())
			continue;
		shared++;
		EXPECT_EQ(-EOPNOTSUPP, try_mode(&edu, mem, OWN));
		EXPECT_EQ(HPDMA_REASON_GROUP, last_reason());
	}
	close(mem);
	if (!shared)
		SKIP(return, "no such device, or allow_unsafe is off");
}

TEST_HARNESS_MAIN
