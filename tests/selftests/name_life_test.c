// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a name lives, and what lives by it. One that is not persistent goes
 * with the last id, whatever else holds the buffer; a persistent one keeps
 * frames, content and charge until it is unlinked.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "name_common.h"

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)
#define LIMIT_PAGES 64

FIXTURE(life)
{
	struct state state;
	long long names;
	long long users;
	int fd;
	int other;
	int id;
};

FIXTURE_VARIANT(life)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(life, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(life, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(life)
{
	if (variant->backing == HPDMA_BACKING_HUGETLB && pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	state_take(&self->state);
	self->names = name_count();
	self->users = module_users();
	self->fd = open_node();
	self->other = open_node();
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->id = alloc_backing(self->fd, variant->backing, LENGTH);
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(life)
{
	close(self->fd);
	close(self->other);
	EXPECT_TRUE(state_is(&self->state));
}

TEST_F(life, of_a_name_ends_with_the_last_id)
{
	int id;

	ASSERT_EQ(0, name_publish(self->fd, self->id, "n", 0));
	id = name_open(self->other, "n");
	ASSERT_LT(0, id);
	/* The id it was given by is one like the others. */
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(1, name_open(self->fd, "n"));
	EXPECT_EQ(0, buf_free(self->fd, 1));
	EXPECT_EQ(0, buf_free(self->other, id));
	EXPECT_EQ(-ENOENT, name_open(self->other, "n"));
	EXPECT_EQ(-ENOENT, name_unlink(self->other, "n"));
	EXPECT_EQ(self->names, name_count());
}

TEST_F(life, of_a_name_ends_with_the_file_of_the_last_id)
{
	ASSERT_EQ(0, name_publish(self->fd, self->id, "n", 0));
	close(self->fd);
	EXPECT_EQ(-ENOENT, name_open(self->other, "n"));
	EXPECT_EQ(self->names, name_count());
	self->fd = open_node();
}

/* What else holds the buffer keeps its memory, not its name. */
TEST_F(life, of_a_name_does_not_depend_on_areas_and_descriptors)
{
	uint8_t *area = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	int export = buf_export(self->fd, self->id);

	ASSERT_NE(NULL, area);
	ASSERT_LE(0, export);
	memset(area, 0x71, LENGTH);
	ASSERT_EQ(0, name_publish(self->fd, self->id, "n", 0));
	ASSERT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(-ENOENT, name_open(self->other, "n"));
	EXPECT_EQ(self->names, name_count());
	refill();
	EXPECT_EQ(NULL, find_other(area, 0x71, LENGTH));
	munmap(area, LENGTH);
	close(export);
}

/* What a process leaves behind when it is killed. */
struct legacy {
	uint32_t backing;
	uint32_t flags;
	int ready;
	struct hpdma_segment segments[4];
	int count;
};

static void leave(const struct legacy *wish, int ready)
{
	struct legacy legacy = *wish;
	int fd = open_node(), id = alloc_backing(fd, wish->backing, LENGTH);
	uint8_t *area = map_cookie(fd, id, LENGTH, RW, 0);
	uint64_t at;

	CHILD_CHECK(area);
	for (at = 0; at < LENGTH; at += PAGE)
		memset(area + at, at / PAGE % 251, PAGE);
	legacy.count = buf_segments(fd, id, legacy.segments, 4);
	CHILD_CHECK(legacy.count > 0);
	CHILD_CHECK(
		!compare_frames(area, LENGTH, legacy.segments, legacy.count));
	CHILD_CHECK(!name_publish(fd, id, "legacy", wish->flags));
	CHILD_CHECK(write(ready, &legacy, sizeof(legacy)) == sizeof(legacy));
	pause();
	_exit(0);
}

/* Return: whether there was a process that left it, killed with all it held. */
static bool inherit(struct legacy *legacy)
{
	int ready[2];
	pid_t pid;
	bool good;

	if (pipe(ready))
		return false;
	fflush(NULL);
	pid = fork();
	if (!pid)
		leave(legacy, ready[1]);
	close(ready[1]);
	good = read(ready[0], legacy, sizeof(*legacy)) == sizeof(*legacy);
	close(ready[0]);
	kill(pid, SIGKILL);
	return wait_child(pid) == 128 + SIGKILL && good;
}

/* NULL, or what is not as it was left. */
static const char *look_at(int fd, int id, const struct legacy *legacy)
{
	uint8_t *area = map_cookie(fd, id, LENGTH, RW, MAP_POPULATE);
	struct hpdma_segment segments[4];
	const char *wrong;
	uint64_t at;

	if (!area)
		return "it cannot be mapped";
	if (buf_segments(fd, id, segments, 4) != legacy->count ||
	    memcmp(segments, legacy->segments,
		   legacy->count * sizeof(*segments)))
		return "its segments are others";
	wrong = compare_frames(area, LENGTH, legacy->segments, legacy->count);
	for (at = 0; at < LENGTH; at += PAGE)
		if (find_other(area + at, at / PAGE % 251, PAGE))
			wrong = "its content is another";
	munmap(area, LENGTH);
	return wrong;
}

TEST_F(life, of_a_persistent_buffer_goes_on_after_kill_9)
{
	struct legacy legacy = {
		.backing = variant->backing,
		.flags = PERSISTENT,
	};
	int i;

	ASSERT_TRUE(inherit(&legacy));
	refill();
	EXPECT_EQ(self->names + 1, name_count());
	/* Found by one after the other, and not used up. */
	for (i = 0; i < 3; i++) {
		int id = name_open(self->other, "legacy");

		ASSERT_LT(0, id);
		EXPECT_EQ(NULL, look_at(self->other, id, &legacy));
		EXPECT_EQ(HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT,
			  name_state(self->other, id));
		EXPECT_EQ(0, buf_free(self->other, id));
		refill();
	}
	EXPECT_EQ(0, name_unlink(self->other, "legacy"));
	EXPECT_EQ(-ENOENT, name_open(self->other, "legacy"));
}

TEST_F(life, of_other_buffers_does_not)
{
	struct legacy legacy = { .backing = variant->backing };
	struct state before;

	state_take(&before);
	ASSERT_TRUE(inherit(&legacy));
	EXPECT_EQ(-ENOENT, name_open(self->other, "legacy"));
	EXPECT_TRUE(state_is(&before));
}

/* The name was all that held it. */
TEST_F(life, of_a_persistent_buffer_ends_with_its_name)
{
	struct state before;
	int id;

	state_take(&before);
	id = alloc_backing(self->fd, variant->backing, LENGTH);
	ASSERT_EQ(0, name_publish(self->fd, id, "p", PERSISTENT));
	ASSERT_EQ(0, buf_free(self->fd, id));
	ASSERT_EQ(0, name_unlink(self->other, "p"));
	EXPECT_TRUE(state_is(&before));
}

TEST_F(life, of_a_persistent_buffer_goes_on_after_its_name_while_held)
{
	struct state before;
	uint8_t *area;
	int id;

	state_take(&before);
	id = alloc_backing(self->fd, variant->backing, LENGTH);
	ASSERT_EQ(0, name_publish(self->fd, id, "p", PERSISTENT));
	area = map_cookie(self->fd, id, LENGTH, RW, 0);
	ASSERT_NE(NULL, area);
	memset(area, 0x19, LENGTH);
	ASSERT_EQ(0, buf_free(self->fd, id));
	ASSERT_EQ(0, name_unlink(self->fd, "p"));
	refill();
	EXPECT_EQ(NULL, find_other(area, 0x19, LENGTH));
	munmap(area, LENGTH);
	EXPECT_TRUE(state_is(&before));
}

/* From the one kind to the other, and back. */
TEST_F(life, may_be_changed_by_another_name)
{
	ASSERT_EQ(0, name_publish(self->fd, self->id, "a", PERSISTENT));
	ASSERT_EQ(0, name_unlink(self->fd, "a"));
	ASSERT_EQ(0, name_publish(self->fd, self->id, "a", 0));
	ASSERT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(-ENOENT, name_open(self->fd, "a"));
}

/* rmmod and the last holder: the module knows a buffer without any process. */
TEST_F(life, of_the_module_is_at_least_that_of_a_persistent_name)
{
	ASSERT_EQ(0, name_publish(self->fd, self->id, "p", PERSISTENT));
	close(self->fd);
	close(self->other);
	EXPECT_LT(self->users, module_users());
	EXPECT_EQ(-1, syscall(SYS_delete_module, "hpdma", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	self->fd = open_node();
	self->other = open_node();
	EXPECT_EQ(0, name_unlink(self->fd, "p"));
}

/*
 * The answer to NAME_OPEN is written to a page that is write-protected by
 * userfaultfd: what happens meanwhile, and whether it can be written at all, is
 * then ours to decide.
 */
struct late {
	FIXTURE_DATA(life) *self;
	int uffd;
	void *page;
	bool refuse;
	bool good;
};

static void *meanwhile(void *arg)
{
	struct late *late = arg;
	struct uffdio_writeprotect allow = {
		.range = { (uintptr_t)late->page, PAGE },
	};
	struct pollfd wait = { late->uffd, POLLIN };
	struct uffd_msg message;

	if (poll(&wait, 1, 5000) != 1 ||
	    read(late->uffd, &message, sizeof(message)) != sizeof(message))
		return NULL;
	/* No lock is held, and no name waits for the answer. */
	late->good = !name_unlink(late->self->fd, "late") &&
		     !buf_free(late->self->fd, late->self->id);
	if (late->refuse)
		munmap(late->page, PAGE);
	ioctl(late->uffd, UFFDIO_WRITEPROTECT, &allow);
	if (late->refuse) {
		/* Wakes who waits for a page that is no more. */
		struct uffdio_range range = { (uintptr_t)late->page, PAGE };

		ioctl(late->uffd, UFFDIO_WAKE, &range);
		close(late->uffd);
	}
	return NULL;
}

static bool protect(struct late *late)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
	};
	struct uffdio_register reg = {
		.range = { (uintptr_t)late->page, PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)late->page, PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	late->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	return late->uffd >= 0 && !ioctl(late->uffd, UFFDIO_API, &api) &&
	       !ioctl(late->uffd, UFFDIO_REGISTER, &reg) &&
	       !ioctl(late->uffd, UFFDIO_WRITEPROTECT, &protect);
}

static void open_late(struct __test_metadata *_metadata,
		      FIXTURE_DATA(life) *self, bool refuse)
{
	struct late late = { .self = self, .refuse = refuse };
	struct hpdma_ioc_name_open *arg;
	pthread_t thread;
	uint8_t *area;
	int ret;

	area = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, area);
	memset(area, 0x42, LENGTH);
	munmap(area, LENGTH);
	ASSERT_EQ(0, name_publish(self->fd, self->id, "late", 0));

	late.page = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	arg = late.page;
	*arg = (struct hpdma_ioc_name_open){ .size = sizeof(*arg) };
	name_set(arg->name, "late");
	if (!protect(&late))
		SKIP(return, "no userfaultfd that protects pages");
	pthread_create(&thread, NULL, meanwhile, &late);
	ret = call(self->other, HPDMA_IOC_NAME_OPEN, arg);
	pthread_join(thread, NULL);
	EXPECT_TRUE(late.good);
	if (refuse) {
		EXPECT_EQ(-EFAULT, ret);
		/* Nothing is left: the teardown looks at the rest. */
		EXPECT_EQ(1, alloc_contig(self->other, PAGE));
		return;
	}
	ASSERT_EQ(0, ret);
	close(late.uffd);
	refill();
	area = map_cookie(self->other, arg->out_buf_id, LENGTH, RW, 0);
	ASSERT_NE(NULL, area);
	EXPECT_EQ(NULL, find_other(area, 0x42, LENGTH));
	munmap(area, LENGTH);
	munmap(arg, PAGE);
}

TEST_F(life, of_the_buffer_outlasts_its_name_while_it_is_opened)
{
	open_late(_metadata, self, false);
}

TEST_F(life, of_the_buffer_ends_if_its_opener_cannot_be_told)
{
	open_late(_metadata, self, true);
}

/* The longest memory that this user can still have pinned, in pages. */
static int measure(int fd)
{
	int pages, id;

	for (pages = LIMIT_PAGES; pages; pages--) {
		void *memory = mmap(NULL, pages * PAGE, RW,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		id = register_memory(fd, memory, pages * PAGE);
		if (id > 0)
			buf_free(fd, id);
		munmap(memory, pages * PAGE);
		if (id > 0)
			break;
	}
	return pages;
}

static void be_limited(void)
{
	const struct rlimit limit = { LIMIT_PAGES * PAGE, LIMIT_PAGES * PAGE };

	CHILD_CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
	become(NOBODY);
}

static int make_persistent(void *arg)
{
	int fd = *(int *)arg, id;

	be_limited();
	id = alloc_contig(fd, 16 * PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(!name_publish(fd, id, "charged", PERSISTENT));
	CHILD_CHECK(!buf_free(fd, id));
	return 0;
}

static int measure_limited(void *arg)
{
	be_limited();
	return measure(*(int *)arg);
}

/* Is @now less than @full by what the buffer is charged? */
static bool is_charged(int full, int now)
{
	/* The kernel's helper adds up to two pages. */
	return full - now >= 16 && full - now <= 18;
}

/* Whoever holds it meanwhile: he who made it is charged, to its very end. */
TEST(a_persistent_buffer_stays_charged_to_its_maker)
{
	struct state state;
	int fd, id, full;

	state_take(&state);
	fd = open_node();
	full = in_child(measure_limited, &fd);
	ASSERT_LE(LIMIT_PAGES - 2, full);
	ASSERT_EQ(0, in_child(make_persistent, &fd));
	EXPECT_TRUE(is_charged(full, in_child(measure_limited, &fd)));
	id = name_open(fd, "charged");
	ASSERT_LT(0, id);
	EXPECT_TRUE(is_charged(full, in_child(measure_limited, &fd)));
	EXPECT_EQ(0, name_unlink(fd, "charged"));
	EXPECT_TRUE(is_charged(full, in_child(measure_limited, &fd)));
	EXPECT_EQ(0, buf_free(fd, id));
	EXPECT_EQ(full, in_child(measure_limited, &fd));
	close(fd);
	EXPECT_TRUE(state_is(&state));
}

TEST_HARNESS_MAIN
