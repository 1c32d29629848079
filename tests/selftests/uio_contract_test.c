// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for /dev/uioN: all it knows is a node, read(), poll(), write() and how
 * the device raises and acknowledges. It is run on /dev/hpdmaN with nothing but
 * that path changed; and on the device's own /dev/uioN, bound to uio_pci_generic,
 * where this machine has that driver (tests/vm/run.sh --modules uio_pci_generic).
 */
#include <limits.h>
#include <pthread.h>
#include <sys/select.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "irq_common.h"

#define UIO_DRIVER "/sys/bus/pci/drivers/uio_pci_generic"
#define COMMAND 4
#define INTX_OFF 0x400

FIXTURE(node)
{
	struct edu edu;
	edu_regs regs;
	/* Of PCI configuration space; -1 where write() unmasks. */
	int config;
	int fd;
	char path[64];
};

FIXTURE_VARIANT(node)
{
	bool uio;
};

FIXTURE_VARIANT_ADD(node, hpdma){
	.uio = false,
};

FIXTURE_VARIANT_ADD(node, uio){
	.uio = true,
};

/* uio_pci_generic maps nothing: its users go through sysfs. */
static edu_regs map_resource(const struct edu *edu)
{
	char path[128];
	edu_regs regs;
	int file;

	file = open(edu_sysfs(edu, "resource0", path), O_RDWR | O_CLOEXEC);
	regs = edu_map(file);
	close(file);
	return regs;
}

/* Return: whether the device is bound to uio_pci_generic, and its node. */
static bool bind_uio(struct edu *edu, char *node)
{
	char path[128], listed[160];
	struct dirent *entry;
	DIR *dir;

	if (access(UIO_DRIVER, F_OK))
		system("modprobe uio_pci_generic 2>/dev/null");
	if (access(UIO_DRIVER, F_OK) || edu_unbind(edu) ||
	    !write_text(edu_sysfs(edu, "driver_override", path),
			"uio_pci_generic") ||
	    !write_text(UIO_DRIVER "/bind", edu->pci))
		return false;
	snprintf(listed, sizeof(listed), "%s", edu_sysfs(edu, "uio", path));
	dir = opendir(listed);
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "uio", 3))
			snprintf(node, 64, "/dev/%.20s", entry->d_name);
	if (dir)
		closedir(dir);
	return true;
}

static void unbind_uio(struct edu *edu)
{
	write_text(UIO_DRIVER "/unbind", edu->pci);
	edu_bind(edu);
}

FIXTURE_SETUP(node)
{
	char path[128];
	bool bound;

	memset(self, 0, sizeof(*self));
	self->config = -1;
	ASSERT_EQ(0, edu_find(&self->edu, EDU_NARROW, 0));
	snprintf(self->path, sizeof(self->path), "%s", self->edu.node);
	if (variant->uio) {
		bound = bind_uio(&self->edu, self->path);
		if (!bound) {
			unbind_uio(&self->edu);
			SKIP(return, "no uio_pci_generic");
		}
		/* It has no irqcontrol: unmasked by configuration space. */
		self->config = open(edu_sysfs(&self->edu, "config", path),
				    O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, self->config);
	}
	self->fd = open(self->path, O_RDWR | O_CLOEXEC);
	if (self->fd < 0 && errno == EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_LE(0, self->fd);
	self->regs = variant->uio ? map_resource(&self->edu) :
				    edu_map(self->fd);
	ASSERT_NE(NULL, self->regs);
}

FIXTURE_TEARDOWN(node)
{
	NEED_FIXTURE();
	edu_ack(self->regs);
	edu_unmap(self->regs);
	close(self->fd);
	if (variant->uio) {
		close(self->config);
		unbind_uio(&self->edu);
	}
}

/* Unmask, or mask. */
static int control(FIXTURE_DATA(node) *self, int32_t unmask)
{
	uint16_t word;

	if (self->config < 0)
		return write_mask(self->fd, unmask);
	/* Both bytes: QEMU's line does not follow a write of the upper alone. */
	if (pread(self->config, &word, 2, COMMAND) != 2)
		return -EIO;
	word = unmask ? word & ~INTX_OFF : word | INTX_OFF;
	return pwrite(self->config, &word, 2, COMMAND) == 2 ? 0 : -EIO;
}

TEST_F(node, the_loop_of_such_a_program)
{
	int32_t count, before = 0;
	int i;

	NEED_FIXTURE();
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, control(self, 1));
		edu_raise(self->regs);
		ASSERT_EQ(0, read_count(self->fd, &count));
		if (i) {
			EXPECT_EQ(before + 1, count);
		}
		before = count;
		edu_ack(self->regs);
	}
}

