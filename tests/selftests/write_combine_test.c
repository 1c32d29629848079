// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write-combining buffers: the kernel knows their frames as such for exactly as
 * long as they live, every mapping of them is, and otherwise they are buffers like
 * any other. (in_use_*_test gives them to the rest of the kernel.)
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "caching.h"

#define LENGTH MB(4)
#define PAGES (LENGTH / PAGE)
#define RW (PROT_READ | PROT_WRITE)

/* All entries, and there are some, are write-combining. */
#define EXPECT_MAPPED_COMBINING(_at_least)                                  \
	do {                                                                \
		struct entries found_;                                      \
                                                                            \
		if (find_entries(self->segments[0].addr, &found_)) {        \
			EXPECT_LE((unsigned int)(_at_least), found_.count); \
			EXPECT_EQ(found_.count, found_.combining);          \
		}                                                           \
	} while (0)

FIXTURE(combine)
{
	struct hpdma_segment segments[16];
	struct state state;
	uint8_t *memory;
	int count;
	int fd;
	int id;
	bool ready;
};

FIXTURE_VARIANT(combine)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(combine, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(combine, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

static bool can_combine(int fd)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };

	return !call(fd, HPDMA_IOC_INFO, &info) &&
	       info.out_features & HPDMA_FEATURE_WRITE_COMBINE;
}

/* Also the largest there are: in steps, and many of them. */
TEST(a_page_of_1_gib)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(GB(1));
	struct hpdma_segment segment;
	int fd = open_node(), id;
	struct state state;
	uint8_t *p;

	state_take(&state);
	arg.page_size = GB(1);
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	id = alloc(fd, &arg);
	if (id == -ENOMEM || id == -EOPNOTSUPP)
		SKIP(return, "no huge pages of this size");
	ASSERT_LT(0, id);
	ASSERT_EQ(1, buf_segments(fd, id, &segment, 1));
	EXPECT_EQ(GB(1) / PAGE, combining(&segment, 1));
	p = map_cookie(fd, id, GB(1), RW, 0);
	ASSERT_NE(NULL, p);
	p[GB(1) - 1] = 1;
	munmap(p, GB(1));
	EXPECT_EQ(0, buf_free(fd, id));
	EXPECT_TRUE(state_is(&state));
	EXPECT_EQ(0, unusual(&segment, 1));
	close(fd);
}

FIXTURE_SETUP(combine)
{
	bool huge = variant->backing == HPDMA_BACKING_HUGETLB;
	struct hpdma_ioc_buf_alloc arg = huge ? hugetlb(LENGTH) :
						contig(LENGTH);

	if (huge && pool_free() < (long long)(LENGTH / HUGE_PAGE))
		SKIP(return, "no huge pages in the pool");
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	if (!can_combine(self->fd)) {
		EXPECT_EQ(-EOPNOTSUPP, alloc(self->fd, &arg));
		SKIP(return, "no write-combining here");
	}
	/* It makes entries absent for a while, to see who uses them. */
	write_text("/proc/sys/kernel/numa_balancing", "0");
	state_take(&self->state);
	self->id = alloc(self->fd, &arg);
	ASSERT_LT(0, self->id);
	self->count = buf_segments(self->fd, self->id, self->segments, 16);
	ASSERT_LT(0, self->count);
	self->memory = map_cookie(self->fd, self->id, LENGTH, RW, 0);
	ASSERT_NE(NULL, self->memory);
	EXPECT_EQ(NULL, find_other(self->memory, 0, LENGTH));
	memset(self->memory, 0x5a, LENGTH);
	EXPECT_EQ(PAGES, combining(self->segments, self->count));
	self->ready = true;
}

FIXTURE_TEARDOWN(combine)
{
	if (!self->ready)
		return;
	if (self->memory) {
		munmap(self->memory, LENGTH);
		EXPECT_EQ(0, buf_free(self->fd, self->id));
	}
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(0, unusual(self->segments, self->count));
	close(self->fd);
}

/* The kernel's harness runs a test whose setup skips it. */
#define NEED_BUFFER()             \
	do {                      \
		if (!self->ready) \
			return;   \
	} while (0)

