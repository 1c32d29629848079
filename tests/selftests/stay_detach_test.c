// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whoever holds a buffer, and by whatever he holds it, cannot take it from the
 * others: not by his mapping, nor his descriptor, nor the file behind a mapping.
 * The owner of registered memory may take it from himself: the buffer keeps its
 * frames, and the device goes on writing to those.
 */
#include <linux/falloc.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "stay.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

/* All that says: I do not need this, take it away. */
static void give_up_mapping(uint8_t *memory)
{
	static const int advice[] = { MADV_DONTNEED,
				      MADV_REMOVE,
				      MADV_FREE,
				      MADV_COLD,
				      MADV_PAGEOUT,
				      MADV_DONTFORK,
				      MADV_DONTNEED_LOCKED,
				      MADV_WIPEONFORK };
	unsigned int i;

	for (i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		madvise(memory, LENGTH, advice[i]);
		madvise(memory + HUGE_PAGE, HUGE_PAGE, advice[i]);
		madvise(memory + PAGE, PAGE, advice[i]);
	}
	madvise(memory, LENGTH, MADV_DOFORK);
}

static void give_up_file(int fd)
{
	ftruncate(fd, 0);
	ftruncate(fd, LENGTH / 2);
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LENGTH);
	fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, LENGTH);
	fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, HUGE_PAGE);
	posix_fadvise(fd, 0, LENGTH, POSIX_FADV_DONTNEED);
	sync_file_range(fd, 0, LENGTH, SYNC_FILE_RANGE_WRITE);
	fsync(fd);
}

static void give_up_files_of(const uint8_t *memory)
{
	static const int flags[] = { O_RDWR, O_RDONLY, O_RDWR | O_TRUNC,
				     O_PATH };
	char path[128];
	unsigned int i;

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)memory, (unsigned long)memory + LENGTH);
	truncate(path, 0);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd = open(path, flags[i] | O_CLOEXEC);

		if (fd < 0)
			continue;
		give_up_file(fd);
		close(fd);
	}
}

/* With the parent's mapping, as it is after fork(). */
static int child_gives_up(void *arg)
{
	struct kept *kept = arg;

	CHILD_CHECK(!find_other(kept->memory, BYTE, LENGTH));
	give_up_files_of(kept->memory);
	give_up_mapping(kept->memory);
	munmap(kept->memory + HUGE_PAGE, HUGE_PAGE);
	munmap(kept->memory, LENGTH);
	return 0;
}

/* With nothing but the descriptor, sent over a socket. */
static int stranger_gives_up(void *arg)
{
	int *ends = arg, fd = receive_fd(ends[1]);
	uint8_t *p;

	CHILD_CHECK(fd >= 0);
	p = map_fd(fd, 0, LENGTH, HUGE_PAGE, RW, 0);
	CHILD_CHECK(p);
	CHILD_CHECK(!find_other(p, BYTE, LENGTH));
	give_up_files_of(p);
	give_up_mapping(p);
	CHILD_CHECK(!find_other(p, BYTE, LENGTH));
	give_up_file(fd);
	return 0;
}

TEST_F(stay, when_a_holder_gives_up_his_mapping)
{
	uint8_t *other;

	NEED_BUFFER();
	if (is_registered(variant->origin))
		SKIP(return, "its owner may");
	other = map_cookie(self->kept.fd, self->kept.id, LENGTH, RW, 0);
	ASSERT_NE(NULL, other);
	memset(other, BYTE, LENGTH);
	give_up_mapping(other);
	give_up_files_of(other);
	EXPECT_KEPT(&self->kept);
	EXPECT_EQ(NULL, find_other(other, BYTE, LENGTH));
	munmap(other, LENGTH);
	give_up_mapping(self->kept.memory);
	give_up_files_of(self->kept.memory);
	EXPECT_KEPT(&self->kept);
}

TEST_F(stay, when_a_child_gives_it_up)
{
	NEED_BUFFER();
	/* The child of who registered memory has copies, or shares his file. */
	if (variant->origin == SHMEM || variant->origin == USER_HUGETLB)
		SKIP(return, "its owner may");
	EXPECT_EQ(0, in_child(child_gives_up, &self->kept));
	EXPECT_KEPT(&self->kept);
}

TEST_F(stay, when_who_got_the_descriptor_gives_it_up)
{
	int ends[2];
	pid_t pid;

	NEED_BUFFER();
	if (is_registered(variant->origin))
		SKIP(return, "it has no descriptor");
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	pid = fork();
	if (!pid) {
		munmap(self->kept.memory, LENGTH);
		close(self->kept.file);
		_exit(stranger_gives_up(ends));
	}
	EXPECT_EQ(0, send_fd(ends[0], self->kept.file));
	EXPECT_EQ(0, wait_child(pid));
	close(ends[0]);
	close(ends[1]);
	EXPECT_KEPT(&self->kept);
}

/* How an owner can lose what he registered. Return: whether he has. */
static bool detach(struct kept *kept, enum origin origin)
{
	switch (origin) {
	case ANON:
	case THP:
		return !madvise(kept->memory, LENGTH, MADV_DONTNEED);
	case SHMEM:
		return !fallocate(kept->file,
				  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				  LENGTH);
	default:
		return !ftruncate(kept->file, 0) &&
		       !ftruncate(kept->file, LENGTH);
	}
}

/* What the device sees @at, through memory of its own. */
static bool device_sees(struct kept *kept, uint64_t at, unsigned int seed)
{
	int id = alloc_contig(kept->fd, PAGE);
	int map = dev_map(kept->rig.dev, id, 0, 0);
	uint8_t *p = map_cookie(kept->fd, id, PAGE, RW, 0);
	bool same;

	same = p &&
	       edu_from_ram(kept->rig.regs,
			    dev_address(kept->rig.dev, kept->map) + at,
			    EDU_CHUNK) &&
	       edu_to_ram(kept->rig.regs, dev_address(kept->rig.dev, map),
			  EDU_CHUNK) &&
	       check_pattern(p, EDU_CHUNK, seed) == -1;
	dev_unmap(kept->rig.dev, map);
	munmap(p, PAGE);
	buf_free(kept->fd, id);
	return same;
}

/*
 * The owner's mapping has new pages, zero; the buffer has the old frames, which
 * the device reads and writes, and which nobody else gets.
 */
TEST_F(stay, when_its_owner_takes_it_from_himself)
{
	struct kept *kept = &self->kept;

	NEED_BUFFER();
	if (!is_registered(variant->origin))
		SKIP(return, "nobody can");
	fill_pattern(kept->memory + DMA_FROM, EDU_CHUNK, 9);
	ASSERT_TRUE(detach(kept, variant->origin));
	refill();
	EXPECT_EQ(NULL, kept_frames(kept));
	EXPECT_EQ(NULL, find_other(kept->memory, 0, LENGTH));
	EXPECT_NE(kept->segments[0].addr, phys_of(kept->memory));
	if (!kept->dma)
		return;
	/* From one end of the old frames to the other: the owner sees nothing. */
	EXPECT_EQ(NULL, kept_copy(kept, DMA_FROM, DMA_TO));
	EXPECT_EQ(NULL, find_other(kept->memory, 0, LENGTH));
	EXPECT_TRUE(device_sees(kept, DMA_TO, 9));
}

TEST_HARNESS_MAIN
