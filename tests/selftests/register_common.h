/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of registered memory share: registering, by address and by
 * file, and what must then be true.
 */
#ifndef HPDMA_SELFTESTS_REGISTER_COMMON_H
#define HPDMA_SELFTESTS_REGISTER_COMMON_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "common.h"

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21U << 26)
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define UNUSED __attribute__((unused))

/* Return: the id or -errno; with @reason also that. */
static UNUSED int register_why(int fd, void *addr, uint64_t length,
			       unsigned int *reason)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)addr,
		.length = length,
	};
	int ret = call(fd, HPDMA_IOC_BUF_REGISTER, &arg);

	*reason = arg.out_reason;
	return ret ? ret : (int)arg.out_buf_id;
}

static UNUSED int register_file_why(int fd, int file, uint64_t offset,
				    uint64_t length, unsigned int *reason)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.flags = HPDMA_REGISTER_FD,
		.fd = file,
		.addr = offset,
		.length = length,
	};
	int ret = call(fd, HPDMA_IOC_BUF_REGISTER, &arg);

	*reason = arg.out_reason;
	return ret ? ret : (int)arg.out_buf_id;
}

static UNUSED int register_file(int fd, int file, uint64_t offset,
				uint64_t length)
{
	unsigned int reason;

	return register_file_why(fd, file, offset, length, &reason);
}

/* Are the frames of a buffer those mapped at @addr? NULL or what is wrong. */
static UNUSED const char *compare_buffer(int fd, int id, const void *addr,
					 uint64_t length)
{
	int room = length / PAGE, count;
	struct hpdma_segment *array = calloc(room, sizeof(*array));
	const char *wrong = "the segments cannot be read";

	count = buf_segments(fd, id, array, room);
	if (count > 0)
		wrong = compare_frames(addr, length, array, count);
	free(array);
	return wrong;
}

static UNUSED const char *check_info(int fd, int id, uint64_t length,
				     uint64_t page_size)
{
	struct hpdma_ioc_buf_info info;

	if (buf_info(fd, id, &info))
		return "BUF_INFO fails";
	if (info.out_backing != HPDMA_BACKING_USER)
		return "it is of another backing";
	if (info.out_length != length)
		return "it has another length";
	if (info.out_page_size != page_size)
		return "it has another page size";
	if (info.out_mmap_offset)
		return "it can be mapped";
	return NULL;
}

/* How many pages of hugetlb, or base pages, a range touches. */
static UNUSED long long pages_in(const void *addr, uint64_t length,
				 uint64_t page_size)
{
	uint64_t first = (uintptr_t)addr / page_size;

	return ((uintptr_t)addr + length - 1) / page_size - first + 1;
}

/*
 * Registers memory twice, compares it with the page tables, counts the pins, and
 * frees it. NULL or what is wrong.
 */
static UNUSED const char *try_register(int fd, void *p, uint64_t length,
				       uint64_t page_size)
{
	long long before = pins(), one = pages_in(p, length, page_size);
	const char *wrong = NULL;
	int id, again;

	id = register_memory(fd, p, length);
	if (id < 0)
		return strerror(-id);
	if (pins() != before + one)
		wrong = "another number of pins";
	if (!wrong)
		wrong = check_info(fd, id, length, page_size);
	if (!wrong)
		wrong = compare_buffer(fd, id, p, length);
	/* Each buffer has pins of its own. */
	again = register_memory(fd, p, length);
	if (!wrong && (again < 0 || pins() != before + 2 * one))
		wrong = "it cannot be registered again";
	if (buf_free(fd, id))
		wrong = "it cannot be freed";
	if (!wrong && pins() != before + one)
		wrong = "the first buffer freed unpins something else";
	if (buf_free(fd, again) || pins() != before)
		wrong = "the second buffer freed leaves pins, or too few";
	return wrong;
}

/* Of kernels this old some things are not true. */
static UNUSED bool kernel_before(int major, int minor)
{
	struct utsname name;
	int x = 0, y = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &x, &y);
	return x < major || (x == major && y < minor);
}

#endif
