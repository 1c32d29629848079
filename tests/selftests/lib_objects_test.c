// SPDX-License-Identifier: GPL-2.0-only
/*
 * The addresses that libhpdma tells of objects are those at which a device finds
 * them: an edu copies from one to another, at IOVAs of the kernel's, at virtual
 * addresses (of an IOMMU that reaches so far) and at physical ones. And its interrupts
 * wake a poller.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <hpdma.h>
#include <hpdma/pktbuf.h>

#include "kselftest_harness.h"
#include "edu.c"
#include "common.h"

#define OLD 0x5a

FIXTURE(objects)
{
	struct state state;
	struct hpdma *ctx;
	struct hpdma_device *dev;
	edu_regs regs;
	/* Why there is no device to be used, or empty */
	char why[400];
};

FIXTURE_VARIANT(objects)
{
	int bits;
	uint32_t mode;
	enum hpdma_kind kind;
};

FIXTURE_VARIANT_ADD(objects, at_iovas){
	.bits = EDU_NARROW,
	.mode = HPDMA_DEVICE_MODE_KERNEL_IOVA,
	.kind = HPDMA_KIND_IOVA,
};

FIXTURE_VARIANT_ADD(objects, at_virtual_addresses){
	.bits = EDU_WIDE,
	.mode = HPDMA_DEVICE_MODE_CALLER_IOVA,
	.kind = HPDMA_KIND_IOVA,
};

FIXTURE_VARIANT_ADD(objects, at_physical_addresses){
	.bits = EDU_WIDE,
	.mode = HPDMA_DEVICE_MODE_PHYS,
	.kind = HPDMA_KIND_PHYS,
};

#define NEED_DEVICE                                    \
	do {                                           \
		if (*self->why)                        \
			SKIP(return, "%s", self->why); \
	} while (0)

/*
 * In the mode where the address is the virtual one: does the IOMMU reach it? Only that is a
 * reason to skip: without memory the tests themselves fail.
 */
static bool is_reached(struct hpdma *ctx, struct hpdma_device *dev)
{
	struct hpdma_buf *buf;
	struct hpdma_dma *dma;
	int ret;

	if (hpdma_buf_alloc(ctx, PAGE, NULL, &buf, NULL))
		return true;
	ret = hpdma_dma_map(dev, buf, 0, 0, &dma, NULL);
	if (!ret)
		hpdma_dma_unref(dma);
	hpdma_buf_unref(buf);
	return ret != -ERANGE;
}

FIXTURE_SETUP(objects)
{
	struct hpdma_device_opts opts = { .size = sizeof(opts),
					  .address_bits = variant->bits,
					  .mode = variant->mode };
	struct hpdma_error error;
	volatile void *regs;
	struct edu edu;

	if (edu_find(&edu, variant->bits, 0)) {
		strcpy(self->why, "there is no edu device");
		return;
	}
	state_take(&self->state);
	ASSERT_EQ(0, hpdma_open(NULL, &self->ctx, NULL));
	if (hpdma_device_open(self->ctx, edu.pci, &opts, &self->dev, &error)) {
		hpdma_error_text(&error, self->why, sizeof(self->why));
		return;
	}
	if (!is_reached(self->ctx, self->dev)) {
		strcpy(self->why, "the IOMMU does not reach virtual addresses");
		return;
	}
	ASSERT_EQ(0, hpdma_device_bar(self->dev, 0, &regs, NULL));
	self->regs = regs;
	ASSERT_TRUE(edu_wait(self->regs));
	edu_ack(self->regs);
}

FIXTURE_TEARDOWN(objects)
{
	if (!self->ctx)
		return;
	hpdma_device_unref(self->dev);
	hpdma_unref(self->ctx);
	EXPECT_TRUE(state_is(&self->state));
}

/* From one address of the device to another */
static bool copy(edu_regs regs, uint64_t from, uint64_t to, size_t length)
{
	return edu_from_ram(regs, from, length) && edu_to_ram(regs, to, length);
}

