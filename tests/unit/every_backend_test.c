// SPDX-License-Identifier: GPL-2.0-only
/*
 * What buffers promise wherever their memory comes from. Each backend has tests of
 * its own for the rest.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "native.h"

#define LENGTH (4 * MIB)

static bool all(const void *ptr, size_t length, unsigned char byte)
{
	const unsigned char *bytes = ptr;
	size_t i;

	for (i = 0; i < length && bytes[i] == byte; i++)
		;
	return i == length;
}

TEST(the_backend_is_the_one_that_was_named)
{
	static const char *const names[] = { "module", "hugetlb", "plain" };
	static const uint32_t kinds[] = { HPDMA_BACKEND_MODULE,
					  HPDMA_BACKEND_HUGETLB,
					  HPDMA_BACKEND_PLAIN };
	const char *name = getenv("HPDMA_BACKEND");
	size_t i;

	if (!name)
		name = "plain";
	for (i = 0; i < 3 && strcmp(name, names[i]) != 0; i++)
		;
	REQUIRE(i < 3);
	CHECK_EQ(backend_kind(), kinds[i]);
	printf("# memory of the backend \"%s\"\n", name);
}

TEST(memory_is_zero_and_as_long_as_it_says)
{
	static const uint64_t lengths[] = { 1,	     4096,	  4097,
					    MIB,     2 * MIB - 1, 2 * MIB,
					    3 * MIB, LENGTH,	  16 * MIB };
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf;
	size_t i, round;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		/* What one left behind the next one does not see. */
		for (round = 0; round < 2; round++) {
			REQUIRE(!hpdma_buf_alloc(backend, lengths[i], NULL,
						 &buf, NULL));
			CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
			CHECK(info.length >= lengths[i]);
			CHECK_EQ(hpdma_buf_len(buf), info.length);
			CHECK(all(hpdma_buf_ptr(buf), info.length, 0));
			memset(hpdma_buf_ptr(buf), 0xa5, info.length);
			hpdma_buf_unref(buf);
		}
	}
}

TEST(huge_pages_are_had_where_they_should_be)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf = shared_buf(LENGTH);

	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, backend_kind() == HPDMA_BACKEND_PLAIN ?
				       HPDMA_BUF_BACKING_USER :
				       HPDMA_BUF_BACKING_HUGETLB);
	CHECK((uintptr_t)hpdma_buf_ptr(buf) % info.page_size == 0);
	drop_buf(buf);
}

TEST(a_descriptor_stands_for_the_memory)
{
	struct hpdma_buf *buf = any_buf(LENGTH), *received, *imported;
	int fd = -1, fds = count_fds();

	strcpy(hpdma_buf_ptr(buf), "hello");
	REQUIRE(!hpdma_buf_export(buf, &fd, NULL));
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	drop_buf(buf);
	REQUIRE(!hpdma_buf_map_fd(backend, fd, 0, &received, NULL));
	REQUIRE(!hpdma_buf_import(backend, fd, 0, &imported, NULL));
	close(fd);
	CHECK_EQ(hpdma_buf_len(received), LENGTH);
	CHECK_EQ(hpdma_buf_len(imported), LENGTH);
	CHECK(!strcmp(hpdma_buf_ptr(received), "hello"));
	strcpy(hpdma_buf_ptr(received), "world");
	CHECK(!strcmp(hpdma_buf_ptr(imported), "world"));
	hpdma_buf_unref(received);
	hpdma_buf_unref(imported);
	CHECK(count_fds() <= fds);
}

TEST(a_name_stands_for_the_memory)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NAMEABLE);
	struct hpdma_buf *buf, *again, *none = SENTINEL;
	char name[40];

	snprintf(name, sizeof(name), "every-backend-%d", (int)getpid());
	REQUIRE(!hpdma_buf_alloc(backend, LENGTH, &opts, &buf, NULL));
	strcpy(hpdma_buf_ptr(buf), "hello");
	REQUIRE(!hpdma_buf_publish(buf, name, NULL, NULL));
	CHECK_EQ(hpdma_buf_open(backend, "every-backend-none", 0, &none, NULL),
		 -ENOENT);
	REQUIRE(!hpdma_buf_open(backend, name, 0, &again, NULL));
	CHECK(hpdma_buf_ptr(again) != hpdma_buf_ptr(buf));
	CHECK(!strcmp(hpdma_buf_ptr(again), "hello"));
	hpdma_buf_unref(buf);
	hpdma_buf_unref(again);
	/* It goes with the last who has the memory. */
	CHECK_EQ(hpdma_buf_open(backend, name, 0, &none, NULL), -ENOENT);
	CHECK(none == SENTINEL);
}

