// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that others hold, too: imported, named, listed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <hpdma.h>

#include "sentinel.h"

#define LONGEST \
	"123456789012345678901234567890123456789012345678901234567890123"

TEST(an_imported_buffer_is_one_of_the_context)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma *ctx = start();
	int fd = fake_open_file(FAKE_EXPORT), other = -1;
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_import(ctx, fd, 0, &buf, NULL));
	fake_sys.close(fd);
	CHECK_EQ(fake.last_map_flags, MAP_SHARED | MAP_POPULATE);
	CHECK_EQ(hpdma_buf_len(buf), 6 << 20);
	memset(hpdma_buf_ptr(buf), 1, 6 << 20);
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_IMPORT);
	CHECK_EQ(hpdma_buf_export(buf, &other, NULL), 0);
	fake_sys.close(other);
	hpdma_unref(ctx);
	hpdma_buf_unref(buf);
	CHECK(fake_clean());
}

TEST(what_cannot_be_mapped_is_imported_unmapped_only)
{
	struct hpdma *ctx = start();
	int fd = fake_open_file(FAKE_EXPORT);
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma_error error;

	fake.unmappable = true;
	CHECK_EQ(hpdma_buf_import(ctx, fd, 0, &buf, &error), -EOPNOTSUPP);
	CHECK_EQ(error.code, -EOPNOTSUPP);
	CHECK(buf == SENTINEL);
	REQUIRE(!hpdma_buf_import(ctx, fd, HPDMA_BUF_NO_MAP, &buf, NULL));
	CHECK(!hpdma_buf_ptr(buf));
	hpdma_buf_unref(buf);
	fake_sys.close(fd);
	finish(ctx);
}

TEST(import_checks_its_arguments)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf = SENTINEL;

	CHECK_EQ(hpdma_buf_import(ctx, 5, 0, &buf, NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_import(ctx, 5, HPDMA_BUF_NODE, &buf, NULL), -EINVAL);
	CHECK(buf == SENTINEL);
	finish(ctx);
}

TEST(a_published_buffer_is_opened_by_its_name)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf, *again;

	REQUIRE(!hpdma_buf_alloc(ctx, 8192, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, "a-name", NULL, NULL), 0);
	CHECK_EQ(fake.publish.flags, 0);
	CHECK_EQ(fake.publish.mode, 0);
	CHECK_EQ(fake.publish.uid, 0xffffffffu);
	CHECK_EQ(fake.publish.gid, 0xffffffffu);
	hpdma_buf_unref(buf);

	REQUIRE(!hpdma_buf_open(ctx, "a-name", HPDMA_BUF_NO_POPULATE, &again,
				NULL));
	CHECK_EQ(fake.last_map_flags, MAP_SHARED);
	CHECK_EQ(hpdma_buf_len(again), 8192);
	memset(hpdma_buf_ptr(again), 1, 8192);
	hpdma_buf_unref(again);

	CHECK_EQ(hpdma_name_unlink(ctx, "a-name", NULL), 0);
	again = SENTINEL;
	CHECK_EQ(hpdma_buf_open(ctx, "a-name", 0, &again, NULL), -ENOENT);
	CHECK_EQ(hpdma_name_unlink(ctx, "a-name", NULL), -ENOENT);
	CHECK(again == SENTINEL);
	finish(ctx);
}

