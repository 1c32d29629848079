// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls of the fake kernel. Memory is real, so that tests and ASan
 * can touch it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake.h"

#define FIRST_FD 100
#define POOLS "/sys/kernel/mm/hugepages"
#define LARGE_POOL POOLS "/hugepages-1048576kB/free_hugepages"

struct fake fake;

void fake_reset(void)
{
	size_t i;

	for (i = 0; i < FAKE_MAX; i++) {
		if (fake.range[i].end)
			munmap((void *)fake.range[i].start,
			       fake.range[i].end - fake.range[i].start);
	}
	memset(&fake, 0, sizeof(fake));
	fake.features = HPDMA_FEATURE_CONTIG | HPDMA_FEATURE_HUGETLB |
			HPDMA_FEATURE_REGISTER | HPDMA_FEATURE_PHYS;
	fake.hugetlb_sizes = 2ull << 20;
	fake.huge_bytes = 64ull << 20;
	fake.contig_bytes = 64ull << 20;
	fake.segments = 1;
	fake.export_length = 6 << 20;
	fake.translated = HPDMA_DEV_TRANSLATED;
	fake.bar_size[0] = 1 << 20;
	fake.msi_vectors = 1;
	fake.intx = true;
	fake.node_name[0] = "hpdma";
	fake.node_name[1] = "hpdma0";
	fake.node_link[1] = "../../../0000:00:03.0";
	fake.node_name[2] = "hpdma7";
	fake.node_link[2] = "../../../0000:00:04.0";
	fake.now_ms = 1000;
	fake.policy_mode = 3; /* MPOL_INTERLEAVE over nodes 0 and 1 */
	fake.policy_nodes[0] = 3;
}

void fake_complain(const char *what)
{
	if (!fake.complaint[0])
		snprintf(fake.complaint, sizeof(fake.complaint), "%s", what);
}

bool fake_clean(void)
{
	size_t i;

	for (i = 0; i < FAKE_MAX; i++) {
		if (fake.file[i])
			fake_complain("a file is still open");
		if (fake.buffer[i].held)
			fake_complain("a buffer is still held");
		if (fake.mapping[i])
			fake_complain("a device mapping is still there");
		if (fake.range[i].end)
			fake_complain("memory is still mapped");
	}
	if (!fake.policy_lost &&
	    (fake.policy_mode != 3 || fake.policy_nodes[0] != 3))
		fake_complain("the memory policy was not restored");
	if (fake.complaint[0])
		printf("# fake: %s (failed call: %s)\n", fake.complaint,
		       fake.failed_in ? fake.failed_in : "none");
	return !fake.complaint[0];
}

bool fake_inject(const char *what, int *code)
{
	if (++fake.calls != fake.fail_at)
		return false;
	fake.failed = true;
	fake.failed_in = what;
	*code = fake.fail_code;
	return true;
}

int fake_open_file(enum fake_file file)
{
	int i;

	for (i = 0; i < FAKE_MAX; i++) {
		if (!fake.file[i]) {
			fake.file[i] = file;
			return FIRST_FD + i;
		}
	}
	abort();
}

static enum fake_file file_of(int fd)
{
	if (fd < FIRST_FD || fd >= FIRST_FD + FAKE_MAX)
		return FAKE_CLOSED;
	return fake.file[fd - FIRST_FD];
}

static int fake_open(const char *path, int flags)
{
	int code;

	snprintf(fake.last_open, sizeof(fake.last_open), "%s", path);
	fake.last_open_flags = flags;
	if (fake_inject("open", &code))
		return code;
	if (!strcmp(path, LARGE_POOL) && fake.large_pages)
		return fake_open_file(FAKE_POOL);
	if (fake.open_code)
		return fake.open_code;
	if (strncmp(path, "/dev/hpdma", 10))
		return -ENOENT;
	if ((path[10] >= '0' && path[10] <= '9') ||
	    !strncmp(path, "/dev/hpdma-by-path/", 19))
		return fake_open_file(FAKE_DEVICE);
	return fake_open_file(FAKE_CONTROL);
}

/* The descriptor is gone whatever close() says. */
static int fake_close(int fd)
{
	enum fake_file file = file_of(fd);
	size_t i;
	int code;

	if (file == FAKE_CLOSED) {
		fake_complain("close of a file that is not open");
		return -EBADF;
	}
	fake.file[fd - FIRST_FD] = FAKE_CLOSED;
	if (file == FAKE_DEVICE) {
		fake.attached = false;
		fake.mode = HPDMA_MODE_DEFAULT;
		for (i = 0; i < FAKE_MAX; i++)
			fake.mapping[i] = false;
	}
	return fake_inject("close", &code) ? code : 0;
}

