// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many who publish, open, unlink and free the same few names, and are killed. In
 * a buffer published under a name every page says which name: whoever opens it
 * sees that and nothing else, however soon the others let go.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "kselftest_harness.h"
#include "name_common.h"

#define LENGTH KB(32)
#define NAMES 3
#define WORKERS 4
#define SLOTS 3
/* At least so long, and until all has happened so often, but not for ever. */
#define SECONDS 5
#define OFTEN 20
#define AT_MOST 90
#define RW (PROT_READ | PROT_WRITE)

/* What all processes have done together. */
struct tally {
	unsigned int published, opened, unlinked, refused, wrong, killed;
};

static struct tally *tally;

#define COUNT(what) __sync_fetch_and_add(&tally->what, 1)

static void name_of(char *text, int number)
{
	sprintf(text, "race%d", number);
}

static int tag(int number)
{
	return 0x51 + number;
}

static void expect(int ret, int other, int another)
{
	if (ret >= 0 || ret == other || ret == another)
		return;
	fprintf(stderr, "# %s\n", strerror(-ret));
	COUNT(wrong);
}

static int publish(int fd, int number)
{
	int id = alloc_contig(fd, LENGTH), ret;
	uint8_t *p = map_cookie(fd, id, LENGTH, RW, 0);
	char text[16];

	if (!p) {
		COUNT(wrong);
		return id;
	}
	memset(p, tag(number), LENGTH);
	munmap(p, LENGTH);
	name_of(text, number);
	ret = name_publish(fd, id, text, rand() % 3 ? 0 : PERSISTENT);
	expect(ret, -EEXIST, -EEXIST);
	if (ret)
		COUNT(refused);
	else
		COUNT(published);
	return id;
}

/* Return: an id, or 0. */
static int open_and_look(int fd, int number)
{
	char text[16];
	uint8_t *p;
	int id;

	name_of(text, number);
	id = name_open(fd, text);
	expect(id, -ENOENT, -ENOENT);
	if (id <= 0)
		return 0;
	COUNT(opened);
	p = map_cookie(fd, id, LENGTH, RW, 0);
	if (!p || find_other(p, tag(number), LENGTH)) {
		fprintf(stderr, "# %s is not what it was\n", text);
		COUNT(wrong);
	}
	if (p)
		munmap(p, LENGTH);
	return id;
}

static void unlink_it(int fd, int number)
{
	char text[16];
	int ret;

	name_of(text, number);
	ret = name_unlink(fd, text);
	expect(ret, -ENOENT, -ENOENT);
	if (!ret)
		COUNT(unlinked);
}

static void work(void)
{
	int fd = open_node(), slots[SLOTS] = {};

	for (;;) {
		int number = rand() % NAMES, *slot = &slots[rand() % SLOTS];

		if (*slot) {
			if (buf_free(fd, *slot))
				COUNT(wrong);
			*slot = 0;
		}
		switch (rand() % 8) {
		case 0:
		case 1:
			*slot = publish(fd, number);
			break;
		case 2:
			unlink_it(fd, number);
			break;
		case 3:
			/* With the file go all its ids. */
			close(fd);
			fd = open_node();
			memset(slots, 0, sizeof(slots));
			break;
		default:
			*slot = open_and_look(fd, number);
		}
	}
}

/* Of an id that other threads name and end as well. */
static void expect_published(int ret)
{
	if (ret != -EBUSY)
		expect(ret, -EEXIST, -ENOENT);
}

/* Threads that free each other's ids, which nobody else can: no looking here. */
static void *meddle(void *arg)
{
	int fd = *(int *)arg;
	unsigned int seed = (uintptr_t)pthread_self() >> 12;

	for (;;) {
		char text[16];
		int id;

		name_of(text, NAMES + rand_r(&seed) % 2);
		switch (rand_r(&seed) % 4) {
		case 0:
			id = alloc_contig(fd, PAGE);
			expect_published(name_publish(fd, id, text, 0));
			break;
		case 1:
			id = 1 + rand_r(&seed) % 4;
			expect_published(
				name_publish(fd, id, text, PERSISTENT));
			break;
		case 2:
			expect(name_open(fd, text), -ENOENT, -ENOENT);
			break;
		default:
			expect(name_unlink(fd, text), -ENOENT, -ENOENT);
		}
		for (id = 1; id < 12; id++)
			if (rand_r(&seed) % 2)
				expect(buf_free(fd, id), -ENOENT, -ENOENT);
	}
	return NULL;
}