/* The first call is poll(): nothing yet, then something, until it is read. */
TEST_F(node, poll_and_select)
{
	struct timeval soon = { .tv_usec = 100000 };
	int32_t count;
	fd_set set;

	NEED_FIXTURE();
	EXPECT_EQ(0, poll_events(self->fd, 0));
	ASSERT_EQ(0, control(self, 1));
	EXPECT_EQ(0, poll_events(self->fd, 50));
	edu_raise(self->regs);
	EXPECT_EQ(POLLIN, poll_events(self->fd, 2000));
	EXPECT_EQ(POLLIN, poll_events(self->fd, 0));
	FD_ZERO(&set);
	FD_SET(self->fd, &set);
	EXPECT_EQ(1, select(self->fd + 1, &set, NULL, NULL, &soon));
	EXPECT_EQ(0, read_count(self->fd, &count));
	EXPECT_EQ(0, poll_events(self->fd, 0));
}

/* Masked when it fires, and while the device asserts it, fires again. */
TEST_F(node, unmasking_and_masking)
{
	int32_t count = 0;

	NEED_FIXTURE();
	ASSERT_EQ(0, control(self, 1));
	edu_raise(self->regs);
	EXPECT_EQ(POLLIN, poll_events(self->fd, 2000));
	settle(self->fd, &count);
	edu_raise(self->regs);
	EXPECT_EQ(0, settle(self->fd, &count));
	ASSERT_EQ(0, control(self, 1));
	EXPECT_EQ(1, settle(self->fd, &count));
	edu_ack(self->regs);
	ASSERT_EQ(0, control(self, 1));
	ASSERT_EQ(0, control(self, 0));
	edu_raise(self->regs);
	EXPECT_EQ(0, settle(self->fd, &count));
	ASSERT_EQ(0, control(self, 1));
	EXPECT_EQ(1, settle(self->fd, &count));
}

TEST_F(node, lengths_and_flags)
{
	int32_t numbers[2];

	NEED_FIXTURE();
	set_nonblock(self->fd, true);
	EXPECT_EQ(-EAGAIN, read_count(self->fd, numbers));
	EXPECT_EQ(-1, read(self->fd, numbers, 8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->fd, numbers, 2));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, control(self, 1));
	edu_raise(self->regs);
	EXPECT_EQ(POLLIN, poll_events(self->fd, 2000));
	/* Some use pread(), and the offset means nothing. */
	EXPECT_EQ(4, pread(self->fd, numbers, 4, 0));
	EXPECT_EQ(-EAGAIN, read_count(self->fd, numbers));
}

static void *read_one(void *arg)
{
	int32_t count;
	int *fd = arg;

	*fd = read_count(*fd, &count);
	return NULL;
}

/* Each file has its own idea of what is new. */
TEST_F(node, two_files_and_a_blocked_reader)
{
	int32_t count, other;
	pthread_t thread;
	int second, job;

	NEED_FIXTURE();
	second = job = open(self->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, &job));
	sleep_ms(50);
	EXPECT_EQ(second, job);
	ASSERT_EQ(0, control(self, 1));
	edu_raise(self->regs);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, job);
	EXPECT_EQ(0, read_count(self->fd, &count));
	edu_ack(self->regs);
	ASSERT_EQ(0, control(self, 1));
	edu_raise(self->regs);
	EXPECT_EQ(0, read_count(second, &other));
	EXPECT_EQ(count + 1, other);
	EXPECT_EQ(POLLIN, poll_events(self->fd, 0));
	close(second);
	/* Who opens now begins here. */
	second = open(self->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, read_count(second, &other));
	close(second);
}