static void fill(void *ptr, size_t length, unsigned int seed)
{
	unsigned char *bytes = ptr;
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (unsigned char)((i + seed) * 7 + i / 251);
}

#define OBJECTS 32
#define ROOM 2000

TEST_F(objects, an_object_of_a_pool_is_where_its_address_says)
{
	struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.object_size = ROOM,
		.count = OBJECTS,
		.cache_size = 8,
		.device = self->dev,
	};
	char *object[OBJECTS];
	struct hpdma_mempool *pool;
	int i;

	NEED_DEVICE;
	ASSERT_EQ(0, hpdma_mempool_create(self->ctx, &opts, &pool, NULL));
	EXPECT_EQ(variant->kind, hpdma_mempool_kind(pool));
	ASSERT_EQ(0, hpdma_mempool_get_bulk(pool, (void **)object, OBJECTS));
	for (i = 0; i < OBJECTS; i++)
		memset(object[i], OLD, ROOM);

	fill(object[3], ROOM, 1);
	ASSERT_TRUE(copy(self->regs, hpdma_mempool_iova(object[3]),
			 hpdma_mempool_iova(object[OBJECTS - 1]), ROOM));
	EXPECT_EQ(0, memcmp(object[3], object[OBJECTS - 1], ROOM));
	/* A part, which is where the object's is, and so much further */
	ASSERT_TRUE(copy(self->regs, hpdma_mempool_iova(object[3]) + 100,
			 hpdma_mempool_iova(object[0]) + 700, 300));
	EXPECT_EQ(0, memcmp(object[3] + 100, object[0] + 700, 300));
	memset(object[0] + 700, OLD, 300);
	/* And nothing else was written, in any of them. */
	for (i = 0; i < OBJECTS - 1; i++)
		if (i != 3)
			EXPECT_EQ(NULL, find_other(object[i], OLD, ROOM));
	EXPECT_EQ(0, hpdma_mempool_put_bulk(pool, (void **)object, OBJECTS));
	EXPECT_EQ(0, hpdma_mempool_destroy(pool));
}

/* After it grew: each chunk has a mapping of its own. */
TEST_F(objects, a_pool_that_grew_has_addresses_for_all)
{
	struct hpdma_mempool_opts opts = {
		.size = sizeof(opts),
		.object_size = 64,
		.count = 4,
		.device = self->dev,
	};
	struct hpdma_mempool *pool;
	char *object[8];
	int i, other;

	NEED_DEVICE;
	ASSERT_EQ(0, hpdma_mempool_create(self->ctx, &opts, &pool, NULL));
	ASSERT_EQ(0, hpdma_mempool_grow(pool, 4, NULL));
	ASSERT_EQ(0, hpdma_mempool_get_bulk(pool, (void **)object, 8));
	for (i = 0; i < 8; i++)
		fill(object[i], 64, (unsigned int)i);
	for (i = 0; i < 8; i++) {
		other = (i + 4) % 8;
		ASSERT_TRUE(copy(self->regs, hpdma_mempool_iova(object[i]),
				 hpdma_mempool_iova(object[other]), 64));
		EXPECT_EQ(0, memcmp(object[i], object[other], 64));
		fill(object[other], 64, (unsigned int)other);
	}
	EXPECT_EQ(0, hpdma_mempool_put_bulk(pool, (void **)object, 8));
	EXPECT_EQ(0, hpdma_mempool_destroy(pool));
}

