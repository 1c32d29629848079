// SPDX-License-Identifier: GPL-2.0-only
/*
 * A heap that processes share, and processes that die.
 *
 * A child does a few operations, one instruction at a time, and is killed after the
 * Nth, for each N until it lives to the end. The survivor then finds all blocks but
 * the one in flight, and a heap that works.
 *
 * HPDMA_HEAP_STEP says how many instructions lie between two deaths; 1 tries each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hpdma.h>

#include "native.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define USUAL_STEP 61
#else
#define USUAL_STEP 11
#endif

#define LENGTH (256u << 10)
#define KEPT 6

static struct hpdma_heap *heap;
static struct hpdma_buf *memory;
static char *mem;
static int reports;

/* Shared: the child came to the end. */
static volatile int *done;

static void note(const struct hpdma_misuse *misuse, void *arg)
{
	(void)misuse;
	(void)arg;
	reports++;
}

static struct hpdma_heap *attach(void *at)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts), .misuse = note };
	struct hpdma_heap *one = NULL;

	if (hpdma_heap_shared_attach(at, LENGTH, &opts, &one, NULL))
		abort();
	return one;
}

static bool begin(void)
{
	memory = shared_buf(LENGTH);
	mem = hpdma_buf_ptr(memory);
	if (hpdma_heap_shared_format(mem, LENGTH, NULL))
		return false;
	heap = attach(mem);
	reports = 0;
	return true;
}

static void end(void)
{
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	drop_buf(memory);
}

static unsigned long step_length(void)
{
	const char *text = getenv("HPDMA_HEAP_STEP");
	unsigned long step = text ? strtoul(text, NULL, 0) : 0;

	return step ? step : USUAL_STEP;
}

/*
 * Blocks with gaps between them, so that what the child does splits in front and
 * behind and merges with both sides.
 */
static void *kept[KEPT];
static void *victim;

static bool set_up(void)
{
	void *gaps[KEPT];
	int i;

	for (i = 0; i < KEPT; i++) {
		kept[i] = hpdma_heap_tagged(heap, 0, 1000, "kept");
		gaps[i] = hpdma_heap_malloc(heap, 3000);
		if (!kept[i] || !gaps[i])
			return false;
		memset(kept[i], 'k', 1000);
	}
	/* A block with a free one on both sides. */
	hpdma_heap_free(heap, gaps[0]);
	hpdma_heap_free(heap, gaps[2]);
	hpdma_heap_free(heap, kept[2]);
	victim = hpdma_heap_aligned(heap, 64, 500);
	hpdma_heap_free(heap, gaps[4]);
	kept[2] = hpdma_heap_malloc(heap, 1000);
	if (kept[2])
		memset(kept[2], 'k', 1000);
	return victim && kept[2];
}

#define OPERATIONS 4

static void operate(int operation)
{
	static void *ptr;

	switch (operation) {
	case 0: /* splits in front and behind */
		ptr = hpdma_heap_aligned(heap, 512, 700);
		break;
	case 1: /* merges with both sides */
		hpdma_heap_free(heap, victim);
		break;
	case 2: /* moves */
		ptr = hpdma_heap_realloc(heap, ptr, 2000);
		break;
	case 3:
		hpdma_heap_free(heap, ptr);
		break;
	}
}

/* True if the child died as it was told; false if it came to the end. */
static bool die_after(int operation, unsigned long steps)
{
	int status, i;
	pid_t pid;

	*done = 0;
	pid = fork();
	if (!pid) {
		for (i = 0; i < operation; i++)
			operate(i);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		operate(operation);
		*done = 1;
		for (;;)
			raise(SIGSTOP);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		abort();
	while (steps-- && !*done) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid)
			abort();
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return !*done;
}

static int count_kept(const struct hpdma_heap_block *block, void *arg)
{
	int i, *found = arg;

	found[1]++;
	for (i = 0; i < KEPT; i++)
		found[0] += block->ptr == kept[i] && block->length >= 1000;
	return 0;
}

