// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork() and copy on write, for every kind of memory: the caller and the device
 * go on to share the frames, whoever writes first and whoever ends first.
 * Compared through the page tables, and, for the device, by a copy that it makes.
 */
#include <linux/memfd.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "register_common.h"

#define LENGTH (2 * HUGE_PAGE)

FIXTURE(fork)
{
	struct state state;
	uint8_t *p;
	bool private;
	int fd;
	int id;
};

FIXTURE_VARIANT(fork)
{
	int flags;
	bool thp;
	bool hugetlb;
	bool private;
};

FIXTURE_VARIANT_ADD(fork, anonymous){
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
	.private = true,
};

FIXTURE_VARIANT_ADD(fork, transparent_huge){
	.flags = MAP_PRIVATE | MAP_ANONYMOUS,
	.thp = true,
	.private = true,
};

FIXTURE_VARIANT_ADD(fork, private_hugetlb){
	.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
	.hugetlb = true,
	.private = true,
};

FIXTURE_VARIANT_ADD(fork, private_memfd){
	.flags = MAP_PRIVATE,
	.private = true,
};

FIXTURE_VARIANT_ADD(fork, shared){
	.flags = MAP_SHARED | MAP_ANONYMOUS,
};

FIXTURE_VARIANT_ADD(fork, shared_memfd){
	.flags = MAP_SHARED,
};

FIXTURE_VARIANT_ADD(fork, shared_hugetlb){
	.flags = MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
	.hugetlb = true,
};

