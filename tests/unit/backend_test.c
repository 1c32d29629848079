// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends without the module, on the real system: what can be had, and what is
 * refused.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "native.h"

/* Long enough not to be wasted in huge pages. */
#define LENGTH (4 * MIB)

static void tell_what_they_are(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_info info = { .size = sizeof(info) };
	struct hpdma_usage usage = { .size = sizeof(usage) };
	bool huge = kind == HPDMA_BACKEND_HUGETLB;

	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	CHECK_EQ(info.backend, kind);
	CHECK_EQ(info.uapi_version, 0);
	CHECK_EQ(info.max_contig, 0);
	CHECK_EQ(info.passed_over, HPDMA_WHY_NONE);
	CHECK_EQ(!!(info.features & HPDMA_HAS_HUGETLB), huge);
	CHECK_EQ(!!(info.hugetlb_sizes & HUGE_PAGE), huge);
	CHECK(info.features & HPDMA_HAS_REGISTER);
	CHECK(!(info.features &
		(HPDMA_HAS_PIN | HPDMA_HAS_DEVICES | HPDMA_HAS_PHYS |
		 HPDMA_HAS_CONTIG | HPDMA_HAS_WC)));
	CHECK_EQ(hpdma_get_usage(ctx, &usage), -EOPNOTSUPP);
}

TEST(a_context_tells_what_it_is)
{
	on_both(tell_what_they_are);
}

static void use_memory(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf = SENTINEL;
	unsigned char *byte;
	uint64_t i;

	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH - 5, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_len(buf), LENGTH);
	byte = hpdma_buf_ptr(buf);
	for (i = 0; i < LENGTH && !byte[i]; i++)
		;
	CHECK_EQ(i, LENGTH);
	memset(byte, 0xa5, LENGTH);
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, kind == HPDMA_BACKEND_HUGETLB ?
				       HPDMA_BUF_BACKING_HUGETLB :
				       HPDMA_BUF_BACKING_USER);
	CHECK_EQ(info.page_size,
		 kind == HPDMA_BACKEND_HUGETLB ? HUGE_PAGE : 4096);
	CHECK_EQ(info.map_size, info.page_size);
	CHECK_EQ(info.length, LENGTH);
	CHECK_EQ(info.fallback, 0);
	CHECK_EQ(info.node, -1);
	CHECK_EQ(info.segments, 0);
	CHECK_EQ(info.serial, 0);
	CHECK_EQ(info.state, 0);
	CHECK_EQ(hpdma_buf_sync(buf, 0, 0, HPDMA_SYNC_TO_DEVICE), 0);
	CHECK_EQ(hpdma_buf_sync(buf, LENGTH, 0, HPDMA_SYNC_TO_CPU), -EINVAL);
	CHECK_EQ(hpdma_buf_sync(buf, 1, LENGTH, HPDMA_SYNC_TO_CPU), -EINVAL);
	CHECK_EQ(hpdma_buf_sync(buf, 8, UINT64_MAX, HPDMA_SYNC_TO_CPU),
		 -EOVERFLOW);
	CHECK_EQ(hpdma_buf_sync(buf, 0, 0, (enum hpdma_sync_dir)3), -EINVAL);
	hpdma_buf_unref(buf);
}

TEST(memory_is_zero_and_can_be_used)
{
	on_both(use_memory);
}

static void no_faults(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NO_POPULATE);
	struct hpdma_buf *buf;
	FILE *smaps;
	char line[256];
	long mapped = 0, one;
	unsigned long start, end;
	bool ours = false;

	(void)kind;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, NULL, &buf, NULL));
	/* All of it is in the page tables of this process. */
	smaps = fopen("/proc/self/smaps", "re");
	REQUIRE(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			ours = start == (unsigned long)hpdma_buf_ptr(buf);
		if (ours && (sscanf(line, "Rss: %ld", &one) == 1 ||
			     sscanf(line, "Shared_Hugetlb: %ld", &one) == 1 ||
			     sscanf(line, "Private_Hugetlb: %ld", &one) == 1))
			mapped += one;
	}
	fclose(smaps);
	CHECK_EQ(mapped, LENGTH / 1024);
	hpdma_buf_unref(buf);
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL));
	memset(hpdma_buf_ptr(buf), 1, LENGTH);
	hpdma_buf_unref(buf);
	opts.flags = HPDMA_BUF_NO_MAP;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL));
	CHECK(!hpdma_buf_ptr(buf));
	hpdma_buf_unref(buf);
}

