// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that do to one id, one struct or one piece of memory what none of
 * them would do alone. Each race is run for many rounds; what it must not do is
 * give one thing twice, or keep it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "common.h"

#define THREADS 6
#define ROUNDS 300
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(race)
{
	struct state state;
	pthread_barrier_t barrier;
	int fd;
	int id;
	int freed;
	int wrong;
	volatile bool stop;
	union {
		struct hpdma_ioc_buf_alloc alloc;
		struct hpdma_ioc_buf_register reg;
		volatile uint32_t words[64];
	} shared;
	uint8_t *memory;
};

FIXTURE_SETUP(race)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static void *free_often(void *arg)
{
	FIXTURE_DATA(race) *self = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		int ret;

		pthread_barrier_wait(&self->barrier);
		ret = buf_free(self->fd, self->id);
		if (!ret)
			__sync_fetch_and_add(&self->freed, 1);
		else if (ret != -ENOENT)
			__sync_fetch_and_add(&self->wrong, 1);
		pthread_barrier_wait(&self->barrier);
	}
	return NULL;
}

/* CVE-2016-9120. */
TEST_F_TIMEOUT(race, of_many_frees_exactly_one_succeeds, 120)
{
	pthread_t threads[THREADS];
	int i, bad = 0;

	pthread_barrier_init(&self->barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, free_often, self);
	for (i = 0; i < ROUNDS; i++) {
		self->id = alloc_contig(self->fd, PAGE);
		self->freed = 0;
		pthread_barrier_wait(&self->barrier);
		pthread_barrier_wait(&self->barrier);
		bad += self->freed != 1;
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, bad);
	EXPECT_EQ(0, self->wrong);
}

/* What is found before the free is held, and good, after it. */
static void *use_often(void *arg)
{
	FIXTURE_DATA(race) *self = arg;

	while (!self->stop) {
		int id = self->id, export;
		struct hpdma_ioc_buf_info info;
		uint8_t *p;

		if (!buf_info(self->fd, id, &info) &&
		    (info.out_length != KB(64) ||
		     info.out_backing != HPDMA_BACKING_CONTIG))
			__sync_fetch_and_add(&self->wrong, 1);
		export = buf_export(self->fd, id);
		if (export >= 0) {
			p = mmap(NULL, KB(64), RW, MAP_SHARED, export, 0);
			if (p == MAP_FAILED || find_other(p, 0, KB(64)))
				__sync_fetch_and_add(&self->wrong, 1);
			else
				munmap(p, KB(64));
			close(export);
		} else if (export != -ENOENT) {
			__sync_fetch_and_add(&self->wrong, 1);
		}
		p = map_cookie(self->fd, id, KB(64), RW, 0);
		if (p) {
			if (find_other(p, 0, KB(64)))
				__sync_fetch_and_add(&self->wrong, 1);
			munmap(p, KB(64));
		}
	}
	return NULL;
}

TEST_F_TIMEOUT(race, whoever_finds_a_buffer_before_its_free_may_use_it, 120)
{
	pthread_t threads[THREADS];
	int i;

	self->id = alloc_contig(self->fd, KB(64));
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, use_often, self);
	for (i = 0; i < ROUNDS; i++) {
		sched_yield();
		EXPECT_EQ(0, buf_free(self->fd, self->id));
		self->id = alloc_contig(self->fd, KB(64));
	}
	self->stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(0, self->wrong);
}

/* Nothing is known by an id before its making is complete. */
static void *free_all(void *arg)
{
	FIXTURE_DATA(race) *self = arg;
	int id;

	while (!self->stop)
		for (id = 1; id < 4; id++)
			buf_free(self->fd, id);
	return NULL;
}

TEST_F_TIMEOUT(race, an_id_may_be_freed_before_its_maker_knows_it, 120)
{
	pthread_t thread;
	int i;

	pthread_create(&thread, NULL, free_all, self);
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_LT(0, alloc_contig(self->fd, MB(1)));
	}
	self->stop = true;
	pthread_join(thread, NULL);
	for (i = 1; i <= ROUNDS; i++)
		buf_free(self->fd, i);
}