static int fake_ioctl(int fd, unsigned long cmd, void *arg)
{
	if (file_of(fd) == FAKE_CLOSED) {
		fake_complain("ioctl on a file that is not open");
		return -EBADF;
	}
	return fake_module_ioctl(fd, cmd, arg);
}

static void note_range(void *ptr, size_t length)
{
	size_t i;

	for (i = 0; i < FAKE_MAX; i++) {
		if (!fake.range[i].end) {
			fake.range[i].start = (uintptr_t)ptr;
			fake.range[i].end = (uintptr_t)ptr + length;
			return;
		}
	}
	abort();
}

/* Takes [start, end) out of the one range that has all of it. */
static bool drop_range(uintptr_t start, uintptr_t end)
{
	struct fake_range *range;
	uintptr_t tail;
	size_t i;

	for (i = 0; i < FAKE_MAX; i++) {
		range = &fake.range[i];
		if (!range->end || range->start > start || range->end < end)
			continue;
		tail = range->end;
		range->end = start;
		if (range->start == start)
			range->start = range->end = 0;
		if (tail > end)
			note_range((void *)end, tail - end);
		return true;
	}
	return false;
}

static const char *check_map(int fd, size_t length, uint64_t offset,
			     uint64_t align, const void *addr)
{
	struct fake_buffer *buffer;

	switch (file_of(fd)) {
	case FAKE_CONTROL:
		/* A cookie is id << 32, which is never 0. */
		if (!(offset >> 32) || offset >> 32 >= FAKE_MAX)
			return "mmap with a bad cookie";
		buffer = &fake.buffer[offset >> 32];
		if (!buffer->held || buffer->length != length)
			return "mmap of a buffer that is not there";
		return NULL;
	case FAKE_DEVICE:
		return offset % 4096 || offset / 4096 >= 6 ||
				       fake.bar_size[offset / 4096] != length ?
			       "mmap of a bad BAR" :
			       NULL;
	case FAKE_EXPORT:
		return !addr || (uintptr_t)addr % align ?
			       "mmap at an address that is not aligned" :
			       NULL;
	default:
		return "mmap of a file that is not open";
	}
}

static int fake_map(void *addr, size_t length, int prot, int flags, int fd,
		    uint64_t offset, void **out)
{
	const char *bad = NULL;
	void *ptr;
	int code;

	fake.last_map_flags = flags;
	fake.last_map_offset = offset;
	if (fake_inject("mmap", &code))
		return code;
	if (!(flags & MAP_ANONYMOUS)) {
		bad = check_map(fd, length, offset, fake.hugetlb_sizes, addr);
		if (!bad && (flags & MAP_TYPE) != MAP_SHARED)
			bad = "mmap that is not shared";
	}
	if (bad) {
		fake_complain(bad);
		return -EINVAL;
	}

	flags &= ~(MAP_TYPE | MAP_POPULATE);
	flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	if (flags & MAP_FIXED &&
	    !drop_range((uintptr_t)addr, (uintptr_t)addr + length))
		fake_complain("mmap over what is not ours");
	ptr = mmap(addr, length, prot, flags, -1, 0);
	if (ptr == MAP_FAILED)
		abort();
	note_range(ptr, length);
	*out = ptr;
	return 0;
}

static int fake_unmap(void *addr, size_t length)
{
	int code;

	if (!drop_range((uintptr_t)addr, (uintptr_t)addr + length)) {
		fake_complain("munmap of what is not mapped");
		return -EINVAL;
	}
	munmap(addr, length);
	return fake_inject("munmap", &code) ? code : 0;
}

static int64_t fake_file_length(int fd)
{
	int code;

	if (fake_inject("lseek", &code))
		return code;
	return file_of(fd) == FAKE_EXPORT ? (int64_t)fake.export_length :
					    -EBADF;
}

static ssize_t fake_read(int fd, void *data, size_t length)
{
	ssize_t ret;
	int code;

	if (fake_inject("read", &code))
		return code;
	if (fake.on_read && fake.on_read(&ret))
		return ret;
	if (file_of(fd) == FAKE_POOL)
		return snprintf(data, length, "%u\n", fake.large_pages);
	if (file_of(fd) != FAKE_DEVICE || length != 4)
		fake_complain("read of something else than a count");
	if (!fake.irq_type)
		return -EIO;
	if (fake.irq_seen == fake.irq_count)
		return -EAGAIN;
	fake.irq_seen = fake.irq_count;
	memcpy(data, &fake.irq_count, 4);
	return 4;
}