TEST(memory_is_populated)
{
	on_both(no_faults);
}

static void refuse(struct hpdma *ctx, uint32_t kind)
{
	static const struct hpdma_buf_opts rows[] = {
		{ .backing = HPDMA_BUF_BACKING_CONTIG },
		{ .address_bits = 32 },
		{ .min_segment = 4 * MIB },
		{ .alignment = 1ull << 40 },
		{ .boundary = 512 },
		{ .flags = HPDMA_BUF_MAP_WC },
		{ .device = SENTINEL },
	};
	struct hpdma_device *dev = SENTINEL;
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma_buf_opts opts;
	struct hpdma_error error;
	enum hpdma_kind address;
	struct hpdma_seg seg;
	size_t i, count;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		opts = rows[i];
		opts.size = sizeof(opts);
		error = (struct hpdma_error){ 0 };
		CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, &error),
			 -EOPNOTSUPP);
		CHECK_EQ(error.code, -EOPNOTSUPP);
		CHECK_EQ(error.why, HPDMA_WHY_NO_MODULE);
		CHECK(buf == SENTINEL);
	}
	CHECK_EQ(hpdma_device_open(ctx, "hpdma0", NULL, &dev, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_MODULE);
	CHECK(dev == SENTINEL);
	if (kind == HPDMA_BACKEND_PLAIN) {
		opts = options(HPDMA_BUF_BACKING_HUGETLB, 0);
		CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, &error),
			 -EOPNOTSUPP);
		CHECK_EQ(error.why, HPDMA_WHY_HUGEPAGES);
	}
	CHECK_EQ(hpdma_buf_alloc(ctx, 1ull << 60, NULL, &buf, &error), -ENOMEM);
	CHECK(buf == SENTINEL);

	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_segments(buf, &seg, 1, &count, &address, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_MODULE);
	hpdma_buf_unref(buf);
}

TEST(addresses_are_refused_and_never_guessed)
{
	on_both(refuse);
}

static void place_on_node(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NODE);
	struct hpdma_buf *buf = SENTINEL;

	(void)kind;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL));
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.node, 0);
	hpdma_buf_unref(buf);
	buf = SENTINEL;
	opts.node = 1000;
	CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL), -EINVAL);
	opts.node = 5000;
	CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL), -EINVAL);
	CHECK(buf == SENTINEL);
}

TEST(memory_of_a_node_is_verified)
{
	on_both(place_on_node);
}

static void send(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf *buf, *received, *imported;
	int fd = -1, again = -1, fds = count_fds();

	(void)kind;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, NULL, &buf, NULL));
	strcpy(hpdma_buf_ptr(buf), "hello");
	REQUIRE(!hpdma_buf_export(buf, &fd, NULL));
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	hpdma_buf_unref(buf);

	REQUIRE(!hpdma_buf_map_fd(NULL, fd, 0, &received, NULL));
	REQUIRE(!hpdma_buf_import(ctx, fd, 0, &imported, NULL));
	close(fd);
	CHECK_EQ(hpdma_buf_len(received), LENGTH);
	CHECK_EQ(hpdma_buf_len(imported), LENGTH);
	CHECK(!strcmp(hpdma_buf_ptr(received), "hello"));
	strcpy(hpdma_buf_ptr(received), "world");
	CHECK(!strcmp(hpdma_buf_ptr(imported), "world"));
	CHECK_EQ(hpdma_buf_export(received, &again, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_export(imported, &again, NULL), 0);
	close(again);
	hpdma_buf_unref(received);
	hpdma_buf_unref(imported);
	CHECK_EQ(count_fds(), fds);
}

