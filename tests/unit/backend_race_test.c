// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names without the module, wanted by many processes at once. Each child goes its
 * rounds by chance; some are killed in the middle of it and replaced.
 *
 * RACE_ROUNDS=N: so many rounds for each child instead of 300.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "names.h"
#include "native.h"

#define CHILDREN 4
#define LENGTH 8192

static struct hpdma_buf_opts nameable = { .size = sizeof(nameable),
					  .flags = HPDMA_BUF_NAMEABLE };
static char name[32];

static long rounds(void)
{
	const char *text = getenv("RACE_ROUNDS");

	return text ? atol(text) : 300;
}

/* In a child: says what was not so, and ends it. */
#define MUST(condition)                                                     \
	do {                                                                \
		if (!(condition)) {                                         \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, \
			       #condition);                                 \
			fflush(stdout);                                     \
			_exit(3);                                           \
		}                                                           \
	} while (0)

static struct hpdma_buf *new_token(struct hpdma *ctx, uint64_t token)
{
	struct hpdma_buf *buf;
	uint64_t *word;
	size_t i;

	MUST(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf, NULL));
	word = hpdma_buf_ptr(buf);
	for (i = 0; i < LENGTH / 8; i++) {
		MUST(!word[i]);
		word[i] = token;
	}
	return buf;
}

static void check_whole(struct hpdma_buf *buf)
{
	const uint64_t *word = hpdma_buf_ptr(buf);
	size_t i;

	MUST(hpdma_buf_len(buf) == LENGTH && word[0]);
	for (i = 1; i < LENGTH / 8; i++)
		MUST(word[i] == word[0]);
}

/* Who could publish is the only one: the name leads to his memory. */
static void publish_and_look(struct hpdma *ctx, uint64_t token)
{
	struct hpdma_buf *buf = new_token(ctx, token), *found;
	int ret = hpdma_buf_publish(buf, name, NULL, NULL);

	MUST(!ret || ret == -EEXIST);
	if (!ret) {
		MUST(!hpdma_buf_open(ctx, name, 0, &found, NULL));
		MUST(*(uint64_t *)hpdma_buf_ptr(found) == token);
		hpdma_buf_unref(found);
		MUST(!hpdma_buf_open(ctx, name, 0, &found, NULL));
		MUST(*(uint64_t *)hpdma_buf_ptr(found) == token);
		hpdma_buf_unref(found);
	}
	hpdma_buf_unref(buf);
}

static void look(struct hpdma *ctx)
{
	struct hpdma_buf *buf;
	int ret = hpdma_buf_open(ctx, name, 0, &buf, NULL);

	MUST(!ret || ret == -ENOENT);
	if (ret)
		return;
	check_whole(buf);
	hpdma_buf_unref(buf);
}

static void publish_or_unlink(struct hpdma *ctx, uint64_t token)
{
	struct hpdma_buf *buf = new_token(ctx, token);
	int ret = hpdma_buf_publish(buf, name, NULL, NULL);

	MUST(!ret || ret == -EEXIST);
	ret = hpdma_name_unlink(ctx, name, NULL);
	MUST(!ret || ret == -ENOENT);
	hpdma_buf_unref(buf);
}

static void child(bool unlinks, unsigned int seed, long count)
{
	struct hpdma_open_opts opts = { .size = sizeof(opts),
					.backend = HPDMA_BACKEND_PLAIN };
	struct hpdma *ctx;
	long i;

	MUST(!hpdma_open(&opts, &ctx, NULL));
	for (i = 0; i < count; i++) {
		uint64_t token = (uint64_t)seed << 32 | (uint64_t)(i + 1);

		if (rand_r(&seed) % 2)
			look(ctx);
		else if (unlinks)
			publish_or_unlink(ctx, token);
		else
			publish_and_look(ctx, token);
	}
	hpdma_unref(ctx);
	_exit(0);
}

static pid_t start_child(bool unlinks, unsigned int seed, long count)
{
	pid_t pid = fork();

	if (!pid)
		child(unlinks, seed, count);
	return pid;
}

static void race(bool unlinks, bool kills)
{
	struct timespec nap = { .tv_nsec = 2000000 };
	struct hpdma_buf *buf = SENTINEL;
	unsigned int seed = 1, victims = 0;
	int running = 0, status, i;
	pid_t pid[CHILDREN], dead;
	struct hpdma *ctx;

	snprintf(name, sizeof(name), "unit-race-%d", getpid());
	fflush(stdout);
	for (i = 0; i < CHILDREN; i++) {
		pid[i] = start_child(unlinks, seed++, rounds());
		running += pid[i] > 0;
	}
	CHECK_EQ(running, CHILDREN);
	while (kills && victims++ < 40) {
		nap.tv_nsec = 1000000 + rand_r(&seed) % 4000000;
		nanosleep(&nap, NULL);
		i = rand_r(&seed) % CHILDREN;
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		CHECK(WIFSIGNALED(status) || !WEXITSTATUS(status));
		pid[i] = start_child(unlinks, seed++, rounds());
	}
	while ((dead = waitpid(-1, &status, 0)) > 0)
		CHECK(WIFEXITED(status) && !WEXITSTATUS(status));

	/* Nobody is left, and so is nothing. */
	ctx = open_backend(HPDMA_BACKEND_PLAIN);
	REQUIRE(ctx);
	CHECK_EQ(hpdma_buf_open(ctx, name, 0, &buf, NULL), -ENOENT);
	CHECK(buf == SENTINEL);
	hpdma_unref(ctx);
}

TEST(who_publishes_is_the_only_one)
{
	race(false, false);
}

TEST(who_publishes_is_the_only_one_among_the_dying)
{
	race(false, true);
}

TEST(unlinking_harms_nobody)
{
	race(true, false);
}

TEST(unlinking_harms_nobody_among_the_dying)
{
	race(true, true);
}

static struct hpdma_buf *shared;

static void *publish_same(void *arg)
{
	char mine[64];

	snprintf(mine, sizeof(mine), "%s-%d", name, *(int *)arg);
	*(int *)arg = hpdma_buf_publish(shared, mine, NULL, NULL);
	return NULL;
}

/* One buffer, two threads, two names: one is given. */
TEST(a_buffer_gets_one_name_of_two_threads)
{
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_PLAIN);
	pthread_t thread[2];
	int arg[2], i, round;

	REQUIRE(ctx);
	for (round = 0; round < 100; round++) {
		REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &shared,
					 NULL));
		for (i = 0; i < 2; i++) {
			arg[i] = i;
			CHECK(!pthread_create(&thread[i], NULL, publish_same,
					      &arg[i]));
		}
		for (i = 0; i < 2; i++)
			pthread_join(thread[i], NULL);
		CHECK_EQ(!arg[0] + !arg[1], 1);
		CHECK_EQ(arg[0] + arg[1], -EBUSY);
		hpdma_buf_unref(shared);
	}
	hpdma_unref(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(who_publishes_is_the_only_one),
		ENTRY(who_publishes_is_the_only_one_among_the_dying),
		ENTRY(unlinking_harms_nobody),
		ENTRY(unlinking_harms_nobody_among_the_dying),
		ENTRY(a_buffer_gets_one_name_of_two_threads),
	};

	return RUN_TESTS(tests);
}
