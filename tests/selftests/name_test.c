// SPDX-License-Identifier: GPL-2.0-only
/* Names: giving, opening and ending them, and what is no name. */
#include <errno.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "name_common.h"

#define LENGTH MB(2)
#define MANY 1000
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(name)
{
	struct state state;
	int fd;
	int other;
	int id;
};

FIXTURE_SETUP(name)
{
	state_take(&self->state);
	self->fd = open_node();
	self->other = open_node();
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->other);
	self->id = alloc_contig(self->fd, PAGE);
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(name)
{
	close(self->fd);
	close(self->other);
	EXPECT_TRUE(state_is(&self->state));
}

/* What is written through one id is read through the other. */
static bool is_one_buffer(int fd, int id, int other, int other_id,
			  uint64_t length)
{
	uint8_t *a = map_cookie(fd, id, length, RW, 0);
	uint8_t *b = map_cookie(other, other_id, length, RW, 0);
	bool same = a && b;

	if (same) {
		memset(a, 0x3c, length);
		same = !find_other(b, 0x3c, length);
		memset(b, 0xa9, length);
		same &= !find_other(a, 0xa9, length);
	}
	if (a)
		munmap(a, length);
	if (b)
		munmap(b, length);
	return same;
}

static void check_kind(struct __test_metadata *_metadata,
		       FIXTURE_DATA(name) *self, int id)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg) };
	const long long names = name_count();

	EXPECT_EQ(0, name_state(self->fd, id));
	ASSERT_EQ(0, name_publish(self->fd, id, "rx.0", 0));
	EXPECT_EQ(names + 1, name_count());
	EXPECT_EQ(HPDMA_BUF_NAMED, name_state(self->fd, id));

	name_set(arg.name, "rx.0");
	arg.out_reason = 99;
	ASSERT_EQ(0, call(self->other, HPDMA_IOC_NAME_OPEN, &arg));
	EXPECT_EQ(HPDMA_REASON_NONE, arg.out_reason);
	EXPECT_EQ(1, arg.out_buf_id);
	EXPECT_EQ(LENGTH, arg.out_length);
	EXPECT_EQ(cookie(self->other, 1), arg.out_mmap_offset);
	EXPECT_EQ(HPDMA_BUF_NAMED, name_state(self->other, 1));
	EXPECT_TRUE(is_one_buffer(self->fd, id, self->other, 1, LENGTH));

	/* Opened again it is another id, of the same. */
	EXPECT_EQ(2, name_open(self->other, "rx.0"));
	EXPECT_TRUE(is_one_buffer(self->other, 2, self->other, 1, LENGTH));
	EXPECT_EQ(0, buf_free(self->other, 2));

	ASSERT_EQ(0, name_unlink(self->fd, "rx.0"));
	EXPECT_EQ(names, name_count());
	EXPECT_EQ(0, name_state(self->other, 1));
	EXPECT_EQ(-ENOENT, name_open(self->other, "rx.0"));
	EXPECT_EQ(-ENOENT, name_unlink(self->fd, "rx.0"));
	/* Who has it open keeps it. */
	EXPECT_EQ(0, buf_free(self->fd, id));
	EXPECT_TRUE(is_one_buffer(self->other, 1, self->other, 1, LENGTH));
	EXPECT_EQ(0, buf_free(self->other, 1));
}

TEST_F(name, leads_to_contiguous_memory)
{
	check_kind(_metadata, self, alloc_contig(self->fd, LENGTH));
}

TEST_F(name, leads_to_huge_pages)
{
	int id = alloc_hugetlb(self->fd, LENGTH);

	if (id == -ENOMEM)
		SKIP(return, "no huge pages in the pool");
	check_kind(_metadata, self, id);
}

TEST_F(name, says_that_it_is_persistent)
{
	ASSERT_EQ(0, name_publish(self->fd, self->id, "p", PERSISTENT));
	EXPECT_EQ(HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT,
		  name_state(self->fd, self->id));
	EXPECT_EQ(0, name_unlink(self->fd, "p"));
	EXPECT_EQ(0, name_state(self->fd, self->id));
}

