// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the node asked for, or an error: huge pages come by the policy of the
 * thread and are verified, contiguous ones by the node's number. For two nodes.
 */
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "pool.h"

static void bind_to(int node)
{
	unsigned long mask = 1UL << node;

	syscall(SYS_set_mempolicy, node < 0 ? MPOL_DEFAULT : MPOL_BIND,
		node < 0 ? NULL : &mask, node < 0 ? 0 : 64);
}

/* Return: the node of all pages of a mapping, -1 if they are not on one. */
static int node_of(uint8_t *p, uint64_t length, uint64_t step)
{
	int node = -1, status;
	uint64_t at;

	for (at = 0; at < length; at += step) {
		void *page = p + at;

		if (syscall(SYS_move_pages, 0, 1, &page, NULL, &status, 0) ||
		    (node >= 0 && node != status))
			return -1;
		node = status;
	}
	return node;
}

#define NEED_NODES()                                                   \
	do {                                                           \
		if (access("/sys/devices/system/node/node1", F_OK))    \
			SKIP(return, "for two nodes");                 \
		if (self->pool.node[0][FREE] < 1 ||                    \
		    self->pool.node[1][FREE] < 1)                      \
			SKIP(return, "not all nodes have such pages"); \
	} while (0)

TEST_F(pool, of_the_node_asked_for)
{
	struct hpdma_ioc_buf_alloc arg;
	struct hpdma_ioc_buf_info info;
	int node, id;
	uint8_t *p;

	NEED_POOL();
	NEED_NODES();
	for (node = 0; node < NODES; node++) {
		arg = pages_of(variant->page_size, 1);
		arg.flags = HPDMA_ALLOC_NODE;
		arg.node = node;
		bind_to(node);
		id = alloc(self->fd, &arg);
		bind_to(-1);
		ASSERT_LT(0, id);
		EXPECT_EQ(0, buf_info(self->fd, id, &info));
		EXPECT_EQ(node, info.out_node);
		EXPECT_EQ(self->pool.node[node][FREE] - 1,
			  counter(node, variant->page_size, counters[FREE]));
		p = map_cookie(self->fd, id, arg.length, RW, MAP_POPULATE);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(node, node_of(p, arg.length, variant->page_size));
		munmap(p, arg.length);
		EXPECT_EQ(0, buf_free(self->fd, id));

		/* Of the other one: taken, looked at, given back. */
		bind_to(!node);
		EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
		bind_to(-1);
		EXPECT_EQ(HPDMA_REASON_NODE, arg.out_reason);
		EXPECT_TRUE(pool_is(&self->pool, variant->page_size));
	}
}

TEST_F(pool, of_a_node_that_has_too_few)
{
	struct hpdma_ioc_buf_alloc arg;
	int node;

	NEED_POOL();
	NEED_NODES();
	for (node = 0; node < NODES; node++) {
		arg = pages_of(variant->page_size,
			       self->pool.node[node][FREE] + 1);
		bind_to(node);
		EXPECT_EQ(-ENOMEM, call(self->fd, HPDMA_IOC_BUF_ALLOC, &arg));
		bind_to(-1);
		EXPECT_EQ(HPDMA_REASON_HUGEPAGES, arg.out_reason);
		EXPECT_TRUE(pool_is(&self->pool, variant->page_size));
	}
}

TEST(on_several_nodes_says_so)
{
	struct hpdma_ioc_buf_info info;
	struct pool pool;
	int fd = open_node(), id;

	pool_take(&pool, HUGE_PAGE);
	if (pool.node[1][FREE] < 1 || pool.node[0][FREE] < 1)
		SKIP(return, "for two nodes");
	/* More than one of them has. */
	id = alloc_hugetlb(fd, ((pool.node[0][FREE] > pool.node[1][FREE] ?
					 pool.node[0][FREE] :
					 pool.node[1][FREE]) +
				1) * HUGE_PAGE);
	ASSERT_LT(0, id);
	EXPECT_EQ(0, buf_info(fd, id, &info));
	EXPECT_EQ(-1, info.out_node);
	EXPECT_EQ(0, buf_free(fd, id));
	EXPECT_TRUE(pool_is(&pool, HUGE_PAGE));
	close(fd);
}

/* No policy needed: the page allocator takes a node's name. */
TEST(contiguous_memory_of_the_node_asked_for)
{
	struct hpdma_ioc_buf_info info;
	int fd = open_node(), node, id;

	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "for two nodes");
	for (node = 0; node < NODES; node++) {
		struct hpdma_ioc_buf_alloc arg = contig(MB(4));
		uint8_t *p;

		arg.flags = HPDMA_ALLOC_NODE;
		arg.node = node;
		id = alloc(fd, &arg);
		ASSERT_LT(0, id);
		EXPECT_EQ(0, buf_info(fd, id, &info));
		EXPECT_EQ(node, info.out_node);
		p = map_cookie(fd, id, MB(4), RW, MAP_POPULATE);
		ASSERT_NE(NULL, p);
		EXPECT_EQ(node, node_of(p, MB(4), HUGE_PAGE));
		munmap(p, MB(4));
		EXPECT_EQ(0, buf_free(fd, id));
	}
	close(fd);
}

TEST_HARNESS_MAIN
