// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening and attaching a device: what is accepted, what is refused and why, and
 * that the device may reach memory exactly while somebody is attached.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"

/* A device file and a memory file that are not attached yet. */
static void open_both(struct __test_metadata *_metadata, struct edu *edu,
		      int *mem, int *dev)
{
	ASSERT_EQ(0, edu_find(edu, EDU_NARROW, 0));
	*mem = open_node();
	ASSERT_LE(0, *mem);
	*dev = dev_open(edu);
	ASSERT_LE(0, *dev);
}

#define NEED_OPEN(_edu, _mem, _dev)                                        \
	do {                                                               \
		edu_find((_edu), EDU_NARROW, 0);                           \
		if (!dev_protected(_edu) && !unsafe_allowed())             \
			SKIP(return, "no IOMMU, and allow_unsafe is off"); \
		open_both(_metadata, (_edu), (_mem), (_dev));              \
	} while (0)

TEST(open_needs_no_right_only_where_an_iommu_protects)
{
	struct edu edu;
	int dev;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	dev = dev_open(&edu);
	if (dev_protected(&edu) || unsafe_allowed()) {
		EXPECT_LE(0, dev);
	} else {
		EXPECT_EQ(-EACCES, dev);
	}
	EXPECT_FALSE(edu_is_master(&edu));
	if (dev >= 0)
		close(dev);
}

TEST(address_bits_from_24_to_64)
{
	static const unsigned int bad[] = {
		0, 1, 23, 65, 128, INT_MAX, UINT_MAX
	};
	static const unsigned int good[] = { 28, 31, 32, 33, 39, 48, 63, 64 };
	struct edu edu;
	size_t i;
	int mem, dev, ret;

	NEED_OPEN(&edu, &mem, &dev);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(-EINVAL, dev_attach(dev, mem, bad[i]))
		{
			TH_LOG("with %u address bits", bad[i]);
		}
		EXPECT_FALSE(edu_is_master(&edu));
	}
	close(dev);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		dev = dev_open(&edu);
		ASSERT_LE(0, dev);
		EXPECT_EQ(0, dev_attach(dev, mem, good[i]))
		{
			TH_LOG("with %u address bits", good[i]);
		}
		close(dev);
	}
	/* A platform need not have memory below 16 MiB for it. */
	dev = dev_open(&edu);
	ret = dev_attach(dev, mem, 24);
	if (ret) {
		EXPECT_EQ(-ERANGE, ret);
		EXPECT_EQ(HPDMA_REASON_ADDRESS, last_reason());
		EXPECT_FALSE(edu_is_master(&edu));
	}
	close(dev);
	close(mem);
}

TEST(unknown_modes_are_refused)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.address_bits = EDU_NARROW,
	};
	struct edu edu;
	int mem, dev;

	NEED_OPEN(&edu, &mem, &dev);
	arg.fd = mem;
	arg.mode = HPDMA_MODE_PHYS + 1;
	EXPECT_EQ(-EINVAL, call(dev, HPDMA_IOC_DEV_ATTACH, &arg));
	arg.mode = UINT_MAX;
	EXPECT_EQ(-EINVAL, call(dev, HPDMA_IOC_DEV_ATTACH, &arg));
	EXPECT_FALSE(edu_is_master(&edu));
	close(dev);
	close(mem);
}

TEST(who_can_only_read_does_not_attach)
{
	struct edu edu;
	int mem, dev;

	NEED_OPEN(&edu, &mem, &dev);
	close(dev);
	dev = open(edu.node, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EACCES, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_FALSE(edu_is_master(&edu));
	close(dev);
	close(mem);
}

TEST(only_a_file_of_the_memory_node_can_be_attached)
{
	int mem, dev, other, buf, closed;
	struct edu edu;

	NEED_OPEN(&edu, &mem, &dev);
	EXPECT_EQ(-EBADF, dev_attach(dev, -1, EDU_NARROW));
	EXPECT_EQ(-EBADF, dev_attach(dev, INT_MAX, EDU_NARROW));
	closed = dup(mem);
	close(closed);
	EXPECT_EQ(-EBADF, dev_attach(dev, closed, EDU_NARROW));
	EXPECT_EQ(-EBADF, dev_attach(dev, dev, EDU_NARROW));
	other = open("/dev/null", O_RDWR);
	EXPECT_EQ(-EBADF, dev_attach(dev, other, EDU_NARROW));
	close(other);
	other = eventfd(0, 0);
	EXPECT_EQ(-EBADF, dev_attach(dev, other, EDU_NARROW));
	close(other);
	/* The buffer's own file is not the file the buffer is an id in. */
	buf = alloc_contig(mem, PAGE);
	ASSERT_LE(0, buf);
	other = buf_export(mem, buf);
	ASSERT_LE(0, other);
	EXPECT_EQ(-EBADF, dev_attach(dev, other, EDU_NARROW));
	close(other);
	EXPECT_FALSE(edu_is_master(&edu));
	/* Nothing of all this has tied the file to anything. */
	EXPECT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	close(dev);
	close(mem);
}

TEST(a_file_is_attached_once_and_for_life)
{
	struct edu edu;
	int mem, dev, other;

	NEED_OPEN(&edu, &mem, &dev);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_EQ(-EBUSY, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_EQ(HPDMA_REASON_ATTACHED, last_reason());
	EXPECT_EQ(-EBUSY, dev_attach(dev, mem, EDU_WIDE));
	EXPECT_EQ(HPDMA_REASON_ATTACHED, last_reason());
	other = open_node();
	EXPECT_EQ(-EBUSY, dev_attach(dev, other, EDU_NARROW));
	EXPECT_EQ(HPDMA_REASON_ATTACHED, last_reason());
	close(other);
	close(dev);
	close(mem);
}

TEST(the_first_holder_fixes_the_address_bits)
{
	struct edu edu;
	int mem, dev, second, third;

	NEED_OPEN(&edu, &mem, &dev);
	second = dev_open(&edu);
	third = dev_open(&edu);
	ASSERT_LE(0, third);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_EQ(-EBUSY, dev_attach(second, mem, EDU_NARROW + 1));
	EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER, last_reason());
	EXPECT_EQ(-EBUSY, dev_attach(second, mem, EDU_WIDE));
	EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER, last_reason());
	EXPECT_EQ(0, dev_attach(second, mem, EDU_NARROW));
	close(dev);
	/* The second still stands by them. */
	EXPECT_EQ(-EBUSY, dev_attach(third, mem, EDU_WIDE));
	EXPECT_EQ(HPDMA_REASON_OTHER_HOLDER, last_reason());
	close(second);
	close(third);
	/* Nobody does any more. */
	dev = dev_open(&edu);
	EXPECT_EQ(0, dev_attach(dev, mem, EDU_WIDE));
	close(dev);
	close(mem);
}