FIXTURE_SETUP(fork)
{
	int file = -1;

	if (variant->hugetlb && pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	if (variant->hugetlb && variant->private && kernel_before(5, 12))
		SKIP(return, "fork() shares pinned huge pages here");
	self->private = variant->private;
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
	if (!(variant->flags & MAP_ANONYMOUS)) {
		file = memfd_create("hpdma-test", MFD_CLOEXEC);
		ASSERT_EQ(0, ftruncate(file, LENGTH));
	}
	self->p = reserve(LENGTH, HUGE_PAGE);
	ASSERT_EQ(self->p, mmap(self->p, LENGTH, PROT_READ | PROT_WRITE,
				variant->flags | MAP_FIXED, file, 0));
	close(file);
	madvise(self->p, LENGTH,
		variant->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(self->p, 0x5a, LENGTH);
}

FIXTURE_TEARDOWN(fork)
{
	munmap(self->p, LENGTH);
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* The caller's view is the device's, and holds these bytes. */
static void check(struct __test_metadata *_metadata, FIXTURE_DATA(fork) *self,
		  int byte)
{
	EXPECT_EQ(NULL, find_other(self->p, byte, LENGTH));
	EXPECT_EQ(NULL, compare_buffer(self->fd, self->id, self->p, LENGTH));
}

static pid_t start_child(int (*run)(void *arg), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(run(arg));
	return pid;
}

static int write_other(void *arg)
{
	FIXTURE_DATA(fork) *self = arg;

	CHILD_CHECK(!find_other(self->p, 0x5a, LENGTH));
	memset(self->p, 0x11, LENGTH);
	return 0;
}

TEST_F(fork, the_child_writes)
{
	self->id = register_memory(self->fd, self->p, LENGTH);
	ASSERT_LT(0, self->id);
	EXPECT_EQ(0, in_child(write_other, self));
	check(_metadata, self, variant->private ? 0x5a : 0x11);
	memset(self->p, 0x22, LENGTH);
	check(_metadata, self, 0x22);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
}

static int wait_and_look(void *arg)
{
	FIXTURE_DATA(fork) *self = arg;
	int tries, most = self->private ? 50 : 5000;
	const uint8_t *p = self->p;

	/* Shared memory tells when; private memory must never. */
	for (tries = 0; tries < most; tries++) {
		if (*(volatile const uint8_t *)(p + LENGTH - 1) == 0x22)
			return 2;
		usleep(2000);
	}
	CHILD_CHECK(!find_other(p, 0x5a, LENGTH));
	return 0;
}

/* The one that the device must not lose by copy on write (CVE-2020-29374). */
TEST_F(fork, the_parent_writes_while_the_child_shares)
{
	pid_t pid;

	self->id = register_memory(self->fd, self->p, LENGTH);
	ASSERT_LT(0, self->id);
	pid = start_child(wait_and_look, self);
	memset(self->p, 0x22, LENGTH);
	check(_metadata, self, 0x22);
	EXPECT_EQ(variant->private ? 0 : 2, wait_child(pid));
	check(_metadata, self, 0x22);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
}

static int sleep_long(void *arg)
{
	usleep(100000);
	return write_other(arg);
}

/* What is shared since a fork is copied before it is pinned. */
TEST_F(fork, registering_what_a_child_shares)
{
	pid_t pid = start_child(variant->private ? sleep_long : wait_and_look,
				self);

	self->id = register_memory(self->fd, self->p, LENGTH);
	ASSERT_LT(0, self->id);
	check(_metadata, self, 0x5a);
	memset(self->p, 0x22, LENGTH);
	check(_metadata, self, 0x22);
	EXPECT_EQ(variant->private ? 0 : 2, wait_child(pid));
	check(_metadata, self, 0x22);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
}

static int register_own(void *arg)
{
	FIXTURE_DATA(fork) *self = arg;
	int fd = open_node(), id = register_memory(fd, self->p, LENGTH);

	CHILD_CHECK(id > 0);
	CHILD_CHECK(!find_other(self->p, 0x5a, LENGTH));
	memset(self->p, 0x11, LENGTH);
	CHILD_CHECK(!compare_buffer(fd, id, self->p, LENGTH));
	return 0;
}

/* A child's buffer is its own copy, and both are right. */
TEST_F(fork, a_child_registers_too)
{
	self->id = register_memory(self->fd, self->p, LENGTH);
	ASSERT_LT(0, self->id);
	EXPECT_EQ(0, in_child(register_own, self));
	check(_metadata, self, variant->private ? 0x5a : 0x11);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
}

static int register_for_parent(void *arg)
{
	FIXTURE_DATA(fork) *self = arg;

	return register_memory(self->fd, self->p, LENGTH);
}

/* The open file is the owner: its buffer outlives the process that made it. */
TEST_F(fork, the_one_who_registered_ends_first)
{
	struct hpdma_segment array[LENGTH / PAGE];
	long long before = pins();
	const char *wrong;

	self->id = in_child(register_for_parent, self);
	ASSERT_LT(0, self->id);
	EXPECT_LT(before, pins());
	EXPECT_LT(0, buf_segments(self->fd, self->id, array, LENGTH / PAGE));
	wrong = compare_buffer(self->fd, self->id, self->p, LENGTH);
	/* Its frames were the child's copies, or are everybody's. */
	EXPECT_EQ(variant->private, wrong != NULL);
	EXPECT_EQ(NULL, find_other(self->p, 0x5a, LENGTH));
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(before, pins());
}

/* The device reads what the parent wrote after the fork, and not the child. */
TEST_F(fork, a_device_reads_the_parents_memory)
{
	uint8_t *back = self->p + HUGE_PAGE;
	struct rig rig;
	int map;
	uint64_t addr;
	pid_t pid;

	NEED_RIG(&rig, EDU_WIDE);
	NEED_IOMMU(&rig);
	self->id = register_memory(rig.mem, self->p, LENGTH);
	ASSERT_LT(0, self->id);
	map = dev_map(rig.dev, self->id, 0, 0);
	ASSERT_LT(0, map);
	addr = dev_address(rig.dev, map);
	ASSERT_NE(0, addr);
	pid = start_child(variant->private ? sleep_long : wait_and_look, self);
	self->p[LENGTH - 1] = 0x22;
	fill_pattern(self->p, EDU_CHUNK, 7);
	EXPECT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	EXPECT_EQ(variant->private ? 0 : 2, wait_child(pid));
	EXPECT_TRUE(edu_to_ram(rig.regs, addr + HUGE_PAGE, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(back, EDU_CHUNK, 7));
	EXPECT_EQ(-1, check_pattern(self->p, EDU_CHUNK, 7));
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	EXPECT_EQ(0, buf_free(rig.mem, self->id));
	rig_close(&rig);
}

TEST_HARNESS_MAIN