static ssize_t fake_write(int fd, const void *data, size_t length)
{
	int32_t value;
	int code;

	if (fake_inject("write", &code))
		return code;
	if (file_of(fd) != FAKE_DEVICE || length != sizeof(value))
		fake_complain("write of something else than a mask");
	if (!fake.irq_type)
		return -EIO;
	memcpy(&value, data, sizeof(value));
	fake.irq_mask = value;
	return 4;
}

static int fake_poll(int fd, short events, int timeout_ms, short *revents)
{
	int code, ret;

	fake.polls++;
	fake.last_timeout = timeout_ms;
	if (fake_inject("poll", &code))
		return code;
	if (file_of(fd) != FAKE_DEVICE || events != (POLLIN | POLLPRI))
		fake_complain("poll of something else than a device");
	if (fake.on_poll && fake.on_poll(timeout_ms, revents, &ret))
		return ret;
	if (!fake.irq_type) {
		*revents = POLLERR | (fake.suspended ? POLLPRI : 0);
		return 1;
	}
	if (fake.irq_seen != fake.irq_count) {
		*revents = POLLIN;
		return 1;
	}
	if (timeout_ms < 0) {
		/* A library that goes on nevertheless would never end. */
		fake_complain("poll without end");
		if (fake.polls > 1000)
			abort();
		return -EINTR;
	}
	fake.now_ms += timeout_ms;
	return 0;
}

static int fake_list(const char *path, int (*each)(const char *name, void *arg),
		     void *arg)
{
	int code, ret = 0;
	size_t i;

	if (fake_inject("readdir", &code))
		return code;
	if (!strcmp(path, POOLS))
		return -ENOENT;
	if (strcmp(path, "/sys/class/hpdma"))
		fake_complain("a listing of another directory");
	if (!fake.node_name[0])
		return -ENOENT;
	for (i = 0; i < 4 && fake.node_name[i] && !ret; i++)
		ret = each(fake.node_name[i], arg);
	return ret;
}

static int fake_readlink(const char *path, char *out, size_t size)
{
	char link[128];
	size_t i;
	int code;

	if (fake_inject("readlink", &code))
		return code;
	/* A function that some other driver has. */
	if (!strcmp(path, "/sys/bus/pci/devices/0001:02:1f.7")) {
		snprintf(out, size, "../../../0001:02:1f.7");
		return 0;
	}
	for (i = 0; i < 4 && fake.node_name[i]; i++) {
		snprintf(link, sizeof(link), "/sys/class/hpdma/%s/device",
			 fake.node_name[i]);
		if (!strcmp(link, path) && fake.node_link[i]) {
			snprintf(out, size, "%s", fake.node_link[i]);
			return 0;
		}
	}
	return -ENOENT;
}

static int fake_get_policy(int *mode, unsigned long *nodes, unsigned long bits)
{
	int code;

	if (fake_inject("get_mempolicy", &code))
		return code;
	if (fake.no_numa)
		return -ENOSYS;
	if (bits != sizeof(fake.policy_nodes) * 8)
		fake_complain("get_mempolicy with another number of nodes");
	*mode = fake.policy_mode;
	memcpy(nodes, fake.policy_nodes, sizeof(fake.policy_nodes));
	return 0;
}

static int fake_set_policy(int mode, const unsigned long *nodes,
			   unsigned long bits)
{
	int code;

	if (fake_inject("set_mempolicy", &code)) {
		fake.policy_lost = fake.policy_mode != 3;
		return code;
	}
	if (fake.no_numa || bits != sizeof(fake.policy_nodes) * 8)
		fake_complain("set_mempolicy with another number of nodes");
	fake.policy_mode = mode;
	memcpy(fake.policy_nodes, nodes, sizeof(fake.policy_nodes));
	return 0;
}

static int64_t fake_now_ms(void)
{
	return fake.now_ms;
}

static size_t fake_page_size(void)
{
	return 4096;
}

static const char *fake_env(const char *name)
{
	return strcmp(name, "HPDMA_BACKEND") ? NULL : fake.env;
}

/* Files of memory are tested on the real system: here there are none. */
const struct hpdma_sys fake_sys = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.map = fake_map,
	.unmap = fake_unmap,
	.file_length = fake_file_length,
	.read = fake_read,
	.write = fake_write,
	.poll = fake_poll,
	.list = fake_list,
	.readlink = fake_readlink,
	.get_policy = fake_get_policy,
	.set_policy = fake_set_policy,
	.now_ms = fake_now_ms,
	.page_size = fake_page_size,
	.env = fake_env,
};
