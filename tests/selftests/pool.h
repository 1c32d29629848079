/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of the hugetlb pools, which tests are to leave as they were.
 * Included by programs after the harness and dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_POOL_H
#define HPDMA_SELFTESTS_POOL_H

#include <sys/mman.h>

#define RW (PROT_READ | PROT_WRITE)
#define NODES 2
#define COUNTERS 4

/**
 * struct pool - the counters of one page size, of the machine and of its nodes
 * @all: nr, free, resv and surplus of the machine
 * @node: Likewise of the nodes, which have no resv
 */
struct pool {
	long long all[COUNTERS];
	long long node[NODES][COUNTERS];
};

enum { TOTAL, FREE, RESERVED, SURPLUS };

static const char *const counters[COUNTERS] = {
	"nr_hugepages",
	"free_hugepages",
	"resv_hugepages",
	"surplus_hugepages",
};

static inline const char *counter_path(int node, uint64_t page_size,
				       const char *name)
{
	static char path[160];
	char dir[64] = "/sys/kernel/mm";

	if (node >= 0)
		snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%d",
			 node);
	snprintf(path, sizeof(path), "%s/hugepages/hugepages-%llukB/%s", dir,
		 (unsigned long long)page_size >> 10, name);
	return path;
}

static inline long long counter(int node, uint64_t page_size, const char *name)
{
	char text[32];

	return read_text(counter_path(node, page_size, name), text,
			 sizeof(text)) ?
		       atoll(text) :
		       -1;
}

static inline bool set_counter(int node, uint64_t page_size, const char *name,
			       long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return write_text(counter_path(node, page_size, name), text);
}

static inline void pool_take(struct pool *pool, uint64_t page_size)
{
	int i, node;

	for (i = 0; i < COUNTERS; i++) {
		pool->all[i] = counter(-1, page_size, counters[i]);
		for (node = 0; node < NODES; node++)
			pool->node[node][i] =
				counter(node, page_size, counters[i]);
	}
}

/* Return: whether it is as it was; says on stderr what is not. */
static inline bool pool_is(const struct pool *before, uint64_t page_size)
{
	struct pool now;
	int i, node;

	pool_take(&now, page_size);
	if (!memcmp(&now, before, sizeof(now)))
		return true;
	for (i = 0; i < COUNTERS; i++) {
		fprintf(stderr, "# %s: %lld, not %lld\n", counters[i],
			now.all[i], before->all[i]);
		for (node = 0; node < NODES; node++)
			fprintf(stderr, "# on node %d: %lld, not %lld\n", node,
				now.node[node][i], before->node[node][i]);
	}
	return false;
}

FIXTURE(pool)
{
	struct state state;
	struct pool pool;
	/* How many pages a test takes. */
	uint64_t pages;
	int fd;
	bool ready;
};

FIXTURE_VARIANT(pool)
{
	uint64_t page_size;
	uint64_t pages;
};

FIXTURE_VARIANT_ADD(pool, of_2_mib){
	.page_size = MB(2),
	.pages = 8,
};

FIXTURE_VARIANT_ADD(pool, of_1_gib){
	.page_size = GB(1),
	.pages = 2,
};

FIXTURE_SETUP(pool)
{
	pool_take(&self->pool, variant->page_size);
	if (self->pool.all[FREE] <= 0)
		SKIP(return, "no such huge pages here");
	self->pages = variant->pages < (uint64_t)self->pool.all[FREE] ?
			      variant->pages :
			      (uint64_t)self->pool.all[FREE];
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
	self->ready = true;
}

FIXTURE_TEARDOWN(pool)
{
	if (!self->ready)
		return;
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_TRUE(pool_is(&self->pool, variant->page_size));
	close(self->fd);
}

/* The kernel's harness runs a test whose setup skips it. */
#define NEED_POOL()               \
	do {                      \
		if (!self->ready) \
			return;   \
	} while (0)

static inline struct hpdma_ioc_buf_alloc pages_of(uint64_t page_size,
						  uint64_t count)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(count * page_size);

	arg.page_size = page_size;
	return arg;
}

#endif
