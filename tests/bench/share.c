// SPDX-License-Identifier: GPL-2.0-only
/*
 * To reach a buffer that is there: mapping it once more, and opening a
 * persistent one again by its name.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define NAME "bench"

static void lap_munmap(void *p, uint64_t length, struct laps *laps)
{
	uint64_t begin = ticks();

	MUST(!munmap(p, length));
	laps->step[UNMAP] = ticks() - begin;
}

static void again(int fd, uint64_t offset, uint64_t length, struct laps *laps)
{
	uint64_t begin = ticks();
	void *p = mmap(NULL, length, RW, MAP_SHARED | MAP_POPULATE, fd, offset);

	laps->step[MAP] = ticks() - begin;
	MUST(p != MAP_FAILED);
	lap_munmap(p, length, laps);
}

static void by_export(int node, const struct bench_buffer *buffer,
		      struct laps *laps)
{
	/* At an address that fits, as a user would. */
	void *where = reserve(buffer->length, HUGE_PAGE), *p;
	uint64_t begin = ticks();
	int fd = buf_export(node, buffer->id);

	MUST(fd >= 0);
	p = mmap(where, buffer->length, RW,
		 MAP_SHARED | MAP_POPULATE | MAP_FIXED, fd, 0);
	close(fd);
	laps->step[MAP] = ticks() - begin;
	MUST(p == where);
	lap_munmap(p, buffer->length, laps);
}

static void second_mapping(int node, uint64_t length)
{
	struct laps cookies[ROUNDS] = {}, exports[ROUNDS] = {};
	struct laps memfds[ROUNDS] = {}, c, e, m;
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);
	int memfd = memfd_create(NAME, MFD_HUGETLB | MFD_CLOEXEC), i;
	struct bench_buffer buffer;
	void *first, *peer;

	MUST(!bench_alloc(node, &arg, &buffer));
	first = mmap(NULL, length, RW, MAP_SHARED | MAP_POPULATE, node,
		     buffer.cookie);
	MUST(first != MAP_FAILED && memfd >= 0 && !ftruncate(memfd, length));
	peer = mmap(NULL, length, RW, MAP_SHARED | MAP_POPULATE, memfd, 0);
	MUST(peer != MAP_FAILED);
	for (i = 0; i < ROUNDS; i++) {
		again(node, buffer.cookie, length, &cookies[i]);
		by_export(node, &buffer, &exports[i]);
		again(memfd, 0, length, &memfds[i]);
	}
	c = median_of(cookies, ROUNDS);
	e = median_of(exports, ROUNDS);
	m = median_of(memfds, ROUNDS);
	row("map once more: by cookie 256 MiB", c.step[MAP], "memfd hugetlb",
	    m.step[MAP], 0);
	row("map once more: export and mmap 256 MiB", e.step[MAP],
	    "memfd hugetlb", m.step[MAP], 0);
	row("unmap that: by cookie 256 MiB", c.step[UNMAP], "memfd hugetlb",
	    m.step[UNMAP], 0);
	munmap(first, length);
	munmap(peer, length);
	close(memfd);
	MUST(!buf_free(node, buffer.id));
}

/* What a process does that comes back: opens the node, and finds its memory. */
static void reopen(uint64_t length, struct laps *laps)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg), .name = NAME };
	uint64_t begin = ticks();
	int node = open_node();
	char *p;

	MUST(node >= 0 && !call(node, HPDMA_IOC_NAME_OPEN, &arg));
	laps->step[GET] = ticks() - begin;
	MUST(arg.out_length == length);
	begin = ticks();
	p = mmap(NULL, length, RW, MAP_SHARED | MAP_POPULATE, node,
		 arg.out_mmap_offset);
	laps->step[MAP] = ticks() - begin;
	MUST(p != MAP_FAILED && p[length / 2] == 'x');
	begin = ticks();
	touch(p, length, HUGE_PAGE);
	laps->step[TOUCH] = ticks() - begin;
	p[length / 2] = 'x';
	MUST(!munmap(p, length));
	close(node);
}

static void persistent(uint64_t length)
{
	struct hpdma_ioc_name_publish publish = {
		.size = sizeof(publish),
		.flags = HPDMA_NAME_PERSISTENT,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
		.name = NAME,
	};
	struct hpdma_ioc_name_unlink unlink = { .size = sizeof(unlink),
						.name = NAME };
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);
	struct laps laps[ROUNDS] = {}, median;
	struct bench_buffer buffer;
	uint64_t begin = ticks(), made;
	int node = open_node(), i;
	char *p;

	/* As little as one could do to have the memory the first time. */
	MUST(node >= 0 && !bench_alloc(node, &arg, &buffer));
	p = mmap(NULL, length, RW, MAP_SHARED | MAP_POPULATE, node,
		 buffer.cookie);
	MUST(p != MAP_FAILED);
	touch(p, length, HUGE_PAGE);
	made = ticks() - begin;
	p[length / 2] = 'x';
	publish.buf_id = buffer.id;
	if (call(node, HPDMA_IOC_NAME_PUBLISH, &publish) == -ENOTTY) {
		row_absent("reopen: persistent 1024 MiB", "not there");
		munmap(p, length);
		close(node);
		return;
	}
	munmap(p, length);
	close(node);
	for (i = 0; i < ROUNDS; i++)
		reopen(length, &laps[i]);
	median = median_of(laps, ROUNDS);
	row("reopen: persistent 1024 MiB", first_use(&median), "allocating it",
	    made, 0.01);
	row("  of it open and NAME_OPEN", median.step[GET], "", 0, 0);
	row("  of it populating mmap 1024 MiB", median.step[MAP], "", 0, 0);
	node = open_node();
	MUST(!call(node, HPDMA_IOC_NAME_UNLINK, &unlink));
	close(node);
}

void bench_share(int node)
{
	second_mapping(node, MB(256));
	persistent(GB(1));
}