TEST(it_is_there_where_the_cpu_has_it)
{
	char text[4096] = "", line[4096] = "";
	int fd = open_node();
	bool has;

	/* Of the first CPU; all have the same. */
	ASSERT_TRUE(read_text("/proc/cpuinfo", text, sizeof(text)));
	ASSERT_TRUE(read_text("/proc/cmdline", line, sizeof(line)));
	has = strstr(text, " pat ") && !strstr(line, "nopat");
	EXPECT_EQ(has, can_combine(fd));
	close(fd);
}

TEST_F(combine, and_says_so)
{
	struct hpdma_ioc_buf_info info;
	int id;

	NEED_BUFFER();
	EXPECT_EQ(0, buf_info(self->fd, self->id, &info));
	EXPECT_TRUE(info.out_state & HPDMA_BUF_WRITE_COMBINE);
	id = alloc_contig(self->fd, PAGE);
	EXPECT_EQ(0, buf_info(self->fd, id, &info));
	EXPECT_FALSE(info.out_state & HPDMA_BUF_WRITE_COMBINE);
	EXPECT_EQ(0, buf_free(self->fd, id));
}

TEST_F(combine, every_mapping)
{
	int export;
	uint8_t *p;

	NEED_BUFFER();
	export = buf_export(self->fd, self->id);
	p = map_fd(export, 0, LENGTH, HUGE_PAGE, RW, MAP_POPULATE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	EXPECT_MAPPED_COMBINING(2);
	munmap(p, LENGTH);
	close(export);
}

/* A mapping that changes its rights keeps how it is cached. */
TEST_F(combine, under_mprotect)
{
	NEED_BUFFER();
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_READ));
	EXPECT_MAPPED_COMBINING(1);
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, PROT_NONE));
	ASSERT_EQ(0, mprotect(self->memory, LENGTH, RW));
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
	EXPECT_MAPPED_COMBINING(1);
	madvise(self->memory, LENGTH, MADV_DONTNEED);
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
	EXPECT_MAPPED_COMBINING(1);
}

static int child_uses(void *memory)
{
	CHILD_CHECK(!find_other(memory, 0x5a, LENGTH));
	memset(memory, 0x77, LENGTH);
	return 0;
}

TEST_F(combine, after_fork)
{
	pid_t pid;

	NEED_BUFFER();
	EXPECT_EQ(0, in_child(child_uses, self->memory));
	EXPECT_EQ(NULL, find_other(self->memory, 0x77, LENGTH));
	memset(self->memory, 0x5a, LENGTH);
	pid = fork();
	if (!pid) {
		child_uses(self->memory);
		for (;;)
			pause();
	}
	while (find_other(self->memory, 0x77, LENGTH))
		usleep(1000);
	EXPECT_MAPPED_COMBINING(2);
	kill(pid, SIGKILL);
	wait_child(pid);
	EXPECT_EQ(PAGES, combining(self->segments, self->count));
}

TEST_F(combine, partly_unmapped)
{
	NEED_BUFFER();
	ASSERT_EQ(0, munmap(self->memory, HUGE_PAGE));
	EXPECT_EQ(NULL, find_other(self->memory + HUGE_PAGE, 0x5a, HUGE_PAGE));
	EXPECT_EQ(PAGES, combining(self->segments, self->count));
}

TEST_F(combine, until_the_last_mapping_goes)
{
	NEED_BUFFER();
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	EXPECT_EQ(PAGES, combining(self->segments, self->count));
	EXPECT_EQ(NULL, find_other(self->memory, 0x5a, LENGTH));
	munmap(self->memory, LENGTH);
	self->memory = NULL;
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(0, unusual(self->segments, self->count));
}

/* Somebody's pins are no mappings: the frames are as usual, and still theirs. */
TEST_F(combine, a_pipe_keeps_pages_that_are_as_usual_again)
{
	struct iovec vec;
	uint8_t *copy;
	int ends[2];

	NEED_BUFFER();
	copy = malloc(KB(64));
	vec = (struct iovec){ self->memory + PAGE, KB(64) };
	ASSERT_EQ(0, pipe(ends));
	ASSERT_EQ(KB(64), vmsplice(ends[1], &vec, 1, 0));
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	munmap(self->memory, LENGTH);
	self->memory = NULL;
	EXPECT_EQ(0, unusual(self->segments, self->count));
	refill();
	EXPECT_EQ(KB(64), read(ends[0], copy, KB(64)));
	EXPECT_EQ(NULL, find_other(copy, 0x5a, KB(64)));
	close(ends[0]);
	close(ends[1]);
	free(copy);
}