TEST(an_owner_is_given_by_his_flag)
{
	struct hpdma_publish_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_PUBLISH_PERSISTENT | HPDMA_PUBLISH_UID |
			 HPDMA_PUBLISH_GID,
		.mode = 0660,
		.gid = 7,
	};
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, LONGEST, &opts, NULL), 0);
	CHECK_EQ(fake.publish.flags, HPDMA_NAME_PERSISTENT);
	CHECK_EQ(fake.publish.mode, 0660);
	CHECK_EQ(fake.publish.uid, 0);
	CHECK_EQ(fake.publish.gid, 7);
	CHECK(!memcmp(fake.publish.name, LONGEST, HPDMA_NAME_SIZE));
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(publish_checks_its_options)
{
	struct hpdma_publish_opts good = { .size = sizeof(good) }, bad[5];
	struct hpdma *ctx = start();
	struct hpdma_buf *buf;
	unsigned int calls;
	size_t i;

	for (i = 0; i < 5; i++)
		bad[i] = good;
	bad[0].flags = HPDMA_PUBLISH_GID << 1;
	bad[1].uid = 1;
	bad[2].gid = 1;
	bad[3].reserved = 1;
	bad[4].size--;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	calls = fake.calls;
	for (i = 0; i < 5; i++)
		CHECK_EQ(hpdma_buf_publish(buf, "n", &bad[i], NULL), -EINVAL);
	CHECK_EQ(fake.calls, calls);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(a_name_that_is_too_long_is_not_cut_off)
{
	struct hpdma *ctx = start();
	struct hpdma_buf *buf, *none = SENTINEL;
	struct hpdma_error error;

	REQUIRE(!hpdma_buf_alloc(ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, LONGEST "4", NULL, &error), -EINVAL);
	CHECK_EQ(error.code, -EINVAL);
	CHECK_EQ(hpdma_buf_open(ctx, LONGEST "4", 0, &none, NULL), -EINVAL);
	CHECK_EQ(hpdma_name_unlink(ctx, LONGEST "4", NULL), -EINVAL);
	CHECK_EQ(hpdma_buf_open(ctx, "n", HPDMA_BUF_MAP_WC, &none, NULL),
		 -EINVAL);
	CHECK(none == SENTINEL);
	hpdma_buf_unref(buf);
	finish(ctx);
}

TEST(what_is_no_buffer_of_the_context_gets_no_name)
{
	struct hpdma *ctx = start();
	int fd = fake_open_file(FAKE_EXPORT);
	struct hpdma_buf *buf;

	REQUIRE(!hpdma_buf_map_fd(ctx, fd, 0, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, "n", NULL, NULL), -EOPNOTSUPP);
	hpdma_buf_unref(buf);
	REQUIRE(!hpdma_buf_register(ctx, &ctx, 4096, NULL, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, "n", NULL, NULL), -EOPNOTSUPP);
	hpdma_buf_unref(buf);
	fake_sys.close(fd);
	finish(ctx);
}

struct seen {
	unsigned int count;
	unsigned int stop_at;
	uint64_t last;
};

static int see(const struct hpdma_listing *listing, void *arg)
{
	struct seen *seen = arg;

	CHECK_EQ(listing->serial, seen->last + 10);
	CHECK_EQ(listing->node, -1);
	CHECK_EQ(listing->pid, 4);
	CHECK_EQ(listing->state, HPDMA_BUF_IS_NAMED);
	CHECK(!strcmp(listing->name, "xxxxxxxxxx"));
	seen->last = listing->serial;
	return ++seen->count == seen->stop_at ? -77 : 0;
}

TEST(a_list_has_all_of_any_number)
{
	static const unsigned int counts[] = { 0, 1, 15, 16, 17, 32, 100 };
	struct hpdma *ctx = start();
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct seen seen = { 0 };

		fake.listed = counts[i];
		CHECK_EQ(hpdma_list(ctx, 0, see, &seen, NULL), 0);
		CHECK_EQ(seen.count, counts[i]);
	}
	finish(ctx);
}

TEST(a_list_ends_when_its_reader_has_enough)
{
	struct seen seen = { .stop_at = 5 };
	struct hpdma_error error = { .code = 1 };
	struct hpdma *ctx = start();

	fake.listed = 100;
	CHECK_EQ(hpdma_list(ctx, 0, see, &seen, &error), -77);
	CHECK_EQ(seen.count, 5);
	CHECK_EQ(fake.lists, 1);
	CHECK_EQ(error.code, 1);
	finish(ctx);
}

TEST(a_list_of_everybody_needs_the_right)
{
	struct seen seen = { 0 };
	struct hpdma_error error;
	struct hpdma *ctx = start();

	fake.listed = 100;
	CHECK_EQ(hpdma_list(ctx, HPDMA_LIST_EVERYBODY, see, &seen, &error),
		 -EPERM);
	CHECK_EQ(error.why, HPDMA_WHY_LIST_RIGHT);
	CHECK_EQ(seen.count, 0);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(an_imported_buffer_is_one_of_the_context),
		ENTRY(what_cannot_be_mapped_is_imported_unmapped_only),
		ENTRY(import_checks_its_arguments),
		ENTRY(a_published_buffer_is_opened_by_its_name),
		ENTRY(an_owner_is_given_by_his_flag),
		ENTRY(publish_checks_its_options),
		ENTRY(a_name_that_is_too_long_is_not_cut_off),
		ENTRY(what_is_no_buffer_of_the_context_gets_no_name),
		ENTRY(a_list_has_all_of_any_number),
		ENTRY(a_list_ends_when_its_reader_has_enough),
		ENTRY(a_list_of_everybody_needs_the_right),
	};

	return RUN_TESTS(tests);
}
