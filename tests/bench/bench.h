/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks share: a clock that counts instructions (QEMU's -icount;
 * see run.sh), medians of several rounds, and the rows of the table.
 */
#ifndef HPDMA_BENCH_H
#define HPDMA_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../selftests/common.h"

#define RW (PROT_READ | PROT_WRITE)
#define ROUNDS 5

/* Instructions so far: one tick each. */
static inline uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* Stops the program: a benchmark of what failed is none. */
#define MUST(condition)                                                        \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("Bail out! %s:%d: not so: %s (%m)\n", __FILE__, \
			       __LINE__, #condition);                          \
			exit(1);                                               \
		}                                                              \
	} while (0)

/* What is timed beside one another: the steps of one way to do something. */
enum step {
	GET,
	MAP,
	TOUCH,
	UNMAP,
	DROP,
	/* Page faults while touching: not instructions. */
	FAULTS,
	STEPS,
};

struct laps {
	uint64_t step[STEPS];
};

uint64_t median(uint64_t *values, int count);
/* Medians of each step over some rounds. */
struct laps median_of(struct laps *laps, int count);

static inline uint64_t first_use(const struct laps *laps)
{
	return laps->step[GET] + laps->step[MAP] + laps->step[TOUCH];
}

static inline uint64_t give_back(const struct laps *laps)
{
	return laps->step[UNMAP] + laps->step[DROP];
}

/*
 * Elapsed time includes what the CPU idles away. Between begin and end a process
 * of the lowest priority counts how much that is; end returns the rest.
 */
void work_begin(void);
uint64_t work_end(void);

/*
 * A row of the table. @limit: hpdma's value is to be at most so many times the
 * peer's; 0 if nothing is asked.
 */
void row(const char *what, uint64_t ours, const char *peer, uint64_t theirs,
	 double limit);
/* There is no such thing in this module, or in this kernel. */
void row_absent(const char *what, const char *why);

void bench_get(int node);
void bench_register(int node);
void bench_share(int node);
void bench_lookup(int node);
void bench_small(int node);
void bench_footprint(int node);
void bench_map(int node);
void bench_irq(int node);
void bench_open(int node);

/* An id, and the cookie with it. */
struct bench_buffer {
	int id;
	uint64_t length, cookie;
};

/* Return: 0 or -errno. */
int bench_alloc(int node, const struct hpdma_ioc_buf_alloc *arg,
		struct bench_buffer *out);

/* A byte in each page. */
static inline void touch(void *memory, uint64_t length, uint64_t step)
{
	volatile char *p = memory;
	uint64_t at;

	for (at = 0; at < length; at += step)
		p[at] = 1;
}

/* Neighbours in the address space get frames that are none. */
void touch_permuted(char *memory, uint64_t length);
/* Memory that is not there yet, aligned to huge pages. */
void *anonymous(uint64_t length, int advice);

#endif
