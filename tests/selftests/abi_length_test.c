// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a struct may be, for every command: an older caller's, a newer
 * caller's, one that ends with its page, one that lies about its size.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "abi.h"

/* A newer version of a struct: so many bytes that the module does not know. */
#define TAIL 64
#define ROOM (3 * PAGE)

FIXTURE(length)
{
	struct subject subject;
	struct state state;
	uint8_t *arg;
	uint8_t *before;
	int next_id;
	int next_map_id;
};

FIXTURE_SETUP(length)
{
	state_take(&self->state);
	ASSERT_EQ(0, subject_open(&self->subject));
	self->arg = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	self->before = malloc(ROOM);
	self->next_id = next_id(&self->subject);
	self->next_map_id = next_map_id(&self->subject);
}

/*
 * Whatever a test did: no id is lost, and nothing is left. Asked in the end, for
 * what a device might still reach is kept until it is stopped (5.10).
 */
FIXTURE_TEARDOWN(length)
{
	EXPECT_EQ(self->next_id, next_id(&self->subject));
	EXPECT_EQ(self->next_map_id, next_map_id(&self->subject));
	free(self->before);
	munmap(self->arg, ROOM);
	subject_close(&self->subject);
	EXPECT_TRUE(state_is(&self->state));
}

#define FOR_EACH_COMMAND(command)                                          \
	for (command = commands; command < commands + COMMANDS; command++) \
		if (can_call(&self->subject, command))

/* Was nothing written that should not be? */
static bool harmless(const struct command *command, const uint8_t *before,
		     const uint8_t *after, uint32_t size, int ret)
{
	if (ret && size < 12)
		return !memcmp(before, after, ROOM);
	if (ret)
		return untouched(before, after, ROOM);
	/* What the module does not know it does not write either. */
	return !memcmp(before + command->size, after + command->size,
		       ROOM - command->size);
}

/* A call at the start of the memory with this size and this byte behind it. */
static int call_sized(struct __test_metadata *_metadata,
		      FIXTURE_DATA(length) *self, const struct command *command,
		      uint32_t size, uint32_t dirty)
{
	int ret;

	memset(self->arg, 0, ROOM);
	/* What lies behind the size is not the kernel's business. */
	memset(self->arg + size, 0x5a, ROOM - size);
	if (size >= command->size)
		prepare(command, &self->subject, self->arg);
	else {
		uint8_t whole[256];

		prepare(command, &self->subject, whole);
		memcpy(self->arg, whole, size < 4 ? 4 : size);
	}
	memcpy(self->arg, &size, 4);
	if (dirty)
		self->arg[dirty] = 1;
	memcpy(self->before, self->arg, ROOM);

	ret = do_call(command, &self->subject, self->arg);
	finish(command, &self->subject, self->arg, ret);

	EXPECT_TRUE(harmless(command, self->before, self->arg, size, ret))
	{
		TH_LOG("%s, size %u", command->name, size);
	}
	return ret;
}

TEST_F(length, a_good_call_succeeds_whatever_its_outputs_held)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		EXPECT_EQ(0, call_sized(_metadata, self, command, command->size,
					0))
		{
			TH_LOG("%s", command->name);
		}
	}
}

TEST_F(length, a_size_below_the_first_version_is_refused)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		uint32_t size;

		for (size = 0; size < command->size; size++) {
			EXPECT_EQ(-EINVAL,
				  call_sized(_metadata, self, command, size, 0))
			{
				TH_LOG("%s, size %u", command->name, size);
			}
		}
	}
}

TEST_F(length, a_tail_of_zeroes_is_accepted)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		uint32_t size;

		for (size = command->size + 1; size <= command->size + TAIL;
		     size++) {
			EXPECT_EQ(0,
				  call_sized(_metadata, self, command, size, 0))
			{
				TH_LOG("%s, size %u", command->name, size);
			}
		}
	}
}

TEST_F(length, a_tail_with_any_byte_set_is_refused)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		uint32_t size;

		for (size = command->size + 1; size <= command->size + TAIL;
		     size++) {
			/* The first byte of the tail, and the last one. */
			EXPECT_EQ(-E2BIG, call_sized(_metadata, self, command,
						     size, command->size));
			EXPECT_EQ(-E2BIG, call_sized(_metadata, self, command,
						     size, size - 1))
			{
				TH_LOG("%s, size %u", command->name, size);
			}
		}
	}
}