/* The same, whatever is asked with such a name. */
static bool is_no_name(FIXTURE_DATA(name) *self, const uint8_t *name)
{
	struct hpdma_ioc_name_publish publish = name_wish(self->id, "", 0);
	struct hpdma_ioc_name_open open = { .size = sizeof(open) };
	struct hpdma_ioc_name_unlink unlink = { .size = sizeof(unlink) };

	memcpy(publish.name, name, HPDMA_NAME_SIZE);
	memcpy(open.name, name, HPDMA_NAME_SIZE);
	memcpy(unlink.name, name, HPDMA_NAME_SIZE);
	return call(self->fd, HPDMA_IOC_NAME_PUBLISH, &publish) == -EINVAL &&
	       call(self->fd, HPDMA_IOC_NAME_OPEN, &open) == -EINVAL &&
	       call(self->fd, HPDMA_IOC_NAME_UNLINK, &unlink) == -EINVAL;
}

static bool is_name(FIXTURE_DATA(name) *self, const uint8_t *name)
{
	struct hpdma_ioc_name_publish publish = name_wish(self->id, "", 0);
	struct hpdma_ioc_name_open open = { .size = sizeof(open) };
	struct hpdma_ioc_name_unlink unlink = { .size = sizeof(unlink) };

	memcpy(publish.name, name, HPDMA_NAME_SIZE);
	memcpy(open.name, name, HPDMA_NAME_SIZE);
	memcpy(unlink.name, name, HPDMA_NAME_SIZE);
	return !call(self->fd, HPDMA_IOC_NAME_PUBLISH, &publish) &&
	       !call(self->other, HPDMA_IOC_NAME_OPEN, &open) &&
	       !buf_free(self->other, open.out_buf_id) &&
	       !call(self->other, HPDMA_IOC_NAME_UNLINK, &unlink);
}

TEST_F(name, may_have_these_bytes_and_no_others)
{
	static const int places[] = { 0, 3, HPDMA_NAME_SIZE - 2 };
	unsigned int byte, i;

	for (byte = 1; byte < 256; byte++) {
		bool good = byte > 0x20 && byte != 0x7f && byte != '/';

		for (i = 0; i < ARRAY_SIZE(places); i++) {
			uint8_t name[HPDMA_NAME_SIZE] = {};

			memset(name, 'n', HPDMA_NAME_SIZE - 1);
			name[places[i]] = byte;
			EXPECT_TRUE(good ? is_name(self, name) :
					   is_no_name(self, name))
			{
				TH_LOG("byte %#x at %d", byte, places[i]);
			}
		}
	}
}

TEST_F(name, has_one_to_63_bytes_and_nothing_after_them)
{
	unsigned int length, at;

	for (length = 0; length <= HPDMA_NAME_SIZE; length++) {
		bool good = length && length < HPDMA_NAME_SIZE;
		uint8_t name[HPDMA_NAME_SIZE] = {};

		memset(name, 'n', length);
		EXPECT_TRUE(good ? is_name(self, name) : is_no_name(self, name))
		{
			TH_LOG("length %u", length);
		}
		for (at = length + 1; at < HPDMA_NAME_SIZE; at += 7) {
			name[at] = 1;
			EXPECT_TRUE(is_no_name(self, name));
			name[at] = 0;
		}
	}
}

/* Neither a beginning of another one, nor in other letters. */
TEST_F(name, is_another_one_if_one_byte_is)
{
	static const char *const others[] = { "a",
					      "abc",
					      "aB",
					      "ab.",
					      "b",
					      "\xe1"
					      "b" };
	unsigned int i;

	ASSERT_EQ(0, name_publish(self->fd, self->id, "ab", 0));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(-ENOENT, name_open(self->fd, others[i]));
		EXPECT_EQ(-ENOENT, name_unlink(self->fd, others[i]));
	}
	EXPECT_EQ(2, name_open(self->fd, "ab"));
}

TEST_F(name, has_the_mode_bits_of_a_file_without_execution)
{
	struct hpdma_ioc_name_publish arg = name_wish(self->id, "m", 0);
	unsigned int bit, mode;

	for (bit = 0; bit < 32; bit++) {
		bool good = 0666U >> bit & 1;

		arg.mode = 1U << bit;
		EXPECT_EQ(good ? 0 : -EINVAL,
			  call(self->fd, HPDMA_IOC_NAME_PUBLISH, &arg))
		{
			TH_LOG("bit %u", bit);
		}
		EXPECT_EQ(good ? 0 : -ENOENT, name_unlink(self->fd, "m"));
	}
	for (mode = 0; mode <= 0777; mode++) {
		arg.mode = mode;
		EXPECT_EQ(mode & ~0666 ? -EINVAL : 0,
			  call(self->fd, HPDMA_IOC_NAME_PUBLISH, &arg));
		name_unlink(self->fd, "m");
	}
}

