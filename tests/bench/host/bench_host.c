// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two threads on two cores, and runs of all contenders in turn: what disturbs the
 * machine for a while then disturbs all alike. A run in which the kernel took the CPU
 * from a thread is repeated, if it is not always so.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <rte_lcore.h>

#include <hpdma.h>

#include "bench_host.h"

/* BENCH_RUNS and BENCH_MS: how often each contender runs, and how long about. */
#define RUNS 15
#define MOST_RUNS 101
#define MILLISECONDS 10
#define TRIES 10

struct lap {
	uint64_t begin_cycle, end_cycle, begin_ns, end_ns;
	/* How often the CPU was taken away. */
	long preempted;
};

/* What both threads do next. Written while the other one waits for @turn. */
static struct {
	const struct bench_case *c;
	enum bench_who who;
	uint64_t rounds;
	void (*work)(unsigned int thread);
	struct lap lap[2];
	bool stop;
} job;

/* Of all runs that count, those that were disturbed at every try. */
static unsigned long counted, disturbed;

static pthread_t other;
static pthread_barrier_t turn;
/* How often threads have met. They spin: a barrier wakes one after the other. */
static unsigned int met;

static uint64_t cycles(void)
{
	return __builtin_ia32_rdtsc();
}

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int bench_core(unsigned int nth)
{
	static cpu_set_t cores;
	int core;

	if (CPU_COUNT(&cores) == 0)
		MUST(sched_getaffinity(0, sizeof(cores), &cores) == 0);
	MUST((unsigned int)CPU_COUNT(&cores) > nth);
	for (core = 0; !CPU_ISSET(core, &cores) || nth--; core++)
		;
	return core;
}

static void pin(int core)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(core, &one);
	MUST(pthread_setaffinity_np(pthread_self(), sizeof(one), &one) == 0);
}

static long preemptions(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_THREAD, &usage) == 0);
	return usage.ru_nivcsw;
}

static void meet(unsigned int nth)
{
	/* Release and acquire: what the threads did before is done when one goes on. */
	__atomic_add_fetch(&met, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&met, __ATOMIC_ACQUIRE) < nth * job.c->threads)
		__builtin_ia32_pause();
}

static void work(unsigned int thread)
{
	const struct bench_case *c = job.c;
	struct lap *lap = &job.lap[thread];

	if (job.work) {
		job.work(thread);
		return;
	}
	/* Once until both are awake, and then to start as one. */
	meet(1);
	lap->preempted = -preemptions();
	meet(2);
	lap->begin_ns = nanoseconds();
	lap->begin_cycle = cycles();
	c->side[job.who].run(c, thread, job.rounds);
	lap->end_cycle = cycles();
	lap->end_ns = nanoseconds();
	lap->preempted += preemptions();
}

static void *other_thread(void *unused)
{
	(void)unused;
	pin(bench_core(1));
	/* So that DPDK has caches for it, as for its own threads. */
	MUST(rte_thread_register() == 0);
	for (;;) {
		pthread_barrier_wait(&turn);
		if (job.stop)
			break;
		work(1);
		pthread_barrier_wait(&turn);
	}
	rte_thread_unregister();
	return NULL;
}

static void both(void)
{
	pthread_barrier_wait(&turn);
	work(0);
	pthread_barrier_wait(&turn);
}

void bench_threads_start(void)
{
	MUST(pthread_barrier_init(&turn, NULL, 2) == 0);
	MUST(pthread_create(&other, NULL, other_thread, NULL) == 0);
}

void bench_threads_stop(void)
{
	job.stop = true;
	pthread_barrier_wait(&turn);
	pthread_join(other, NULL);
	fprintf(stderr, "%lu of %lu runs were disturbed\n", disturbed, counted);
}

void bench_both(void (*what)(unsigned int thread))
{
	job.work = what;
	both();
	job.work = NULL;
}

/* From the start of the first thread to the end of the last. */
static struct lap once(const struct bench_case *c, enum bench_who who,
		       uint64_t rounds)
{
	struct lap lap;

	job.c = c;
	job.who = who;
	job.rounds = rounds;
	met = 0;
	if (c->threads == 1) {
		work(0);
		return job.lap[0];
	}
	both();
	lap = job.lap[0];
	lap.preempted += job.lap[1].preempted;
	if (job.lap[1].begin_cycle < lap.begin_cycle) {
		lap.begin_cycle = job.lap[1].begin_cycle;
		lap.begin_ns = job.lap[1].begin_ns;
	}
	if (job.lap[1].end_cycle > lap.end_cycle) {
		lap.end_cycle = job.lap[1].end_cycle;
		lap.end_ns = job.lap[1].end_ns;
	}
	return lap;
}

static unsigned int setting(const char *name, unsigned int standard,
			    unsigned int most)
{
	const char *text = getenv(name);
	unsigned long value = text ? strtoul(text, NULL, 10) : standard;

	return value < 1 ? 1 : value > most ? most : (unsigned int)value;
}

static uint64_t wanted_ns(void)
{
	return setting("BENCH_MS", MILLISECONDS, 10000) * 1000000ull;
}