TEST_F(objects, the_data_of_a_packet_move_with_their_address)
{
	struct hpdma_mempool_opts pool_opts = {
		.size = sizeof(pool_opts),
		.count = 8,
		.device = self->dev,
	};
	struct hpdma_pktbuf_opts opts = {
		.size = sizeof(opts),
		.room_size = 2048,
		.headroom = 128,
		.pool = &pool_opts,
	};
	struct hpdma_pktbuf *one, *other;
	struct hpdma_mempool *pool;

	NEED_DEVICE;
	ASSERT_EQ(0, hpdma_pktbuf_pool_create(self->ctx, &opts, &pool, NULL));
	ASSERT_EQ(0, hpdma_pktbuf_alloc(pool, &one));
	ASSERT_EQ(0, hpdma_pktbuf_alloc(pool, &other));
	ASSERT_NE(NULL, hpdma_pktbuf_append(one, 1500));
	ASSERT_NE(NULL, hpdma_pktbuf_prepend(one, 14));
	ASSERT_NE(NULL, hpdma_pktbuf_append(other, 1514));
	fill(hpdma_pktbuf_data(one), 1514, 2);
	ASSERT_TRUE(copy(self->regs, hpdma_pktbuf_iova(one),
			 hpdma_pktbuf_iova(other), 1514));
	EXPECT_EQ(0, memcmp(hpdma_pktbuf_data(one), hpdma_pktbuf_data(other),
			    1514));
	hpdma_pktbuf_free(one);
	hpdma_pktbuf_free(other);
	EXPECT_EQ(0, hpdma_mempool_destroy(pool));
}

TEST_F(objects, a_block_of_a_heap_is_where_its_address_says)
{
	struct hpdma_heap_opts opts = { .size = sizeof(opts),
					.device = self->dev };
	uint64_t from, to;
	enum hpdma_kind kind;
	struct hpdma_heap *heap;
	char *small, *large;

	NEED_DEVICE;
	ASSERT_EQ(0, hpdma_heap_create(self->ctx, &opts, &heap, NULL));
	small = hpdma_heap_malloc(heap, 1000);
	large = hpdma_heap_zmalloc(heap, MB(1));
	ASSERT_TRUE(small && large);
	fill(small, 1000, 3);
	ASSERT_EQ(0, hpdma_heap_iova(heap, small, &from, &kind));
	ASSERT_EQ(0, hpdma_heap_iova(heap, large + MB(1) - 1000, &to, &kind));
	EXPECT_EQ(variant->kind, kind);
	ASSERT_TRUE(copy(self->regs, from, to, 1000));
	EXPECT_EQ(0, memcmp(small, large + MB(1) - 1000, 1000));
	EXPECT_EQ(NULL, find_other(large, 0, MB(1) - 1000));
	hpdma_heap_free(heap, small);
	hpdma_heap_free(heap, large);
	EXPECT_EQ(0, hpdma_heap_destroy(heap, 0));
}

#define LENGTH MB(4)

/* Looks up both ends of a piece, there and back, and has the device copy it. */
static void copy_by_table(struct __test_metadata *_metadata, edu_regs regs,
			  struct hpdma_iova *table, char *ptr, uint64_t length,
			  uint64_t at, uint64_t to)
{
	uint64_t from_addr, to_addr, run = UINT64_MAX;

	from_addr = hpdma_iova_of_run(table, ptr + at, &run);
	ASSERT_NE(HPDMA_IOVA_NONE, from_addr);
	/* To the end of what is contiguous for the device: translated, of the buffer */
	if (hpdma_iova_kind(table) == HPDMA_KIND_IOVA)
		EXPECT_EQ(length - at, run);
	EXPECT_GE(length - at, run);
	EXPECT_LE(EDU_CHUNK, run);
	EXPECT_EQ(from_addr, hpdma_iova_of(table, ptr + at));
	EXPECT_EQ(ptr + at, hpdma_iova_ptr(table, from_addr));
	to_addr = hpdma_iova_of(table, ptr + to);
	EXPECT_EQ(ptr + to + EDU_CHUNK - 1,
		  hpdma_iova_ptr(table, to_addr + EDU_CHUNK - 1));

	memset(ptr, OLD, length);
	fill(ptr + at, EDU_CHUNK, (unsigned int)at);
	ASSERT_TRUE(copy(regs, from_addr, to_addr, EDU_CHUNK));
	EXPECT_EQ(0, memcmp(ptr + at, ptr + to, EDU_CHUNK));
	memset(ptr + at, OLD, EDU_CHUNK);
	memset(ptr + to, OLD, EDU_CHUNK);
	EXPECT_EQ(NULL, find_other(ptr, OLD, length));
}