/* Each word in turn is now this, now that. */
static void *flip(void *arg)
{
	static const uint32_t values[] = { 0,	 1,	  72,  4096, 8192,
					   5000, 1 << 31, ~0U, 2 };
	FIXTURE_DATA(race) *self = arg;
	unsigned int i = 0, word = 0;

	while (!self->stop) {
		/* Not the outputs: they tell what to free. */
		word = (word + 1) % 14;
		if (word != 2)
			self->shared.words[word] =
				values[i++ % ARRAY_SIZE(values)];
	}
	return NULL;
}

/* CVE-2022-23084: checked once, read twice. */
TEST_F_TIMEOUT(race, a_struct_may_change_during_the_call, 120)
{
	pthread_t thread;
	int i, made = 0;

	pthread_create(&thread, NULL, flip, self);
	for (i = 0; i < 20 * ROUNDS; i++) {
		struct hpdma_ioc_buf_info info;
		uint32_t id;

		self->shared.alloc = contig(PAGE);
		self->shared.alloc.out_buf_id = 0;
		if (call(self->fd, HPDMA_IOC_BUF_ALLOC, &self->shared.alloc))
			continue;
		id = self->shared.alloc.out_buf_id;
		made++;
		EXPECT_EQ(0, buf_info(self->fd, id, &info));
		EXPECT_EQ(0, info.out_length % info.out_page_size);
		EXPECT_EQ(0, buf_free(self->fd, id));
	}
	self->stop = true;
	pthread_join(thread, NULL);
	EXPECT_NE(0, made);
}

static void *pull_away(void *arg)
{
	FIXTURE_DATA(race) *self = arg;
	unsigned int i = 0;

	while (!self->stop) {
		uint8_t *p = self->memory + i++ % 512 * PAGE;

		if (i % 3)
			munmap(p, PAGE);
		else
			mprotect(p, PAGE, PROT_READ);
		mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		     0);
	}
	return NULL;
}

/* Wholly or not at all, also while the memory comes and goes. */
TEST_F_TIMEOUT(race, memory_may_go_while_it_is_registered, 120)
{
	long long before = pins();
	pthread_t thread;
	int i, id, wrong = 0;

	self->memory =
		mmap(NULL, MB(2), RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&thread, NULL, pull_away, self);
	for (i = 0; i < ROUNDS; i++) {
		id = register_memory(self->fd, self->memory, MB(2));
		if (id > 0)
			buf_free(self->fd, id);
		else
			wrong += id != -EFAULT;
	}
	self->stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(before, pins());
	munmap(self->memory, MB(2));
}

/*
 * Old kernels pin huge pages through a mapping that is there for a moment. Put
 * something else where it will be: the buffer must not become that.
 */
static void *squat(void *arg)
{
	FIXTURE_DATA(race) *self = arg;

	while (!self->stop)
		if (mmap(self->memory, MB(8), RW,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) != MAP_FAILED)
			munmap(self->memory, MB(8));
	return NULL;
}

TEST_F_TIMEOUT(race, a_buffer_has_its_own_pages_whoever_squats, 120)
{
	struct hpdma_segment segments[8];
	pthread_t thread;
	int i, id, wrong = 0, made = 0;

	if (pool_free() < 4)
		SKIP(return, "no huge pages in the pool");
	/* Where the kernel puts an area of this size. */
	id = alloc_hugetlb(self->fd, MB(8));
	self->memory = map_cookie(self->fd, id, MB(8), RW, 0);
	ASSERT_NE(NULL, self->memory);
	munmap(self->memory, MB(8));
	buf_free(self->fd, id);

	pthread_create(&thread, NULL, squat, self);
	for (i = 0; i < ROUNDS / 3; i++) {
		void *where, *p;
		int count;

		id = alloc_hugetlb(self->fd, MB(8));
		if (id < 0) {
			wrong += id != -EFAULT && id != -ENOMEM;
			continue;
		}
		made++;
		count = buf_segments(self->fd, id, segments, 8);
		/* Out of the squatter's way. */
		where = reserve(MB(8), GB(1));
		p = mmap(where, MB(8), RW,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, self->fd,
			 cookie(self->fd, id));
		wrong += p == MAP_FAILED ||
			 compare_frames(p, MB(8), segments, count) != NULL;
		munmap(where, MB(8));
		buf_free(self->fd, id);
	}
	self->stop = true;
	pthread_join(thread, NULL);
	EXPECT_EQ(0, wrong);
	TH_LOG("%d of %d made", made, ROUNDS / 3);
}

TEST_HARNESS_MAIN