TEST(a_child_sees_the_same_memory)
{
	struct hpdma_buf *bufs[] = { any_buf(4096), shared_buf(LENGTH) };
	volatile int *number;
	int status, i;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		number = hpdma_buf_ptr(bufs[i]);
		pid = fork();
		if (!pid) {
			*number = 4711;
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(*number, 4711);
		drop_buf(bufs[i]);
	}
}

TEST(memory_of_the_caller_is_registered_and_stays)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	char *memory = aligned_alloc(4096, 8192);
	struct hpdma_buf *buf;

	memset(memory, 7, 8192);
	REQUIRE(!hpdma_buf_register(backend, memory, 8192, NULL, &buf, NULL));
	CHECK(hpdma_buf_ptr(buf) == memory);
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
	CHECK_EQ(info.length, 8192);
	hpdma_buf_unref(buf);
	CHECK(all(memory, 8192, 7));
	free(memory);
}

struct crowd {
	struct hpdma_heap *heap;
	int refused;
};

static void *allocate(void *arg)
{
	struct crowd *crowd = arg;
	void *ptr;
	int i;

	for (i = 0; i < 20000; i++) {
		ptr = hpdma_heap_malloc(crowd->heap, 64);
		if (!ptr)
			__atomic_store_n(&crowd->refused, 1, __ATOMIC_RELAXED);
		hpdma_heap_free(crowd->heap, ptr);
	}
	return NULL;
}

/* Four threads want the heap's lock, so that some have to wait for it. */
static void crowd_in(void *mem, size_t length)
{
	struct crowd crowd = { .refused = 0 };
	pthread_t threads[4];
	int i;

	REQUIRE(!hpdma_heap_shared_attach(mem, length, NULL, &crowd.heap,
					  NULL));
	for (i = 0; i < 4; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, allocate, &crowd));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK(!crowd.refused);
	CHECK_EQ(hpdma_heap_destroy(crowd.heap, 0), 0);
}

/* What has no place to wait at says so, instead of ending the process later. */
TEST(locks_of_processes_work_or_are_refused)
{
	struct hpdma_buf *shared = shared_buf(2 * MIB), *other;
	struct hpdma_error error = { 0 };

	CHECK_EQ(hpdma_heap_shared_format(hpdma_buf_ptr(shared), 2 * MIB,
					  &error),
		 0);
	crowd_in(hpdma_buf_ptr(shared), 2 * MIB);
	drop_buf(shared);

	other = any_buf(MIB);
	if (backend_kind() != HPDMA_BACKEND_MODULE) {
		CHECK_EQ(hpdma_heap_shared_format(hpdma_buf_ptr(other), MIB,
						  &error),
			 0);
		crowd_in(hpdma_buf_ptr(other), MIB);
	} else {
		CHECK_EQ(hpdma_heap_shared_format(hpdma_buf_ptr(other), MIB,
						  &error),
			 -EOPNOTSUPP);
		CHECK_EQ(error.code, -EOPNOTSUPP);
		CHECK_EQ(error.why, HPDMA_WHY_NO_FUTEX);
		CHECK(hpdma_heap_shared_attach(hpdma_buf_ptr(other), MIB, NULL,
					       &(struct hpdma_heap *){ NULL },
					       NULL) < 0);
	}
	drop_buf(other);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(the_backend_is_the_one_that_was_named),
		ENTRY(memory_is_zero_and_as_long_as_it_says),
		ENTRY(huge_pages_are_had_where_they_should_be),
		ENTRY(a_descriptor_stands_for_the_memory),
		ENTRY(a_name_stands_for_the_memory),
		ENTRY(a_child_sees_the_same_memory),
		ENTRY(memory_of_the_caller_is_registered_and_stays),
		ENTRY(locks_of_processes_work_or_are_refused),
	};

	return RUN_ON_BACKEND(tests);
}