static void try_table(struct __test_metadata *_metadata, edu_regs regs,
		      struct hpdma_iova *table, char *ptr, uint64_t length)
{
	uint64_t run = UINT64_MAX;

	copy_by_table(_metadata, regs, table, ptr, length, 0,
		      length - EDU_CHUNK);
	copy_by_table(_metadata, regs, table, ptr, length, length - EDU_CHUNK,
		      0);
	/* Across a border of pages */
	copy_by_table(_metadata, regs, table, ptr, length, PAGE - 1000,
		      2 * PAGE + 8);
	EXPECT_EQ(HPDMA_IOVA_NONE, hpdma_iova_of(table, ptr + length));
	EXPECT_EQ(HPDMA_IOVA_NONE, hpdma_iova_of_run(table, ptr - 1, &run));
	EXPECT_EQ(0, run);
}

TEST_F(objects, a_table_knows_both_ways_what_the_device_reaches)
{
	static const uint32_t backings[] = { HPDMA_BUF_BACKING_HUGETLB,
					     HPDMA_BUF_BACKING_CONTIG };
	struct hpdma_buf_opts opts = { .size = sizeof(opts) };
	struct hpdma_iova *table;
	struct hpdma_buf *buf;
	int i;

	NEED_DEVICE;
	ASSERT_EQ(0, hpdma_iova_create(self->dev, &table, NULL));
	EXPECT_EQ(variant->kind, hpdma_iova_kind(table));
	for (i = 0; i < 2; i++) {
		opts.backing = backings[i];
		ASSERT_EQ(0, hpdma_buf_alloc(self->ctx, LENGTH, &opts, &buf,
					     NULL));
		ASSERT_EQ(0, hpdma_iova_add(table, buf, NULL));
		try_table(_metadata, self->regs, table, hpdma_buf_ptr(buf),
			  LENGTH);
		EXPECT_EQ(0, hpdma_iova_remove(table, buf));
		EXPECT_EQ(HPDMA_IOVA_NONE,
			  hpdma_iova_of(table, hpdma_buf_ptr(buf)));
		hpdma_buf_unref(buf);
	}
	hpdma_iova_unref(table);
}

static int refuse(struct hpdma_buf *buf, struct hpdma_error *error, void *arg)
{
	return *(bool *)arg ? -ENOSPC : 0;
}

/* Memory that hpdma did not make: its pages lie anywhere, for the device in a row. */
TEST_F(objects, memory_of_others_is_registered_for_the_device)
{
	bool refuses = false;
	struct hpdma_registry_sub sub = { .size = sizeof(sub),
					  .added = refuse,
					  .arg = &refuses };
	const char *refused = NULL;
	struct hpdma_registry *reg;
	struct hpdma_iova *table;
	char *mem[2];
	int i;

	NEED_DEVICE;
	if (variant->kind == HPDMA_KIND_PHYS)
		SKIP(return, "its pages lie anywhere for the device, too");
	mem[0] = mmap(NULL, MB(1), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)mem[0]);
	mem[1] = aligned_alloc(PAGE, 5 * PAGE);
	ASSERT_NE(NULL, mem[1]);
	ASSERT_EQ(0, hpdma_registry_create(self->ctx, &reg, NULL));
	ASSERT_EQ(0, hpdma_iova_create(self->dev, &table, NULL));
	ASSERT_EQ(0, hpdma_registry_attach(reg, "edu", table, NULL));
	ASSERT_EQ(0, hpdma_registry_subscribe(reg, "other", &sub, NULL));
	for (i = 0; i < 2; i++) {
		uint64_t length = i ? 5 * PAGE : MB(1);

		refuses = true;
		EXPECT_EQ(-ENOSPC, hpdma_registry_register(reg, mem[i], length,
							   &refused, NULL));
		EXPECT_STREQ("other", refused);
		EXPECT_EQ(HPDMA_IOVA_NONE, hpdma_iova_of(table, mem[i]));
		refuses = false;
		ASSERT_EQ(0, hpdma_registry_register(reg, mem[i], length,
						     &refused, NULL));
		try_table(_metadata, self->regs, table, mem[i], length);
		EXPECT_EQ(0, hpdma_registry_remove(reg, mem[i]));
		EXPECT_EQ(HPDMA_IOVA_NONE, hpdma_iova_of(table, mem[i]));
	}
	hpdma_registry_unref(reg);
	hpdma_iova_unref(table);
	munmap(mem[0], MB(1));
	free(mem[1]);
}