static void work_in_threads(void)
{
	int fd = open_node(), i;
	pthread_t thread;

	for (i = 0; i < 2; i++)
		pthread_create(&thread, NULL, meddle, &fd);
	meddle(&fd);
}

static pid_t start(int worker)
{
	static unsigned int seed;
	pid_t pid;

	seed++;
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srand(seed);
	if (worker == WORKERS - 1)
		work_in_threads();
	work();
	_exit(0);
}

static bool often(void)
{
	return tally->published >= OFTEN && tally->opened >= OFTEN &&
	       tally->unlinked >= OFTEN && tally->killed >= OFTEN;
}

FIXTURE(race)
{
	struct state state;
};

FIXTURE_SETUP(race)
{
	tally = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, tally);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(race)
{
	EXPECT_TRUE(state_is(&self->state));
	munmap(tally, PAGE);
}

TEST_F_TIMEOUT(race, for_a_few_names, 120)
{
	time_t begin = time(NULL);
	pid_t workers[WORKERS];
	int i, fd;

	fflush(NULL);
	for (i = 0; i < WORKERS; i++)
		workers[i] = start(i);
	while (time(NULL) < begin + SECONDS ||
	       (!often() && time(NULL) < begin + AT_MOST)) {
		i = rand() % WORKERS;
		usleep(30000);
		kill(workers[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(workers[i]));
		tally->killed++;
		workers[i] = start(i);
	}
	for (i = 0; i < WORKERS; i++) {
		kill(workers[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(workers[i]));
	}
	/* What is left is persistent, and good. */
	fd = open_node();
	for (i = 0; i < NAMES; i++) {
		open_and_look(fd, i);
		unlink_it(fd, i);
	}
	unlink_it(fd, NAMES);
	unlink_it(fd, NAMES + 1);
	close(fd);
	EXPECT_EQ(0, tally->wrong);
	TH_LOG("%u published, %u refused, %u opened, %u unlinked, %u killed",
	       tally->published, tally->refused, tally->opened, tally->unlinked,
	       tally->killed);
	EXPECT_TRUE(often());
}

/* One buffer, its only id, and two who do not wait for each other. */
struct pair {
	pthread_barrier_t barrier;
	int fd;
	int id;
	int rounds;
	int wrong;
};

static void *free_each(void *arg)
{
	struct pair *pair = arg;
	int i;

	for (i = 0; i < pair->rounds; i++) {
		volatile int delay = i % 64 * 16;

		pthread_barrier_wait(&pair->barrier);
		while (delay)
			delay--;
		if (buf_free(pair->fd, pair->id))
			pair->wrong++;
		pthread_barrier_wait(&pair->barrier);
	}
	return NULL;
}

/* Named just when its last id ends: then it is either not named or not long. */
TEST_F_TIMEOUT(race, with_the_end_of_the_last_id, 120)
{
	struct pair pair = { .fd = open_node(), .rounds = 800 };
	int i, ret, late = 0, named = 0, left = 0;
	const long long names = name_count();
	pthread_t thread;

	pthread_barrier_init(&pair.barrier, NULL, 2);
	pthread_create(&thread, NULL, free_each, &pair);
	for (i = 0; i < pair.rounds; i++) {
		pair.id = alloc_contig(pair.fd, PAGE);
		pthread_barrier_wait(&pair.barrier);
		ret = name_publish(pair.fd, pair.id, "brief", 0);
		pthread_barrier_wait(&pair.barrier);
		named += !ret;
		late += ret == -ENOENT;
		left += name_count() != names;
	}
	pthread_join(thread, NULL);
	close(pair.fd);
	TH_LOG("%d named, %d too late", named, late);
	EXPECT_EQ(pair.rounds, named + late);
	EXPECT_EQ(0, left);
	EXPECT_EQ(0, pair.wrong);
}

TEST_HARNESS_MAIN