/* What cannot be had is not half done. */
TEST(a_call_that_fails_changes_no_frame)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(LENGTH);
	int fd = open_node();
	struct state state;

	if (!can_combine(fd) || pool_free() < 2)
		SKIP(return, "no write-combining here");
	state_take(&state);
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	/* Hardly: huge pages there, below 16 MiB. */
	arg.address_bits = 24;
	EXPECT_EQ(-ENOMEM, alloc(fd, &arg));
	arg = contig(PAGE);
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	arg.min_segment = 2 * PAGE;
	EXPECT_EQ(-EINVAL, alloc(fd, &arg));
	EXPECT_TRUE(state_is(&state));
	close(fd);
}

#define OPTIMIZE "/proc/sys/vm/hugetlb_optimize_vmemmap"
#define NODE0_POOL                                                   \
	"/sys/devices/system/node/node0/hugepages/hugepages-2048kB/" \
	"nr_hugepages"

static void set_number(const char *path, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	write_text(path, text);
}

/*
 * To save memory the kernel can let the struct pages of a huge page share one
 * read-only page; where it notes the caching of a page, then, cannot be written.
 * The pool hands out first what it got last.
 */
TEST(huge_pages_without_struct_pages_are_refused)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(HUGE_PAGE);
	unsigned long node0 = 1;
	int fd = open_node(), id;
	struct state state;
	char old[32], text[32];

	if (!can_combine(fd) || !read_text(OPTIMIZE, old, sizeof(old)))
		SKIP(return, "no such huge pages on this kernel");
	ASSERT_TRUE(read_text(NODE0_POOL, text, sizeof(text)));
	ASSERT_EQ(0, syscall(SYS_set_mempolicy, MPOL_BIND, &node0, 64));
	state_take(&state);
	ASSERT_TRUE(write_text(OPTIMIZE, "1"));
	set_number(NODE0_POOL, atoll(text) + 1);
	write_text(OPTIMIZE, old);
	EXPECT_EQ(state.value[STATE_POOL] + 1, pool_free());
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	EXPECT_EQ(-EOPNOTSUPP, alloc(fd, &arg));
	EXPECT_EQ(state.value[STATE_POOL] + 1, pool_free());
	id = alloc_hugetlb(fd, HUGE_PAGE);
	EXPECT_LT(0, id);
	EXPECT_EQ(0, buf_free(fd, id));
	set_number(NODE0_POOL, atoll(text));
	EXPECT_TRUE(state_is(&state));
	/* What is in the pool now can be had. */
	id = alloc(fd, &arg);
	EXPECT_LT(0, id);
	EXPECT_EQ(0, buf_free(fd, id));
	close(fd);
}

TEST_F(combine, for_a_device)
{
	uint64_t addr;
	struct rig rig;
	int map, id;
	uint8_t *p;

	NEED_BUFFER();
	NEED_RIG(&rig, EDU_WIDE);
	NEED_IOMMU(&rig);
	{
		struct hpdma_ioc_buf_alloc arg =
			variant->backing == HPDMA_BACKING_HUGETLB ?
				hugetlb(HUGE_PAGE) :
				contig(HUGE_PAGE);

		arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
		id = alloc(rig.mem, &arg);
	}
	p = map_cookie(rig.mem, id, HUGE_PAGE, RW, 0);
	ASSERT_NE(NULL, p);
	map = dev_map(rig.dev, id, 0, 0);
	ASSERT_LE(0, map);
	addr = dev_address(rig.dev, map);
	fill_pattern(p, EDU_CHUNK, 5);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ASSERT_TRUE(edu_from_ram(rig.regs, addr, EDU_CHUNK));
	ASSERT_TRUE(edu_to_ram(rig.regs, addr + PAGE, EDU_CHUNK));
	EXPECT_EQ(-1, check_pattern(p + PAGE, EDU_CHUNK, 5));
	munmap(p, HUGE_PAGE);
	rig_close(&rig);
}

TEST_HARNESS_MAIN
