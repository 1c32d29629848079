// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdinfo and debugfs: what they say, and that no address is in them, nor in what
 * the calls tell one who may not see addresses.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "secrets.h"

#define BUFFERS "/sys/kernel/debug/hpdma/buffers"

static char text[256 << 10];

/* Of the file with this descriptor. */
static bool read_fdinfo(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return read_text(path, text, sizeof(text));
}

static bool read_buffers(void)
{
	return read_whole(BUFFERS, text, sizeof(text));
}

/* Has @text this line? */
static bool has_line(const char *line)
{
	const char *at = text;
	size_t length = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') &&
		    (at[length] == '\n' || !at[length]))
			return true;
		at++;
	}
	fprintf(stderr, "# no line '%s' in:\n%s", line, text);
	return false;
}

TEST(fdinfo_of_a_file)
{
	int fd = open_node(), first, second;
	char line[128];

	ASSERT_LE(0, fd);
	ASSERT_TRUE(read_fdinfo(fd));
	EXPECT_TRUE(has_line("hpdma-buffers:\t0"));
	EXPECT_TRUE(has_line("hpdma-bytes:\t0"));
	EXPECT_TRUE(has_line("hpdma-serials:\t"));
	first = alloc_contig(fd, PAGE);
	second = alloc_contig(fd, 3 * PAGE);
	ASSERT_TRUE(read_fdinfo(fd));
	EXPECT_TRUE(has_line("hpdma-buffers:\t2"));
	EXPECT_TRUE(has_line("hpdma-bytes:\t16384"));
	snprintf(line, sizeof(line), "hpdma-serials:\t%d:%llu %d:%llu", first,
		 buf_serial(fd, first), second, buf_serial(fd, second));
	EXPECT_TRUE(has_line(line));
	EXPECT_EQ(0, buf_free(fd, first));
	ASSERT_TRUE(read_fdinfo(fd));
	EXPECT_TRUE(has_line("hpdma-buffers:\t1"));
	EXPECT_TRUE(has_line("hpdma-bytes:\t12288"));
	close(fd);
}

/* More than a line shows: it says so. */
TEST(fdinfo_has_an_end)
{
	int fd = open_node(), i;
	char *dots;

	for (i = 0; i < 70; i++)
		ASSERT_LT(0, alloc_contig(fd, PAGE));
	ASSERT_TRUE(read_fdinfo(fd));
	EXPECT_TRUE(has_line("hpdma-buffers:\t70"));
	dots = strstr(text, " ...\n");
	ASSERT_NE(NULL, dots);
	EXPECT_NE(NULL, strstr(text, " 64:"));
	EXPECT_EQ(NULL, strstr(text, " 65:"));
	close(fd);
}

TEST(fdinfo_of_a_device_file)
{
	struct rig rig;
	char line[64];
	int id, map, bare;

	NEED_RIG(&rig, EDU_NARROW);
	snprintf(line, sizeof(line), "hpdma-device:\t%s", rig.edu.pci);
	ASSERT_TRUE(read_fdinfo(rig.dev));
	EXPECT_TRUE(has_line(line));
	EXPECT_TRUE(has_line("hpdma-mappings:\t0"));
	EXPECT_TRUE(has_line("hpdma-attached:\t1"));
	id = alloc_contig(rig.mem, PAGE);
	map = dev_map(rig.dev, id, 0, 0);
	ASSERT_LE(0, map);
	ASSERT_TRUE(read_fdinfo(rig.dev));
	EXPECT_TRUE(has_line("hpdma-mappings:\t1"));
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	ASSERT_TRUE(read_fdinfo(rig.dev));
	EXPECT_TRUE(has_line("hpdma-mappings:\t0"));
	bare = dev_open(&rig.edu);
	ASSERT_LE(0, bare);
	ASSERT_TRUE(read_fdinfo(bare));
	EXPECT_TRUE(has_line("hpdma-attached:\t0"));
	close(bare);
	rig_close(&rig);
}

TEST(a_dma_buf_says_whose_it_is)
{
	int fd = open_node(), id = alloc_contig(fd, PAGE), export;

	export = buf_export(fd, id);
	ASSERT_LE(0, export);
	ASSERT_TRUE(read_fdinfo(export));
	EXPECT_TRUE(has_line("exp_name:\thpdma"));
	close(export);
	close(fd);
}

static int make_as_user(void *arg)
{
	int fd = *(int *)arg;
	int id;

	become(4501);
	id = alloc_contig(fd, 2 * PAGE);
	CHILD_CHECK(id > 0);
	/* Nobody else may read it. */
	CHILD_CHECK(open(BUFFERS, O_RDONLY) < 0 && errno == EACCES);
	return id;
}