static struct lap undisturbed(const struct bench_case *c, enum bench_who who,
			      uint64_t rounds)
{
	struct lap lap;
	int i;

	for (i = 0; i < TRIES; i++) {
		lap = once(c, who, rounds);
		if (!lap.preempted)
			break;
		/* Too busy a machine to be worth the time. */
		if (lap.end_ns - lap.begin_ns > 20 * wanted_ns())
			break;
	}
	return lap;
}

/* The quickest of a few laps: one that was held up, by whomever, tells nothing. */
static struct lap quickest(const struct bench_case *c, enum bench_who who,
			   uint64_t rounds)
{
	struct lap best = undisturbed(c, who, rounds), lap;
	int i;

	for (i = 1; i < 3; i++) {
		lap = undisturbed(c, who, rounds);
		if (lap.end_ns - lap.begin_ns < best.end_ns - best.begin_ns)
			best = lap;
	}
	return best;
}

/* How many rounds take about as long as asked for. */
static uint64_t calibrate(const struct bench_case *c, enum bench_who who)
{
	uint64_t want = wanted_ns(), rounds = 1, took;
	struct lap lap;

	for (;;) {
		lap = quickest(c, who, rounds);
		took = lap.end_ns - lap.begin_ns + 1;
		if (took >= want / 8 && !lap.preempted)
			break;
		/* Not even once in all tries, so that it will not do better. */
		if (took >= 4 * want)
			break;
		/* In steps, since the first rounds are slow. */
		rounds *= took < want / 32 ? 8 : 2;
	}
	rounds = (uint64_t)((double)rounds * (double)want / (double)took);
	return rounds ? rounds : 1;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double value_of(const struct bench_case *c, const struct lap *lap,
		       uint64_t rounds)
{
	double operations = (double)rounds * (double)c->per_round;
	double ns = (double)(lap->end_ns - lap->begin_ns);

	switch (c->unit) {
	case MEGA_PER_SECOND:
		return operations / ns * 1000;
	case CYCLES:
		return (double)(lap->end_cycle - lap->begin_cycle) / operations;
	default:
		return ns / operations;
	}
}

struct result {
	double median, least, most;
};

static void print_row(const struct bench_case *c, const struct result *result)
{
	static const char *const units[] = { "M/s", "cycles", "ns", "KiB" };
	int who;

	printf("%s,%s,%s,%s", c->group, c->row, c->column, units[c->unit]);
	for (who = 0; who < WHO; who++) {
		const struct result *r = &result[who];

		if (r->median > 0)
			printf(",%.4g,%.4g,%.4g", r->median, r->least, r->most);
		else
			printf(",,,");
	}
	printf(",%g,%g,%g,%g\n", c->dpdk, c->glibc, c->mean, c->most);
}

const struct hpdma_buf_opts bench_huge = {
	.size = sizeof(bench_huge),
	.backing = HPDMA_BUF_BACKING_HUGETLB,
};

struct hpdma *bench_context(void)
{
	struct hpdma_open_opts opts = {
		.size = sizeof(opts),
		.backend = HPDMA_BACKEND_HUGETLB,
	};
	struct hpdma *ctx;

	MUST(hpdma_open(&opts, &ctx, NULL) == 0);
	return ctx;
}

void bench_header(void)
{
	printf("group,row,column,unit,hpdma,hpdma_least,hpdma_most,dpdk,dpdk_least,"
	       "dpdk_most,glibc,glibc_least,glibc_most,limit_dpdk,limit_glibc,"
	       "limit_mean,limit_most\n");
}

void bench_run(const struct bench_case *c)
{
	static double value[WHO][MOST_RUNS];
	struct result result[WHO] = { 0 };
	uint64_t rounds[WHO] = { 0 };
	unsigned int runs = setting("BENCH_RUNS", RUNS, MOST_RUNS);
	unsigned int run, who;
	struct lap lap;

	for (who = 0; who < WHO; who++) {
		if (!c->side[who].run)
			continue;
		if (c->side[who].setup)
			c->side[who].setup(c);
		rounds[who] = calibrate(c, who);
	}
	for (run = 0; run < runs; run++) {
		for (who = 0; who < WHO; who++) {
			if (!rounds[who])
				continue;
			lap = undisturbed(c, who, rounds[who]);
			counted++;
			disturbed += lap.preempted != 0;
			value[who][run] = value_of(c, &lap, rounds[who]);
		}
	}
	for (who = 0; who < WHO; who++) {
		if (!rounds[who])
			continue;
		if (c->side[who].teardown)
			c->side[who].teardown(c);
		qsort(value[who], runs, sizeof(value[who][0]), by_value);
		result[who].median = value[who][runs / 2];
		result[who].least = value[who][0];
		result[who].most = value[who][runs - 1];
	}
	print_row(c, result);
}

void bench_value(const struct bench_case *c, const double value[WHO])
{
	struct result result[WHO];
	int who;

	for (who = 0; who < WHO; who++)
		result[who] =
			(struct result){ value[who], value[who], value[who] };
	print_row(c, result);
}