TEST(buffers_are_exported_mapped_and_imported)
{
	on_both(send);
}

/* What would end in SIGBUS is refused. */
TEST(files_that_are_no_buffers_are_refused)
{
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_PLAIN);
	int fd = memfd_create("cut", MFD_CLOEXEC), ends[2], disk, i;
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma_error error;
	static const off_t lengths[] = { 0, 100, 4097, 8191 };

	REQUIRE(ctx && fd >= 0 && !pipe(ends));
	for (i = 0; i < 4; i++) {
		REQUIRE(!ftruncate(fd, lengths[i]));
		CHECK_EQ(hpdma_buf_map_fd(ctx, fd, 0, &buf, NULL), -EINVAL);
		CHECK_EQ(hpdma_buf_import(ctx, fd, 0, &buf, &error), -EINVAL);
		CHECK_EQ(error.why, HPDMA_WHY_FILE);
	}
	disk = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(hpdma_buf_import(ctx, disk, 0, &buf, &error), -EINVAL);
	CHECK_EQ(hpdma_buf_import(ctx, ends[0], 0, &buf, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_import(ctx, -1, 0, &buf, NULL), -EBADF);
	CHECK(buf == SENTINEL);
	close(disk);
	close(fd);
	close(ends[0]);
	close(ends[1]);
	hpdma_unref(ctx);
}

TEST(a_file_that_was_cut_is_as_long_as_it_is)
{
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_PLAIN);
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NAMEABLE);
	struct hpdma_buf *buf, *received;
	int fd = -1;

	REQUIRE(ctx);
	REQUIRE(!hpdma_buf_alloc(ctx, 8192, &opts, &buf, NULL));
	REQUIRE(!hpdma_buf_export(buf, &fd, NULL));
	REQUIRE(!ftruncate(fd, 4096));
	REQUIRE(!hpdma_buf_map_fd(NULL, fd, 0, &received, NULL));
	CHECK_EQ(hpdma_buf_len(received), 4096);
	memset(hpdma_buf_ptr(received), 1, hpdma_buf_len(received));
	hpdma_buf_unref(received);
	hpdma_buf_unref(buf);
	close(fd);
	hpdma_unref(ctx);
}