TEST(debugfs_lists_all_buffers)
{
	int fd = open_node(), i, id, lines = 0;
	struct stat stat;
	char line[160];
	char *at;

	if (!read_buffers())
		SKIP(return, "no debugfs");
	ASSERT_EQ(0, fstatat(AT_FDCWD, BUFFERS, &stat, 0));
	EXPECT_EQ(S_IFREG | 0400, stat.st_mode);
	EXPECT_FALSE(write_text(BUFFERS, "x"));
	id = in_child(make_as_user, &fd);
	ASSERT_EQ(1, id);
	prctl(PR_SET_NAME, "a b\n\\c");
	id = alloc_contig(fd, PAGE);
	ASSERT_TRUE(read_buffers());
	snprintf(line, sizeof(line), "%llu contig 8192 4096 0 1 4501 0 - 1 0",
		 buf_serial(fd, 1));
	EXPECT_TRUE(has_line(line));
	/* One word, whatever the name is. */
	snprintf(line, sizeof(line),
		 "%llu contig 4096 4096 0 1 0 %d a\\040b\\012\\134c 1 0",
		 buf_serial(fd, id), getpid());
	EXPECT_TRUE(has_line(line));
	/* More than one read() returns. */
	for (i = 0; i < 500; i++)
		ASSERT_LT(0, alloc_contig(fd, PAGE));
	ASSERT_TRUE(read_buffers());
	for (at = text; (at = strchr(at, '\n')); at++)
		lines++;
	EXPECT_EQ(1 + 502, lines);
	close(fd);
}

static int make_one(int fd, int kind, void *memory)
{
	switch (kind) {
	case 0:
		return alloc_contig(fd, 7 * PAGE);
	case 1:
		return alloc_hugetlb(fd, HUGE_PAGE);
	default:
		return register_memory(fd, memory, 7 * PAGE);
	}
}

struct views {
	struct secrets secrets;
	int fd;
	int ids[3];
};

/* Each answer in the form in which it was copied to user space. */
static int search_answers(struct views *views)
{
	struct hpdma_list_entry entries[8] = {};
	struct hpdma_ioc_list list = {
		.size = sizeof(list),
		.flags = HPDMA_LIST_ALL,
		.entry_size = sizeof(*entries),
		.entries = (uintptr_t)entries,
		.count = 8,
	};
	struct hpdma_ioc_info info = { .size = sizeof(info) };
	struct hpdma_ioc_buf_info buf;
	int i;

	CHILD_CHECK(!call(views->fd, HPDMA_IOC_LIST, &list));
	CHILD_CHECK(list.out_count == 3);
	CHILD_CHECK(
		!secrets_in_memory(&views->secrets, entries, sizeof(entries)));
	CHILD_CHECK(!call(views->fd, HPDMA_IOC_INFO, &info));
	CHILD_CHECK(!secrets_in_memory(&views->secrets, &info, sizeof(info)));
	for (i = 0; i < 3; i++) {
		if (buf_info(views->fd, views->ids[i], &buf))
			continue;
		CHILD_CHECK(
			!secrets_in_memory(&views->secrets, &buf, sizeof(buf)));
	}
	return 0;
}

static int search_all(void *arg)
{
	struct views *views = arg;
	const char *found;

	CHILD_CHECK(!search_answers(views));
	CHILD_CHECK(read_fdinfo(views->fd));
	found = secrets_in_text(&views->secrets, text);
	if (found)
		fprintf(stderr, "# an address in fdinfo: %.20s\n", found);
	CHILD_CHECK(!found);
	CHILD_CHECK(read_buffers());
	found = secrets_in_text(&views->secrets, text);
	if (found)
		fprintf(stderr, "# an address in debugfs: %.40s\n", found);
	CHILD_CHECK(!found);
	return 0;
}

TEST(no_address_is_anywhere)
{
	static struct views views;
	void *memory = mmap(NULL, 7 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *found;
	char example[64];
	int i, made = 0;

	views.fd = open_node();
	for (i = 0; i < 3; i++) {
		views.ids[i] = make_one(views.fd, i, memory);
		if (views.ids[i] > 0)
			made += secrets_of(&views.secrets, views.fd,
					   views.ids[i]) > 0;
	}
	ASSERT_EQ(3, made);
	ASSERT_LT(3, views.secrets.count);
	/* The search finds what is there. */
	for (i = 0; i < 3; i++) {
		static const char *const forms[] = { "x %llu,", "0x%llx",
						     "a:%llx b" };

		snprintf(example, sizeof(example), forms[i],
			 (unsigned long long)views.secrets.value[0]);
		found = secrets_in_text(&views.secrets, example);
		EXPECT_NE(NULL, found);
	}
	EXPECT_NE(NULL, secrets_in_memory(&views.secrets, &views.secrets,
					  sizeof(views.secrets)));
	EXPECT_EQ(0, in_child(search_all, &views));
	close(views.fd);
	munmap(memory, 7 * PAGE);
}

TEST_HARNESS_MAIN
