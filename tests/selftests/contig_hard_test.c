// SPDX-License-Identifier: GPL-2.0-only
/*
 * Long runs under hard conditions: memory in pieces, several who want them at
 * once, death at any moment, and a memory cgroup that is full.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "common.h"

#define RW (PROT_READ | PROT_WRITE)
#define MEMINFO "/proc/meminfo"
#define GROUP "/sys/fs/cgroup/hpdma_test"
#define ROUNDS 15

FIXTURE(hard)
{
	struct hpdma_ioc_info info;
	struct state state;
	long long killed;
	int fd;
};

FIXTURE_SETUP(hard)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->info = (struct hpdma_ioc_info){ .size = sizeof(self->info) };
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_INFO, &self->info));
	self->killed = number_in("/proc/vmstat", "oom_kill");
	state_take(&self->state);
}

FIXTURE_TEARDOWN(hard)
{
	EXPECT_TRUE(state_is(&self->state));
	/* Whatever happened, nobody was killed for it by the kernel. */
	EXPECT_EQ(self->killed, number_in("/proc/vmstat", "oom_kill"));
	close(self->fd);
}

static uint64_t available(void)
{
	return number_in(MEMINFO, "MemAvailable:") * 1024;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Small pages all over memory, of which six in ten go again, at random. */
static uint64_t *fragment(uint64_t length)
{
	uint64_t *p =
		mmap(NULL, length, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t at;

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, length, MADV_NOHUGEPAGE);
	for (at = 0; at < length / PAGE; at++)
		p[at * PAGE / sizeof(*p)] = at + 1;
	srandom(1);
	for (at = 0; at < length / PAGE; at++)
		if (random() % 10 < 6)
			madvise(p + at * PAGE / sizeof(*p), PAGE,
				MADV_DONTNEED);
	return p;
}

TEST_F_TIMEOUT(hard, found_in_memory_that_lies_in_pieces, 180)
{
	static const uint64_t lengths[] = { MB(8), MB(64) };
	uint64_t length = available() - MB(150), *p, at;
	struct hpdma_ioc_buf_alloc arg;
	unsigned int i, lost = 0;

	if (length > MB(500))
		length = MB(500);
	length &= ~(PAGE - 1);
	p = fragment(length);
	ASSERT_NE(NULL, p);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		int ret;

		arg = contig(lengths[i]);
		ret = call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg);
		TH_LOG("%llu MiB: %s", arg.length >> 20,
		       ret ? strerror(-ret) : "found");
		if (!ret) {
			EXPECT_EQ(1, arg.out_segments);
			buf_free(self->fd, arg.out_buf_id);
		} else {
			EXPECT_GT(0, ret);
			EXPECT_EQ(HPDMA_REASON_CONTIG, arg.out_reason);
			EXPECT_NE(MB(8), arg.length);
		}
	}
	/* In pieces it can always be had. */
	arg = contig(MB(64));
	arg.flags = HPDMA_ALLOC_SCATTER;
	EXPECT_EQ(0, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
	TH_LOG("64 MiB in %u segments", arg.out_segments);
	buf_free(self->fd, arg.out_buf_id);

	/* What was moved out of the way is still what it was. */
	for (at = 0; at < length / PAGE; at++) {
		uint64_t value = p[at * PAGE / sizeof(*p)];

		lost += value && value != at + 1;
	}
	EXPECT_EQ(0, lost);
	munmap(p, length);
}

static int take_and_give(void *arg)
{
	int fd = open_node(), i;

	for (i = 0; i < 20; i++) {
		struct hpdma_ioc_buf_alloc wish = contig(MB(6) + i * PAGE);
		uint8_t *p;
		int id;

		wish.flags = i % 2 ? HPDMA_ALLOC_SCATTER : 0;
		id = alloc(fd, &wish);
		if (id < 0) {
			CHILD_CHECK(id == -ENOMEM || id == -EOPNOTSUPP);
			continue;
		}
		p = map_cookie(fd, id, wish.length, RW, 0);
		CHILD_CHECK(p);
		CHILD_CHECK(!find_other(p, 0, wish.length));
		memset(p, getpid(), wish.length);
		CHILD_CHECK(!find_other(p, getpid() & 0xff, wish.length));
		munmap(p, wish.length);
		buf_free(fd, id);
	}
	return 0;
}

TEST_F_TIMEOUT(hard, several_at_once, 120)
{
	pid_t children[4];
	int i;

	for (i = 0; i < 4; i++) {
		children[i] = fork();
		ASSERT_LE(0, children[i]);
		if (!children[i])
			_exit(take_and_give(NULL));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(children[i]));
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void take_for_ever(uint64_t length)
{
	int fd = open_node();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int id = alloc_contig(fd, length);

		if (id > 0)
			buf_free(fd, id);
	}
}

TEST_F_TIMEOUT(hard, killed_at_any_moment, 120)
{
	uint64_t length = available() / 2 & ~(HUGE_PAGE - 1);
	bool slow = !access("/sys/kernel/debug/kmemleak", F_OK);
	double took[ROUNDS], start;
	int i;

	if (length > MB(256))
		length = MB(256);
	for (i = 0; i < ROUNDS; i++) {
		pid_t child = fork();

		ASSERT_LE(0, child);
		if (!child)
			take_for_ever(length);
		usleep(20000 + i * 17000);
		start = now_ms();
		kill(child, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(child));
		took[i] = now_ms() - start;
	}
	EXPECT_TRUE(state_is(&self->state));
	qsort(took, ROUNDS, sizeof(*took), by_value);
	TH_LOG("killed within %.0f ms, at worst %.0f", took[ROUNDS / 2],
	       took[ROUNDS - 1]);
	/* The machine may be busy otherwise; all of it takes a second. */
	if (!slow)
		EXPECT_GT(100, took[ROUNDS / 4]);
	/* It was all given back. */
	EXPECT_LT(length, available());
}

static int fill_group(void *arg)
{
	int fd = *(int *)arg, i, ret = 0;
	struct hpdma_ioc_buf_alloc wish = contig(MB(1));
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	CHILD_CHECK(write_text(GROUP "/cgroup.procs", pid));
	for (i = 0; i < 16 && !ret; i++)
		ret = call(fd, HPDMA_IOC_BUF_ALLOC, &wish);
	CHILD_CHECK(ret == -ENOMEM);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_CGROUP);
	wish.flags = HPDMA_ALLOC_SCATTER;
	wish.length = MB(2) - PAGE;
	CHILD_CHECK(call(fd, HPDMA_IOC_BUF_ALLOC, &wish) == -ENOMEM);
	CHILD_CHECK(wish.out_reason == HPDMA_REASON_CGROUP);
	return 0;
}

TEST_F(hard, a_full_cgroup_is_told)
{
	struct utsname name;
	int fd;

	uname(&name);
	if (!strncmp(name.release, "5.10", 4))
		SKIP(return, "this kernel cannot charge such pages");
	write_text("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755) || !write_text(GROUP "/memory.max", "8M"))
		SKIP(return, "no memory cgroup here");
	fd = open_node();
	EXPECT_EQ(0, in_child(fill_group, &fd));
	close(fd);
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(0, rmdir(GROUP));
}

TEST_HARNESS_MAIN
