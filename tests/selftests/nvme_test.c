// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real controller, driven from user space: its queues, its lists of pages and its
 * data are where the module says they are.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "nvme_common.h"

#define LENGTH MB(1)
#define CANARY 0xa5

/* Two blocks' worth of memory for a test, the same backing. */
static void make_both(struct __test_metadata *_metadata, struct nvme *nvme,
		      unsigned int backing, struct nvme_memory *from,
		      struct nvme_memory *to)
{
	ASSERT_EQ(0, nvme_memory_make(nvme, from, backing, LENGTH));
	ASSERT_EQ(0, nvme_memory_make(nvme, to, backing, LENGTH));
}

TEST_F(nvme, says_what_it_is)
{
	uint8_t data[NVME_PAGE];
	uint16_t vendor;

	NEED_SETUP(self);
	ASSERT_EQ(0, nvme_identify(&self->nvme, NVME_CNS_CONTROLLER, 0, data));
	memcpy(&vendor, data, sizeof(vendor));
	EXPECT_EQ(NVME_QEMU_VENDOR, vendor);
	EXPECT_EQ(0,
		  strncmp((char *)data + NVME_ID_MODEL, "QEMU NVMe Ctrl ", 15));
	EXPECT_EQ(0, strncmp((char *)data + NVME_ID_SERIAL, "1 ", 2));
	EXPECT_EQ(MB(64), self->nvme.blocks * self->nvme.block_size);
	EXPECT_LE(16 * PAGE, self->nvme.max_transfer);
}

/* A command that the controller does not know is its error, not a hang. */
TEST_F(nvme, its_errors_come_back)
{
	struct nvme_sqe command = { .opcode = 0x7f, .nsid = 1 };

	NEED_SETUP(self);
	EXPECT_EQ(0x01, nvme_run(&self->queue, &command, NULL));
	/* 4.6.1.2.2: beyond the end of the namespace */
	command.opcode = NVME_CMD_READ;
	command.cdw10 = self->nvme.blocks;
	command.prp1 = self->queue.memory.segments[0].addr;
	EXPECT_EQ(0x80, nvme_run(&self->queue, &command, NULL));
}

static void there_and_back(struct __test_metadata *_metadata, struct nvme *nvme,
			   struct nvme_queue *queue, struct nvme_memory *from,
			   struct nvme_memory *to, unsigned int seed)
{
	/* Not at a page of the disk, and not all of the memory. */
	uint64_t block = 3, before = PAGE, length = LENGTH - 2 * PAGE;

	fill_pattern(from->block.data, LENGTH, seed);
	memset(to->block.data, CANARY, to->block.length);
	ASSERT_EQ(0, nvme_transfer(nvme, queue, NVME_CMD_WRITE, block, from, 0,
				   length));
	/* What was written is on the disk, not in the memory. */
	memset(from->block.data, 0, LENGTH);
	ASSERT_EQ(0, nvme_transfer(nvme, queue, NVME_CMD_READ, block, to,
				   before, length));
	EXPECT_EQ(-1, check_pattern(to->block.data + before, length, seed));
	EXPECT_EQ(NULL, find_other(to->block.data, CANARY, before));
	EXPECT_EQ(NULL, find_other(to->block.data + before + length, CANARY,
				   to->block.length - before - length));
}

TEST_F(nvme, a_mebibyte_of_contiguous_memory)
{
	struct nvme_memory from, to;

	NEED_SETUP(self);
	make_both(_metadata, &self->nvme, HPDMA_BACKING_CONTIG, &from, &to);
	there_and_back(_metadata, &self->nvme, &self->queue, &from, &to, 1);
	nvme_memory_drop(&self->nvme, &from);
	nvme_memory_drop(&self->nvme, &to);
}

TEST_F(nvme, a_mebibyte_of_huge_pages)
{
	struct nvme_memory from, to;

	NEED_SETUP(self);
	make_both(_metadata, &self->nvme, HPDMA_BACKING_HUGETLB, &from, &to);
	there_and_back(_metadata, &self->nvme, &self->queue, &from, &to, 2);
	nvme_memory_drop(&self->nvme, &from);
	nvme_memory_drop(&self->nvme, &to);
}

/*
 * Pages that are nowhere near each other: each second one is faulted in by itself,
 * the rest from the other end.
 */
static int make_scattered(struct nvme *nvme, struct nvme_memory *memory)
{
	uint64_t at;
	void *data;
	int ret;

	memset(memory, 0, sizeof(*memory));
	data = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -errno;
	madvise(data, LENGTH, MADV_NOHUGEPAGE);
	memory->block.backing = HPDMA_BACKING_USER;
	memory->block.mem = nvme->mem;
	memory->block.length = LENGTH;
	memory->block.data = data;
	for (at = 0; at < LENGTH; at += 2 * PAGE)
		memory->block.data[at] = 1;
	for (at = LENGTH; at >= 2 * PAGE; at -= 2 * PAGE)
		memory->block.data[at - PAGE] = 1;
	memory->block.id = register_memory(nvme->mem, data, LENGTH);
	if (memory->block.id < 0)
		return memory->block.id;
	ret = nvme_memory_map(nvme, memory);
	if (ret)
		block_drop(&memory->block);
	return ret;
}

static unsigned int count_runs(const struct nvme_memory *memory)
{
	unsigned int runs = 1;
	uint64_t at;

	for (at = PAGE; at < LENGTH; at += PAGE)
		runs += phys_of(memory->block.data + at) !=
			phys_of(memory->block.data + at - PAGE) + PAGE;
	return runs;
}