#define EVENTS 300

struct source {
	edu_regs regs;
	unsigned int made;
	unsigned int found;
};

/* Work, and the device's interrupt for it; now and then a pause in which one sleeps */
static void *make_work(void *arg)
{
	struct source *source = arg;
	int i;

	for (i = 0; i < EVENTS; i++) {
		__atomic_fetch_add(&source->made, 1, __ATOMIC_SEQ_CST);
		edu_raise(source->regs);
		if (i % 3)
			usleep(1000);
		/* All that came has to be found, without another interrupt. */
		while (i % 10 == 9 &&
		       __atomic_load_n(&source->found, __ATOMIC_SEQ_CST) <= i)
			usleep(100);
	}
	return NULL;
}

static int find(unsigned int budget, void *arg)
{
	struct source *source = arg;
	unsigned int there;

	if (source->found == EVENTS)
		return -ECANCELED;
	/* Acknowledged before looking: what comes later interrupts again. */
	edu_ack(source->regs);
	there = __atomic_load_n(&source->made, __ATOMIC_SEQ_CST) -
		source->found;
	if (there > budget)
		there = budget;
	__atomic_store_n(&source->found, source->found + there,
			 __ATOMIC_SEQ_CST);
	return (int)there;
}

static void poll_device(struct __test_metadata *_metadata,
			struct hpdma_device *dev, edu_regs regs,
			enum hpdma_event_type type, int eventfd)
{
	struct hpdma_poller_opts opts = { .size = sizeof(opts),
					  .idle_polls = 5 };
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };
	struct source source = { .regs = regs };
	struct hpdma_poller *poller;
	pthread_t thread;
	int ret;

	ret = hpdma_irq_enable(dev, type, eventfd, NULL, NULL);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the device has no such interrupt");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, hpdma_poller_create(dev, eventfd, &opts, &poller, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_work, &source));
	ret = hpdma_poller_run(poller, find, &source, 10000);
	/* The last signal may have come before. */
	if (ret == -ETIMEDOUT && source.found == EVENTS)
		ret = -ECANCELED;
	EXPECT_EQ(-ECANCELED, ret);
	EXPECT_EQ(EVENTS, source.found);
	/* Who waits for what was lost would wait for ever. */
	__atomic_store_n(&source.found, EVENTS, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	ASSERT_EQ(0, hpdma_poller_get_stats(poller, &stats));
	EXPECT_EQ(EVENTS, stats.done);
	EXPECT_LT(0, stats.sleeps);
	EXPECT_LT(0, stats.wakes);
	TH_LOG("%llu polls, %llu sleeps, %llu wakes, %llu caught",
	       (unsigned long long)stats.polls,
	       (unsigned long long)stats.sleeps,
	       (unsigned long long)stats.wakes,
	       (unsigned long long)stats.caught);
	hpdma_poller_unref(poller);
	EXPECT_EQ(0, hpdma_irq_disable(dev));
}

TEST_F(objects, msi_wakes_a_poller_that_reads_the_device)
{
	NEED_DEVICE;
	poll_device(_metadata, self->dev, self->regs, HPDMA_EVENT_MSI, -1);
}

TEST_F(objects, msi_wakes_a_poller_of_an_eventfd)
{
	int fd;

	NEED_DEVICE;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, fd);
	poll_device(_metadata, self->dev, self->regs, HPDMA_EVENT_MSI, fd);
	close(fd);
}

TEST_F(objects, intx_wakes_a_poller)
{
	NEED_DEVICE;
	poll_device(_metadata, self->dev, self->regs, HPDMA_EVENT_INTX, -1);
}

TEST_HARNESS_MAIN
