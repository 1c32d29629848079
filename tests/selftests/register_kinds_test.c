// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of memory that a process can map: registered, or refused as a whole
 * with a reason. Hugetlb has a program of its own.
 */
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#include "kselftest_harness.h"
#include "register_common.h"

#define LENGTH MB(3)

FIXTURE(kinds)
{
	struct state state;
	int fd;
};

FIXTURE_SETUP(kinds)
{
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(kinds)
{
	EXPECT_TRUE(state_is(&self->state));
	close(self->fd);
}

static void check(struct __test_metadata *_metadata, FIXTURE_DATA(kinds) *self,
		  void *p, uint64_t length)
{
	const char *wrong = try_register(self->fd, p, length, PAGE);

	EXPECT_EQ(NULL, wrong)
	{
		TH_LOG("%s", wrong);
	}
}

static void *map_some(int prot, int flags, int file)
{
	void *p = mmap(NULL, LENGTH, prot, flags, file, 0);

	return p == MAP_FAILED ? NULL : p;
}

TEST_F(kinds, shared_anonymous_memory)
{
	void *p = map_some(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1);

	ASSERT_NE(NULL, p);
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

/* What was only read is the page of zeroes, which is nobody's to write. */
TEST_F(kinds, memory_that_was_only_read)
{
	uint8_t *p = map_some(PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t zero;
	int id;

	ASSERT_NE(NULL, p);
	madvise(p, LENGTH, MADV_NOHUGEPAGE);
	EXPECT_EQ(NULL, find_other(p, 0, LENGTH));
	zero = phys_of(p);
	EXPECT_EQ(zero, phys_of(p + PAGE));
	id = register_memory(self->fd, p, LENGTH);
	EXPECT_LT(0, id);
	EXPECT_NE(zero, phys_of(p));
	EXPECT_EQ(NULL, compare_buffer(self->fd, id, p, LENGTH));
	EXPECT_EQ(0, buf_free(self->fd, id));
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

TEST_F(kinds, posix_shared_memory)
{
	int file = open("/dev/shm/hpdma-test",
			O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	void *p;

	if (file < 0)
		SKIP(return, "no /dev/shm");
	unlink("/dev/shm/hpdma-test");
	ASSERT_EQ(0, ftruncate(file, LENGTH));
	p = map_some(PROT_READ | PROT_WRITE, MAP_SHARED, file);
	ASSERT_NE(NULL, p);
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
	/* Private: the copies, not the file's pages. */
	p = map_some(PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
	ASSERT_NE(NULL, p);
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
	close(file);
}

TEST_F(kinds, memory_of_system_v)
{
	int shm = shmget(IPC_PRIVATE, LENGTH, IPC_CREAT | 0600);
	void *p;

	ASSERT_LE(0, shm);
	p = shmat(shm, NULL, 0);
	shmctl(shm, IPC_RMID, NULL);
	ASSERT_NE((void *)-1, p);
	check(_metadata, self, p, LENGTH);
	shmdt(p);
	shm = shmget(IPC_PRIVATE, LENGTH, IPC_CREAT | 0600);
	p = shmat(shm, NULL, SHM_RDONLY);
	shmctl(shm, IPC_RMID, NULL);
	EXPECT_EQ(-EFAULT, register_memory(self->fd, p, LENGTH));
	shmdt(p);
}

TEST_F(kinds, locked_memory)
{
	void *p = map_some(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1);

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, mlock(p, LENGTH));
	check(_metadata, self, p, LENGTH);
	ASSERT_EQ(0, munlock(p, LENGTH));
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

/* The pages of another buffer are pinned like any other, and outlive it. */
TEST_F(kinds, a_mapping_of_a_contig_buffer)
{
	int id = alloc_contig(self->fd, MB(1)), again;
	uint8_t *p = map_cookie(self->fd, id, MB(1), PROT_READ | PROT_WRITE, 0);

	ASSERT_NE(NULL, p);
	check(_metadata, self, p, MB(1));
	check(_metadata, self, p + PAGE, MB(1) - 3 * PAGE);
	again = register_memory(self->fd, p, MB(1));
	ASSERT_LT(0, again);
	EXPECT_EQ(0, buf_free(self->fd, id));
	memset(p, 0x5a, MB(1));
	EXPECT_EQ(NULL, compare_buffer(self->fd, again, p, MB(1)));
	munmap(p, MB(1));
	refill();
	EXPECT_EQ(0, buf_free(self->fd, again));
}

TEST_F(kinds, many_small_areas)
{
	uint8_t *p = map_some(PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t at;

	/* Every other page is an area of its own. */
	for (at = 0; at < LENGTH; at += 2 * PAGE)
		ASSERT_EQ(0, madvise(p + at, PAGE, MADV_DONTFORK));
	check(_metadata, self, p, LENGTH);
	munmap(p, LENGTH);
}

static void refuse(struct __test_metadata *_metadata, FIXTURE_DATA(kinds) *self,
		   void *p, uint64_t length, const char *what)
{
	unsigned int reason;
	struct state state;

	state_take(&state);
	EXPECT_EQ(-EFAULT, register_why(self->fd, p, length, &reason))
	{
		TH_LOG("%s", what);
	}
	EXPECT_EQ(HPDMA_REASON_PINNING, reason);
	EXPECT_TRUE(state_is(&state));
}

/* Between pages that could be registered. */
static void refuse_inside(struct __test_metadata *_metadata,
			  FIXTURE_DATA(kinds) *self, int prot, int file,
			  off_t offset, const char *what)
{
	uint8_t *p = map_some(PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1);

	ASSERT_NE(NULL, p);
	if (mmap(p + MB(1), PAGE, prot, MAP_SHARED | MAP_FIXED, file, offset) !=
	    MAP_FAILED)
		refuse(_metadata, self, p, LENGTH, what);
	else
		TH_LOG("%s cannot be mapped here", what);
	munmap(p, LENGTH);
}

TEST_F(kinds, frames_without_owner_are_refused)
{
	int mem = open("/dev/mem", O_RDWR | O_CLOEXEC);
	int device = open("/dev/hpdma0", O_RDWR | O_CLOEXEC);

	refuse_inside(_metadata, self, PROT_READ | PROT_WRITE, mem, 0,
		      "RAM of /dev/mem");
	refuse_inside(_metadata, self, PROT_READ | PROT_WRITE, device, 0,
		      "a BAR");
	close(mem);
	close(device);
}

TEST_F(kinds, the_pages_of_the_kernel_are_refused)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned int found = 0;
	char line[256];

	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (!strstr(line, "[vdso]") && !strstr(line, "[vvar"))
			continue;
		ASSERT_EQ(2, sscanf(line, "%lx-%lx", &start, &end));
		refuse(_metadata, self, (void *)start, end - start, line);
		found++;
	}
	fclose(maps);
	EXPECT_LT(0, found);
}

/* A mapping that goes on beyond the end of its file. */
TEST_F(kinds, memory_beyond_the_end_of_a_file_is_refused)
{
	int file = memfd_create("hpdma-test", MFD_CLOEXEC);
	void *p;

	ASSERT_EQ(0, ftruncate(file, MB(2)));
	p = map_some(PROT_READ | PROT_WRITE, MAP_SHARED, file);
	ASSERT_NE(NULL, p);
	refuse(_metadata, self, p, LENGTH, "beyond the end");
	munmap(p, LENGTH);
	close(file);
}

/* The place below a stack is the stack's, when it is used. */
TEST_F(kinds, the_guard_of_an_area_is_refused)
{
	uint8_t *p = map_some(PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	ASSERT_EQ(0, mprotect(p, LENGTH - PAGE, PROT_READ | PROT_WRITE));
	refuse(_metadata, self, p, LENGTH, "the guard");
	check(_metadata, self, p, LENGTH - PAGE);
	munmap(p, LENGTH);
}

TEST_HARNESS_MAIN