TEST_F(name, is_given_once)
{
	struct hpdma_ioc_name_publish arg;
	int second = alloc_contig(self->other, PAGE);

	ASSERT_EQ(0, name_publish(self->fd, self->id, "one", 0));
	/* To another buffer, and to the same. */
	arg = name_wish(second, "one", 0);
	EXPECT_EQ(-EEXIST, call(self->other, HPDMA_IOC_NAME_PUBLISH, &arg));
	EXPECT_EQ(HPDMA_REASON_NONE, arg.out_reason);
	EXPECT_EQ(0, name_state(self->other, second));
	arg = name_wish(self->id, "one", PERSISTENT);
	EXPECT_EQ(-EBUSY, call(self->fd, HPDMA_IOC_NAME_PUBLISH, &arg));
	EXPECT_EQ(HPDMA_REASON_NAMED, arg.out_reason);
	EXPECT_EQ(HPDMA_BUF_NAMED, name_state(self->fd, self->id));
	/* A buffer has one name, however many ids. */
	ASSERT_EQ(2, name_open(self->other, "one"));
	arg = name_wish(2, "two", 0);
	EXPECT_EQ(-EBUSY, call(self->other, HPDMA_IOC_NAME_PUBLISH, &arg));
	EXPECT_EQ(HPDMA_REASON_NAMED, arg.out_reason);
	EXPECT_EQ(-ENOENT, name_open(self->fd, "two"));

	/* Free again, for either. */
	ASSERT_EQ(0, name_unlink(self->fd, "one"));
	EXPECT_EQ(0, name_publish(self->other, second, "one", 0));
	EXPECT_EQ(0, name_publish(self->fd, self->id, "two", PERSISTENT));
	EXPECT_EQ(0, name_unlink(self->other, "two"));
}

TEST_F(name, is_for_buffers_that_others_can_use)
{
	struct hpdma_ioc_name_publish arg;
	void *memory = mmap(NULL, PAGE, RW,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int id = register_memory(self->fd, memory, PAGE);

	ASSERT_LT(0, id);
	arg = name_wish(id, "mine", 0);
	EXPECT_EQ(-EOPNOTSUPP, call(self->fd, HPDMA_IOC_NAME_PUBLISH, &arg));
	EXPECT_EQ(HPDMA_REASON_NONE, arg.out_reason);
	arg.flags = PERSISTENT;
	EXPECT_EQ(-EOPNOTSUPP, call(self->fd, HPDMA_IOC_NAME_PUBLISH, &arg));
	EXPECT_EQ(-ENOENT, name_open(self->fd, "mine"));
	munmap(memory, PAGE);
}

TEST_F(name, needs_an_id_of_this_file)
{
	EXPECT_EQ(-ENOENT, name_publish(self->other, self->id, "n", 0));
	EXPECT_EQ(-ENOENT, name_publish(self->fd, 0, "n", 0));
	EXPECT_EQ(-ENOENT, name_publish(self->fd, -1, "n", PERSISTENT));
	EXPECT_EQ(-ENOENT, name_open(self->fd, "n"));
}

/* In no particular order. */
TEST_F_TIMEOUT(name, is_found_among_a_thousand, 60)
{
	unsigned int i, wrong = 0;
	int ids[MANY];
	char text[16];

	for (i = 0; i < MANY; i++) {
		unsigned int number = i * 379 % MANY;

		ids[number] = alloc_contig(self->fd, PAGE);
		snprintf(text, sizeof(text), "n%u", number);
		wrong += name_publish(self->fd, ids[number], text, 0) != 0;
	}
	EXPECT_EQ(0, wrong);
	/* Every third one goes; each of the others is what it was. */
	for (i = 0; i < MANY; i += 3) {
		snprintf(text, sizeof(text), "n%u", i);
		wrong += name_unlink(self->other, text) != 0;
	}
	EXPECT_EQ(0, wrong);
	for (i = 0; i < MANY; i++) {
		int id;

		snprintf(text, sizeof(text), "n%u", i);
		id = name_open(self->other, text);
		if (i % 3 == 0) {
			wrong += id != -ENOENT;
			continue;
		}
		wrong += id <= 0 || !is_one_buffer(self->fd, ids[i],
						   self->other, id, PAGE);
		buf_free(self->other, id);
	}
	EXPECT_EQ(0, wrong);
	/* The others go with their ids. */
	for (i = 0; i < MANY; i++)
		wrong += buf_free(self->fd, ids[i]) != 0;
	EXPECT_EQ(0, wrong);
}

TEST_HARNESS_MAIN
