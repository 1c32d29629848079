// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of hugetlb, registered by address: one pin for each huge page, given
 * back exactly, wherever a range begins and ends and whatever lies beside it.
 */
#include <linux/memfd.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>

#include "kselftest_harness.h"
#include "register_common.h"

#define GIGABYTE_POOL "/sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define LENGTH (4 * HUGE_PAGE)

#ifndef MFD_HUGE_1GB
#define MFD_HUGE_1GB (30U << 26)
#endif
#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif
#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif

FIXTURE(huge)
{
	struct state state;
	int fd;
};

FIXTURE_SETUP(huge)
{
	if (pool_free() < 16)
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(huge)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static void check(struct __test_metadata *_metadata, FIXTURE_DATA(huge) *self,
		  void *p, uint64_t length, uint64_t page_size)
{
	const char *wrong = try_register(self->fd, p, length, page_size);

	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%#llx bytes at %p: %s", (unsigned long long)length, p,
		       wrong);
	}
}

/* At every place where something could begin or end. */
static void check_parts(struct __test_metadata *_metadata,
			FIXTURE_DATA(huge) *self, uint8_t *p, uint64_t length)
{
	static const uint64_t cuts[] = { 0, PAGE, KB(64), MB(1) + PAGE,
					 HUGE_PAGE - PAGE };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		for (j = 0; j < ARRAY_SIZE(cuts); j++) {
			check(_metadata, self, p + cuts[i],
			      length - cuts[i] - cuts[j], HUGE_PAGE);
			/* Inside one huge page. */
			if (cuts[i] + cuts[j] < HUGE_PAGE)
				check(_metadata, self, p + cuts[i],
				      HUGE_PAGE - cuts[i] - cuts[j], HUGE_PAGE);
		}
	}
}

static void *map_huge(uint64_t length, int flags)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