static void remember(struct hpdma *ctx, uint32_t kind)
{
	int fd = memfd_create("registered", MFD_CLOEXEC), other = -1;
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf = SENTINEL;
	static _Alignas(4096) char mine[8192];

	(void)kind;
	REQUIRE(fd >= 0 && !ftruncate(fd, 8192));
	CHECK_EQ(hpdma_buf_register(ctx, mine + 8, 4096, NULL, &buf, NULL),
		 -EINVAL);
	CHECK_EQ(hpdma_buf_register(ctx, mine, 0, NULL, &buf, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_register(ctx, NULL, 4096, NULL, &buf, NULL),
		 -EFAULT);
	CHECK_EQ(hpdma_buf_register(ctx, mine, -4096ull, NULL, &buf, NULL),
		 -EOVERFLOW);
	CHECK_EQ(hpdma_buf_register_fd(ctx, fd, 4096, 8192, NULL, &buf, NULL),
		 -EINVAL);
	CHECK_EQ(hpdma_buf_register_fd(ctx, -1, 0, 8192, NULL, &buf, NULL),
		 -EBADF);
	CHECK_EQ(hpdma_buf_register_fd(ctx, 0, 0, 4096, NULL, &buf, NULL),
		 -EOPNOTSUPP);
	CHECK(buf == SENTINEL);

	REQUIRE(!hpdma_buf_register_fd(ctx, fd, 4096, 4096, NULL, &buf, NULL));
	CHECK(!hpdma_buf_ptr(buf));
	hpdma_buf_unref(buf);
	REQUIRE(!hpdma_buf_register(ctx, mine, 8192, NULL, &buf, NULL));
	CHECK(hpdma_buf_ptr(buf) == mine);
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
	CHECK_EQ(info.length, 8192);
	CHECK_EQ(info.page_size, 0);
	CHECK_EQ(hpdma_buf_export(buf, &other, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_publish(buf, "mine", NULL, NULL), -EOPNOTSUPP);
	CHECK_EQ(hpdma_buf_map_at(buf, mine, 0, NULL), -EBUSY);
	hpdma_buf_unref(buf);
	mine[0] = 1;
	close(fd);
}

TEST(registered_memory_is_remembered)
{
	on_both(remember);
}

static void map_there(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NO_MAP);
	struct hpdma_buf *buf, *other;
	char *place;

	(void)kind;
	place = mmap(NULL, 4 * LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	REQUIRE(place != MAP_FAILED);
	REQUIRE(!munmap(place, 4 * LENGTH));
	place = (char *)(((uintptr_t)place + LENGTH) & -LENGTH);

	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &buf, NULL));
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &opts, &other, NULL));
	CHECK_EQ(hpdma_buf_map_at(buf, NULL, 0, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_map_at(buf, place + 8, 0, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_map_at(buf, place, HPDMA_BUF_NODE, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_map_at(buf, place, 0, NULL), 0);
	CHECK(hpdma_buf_ptr(buf) == place);
	memset(place, 7, LENGTH);
	CHECK_EQ(hpdma_buf_map_at(buf, place + LENGTH, 0, NULL), -EBUSY);
	CHECK_EQ(hpdma_buf_map_at(other, place, 0, NULL), -EEXIST);
	CHECK(!hpdma_buf_ptr(other));
	CHECK_EQ(*place, 7);
	CHECK_EQ(hpdma_buf_map_at(other, place + LENGTH, HPDMA_BUF_NO_POPULATE,
				  NULL),
		 0);
	hpdma_buf_unref(buf);
	hpdma_buf_unref(other);
}

TEST(a_buffer_is_mapped_where_it_is_wanted)
{
	on_both(map_there);
}

static void share_with_child(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf *buf;
	volatile int *number;
	int status = -1;
	pid_t pid;

	(void)kind;
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, NULL, &buf, NULL));
	number = hpdma_buf_ptr(buf);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		*number = 4711;
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(*number, 4711);
	hpdma_buf_unref(buf);
}

TEST(a_child_sees_the_same_memory)
{
	on_both(share_with_child);
}

TEST(small_buffers_do_not_waste_huge_pages)
{
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_HUGETLB);
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf_opts opts = options(HPDMA_BUF_BACKING_HUGETLB, 0);
	struct hpdma_buf *buf;

	if (!ctx)
		return;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
	CHECK_EQ(info.length, 4096);
	hpdma_buf_unref(buf);
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL));
	CHECK_EQ(hpdma_buf_len(buf), HUGE_PAGE);
	hpdma_buf_unref(buf);
	opts.page_size = 4 * MIB;
	CHECK_EQ(hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL), -EOPNOTSUPP);
	hpdma_unref(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_context_tells_what_it_is),
		ENTRY(memory_is_zero_and_can_be_used),
		ENTRY(memory_is_populated),
		ENTRY(addresses_are_refused_and_never_guessed),
		ENTRY(memory_of_a_node_is_verified),
		ENTRY(buffers_are_exported_mapped_and_imported),
		ENTRY(files_that_are_no_buffers_are_refused),
		ENTRY(a_file_that_was_cut_is_as_long_as_it_is),
		ENTRY(registered_memory_is_remembered),
		ENTRY(a_buffer_is_mapped_where_it_is_wanted),
		ENTRY(a_child_sees_the_same_memory),
		ENTRY(small_buffers_do_not_waste_huge_pages),
	};

	return RUN_TESTS(tests);
}
