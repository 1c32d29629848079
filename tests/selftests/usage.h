/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a user is charged, as seen by nobody but him, and the module's quota.
 */
#ifndef HPDMA_SELFTESTS_USAGE_H
#define HPDMA_SELFTESTS_USAGE_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common.h"

#define PARAMETERS "/sys/module/hpdma/parameters/"
/* More than a test has charged at a time, in pages. */
#define MOST_PAGES 65536

struct usage {
	uint64_t bytes;
	uint64_t buffers;
	/* Of RLIMIT_MEMLOCK. */
	uint64_t pages;
};

static inline int info_of(int fd, struct hpdma_ioc_info *info)
{
	*info = (struct hpdma_ioc_info){ .size = sizeof(*info) };
	return call(fd, HPDMA_IOC_INFO, info);
}

static inline int limit_pages(uint64_t pages)
{
	const struct rlimit limit = { pages * PAGE, MOST_PAGES * PAGE };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

/* By how much his limit must exceed 0 for two pages more is what he has. */
static inline uint64_t locked_pages(int fd)
{
	uint64_t low = 0, high = MOST_PAGES - 2;
	void *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	while (low < high) {
		uint64_t middle = (low + high) / 2;
		int id;

		CHILD_CHECK(!limit_pages(middle + 2));
		id = register_memory(fd, p, 2 * PAGE);
		CHILD_CHECK(id > 0 || id == -ENOSPC);
		if (id > 0) {
			CHILD_CHECK(!buf_free(fd, id));
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	munmap(p, 2 * PAGE);
	return low;
}

struct asked {
	uid_t uid;
	struct usage *usage;
};

static inline int ask(void *arg)
{
	struct asked *asked = arg;
	struct hpdma_ioc_info info;
	int fd = open_node();

	CHILD_CHECK(!limit_pages(MOST_PAGES));
	if (asked->uid)
		become(asked->uid);
	CHILD_CHECK(!info_of(fd, &info));
	asked->usage->bytes = info.out_used_bytes;
	asked->usage->buffers = info.out_used_buffers;
	/* Root is not charged. */
	asked->usage->pages = asked->uid ? locked_pages(fd) : 0;
	return 0;
}

static inline struct usage usage_of(uid_t uid)
{
	struct usage *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct asked asked = { uid, shared };
	struct usage usage = { -1, -1, -1 };

	if (!in_child(ask, &asked))
		usage = *shared;
	munmap(shared, PAGE);
	return usage;
}

/* Waits a little: the kernel lets go of files late. */
static inline bool usage_is(uid_t uid, uint64_t bytes, uint64_t buffers,
			    uint64_t pages)
{
	const struct usage wanted = { bytes, buffers, pages };
	struct usage usage;
	int tries;

	for (tries = 0; tries < 50; tries++) {
		usage = usage_of(uid);
		if (!memcmp(&usage, &wanted, sizeof(usage)))
			return true;
		usleep(20000);
	}
	fprintf(stderr,
		"# user %d: %lld bytes, %lld buffers, %lld pages; not %lld, %lld, %lld\n",
		uid, (long long)usage.bytes, (long long)usage.buffers,
		(long long)usage.pages, (long long)bytes, (long long)buffers,
		(long long)pages);
	return false;
}

static inline bool set_quota(uint64_t bytes, uint64_t buffers)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	if (!write_text(PARAMETERS "quota_bytes", text))
		return false;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)buffers);
	return write_text(PARAMETERS "quota_buffers", text);
}

#endif
