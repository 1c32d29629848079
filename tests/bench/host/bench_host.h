/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks on the host share: cases that each contender runs in turn, again
 * and again, and whose medians become rows of a CSV.
 *
 * A group is a function that makes its cases one after the other and has each
 * measured by bench_run().
 */
#ifndef HPDMA_BENCH_HOST_H
#define HPDMA_BENCH_HOST_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stops the program: a benchmark of what failed is none. */
#define MUST(condition)                                                       \
	do {                                                                  \
		if (!(condition)) {                                           \
			fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, \
				__LINE__, #condition, strerror(errno));       \
			exit(2);                                              \
		}                                                             \
	} while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum bench_who {
	HPDMA,
	DPDK,
	GLIBC,
	WHO,
};

/* What a row's value is. The first is better if it is more, the others if less. */
enum bench_unit {
	MEGA_PER_SECOND,
	CYCLES,
	NANOSECONDS,
	KIBIBYTES,
};

struct bench_case;
struct hpdma;
struct hpdma_buf_opts;

/*
 * One contender's part of a case. @run does @rounds rounds as thread 0, and if the
 * case has two threads also as thread 1 at the same time on another core.
 */
struct bench_side {
	void (*setup)(const struct bench_case *c);
	void (*run)(const struct bench_case *c, unsigned int thread,
		    uint64_t rounds);
	void (*teardown)(const struct bench_case *c);
};

/*
 * @row, @column: where in its group's table the case stands
 * @per_round: operations that a round of all threads together is counted as
 * @dpdk, @glibc: hpdma is to be at least so many times better; 0: nothing is asked
 * @mean: and in the mean of the group's rows, so many times better than DPDK
 * @most: hpdma's value is to be at most that; 0: nothing is asked
 * @n, @keep, @size: parameters, as the group means them
 */
struct bench_case {
	const char *group;
	char row[64];
	char column[24];
	enum bench_unit unit;
	unsigned int threads;
	uint64_t per_round;
	double dpdk, glibc, mean, most;
	unsigned int n, keep;
	size_t size;
	struct bench_side side[WHO];
};

/* Measures a case and prints its row. */
void bench_run(const struct bench_case *c);
/* Prints the row of a case that is no time, with values in the case's unit. */
void bench_value(const struct bench_case *c, const double value[WHO]);
/* A context that needs no module, and options for huge pages or nothing. */
struct hpdma *bench_context(void);
extern const struct hpdma_buf_opts bench_huge;
/* Threads as they are in runs, each on its core, do something that is not measured. */
void bench_both(void (*work)(unsigned int thread));

/* The first or second core that the program may use. Asked first before any is pinned. */
int bench_core(unsigned int nth);

void bench_threads_start(void);
void bench_threads_stop(void);
void bench_header(void);

/* One of many, so that what is timed cannot be foreseen. */
static inline uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The compiler is to believe that memory is looked at here. */
#define bench_used(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")

void bench_mempool(void);
void bench_ring(void);
void bench_heap(void);
void bench_memzone(void);
void bench_iova(void);
void bench_overhead(void);

#endif