/* Where somebody has attached, he says which interrupt there is. */
TEST(an_attached_device_is_left_alone)
{
	struct rig rig;
	int32_t count;
	int second;

	NEED_RIG(&rig, EDU_NARROW);
	second = dev_open(&rig.edu);
	EXPECT_EQ(-EIO, read_count(second, &count));
	EXPECT_EQ(-EIO, write_mask(second, 1));
	EXPECT_EQ(POLLERR, poll_events(second, 0));
	EXPECT_EQ(0, irq_counts(rig.dev, NULL, 0));
	/* Until he has gone; and what was begun so is his to change. */
	edu_unmap(rig.regs);
	rig.regs = NULL;
	close(rig.dev);
	EXPECT_EQ(0, poll_events(second, 0));
	EXPECT_EQ(1, irq_counts(second, NULL, 0));
	rig.dev = dev_open(&rig.edu);
	ASSERT_EQ(0, dev_attach(rig.dev, rig.mem, EDU_NARROW));
	EXPECT_EQ(-EBUSY, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
	EXPECT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	EXPECT_EQ(0, poll_events(second, 0));
	close(second);
	rig_close(&rig);
}

/* One call of each kind is enough to begin with. */
TEST(any_first_call_enables_intx)
{
	struct edu edu;
	int32_t count;
	int i, dev;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	for (i = 0; i < 4; i++) {
		dev = dev_open(&edu);
		if (dev == -EACCES)
			SKIP(return, "no IOMMU, and allow_unsafe is off");
		ASSERT_LE(0, dev);
		EXPECT_EQ(0, irq_counts(dev, NULL, 0));
		EXPECT_TRUE(edu_command(&edu) & INTX_OFF);
		set_nonblock(dev, true);
		if (i == 0) {
			EXPECT_EQ(-EAGAIN, read_count(dev, &count));
		} else if (i == 1) {
			EXPECT_EQ(0, poll_events(dev, 0));
		} else {
			EXPECT_EQ(0, write_mask(dev, i == 2));
		}
		EXPECT_EQ(1, irq_counts(dev, NULL, 0));
		EXPECT_EQ(i == 3, !!(edu_command(&edu) & INTX_OFF));
		close(dev);
		/* And the last close ends it. */
		EXPECT_TRUE(edu_command(&edu) & INTX_OFF);
	}
}

/* What is refused is no first call. */
TEST(what_is_refused_enables_nothing)
{
	int32_t numbers[2] = { 2, 2 };
	struct edu edu;
	void *nowhere;
	int dev;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	dev = dev_open(&edu);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	nowhere =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, nowhere);
	EXPECT_EQ(-1, read(dev, numbers, 8));
	EXPECT_EQ(-1, write(dev, numbers, 8));
	EXPECT_EQ(-EINVAL, write_mask(dev, 2));
	EXPECT_EQ(-1, write(dev, nowhere, 4));
	EXPECT_EQ(0, irq_counts(dev, NULL, 0));
	close(dev);
}

/* A device without INTx has none to offer. */
TEST(a_device_without_intx)
{
	struct edu edu;
	int32_t count;
	int dev;

	if (edu_find_other(&edu, 0x1b36, 0x0006))
		SKIP(return, "no rocker");
	dev = dev_open(&edu);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	EXPECT_EQ(-EIO, read_count(dev, &count));
	EXPECT_EQ(POLLERR, poll_events(dev, 0));
	EXPECT_EQ(-EIO, write_mask(dev, 1));
	close(dev);
}

TEST_HARNESS_MAIN
