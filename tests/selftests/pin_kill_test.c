// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinning takes as long as there is memory, or as its user makes it take: it ends
 * with SIGKILL at once, with everything unpinned, and others go on meanwhile.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "register_common.h"

/* Milliseconds from SIGKILL to the end of the process, by the contract. */
#define SOON 100
#define ROUNDS 6

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* A kernel that checks every access of its own is slower by so much. */
static double patience(void)
{
	return access("/proc/self/fail-nth", F_OK) ? SOON : 20 * SOON;
}

FIXTURE(pin_kill)
{
	struct state state;
	int fd;
};

FIXTURE_SETUP(pin_kill)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(pin_kill)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

/* Half of what there is, at most 512 MiB. */
static uint64_t much(void)
{
	uint64_t half = KB(number_in("/proc/meminfo", "MemAvailable:")) / 2;

	return (half < MB(512) ? half : MB(512)) & -HUGE_PAGE;
}

/* A child with an open file of its own: nothing of it stays here. */
static pid_t start(void (*run)(int fd, uint64_t length, int ready),
		   uint64_t length, int *ready)
{
	int pipes[2];
	pid_t pid;

	fflush(NULL);
	if (pipe(pipes))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipes[0]);
		run(open_node(), length, pipes[1]);
		_exit(1);
	}
	close(pipes[1]);
	*ready = pipes[0];
	return pid;
}

static void say_ready(int ready)
{
	if (write(ready, "", 1) != 1)
		_exit(2);
}

static bool wait_ready(int ready)
{
	char byte;
	bool good = read(ready, &byte, 1) == 1;

	close(ready);
	return good;
}

/* Again and again: whenever the signal comes, it is in the middle. */
static void register_much(int fd, uint64_t length, int ready)
{
	uint8_t *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int id;

	madvise(p, length, MADV_NOHUGEPAGE);
	say_ready(ready);
	while (true) {
		id = register_memory(fd, p, length);
		if (id < 0 || buf_free(fd, id))
			_exit(3);
	}
}

static double kill_and_wait(struct __test_metadata *_metadata, pid_t pid)
{
	double begin = now_ms(), took;
	int status;

	kill(pid, SIGKILL);
	status = wait_child(pid);
	took = now_ms() - begin;
	EXPECT_EQ(128 + SIGKILL, status);
	return took;
}

/*
 * The shortest time counts: a busy machine has others. The memory of the process
 * itself goes in this time too.
 */
TEST_F_TIMEOUT(pin_kill, while_much_memory_is_registered, 120)
{
	uint64_t length = much();
	double took, best = 1e9, worst = 0;
	int round, ready;

	for (round = 0; round < ROUNDS; round++) {
		long long before = pins();
		pid_t pid = start(register_much, length, &ready);

		ASSERT_TRUE(wait_ready(ready));
		/* Populating first, then pinning what is there. */
		usleep(20000 << round);
		took = kill_and_wait(_metadata, pid);
		EXPECT_TRUE(pins() == before);
		EXPECT_TRUE(state_is(&self->state));
		best = took < best ? took : best;
		worst = took > worst ? took : worst;
	}
	TH_LOG("%llu MiB: gone after %.1f to %.1f ms",
	       (unsigned long long)(length >> 20), best, worst);
	EXPECT_GT(patience(), best);
}

/* Return: an area whose pages come when somebody brings them; NULL and errno. */
static uint8_t *owed_area(uint64_t length, bool huge, int *uffd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	void *p;

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (*uffd < 0 || ioctl(*uffd, UFFDIO_API, &api))
		return NULL;
	p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | (huge ? MAP_HUGETLB : 0), -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	reg.range.start = (uintptr_t)p;
	reg.range.len = length;
	return ioctl(*uffd, UFFDIO_REGISTER, &reg) ? NULL : p;
}

static bool somebody_waits(int uffd, int timeout_ms)
{
	struct pollfd poller = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	return poll(&poller, 1, timeout_ms) == 1 &&
	       read(uffd, &message, sizeof(message)) == sizeof(message) &&
	       message.event == UFFD_EVENT_PAGEFAULT;
}

struct owed {
	int fd;
	uint8_t *p;
	uint64_t length;
	int id;
};

static void *register_owed(void *arg)
{
	struct owed *owed = arg;

	owed->id = register_memory(owed->fd, owed->p, owed->length);
	return NULL;
}

/* The first half is there: that is pinned when the rest is waited for. */
static void wait_for_ever(int fd, uint64_t length, int ready, bool huge)
{
	struct owed owed = { .fd = fd, .length = 2 * length };
	pthread_t thread;
	int uffd;

	owed.p = owed_area(2 * length, huge, &uffd);
	if (!owed.p)
		_exit(4);
	if (!huge) {
		struct uffdio_zeropage zero = {
			.range = { (uintptr_t)owed.p, length },
		};

		if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero))
			_exit(5);
	}
	pthread_create(&thread, NULL, register_owed, &owed);
	if (!somebody_waits(uffd, 10000))
		_exit(6);
	say_ready(ready);
	pthread_join(thread, NULL);
	/* Whatever it got, nobody has brought a page. */
	_exit(7);
}

