// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory [GROUP...]: hpdma beside what else there is for the job, in instructions,
 * in one boot. Prints a line "csv ..." for each row; run.sh makes a table of them.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "bench.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t median(uint64_t *values, int count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}

struct laps median_of(struct laps *laps, int count)
{
	uint64_t values[ROUNDS];
	struct laps medians;
	int step, i;

	for (step = 0; step < STEPS; step++) {
		for (i = 0; i < count; i++)
			values[i] = laps[i].step[step];
		medians.step[step] = median(values, count);
	}
	return medians;
}

/* Two instructions for each count. */
static volatile uint64_t *idle;
static uint64_t began, idle_then;

static void idle_start(void)
{
	struct sched_param lowest = {};
	pid_t parent = getpid();

	idle = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(idle != MAP_FAILED);
	fflush(stdout);
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || sched_setscheduler(0, SCHED_IDLE, &lowest))
		_exit(1);
	__asm__ volatile("1: incq (%0); jmp 1b" ::"r"(idle) : "memory");
	__builtin_unreachable();
}

void work_begin(void)
{
	idle_then = *idle;
	began = ticks();
}

uint64_t work_end(void)
{
	return ticks() - began - 2 * (*idle - idle_then);
}

static int rows, missed;

void row(const char *what, uint64_t ours, const char *peer, uint64_t theirs,
	 double limit)
{
	double ratio = theirs ? (double)ours / theirs : 0;
	const char *verdict = "";

	if (limit) {
		verdict = ours <= limit * theirs ? "met" : "MISSED";
		missed += ours > limit * theirs;
	}
	MUST(!strchr(what, ',') && !strchr(peer, ','));
	printf("csv %s,%llu,%s,", what, (unsigned long long)ours, peer);
	if (*peer)
		printf("%llu", (unsigned long long)theirs);
	printf(",");
	if (theirs)
		printf("%.4f", ratio);
	printf(",");
	if (limit)
		printf("%g", limit);
	printf(",%s\n", verdict);
	fflush(stdout);
	rows++;
}

void row_absent(const char *what, const char *why)
{
	printf("csv %s,,,,,,%s\n", what, why);
	fflush(stdout);
}

int bench_alloc(int node, const struct hpdma_ioc_buf_alloc *arg,
		struct bench_buffer *out)
{
	struct hpdma_ioc_buf_alloc copy = *arg;
	int ret = call(node, HPDMA_IOC_BUF_ALLOC, &copy);

	out->id = copy.out_buf_id;
	out->length = copy.length;
	out->cookie = copy.out_mmap_offset;
	return ret;
}

/* Is a tick an instruction? Nothing else here means anything if not. */
static void calibrate(void)
{
	struct laps laps[ROUNDS] = {};
	uint64_t took;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint64_t loops = 500000, begin = ticks();

		__asm__ volatile("1: dec %0; jnz 1b" : "+r"(loops));
		laps[i].step[GET] = ticks() - begin;
	}
	took = median_of(laps, ROUNDS).step[GET];
	row("clock: 1000000 instructions", took, "ticks", 1000000, 1.001);
	if (took < 999000 || took > 1001000) {
		printf("Bail out! the clock does not count instructions\n");
		exit(1);
	}
}

static const struct {
	const char *name;
	void (*run)(int node);
} groups[] = {
	{ "get", bench_get },	  { "register", bench_register },
	{ "share", bench_share }, { "lookup", bench_lookup },
	{ "small", bench_small }, { "footprint", bench_footprint },
	{ "map", bench_map },	  { "irq", bench_irq },
	{ "open", bench_open },
};

static void run_group(const char *name, int node)
{
	unsigned int i;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strcmp(groups[i].name, name))
			continue;
		/* It counts; who allocates most has the CPU for himself. */
		if (!idle && groups[i].run != bench_get)
			idle_start();
		groups[i].run(node);
		return;
	}
	printf("Bail out! there is no group %s\n", name);
	exit(1);
}

int main(int argc, char **argv)
{
	int node = open_node(), i;

	MUST(node >= 0);
	calibrate();
	for (i = 1; i < argc; i++)
		run_group(argv[i], node);
	printf("# %d rows, %d targets missed\n", rows, missed);
	printf("ok 1 - every row was measured\n1..1\n");
	return 0;
}
