/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of the backends without the module share: they run on the real
 * system, as far as it lets them, and say what they leave out.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hpdma.h>

#include "context.h"
#include "harness.h"

#define SENTINEL ((void *)0x5e5e5e5e)
#define MIB (1ull << 20)
#define HUGE_PAGE (2 * MIB)

/* So many are enough for every test. */
#define WANTED_PAGES 16

static inline void skip(const char *why)
{
	printf("# skipped: %s\n", why);
}

/* Some number in a file of the kernel's; -1 if there is none. */
static inline long kernel_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* Raises the pool if that is allowed; it is left raised. */
static inline bool have_huge_pages(void)
{
	FILE *file;

	if (kernel_number(POOL "free_hugepages") >= WANTED_PAGES)
		return true;
	file = fopen(POOL "nr_hugepages", "we");
	if (file) {
		fprintf(file, "%ld\n",
			kernel_number(POOL "nr_hugepages") + WANTED_PAGES);
		fclose(file);
	}
	return kernel_number(POOL "free_hugepages") >= WANTED_PAGES;
}

/* A context of a backend; NULL if this machine cannot have it. */
static inline struct hpdma *open_backend(uint32_t kind)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts), .backend = kind };
	struct hpdma *ctx = NULL;

	if (kind == HPDMA_BACKEND_HUGETLB && !have_huge_pages()) {
		skip("no huge pages, and no right to have some");
		return NULL;
	}
	CHECK_EQ(hpdma_open(&opts, &ctx, NULL), 0);
	return ctx;
}

/* Runs a test on both. */
static inline void on_both(void (*run)(struct hpdma *ctx, uint32_t kind))
{
	static const uint32_t kinds[] = { HPDMA_BACKEND_PLAIN,
					  HPDMA_BACKEND_HUGETLB };
	struct hpdma *ctx;
	size_t i;

	for (i = 0; i < 2; i++) {
		ctx = open_backend(kinds[i]);
		if (!ctx)
			continue;
		run(ctx, kinds[i]);
		hpdma_unref(ctx);
	}
}

static inline struct hpdma_buf_opts options(uint32_t backing, uint32_t flags)
{
	return (struct hpdma_buf_opts){ .size = sizeof(struct hpdma_buf_opts),
					.backing = backing,
					.flags = flags };
}

/* By one call, since some tests count often. */
static inline int count_fds(void)
{
	struct pollfd fds[256];
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		fds[fd] = (struct pollfd){ .fd = fd };
	poll(fds, 256, 0);
	for (fd = 0; fd < 256; fd++)
		count += !(fds[fd].revents & POLLNVAL);
	return count;
}

/* In a child, which tells by its status whether all was so. */
static inline void in_child(void (*run)(void))
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		harness_failed = 0;
		run();
		fflush(stdout);
		_exit(harness_failed);
	}
	CHECK(pid > 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* Mounts that only this process sees; for a child. */
static inline bool own_mounts(void)
{
	if (!unshare(CLONE_NEWNS) &&
	    !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return true;
	skip("no right to mount");
	return false;
}

#endif /* NATIVE_H */