/* What the survivor finds; @least and @most blocks are in use. */
static void look(int least, int most)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	int found[2] = { 0 }, i, j;
	void *all[2000];
	size_t count = 0;

	CHECK_EQ(hpdma_heap_check(heap), 0);
	CHECK_EQ(hpdma_heap_walk(heap, count_kept, found), 0);
	CHECK_EQ(found[0], KEPT);
	CHECK(found[1] >= least && found[1] <= most);
	for (i = 0; i < KEPT; i++) {
		for (j = 0; j < 1000; j++)
			CHECK(((char *)kept[i])[j] == 'k');
	}
	/* It goes on: all that is free can be had, and does not overlap. */
	while (count < 2000 && (all[count] = hpdma_heap_malloc(heap, 448))) {
		memset(all[count], 'x', 448);
		count++;
	}
	CHECK(count > 200);
	for (i = 0; i < KEPT; i++) {
		for (j = 0; j < 1000; j++)
			CHECK(((char *)kept[i])[j] == 'k');
	}
	while (count)
		hpdma_heap_free(heap, all[--count]);
	CHECK_EQ(hpdma_heap_check(heap), 0);
	CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
	CHECK_EQ(info.used_blocks, found[1]);
}

TEST(a_process_may_die_at_any_instruction)
{
	unsigned long n, deaths = 0, recoveries = 0;
	struct hpdma_heap_info info = { .size = sizeof(info) };
	cpu_set_t cpus = stay_on_one_cpu();
	int operation;
	/* KEPT, three gaps, and up to: victim, new one, its successor. */
	const int least = KEPT + 3, most = KEPT + 3 + 3;

	for (operation = 0; operation < OPERATIONS; operation++) {
		bool died = true;

		for (n = 0; died && !harness_failed; n += step_length()) {
			REQUIRE(begin());
			REQUIRE(set_up());
			died = die_after(operation, n);
			deaths += died;
			look(least, most);
			CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
			recoveries += info.recoveries;
			end();
		}
		printf("# operation %d: %lu instructions\n", operation, n);
	}
	CHECK(recoveries);
	CHECK(!reports);
	printf("# %lu deaths, %lu with the lock\n", deaths, recoveries);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* The first one dies with the lock: in the middle of freeing. */
TEST(a_process_may_die_while_it_repairs)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	unsigned long first, n, step = step_length(), twice = 0;
	cpu_set_t cpus = stay_on_one_cpu();
	bool died;

	for (first = 0; !twice && !harness_failed; first += step) {
		died = true;
		for (n = 0; died && !harness_failed; n += 5 * step) {
			REQUIRE(begin());
			REQUIRE(set_up());
			REQUIRE(die_after(1, first));
			died = die_after(0, n);
			look(KEPT + 3, KEPT + 3 + 3);
			CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
			if (!info.recoveries)
				died = false;
			twice += info.recoveries > 1;
			end();
		}
	}
	printf("# %lu times two deaths with the lock\n", twice);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

TEST(processes_work_at_once)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	void *ptr[16] = { NULL };
	int i, n, status;
	pid_t pids[3];

	REQUIRE(begin());
	for (n = 0; n < 3; n++) {
		pids[n] = fork();
		if (pids[n])
			continue;
		for (i = 0; i < 3000; i++) {
			int at = (i * 7 + n) % 16;
			size_t size = (size_t)(i * 37 % 3000 + 1);

			if (ptr[at] && *(char *)ptr[at] != (char)(at + n))
				_exit(1);
			hpdma_heap_free(heap, ptr[at]);
			ptr[at] = hpdma_heap_zmalloc(heap, size);
			if (!ptr[at] || *(char *)ptr[at])
				_exit(2);
			*(char *)ptr[at] = (char)(at + n);
		}
		/* Without giving back: the memory is there for others. */
		_exit(0);
	}
	for (n = 0; n < 3; n++) {
		CHECK_EQ(waitpid(pids[n], &status, 0), pids[n]);
		CHECK_EQ(status, 0);
	}
	CHECK_EQ(hpdma_heap_check(heap), 0);
	CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
	CHECK_EQ(info.used_blocks, 3 * 16);
	CHECK_EQ(info.recoveries, 0);
	end();
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_process_may_die_at_any_instruction),
		ENTRY(a_process_may_die_while_it_repairs),
		ENTRY(processes_work_at_once),
	};

	done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		return EXIT_FAILURE;
	return RUN_ON_BACKEND(tests);
}