TEST_F(nvme, a_mebibyte_of_scattered_pages)
{
	struct nvme_memory from, to;

	NEED_SETUP(self);
	ASSERT_EQ(0, make_scattered(&self->nvme, &from));
	ASSERT_EQ(0, make_scattered(&self->nvme, &to));
	/* It would be no test if the kernel had found them in a row. */
	EXPECT_LE(32, count_runs(&to));
	if (nvme_is_translated(&self->nvme)) {
		EXPECT_EQ(1, from.count);
		EXPECT_EQ(1, to.count);
	} else {
		EXPECT_EQ(count_runs(&to), to.count);
	}
	there_and_back(_metadata, &self->nvme, &self->queue, &from, &to, 3);
	nvme_memory_drop(&self->nvme, &from);
	nvme_memory_drop(&self->nvme, &to);
}

/* One page, two, a list; a list that goes on in a second page, at each place. */
TEST_F(nvme, lists_of_pages_of_all_forms)
{
	static const struct {
		uint64_t offset;
		uint64_t length;
		unsigned int list_entry;
	} forms[] = {
		{ 0, 512, 0 },
		{ 1024 + 4, 512, 0 },
		{ 4096 - 512, 512, 0 },
		{ 4096 - 4, 512, 0 },
		{ 0, 8192, 0 },
		{ 2048, 8192, 0 },
		{ 0, 65536, 0 },
		{ 4096 + 20, 65536, 0 },
		{ 0, 65536, 1 },
		{ 0, 65536, NVME_PRPS - 1 },
		{ 0, 65536, NVME_PRPS - 2 },
		{ 516, 65536, NVME_PRPS - 8 },
		/* The last entry of a page is the last of the list. */
		{ 0, 65536, NVME_PRPS - 15 },
		{ 4092, 65536, NVME_PRPS - 16 },
	};
	struct nvme_memory from, to;
	unsigned int i;

	NEED_SETUP(self);
	make_both(_metadata, &self->nvme, HPDMA_BACKING_CONTIG, &from, &to);
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint8_t *start = to.block.data + forms[i].offset;
		uint8_t *end = start + forms[i].length;

		self->queue.list_entry = forms[i].list_entry;
		memset(from.block.data, 0, from.block.length);
		fill_pattern(from.block.data + forms[i].offset, forms[i].length,
			     i);
		memset(to.block.data, CANARY, to.block.length);
		ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue,
					   NVME_CMD_WRITE, 100, &from,
					   forms[i].offset, forms[i].length));
		ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue,
					   NVME_CMD_READ, 100, &to,
					   forms[i].offset, forms[i].length));
		EXPECT_EQ(-1, check_pattern(start, forms[i].length, i))
		{
			TH_LOG("form %u", i);
		}
		if (forms[i].offset) {
			EXPECT_EQ(NULL, find_other(to.block.data, CANARY,
						   forms[i].offset));
		}
		EXPECT_EQ(NULL,
			  find_other(end, CANARY,
				     to.block.data + to.block.length - end));
	}
	nvme_memory_drop(&self->nvme, &from);
	nvme_memory_drop(&self->nvme, &to);
}

/* As many commands at once as the queue takes, for several turns of it. */
TEST_F(nvme, a_full_queue)
{
	struct nvme_memory from, to;
	struct nvme_cqe end;
	unsigned int i, done;

	NEED_SETUP(self);
	make_both(_metadata, &self->nvme, HPDMA_BACKING_CONTIG, &from, &to);
	fill_pattern(from.block.data, LENGTH, 7);
	ASSERT_EQ(0, nvme_transfer(&self->nvme, &self->queue, NVME_CMD_WRITE, 0,
				   &from, 0, LENGTH));
	for (i = 0, done = 0; done < LENGTH / PAGE;) {
		while (i < LENGTH / PAGE &&
		       nvme_start(&self->nvme, &self->queue, NVME_CMD_READ,
				  i * PAGE / self->nvme.block_size, &to,
				  i * PAGE, PAGE) >= 0)
			i++;
		if (i < LENGTH / PAGE) {
			EXPECT_EQ(1, __builtin_popcount(self->queue.idle));
		}
		ASSERT_EQ(0, nvme_wait(&self->queue, &end));
		done++;
	}
	EXPECT_EQ(UINT32_MAX, self->queue.idle);
	EXPECT_EQ(-1, check_pattern(to.block.data, LENGTH, 7));
	nvme_memory_drop(&self->nvme, &from);
	nvme_memory_drop(&self->nvme, &to);
}

/* Queues come and go; what they were in is free at once. */
TEST_F(nvme, queues_are_deleted_and_made_again)
{
	struct nvme_queue queue;
	struct nvme_memory to;
	int i;

	NEED_SETUP(self);
	ASSERT_EQ(0, nvme_memory_make(&self->nvme, &to, HPDMA_BACKING_CONTIG,
				      PAGE));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, nvme_create_queue(&self->nvme, &queue, 2, -1));
		EXPECT_EQ(0, nvme_transfer(&self->nvme, &queue, NVME_CMD_READ,
					   0, &to, 0, PAGE));
		ASSERT_EQ(0, nvme_delete_queue(&self->nvme, &queue));
	}
	nvme_memory_drop(&self->nvme, &to);
}

TEST_HARNESS_MAIN