TEST_F(length, a_size_above_a_page_is_refused_even_if_zero)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		EXPECT_EQ(0, call_sized(_metadata, self, command, PAGE, 0));
		EXPECT_EQ(-E2BIG,
			  call_sized(_metadata, self, command, PAGE + 1, 0));
		EXPECT_EQ(-E2BIG,
			  call_sized(_metadata, self, command, 2 * PAGE, 0))
		{
			TH_LOG("%s", command->name);
		}
	}
}

TEST_F(length, an_absurd_size_is_refused_before_it_is_read)
{
	static const uint32_t sizes[] = { 0x7fffffff, 0x80000000, 0xffffffff };
	const struct command *command;
	unsigned int i;

	FOR_EACH_COMMAND(command)
	{
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			int ret;

			prepare(command, &self->subject, self->arg);
			memcpy(self->arg, &sizes[i], 4);
			ret = do_call(command, &self->subject, self->arg);
			finish(command, &self->subject, self->arg, ret);
			EXPECT_EQ(-E2BIG, ret)
			{
				TH_LOG("%s, size %x", command->name, sizes[i]);
			}
		}
	}
}

/* The kernel reads and writes no byte beyond the struct. */
TEST_F(length, a_struct_may_end_with_the_last_page)
{
	const struct command *command;

	ASSERT_EQ(0, mprotect(self->arg + PAGE, PAGE, PROT_NONE));
	FOR_EACH_COMMAND(command)
	{
		uint8_t *arg = self->arg + PAGE - command->size;
		int ret;

		prepare(command, &self->subject, arg);
		ret = do_call(command, &self->subject, arg);
		finish(command, &self->subject, arg, ret);
		EXPECT_EQ(0, ret)
		{
			TH_LOG("%s", command->name);
		}
	}
}

TEST_F(length, a_struct_one_byte_of_which_is_missing_faults)
{
	const struct command *command;
	uint8_t good[256];

	ASSERT_EQ(0, mprotect(self->arg + PAGE, PAGE, PROT_NONE));
	FOR_EACH_COMMAND(command)
	{
		uint8_t *arg = self->arg + PAGE - command->size + 1;
		int ret;

		prepare(command, &self->subject, good);
		memcpy(arg, good, command->size - 1);
		ret = do_call(command, &self->subject, arg);
		finish(command, &self->subject, good, ret);
		EXPECT_EQ(-EFAULT, ret)
		{
			TH_LOG("%s", command->name);
		}
	}
}

TEST_F(length, no_struct_at_all_faults)
{
	static const uintptr_t nowhere[] = {
		0, 1, (uintptr_t)-1, (uintptr_t)-PAGE,
		(uintptr_t)1 << (sizeof(long) * 8 - 1)
	};
	const struct command *command;
	uint8_t good[256];
	unsigned int i;

	FOR_EACH_COMMAND(command)
	{
		for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
			int ret;

			prepare(command, &self->subject, good);
			ret = do_call(command, &self->subject,
				      (void *)nowhere[i]);
			finish(command, &self->subject, good, ret);
			EXPECT_EQ(-EFAULT, ret)
			{
				TH_LOG("%s", command->name);
			}
		}
	}
}

/*
 * The caller cannot be told: then nothing happens. Commands that have nothing
 * to tell may succeed.
 */
TEST_F(length, a_call_that_cannot_answer_changes_nothing)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		bool tells = command->outputs[1].length;
		struct state state;
		int ret;

		state_take(&state);
		prepare(command, &self->subject, self->arg);
		ASSERT_EQ(0, mprotect(self->arg, PAGE, PROT_READ));
		ret = do_call(command, &self->subject, self->arg);
		finish(command, &self->subject, self->arg, ret);
		ASSERT_EQ(0, mprotect(self->arg, PAGE, PROT_READ | PROT_WRITE));
		EXPECT_TRUE(ret == -EFAULT || (!ret && !tells))
		{
			TH_LOG("%s: %d", command->name, ret);
		}
		EXPECT_TRUE(command->device || state_is(&state));
	}
}

TEST_HARNESS_MAIN