TEST_F(huge, private_memory_in_every_part)
{
	uint8_t *p = map_huge(LENGTH, MAP_PRIVATE);

	ASSERT_NE(NULL, p);
	check_parts(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

TEST_F(huge, shared_memory_in_every_part)
{
	uint8_t *p = map_huge(LENGTH, MAP_SHARED);

	ASSERT_NE(NULL, p);
	memset(p, 1, LENGTH);
	check_parts(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

TEST_F(huge, memory_of_system_v)
{
	int shm = shmget(IPC_PRIVATE, LENGTH, IPC_CREAT | SHM_HUGETLB | 0600);
	void *p;

	ASSERT_LE(0, shm);
	p = shmat(shm, NULL, 0);
	ASSERT_NE((void *)-1, p);
	shmctl(shm, IPC_RMID, NULL);
	check_parts(_metadata, self, p, LENGTH);
	shmdt(p);
}

/* A buffer of hugetlb is memory like any other. */
TEST_F(huge, a_mapping_of_a_hugetlb_buffer)
{
	int id = alloc_hugetlb(self->fd, LENGTH);
	void *p = map_cookie(self->fd, id, LENGTH, PROT_READ | PROT_WRITE, 0);
	int again;

	ASSERT_NE(NULL, p);
	check_parts(_metadata, self, p, LENGTH);
	/* It outlives that buffer. */
	again = register_memory(self->fd, p, LENGTH);
	EXPECT_LT(0, again);
	EXPECT_EQ(0, buf_free(self->fd, id));
	memset(p, 0x5a, LENGTH);
	EXPECT_EQ(NULL, compare_buffer(self->fd, again, p, LENGTH));
	munmap(p, LENGTH);
	refill();
	EXPECT_EQ(0, buf_free(self->fd, again));
}

static void *map_at(void *where, uint64_t length, int flags, int file,
		    uint64_t offset)
{
	void *p = mmap(where, length, PROT_READ | PROT_WRITE, MAP_FIXED | flags,
		       file, offset);

	return p == MAP_FAILED ? NULL : p;
}

/* Ordinary memory, huge pages, ordinary memory: one range over any of it. */
TEST_F(huge, beside_other_memory)
{
	uint8_t *p = reserve(6 * HUGE_PAGE, HUGE_PAGE), *huge;
	static const uint64_t edges[] = { PAGE, KB(64), MB(1), HUGE_PAGE };
	unsigned int i, j;

	huge = p + 2 * HUGE_PAGE;
	ASSERT_NE(NULL,
		  map_at(p, 6 * HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	ASSERT_NE(NULL,
		  map_at(huge, 2 * HUGE_PAGE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (j = 0; j < ARRAY_SIZE(edges); j++) {
			uint8_t *from = huge - edges[i];
			uint64_t length = edges[i] + 2 * HUGE_PAGE + edges[j];
			long long before = pins();
			int id = register_memory(self->fd, from, length);

			ASSERT_LT(0, id);
			EXPECT_EQ(before + 2 +
					  (long long)((edges[i] + edges[j]) /
						      PAGE),
				  pins());
			EXPECT_EQ(NULL, check_info(self->fd, id, length, PAGE));
			EXPECT_EQ(NULL,
				  compare_buffer(self->fd, id, from, length));
			EXPECT_EQ(0, buf_free(self->fd, id));
			EXPECT_EQ(before, pins());
		}
	}
	/* Ends inside a huge page, with other memory before it. */
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		long long before = pins();
		int id =
			register_memory(self->fd, huge - PAGE, PAGE + edges[i]);

		ASSERT_LT(0, id);
		EXPECT_EQ(before + 2, pins());
		EXPECT_EQ(0, buf_free(self->fd, id));
		EXPECT_EQ(before, pins());
	}
	munmap(p, 6 * HUGE_PAGE);
}

/*
 * The same huge page in areas side by side: forwards, backwards, and beginning
 * inside it, where the list of frames says the least about the pins.
 */
TEST_F(huge, the_same_huge_page_again_and_again)
{
	uint8_t *p = reserve(LENGTH, HUGE_PAGE);
	int file = memfd_create("hpdma-test", MFD_HUGETLB | MFD_CLOEXEC), i;

	ASSERT_EQ(0, ftruncate(file, LENGTH));
	for (i = 0; i < 4; i++)
		ASSERT_NE(NULL, map_at(p + i * HUGE_PAGE, HUGE_PAGE, MAP_SHARED,
				       file, 0));
	check_parts(_metadata, self, p, LENGTH);
	for (i = 0; i < 4; i++)
		ASSERT_NE(NULL, map_at(p + i * HUGE_PAGE, HUGE_PAGE, MAP_SHARED,
				       file, (3 - i) * HUGE_PAGE));
	check_parts(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
	close(file);
}

/* A huge page of ordinary memory is none of hugetlb. */
TEST_F(huge, beside_transparent_huge_pages)
{
	uint8_t *p = reserve(4 * HUGE_PAGE, HUGE_PAGE);
	long long before = pins();
	int id;

	ASSERT_NE(NULL,
		  map_at(p, 4 * HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	madvise(p, 4 * HUGE_PAGE, MADV_HUGEPAGE);
	memset(p, 1, 4 * HUGE_PAGE);
	ASSERT_NE(NULL,
		  map_at(p + HUGE_PAGE, HUGE_PAGE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
	id = register_memory(self->fd, p + PAGE, 3 * HUGE_PAGE);
	ASSERT_LT(0, id);
	EXPECT_EQ(before + 1 + 2 * 512, pins());
	EXPECT_EQ(NULL, compare_buffer(self->fd, id, p + PAGE, 3 * HUGE_PAGE));
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_EQ(before, pins());
	munmap(p, 4 * HUGE_PAGE);
}

TEST_F(huge, a_hole_after_huge_pages_pins_nothing)
{
	uint8_t *p = reserve(LENGTH, HUGE_PAGE);
	unsigned int reason, i;
	struct state state;

	for (i = 1; i < 4; i++) {
		ASSERT_NE(NULL, map_at(p, i * HUGE_PAGE,
				       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB,
				       -1, 0));
		memset(p, 1, i * HUGE_PAGE);
		state_take(&state);
		EXPECT_EQ(-EFAULT, register_why(self->fd, p + PAGE,
						LENGTH - PAGE, &reason));
		EXPECT_EQ(HPDMA_REASON_PINNING, reason);
		EXPECT_TRUE(state_is(&state));
	}
	munmap(p, LENGTH);
}

TEST_F(huge, memory_that_is_not_writable_is_refused)
{
	uint8_t *p = map_huge(LENGTH, MAP_PRIVATE);
	unsigned int reason;

	memset(p, 1, LENGTH);
	ASSERT_EQ(0, mprotect(p + HUGE_PAGE, HUGE_PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, register_why(self->fd, p, LENGTH, &reason));
	EXPECT_EQ(HPDMA_REASON_PINNING, reason);
	munmap(p, LENGTH);
}

TEST_F(huge, pages_of_a_gigabyte)
{
	int file = memfd_create("hpdma-test",
				MFD_HUGETLB | MFD_HUGE_1GB | MFD_CLOEXEC);
	uint8_t *p = MAP_FAILED;

	if (file >= 0 && !ftruncate(file, GB(1)))
		p = mmap(NULL, GB(1), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_HUGETLB | MAP_HUGE_1GB, file, 0);
	close(file);
	if (p == MAP_FAILED)
		SKIP(return, "no page of a gigabyte in the pool");
	check(_metadata, self, p, GB(1), GB(1));
	check(_metadata, self, p + MB(512) + PAGE, MB(3), GB(1));
	check(_metadata, self, p + GB(1) - PAGE, PAGE, GB(1));
	munmap(p, GB(1));
}

struct race {
	uint8_t *p;
	int file;
	volatile bool stop;
};

/* Huge pages, other huge pages, ordinary memory, nothing. */
static void *exchange(void *arg)
{
	struct race *race = arg;
	unsigned int turn;

	for (turn = 0; !race->stop; turn++) {
		int anon = MAP_PRIVATE | MAP_ANONYMOUS;

		/* Sometimes long enough to get it all. */
		usleep(turn % 7 * 700);

		switch (turn % 4) {
		case 0:
			map_at(race->p, LENGTH, MAP_SHARED, race->file, 0);
			break;
		case 1:
			map_at(race->p + HUGE_PAGE, 2 * HUGE_PAGE, anon, -1, 0);
			break;
		case 2:
			map_at(race->p, LENGTH, MAP_SHARED, race->file, LENGTH);
			break;
		case 3:
			madvise(race->p, LENGTH, MADV_REMOVE);
			break;
		}
	}
	return NULL;
}

/* Whatever it gets is pinned and unpinned exactly. */
TEST_F(huge, memory_that_changes_meanwhile)
{
	struct race race = { .p = reserve(LENGTH, HUGE_PAGE) };
	unsigned int good = 0;
	time_t end = time(NULL) + 4;
	pthread_t thread;

	race.file = memfd_create("hpdma-test", MFD_HUGETLB | MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(race.file, 2 * LENGTH));
	ASSERT_NE(NULL, map_at(race.p, LENGTH, MAP_SHARED, race.file, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, exchange, &race));
	while (time(NULL) < end) {
		int id = register_memory(self->fd, race.p, LENGTH);

		EXPECT_TRUE(id > 0 || id == -EFAULT || id == -ENOMEM);
		good += id > 0 && !buf_free(self->fd, id);
	}
	race.stop = true;
	pthread_join(thread, NULL);
	EXPECT_LT(0, good);
	munmap(race.p, LENGTH);
	close(race.file);
}

TEST_HARNESS_MAIN