static void wait_for_base(int fd, uint64_t length, int ready)
{
	wait_for_ever(fd, length, ready, false);
}

static void wait_for_huge(int fd, uint64_t length, int ready)
{
	wait_for_ever(fd, length, ready, true);
}

static void kill_waiting(struct __test_metadata *_metadata,
			 FIXTURE_DATA(pin_kill) *self, uint64_t length,
			 void (*run)(int fd, uint64_t length, int ready))
{
	double took, best = 1e9;
	int round, ready;

	for (round = 0; round < 3; round++) {
		pid_t pid = start(run, length, &ready);

		if (!wait_ready(ready)) {
			int status = wait_child(pid);

			if (status == 4)
				SKIP(return, "no userfaultfd for this memory");
			ASSERT_EQ(0, status);
		}
		usleep(20000);
		took = kill_and_wait(_metadata, pid);
		EXPECT_TRUE(state_is(&self->state));
		best = took < best ? took : best;
	}
	TH_LOG("gone after %.1f ms", best);
	EXPECT_GT(patience(), best);
}

TEST_F(pin_kill, while_a_page_never_comes)
{
	kill_waiting(_metadata, self, MB(16), wait_for_base);
}

TEST_F(pin_kill, while_a_huge_page_never_comes)
{
	if (pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	kill_waiting(_metadata, self, 2 * HUGE_PAGE, wait_for_huge);
}

static void *change_the_map(void *arg)
{
	int i;

	for (i = 0; i < 100; i++) {
		void *p = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
			       0);

		if (p == MAP_FAILED || mprotect(p, PAGE, PROT_READ) ||
		    munmap(p, MB(1)))
			return arg;
	}
	return NULL;
}

static int use_others(void *arg)
{
	int fd = open_node(), id = alloc_contig(fd, MB(1)), own;
	void *p = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHILD_CHECK(id > 0);
	own = register_memory(fd, p, MB(1));
	CHILD_CHECK(own > 0);
	/* And in the file that the other thread uses. */
	id = alloc_contig(*(int *)arg, MB(1));
	CHILD_CHECK(id > 0 && !buf_free(*(int *)arg, id));
	return 0;
}

/* While one waits: mmap, munmap, register, alloc, open, in the same process too. */
TEST_F(pin_kill, others_go_on_while_one_waits)
{
	struct owed owed = { .fd = self->fd, .length = MB(4) };
	struct uffdio_zeropage zero = {};
	pthread_t waits, changes;
	void *failed, *other;
	int uffd, id;

	owed.p = owed_area(owed.length, false, &uffd);
	if (!owed.p)
		SKIP(return, "no userfaultfd");
	pthread_create(&waits, NULL, register_owed, &owed);
	ASSERT_TRUE(somebody_waits(uffd, 10000));

	pthread_create(&changes, NULL, change_the_map, self);
	pthread_join(changes, &failed);
	EXPECT_EQ(NULL, failed);
	other = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	id = register_memory(self->fd, other, MB(1));
	EXPECT_LT(0, id);
	EXPECT_EQ(0, buf_free(self->fd, id));
	munmap(other, MB(1));
	EXPECT_EQ(0, in_child(use_others, &self->fd));
	EXPECT_EQ(0, owed.id);

	/* Then the pages come, and it has them all. */
	zero.range.start = (uintptr_t)owed.p;
	zero.range.len = owed.length;
	EXPECT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	pthread_join(waits, NULL);
	EXPECT_LT(0, owed.id);
	if (owed.id > 0) {
		EXPECT_EQ(NULL, compare_buffer(self->fd, owed.id, owed.p,
					       owed.length));
		EXPECT_EQ(0, buf_free(self->fd, owed.id));
	}
	munmap(owed.p, owed.length);
	close(uffd);
}

/* Nobody will bring the pages any more. */
TEST_F(pin_kill, a_range_that_is_unmapped_meanwhile)
{
	struct owed owed = { .fd = self->fd, .length = MB(4) };
	pthread_t waits;
	int uffd;

	owed.p = owed_area(owed.length, false, &uffd);
	if (!owed.p)
		SKIP(return, "no userfaultfd");
	pthread_create(&waits, NULL, register_owed, &owed);
	ASSERT_TRUE(somebody_waits(uffd, 10000));
	munmap(owed.p, owed.length);
	close(uffd);
	pthread_join(waits, NULL);
	EXPECT_EQ(-EFAULT, owed.id);
}

TEST_HARNESS_MAIN
