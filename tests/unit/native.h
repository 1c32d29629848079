/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests that run on the real system, as far as it lets them, and say what they
 * leave out: those of the backends without the module; and those of all that takes
 * its memory from whatever backend the environment names.
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

#include "annotate.h"
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

/* The system calls of kit_context() */
__attribute__((unused)) static const struct hpdma_sys *kit_sys =
	&hpdma_sys_native;

/* On the backend that HPDMA_BACKEND names; if it names none, on the plain one. */
static inline struct hpdma *kit_context(void)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts) };
	struct hpdma_error error;
	struct hpdma *ctx;
	char text[400];

	if (!getenv("HPDMA_BACKEND"))
		opts.backend = HPDMA_BACKEND_PLAIN;
	if (hpdma_open_sys(&opts, kit_sys, &ctx, &error)) {
		printf("Bail out! %s\n",
		       hpdma_error_text(&error, text, sizeof(text)));
		exit(EXIT_FAILURE);
	}
	return ctx;
}

/* The one that all tests of a program take memory from. */
__attribute__((unused)) static struct hpdma *backend;

static inline int run_on_backend(const struct test *tests, size_t count)
{
	int ret;

	backend = kit_context();
	ret = run_tests(tests, count);
	hpdma_unref(backend);
	return ret;
}

#define RUN_ON_BACKEND(tests) \
	run_on_backend(tests, sizeof(tests) / sizeof((tests)[0]))

static inline uint32_t backend_kind(void)
{
	struct hpdma_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_get_info(backend, &info), 0);
	return info.backend;
}

/* Zeroed; what is behind its end is nobody's. Until drop_buf(). */
static inline struct hpdma_buf *buf_of(size_t length, uint32_t backing)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .backing = backing };
	struct hpdma_error error;
	struct hpdma_buf *buf;
	char text[400];

	if (hpdma_buf_alloc(backend, length, &opts, &buf, &error)) {
		printf("Bail out! %s\n",
		       hpdma_error_text(&error, text, sizeof(text)));
		exit(EXIT_FAILURE);
	}
	hpdma_asan_poison((char *)hpdma_buf_ptr(buf) + length,
			  hpdma_buf_len(buf) - length);
	return buf;
}

static inline void drop_buf(struct hpdma_buf *buf)
{
	hpdma_asan_unpoison(hpdma_buf_ptr(buf), hpdma_buf_len(buf));
	hpdma_buf_unref(buf);
}

/* What the backend gives by itself */
static inline struct hpdma_buf *any_buf(size_t length)
{
	return buf_of(length, HPDMA_BUF_BACKING_ANY);
}

/*
 * With locks in it, for which the module's contiguous memory will not do. Children see
 * the same memory.
 */
static inline struct hpdma_buf *shared_buf(size_t length)
{
	return buf_of(length, backend_kind() == HPDMA_BACKEND_PLAIN ?
				      HPDMA_BUF_BACKING_ANY :
				      HPDMA_BUF_BACKING_HUGETLB);
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

/*
 * A child that is stepped and who steps it wait for each other, which is several times
 * as fast on one CPU. Returns those of before, for sched_setaffinity().
 */
static inline cpu_set_t stay_on_one_cpu(void)
{
	cpu_set_t before, one;

	CPU_ZERO(&before);
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	return before;
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