TEST(calls_that_need_attachment_say_so)
{
	struct hpdma_ioc_dev_info info;
	struct edu edu;
	int mem, dev, buf;

	NEED_OPEN(&edu, &mem, &dev);
	buf = alloc_contig(mem, PAGE);
	ASSERT_LE(0, buf);
	EXPECT_EQ(-EINVAL, dev_map(dev, buf, 0, 0));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, last_reason());
	EXPECT_EQ(-EINVAL, dev_irq(dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, last_reason());
	EXPECT_EQ(-EINVAL, dev_irq(dev, HPDMA_IRQ_NONE, -1));
	EXPECT_EQ(HPDMA_REASON_NOT_ATTACHED, last_reason());
	EXPECT_EQ(-ENOENT, dev_unmap(dev, 1));
	EXPECT_EQ(-ENOENT, dev_segments(dev, 1, NULL, 0));
	EXPECT_EQ(0, dev_info(dev, &info));
	close(dev);
	close(mem);
}

TEST(bus_mastering_lasts_from_attaching_to_the_last_close)
{
	struct edu edu;
	int mem, dev, second;

	NEED_OPEN(&edu, &mem, &dev);
	EXPECT_FALSE(edu_is_master(&edu));
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_TRUE(edu_is_master(&edu));
	/* The memory file is not what the device belongs to. */
	close(mem);
	EXPECT_TRUE(edu_is_master(&edu));
	/* A holder counts, attached or not. */
	second = dev_open(&edu);
	close(dev);
	EXPECT_TRUE(edu_is_master(&edu));
	close(second);
	EXPECT_FALSE(edu_is_master(&edu));
	/* And again, so that it was not just the first time. */
	mem = open_node();
	dev = dev_open(&edu);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_TRUE(edu_is_master(&edu));
	close(dev);
	EXPECT_FALSE(edu_is_master(&edu));
	close(mem);
}

static long mask_bits(const struct edu *edu)
{
	char path[128], text[32] = "";

	read_text(edu_sysfs(edu, "dma_mask_bits", path), text, sizeof(text));
	return atol(text);
}

/* The driver that has the device next finds it as this one has found it. */
TEST(the_address_bits_go_with_the_binding)
{
	int mem, dev;
	struct edu edu;
	long before;

	NEED_OPEN(&edu, &mem, &dev);
	close(dev);
	ASSERT_EQ(0, edu_unbind(&edu));
	before = mask_bits(&edu);
	ASSERT_EQ(0, edu_bind(&edu));
	dev = dev_open(&edu);
	ASSERT_EQ(0, dev_attach(dev, mem, EDU_NARROW));
	EXPECT_EQ(EDU_NARROW, mask_bits(&edu));
	close(dev);
	close(mem);
	ASSERT_EQ(0, edu_unbind(&edu));
	EXPECT_NE(EDU_NARROW, before);
	EXPECT_EQ(before, mask_bits(&edu));
	ASSERT_EQ(0, edu_bind(&edu));
}

static pid_t start_holder(const struct edu *edu)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		int mem = open_node();
		int dev = dev_open(edu);

		CHILD_CHECK(!dev_attach(dev, mem, EDU_NARROW));
		CHILD_CHECK(write(ready[1], "", 1) == 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void kill_and_wait(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(bus_mastering_ends_with_the_last_holder_killed)
{
	struct edu edu;
	pid_t one, two;
	int mem, dev;

	NEED_OPEN(&edu, &mem, &dev);
	close(dev);
	close(mem);
	one = start_holder(&edu);
	two = start_holder(&edu);
	ASSERT_LT(0, one);
	ASSERT_LT(0, two);
	EXPECT_TRUE(edu_is_master(&edu));
	kill_and_wait(one);
	EXPECT_TRUE(edu_is_master(&edu));
	kill_and_wait(two);
	EXPECT_FALSE(edu_is_master(&edu));
}

TEST_HARNESS_MAIN
