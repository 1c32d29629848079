// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, flags, reserved fields and ids, for every command. */
#include <errno.h>

#include "kselftest_harness.h"
#include "abi.h"

FIXTURE(format)
{
	struct subject subject;
	struct state state;
	int next_id;
	int next_map_id;
};

FIXTURE_SETUP(format)
{
	state_take(&self->state);
	ASSERT_EQ(0, subject_open(&self->subject));
	self->next_id = next_id(&self->subject);
	self->next_map_id = next_map_id(&self->subject);
}

/* In the end, as in abi_length_test. */
FIXTURE_TEARDOWN(format)
{
	EXPECT_EQ(self->next_id, next_id(&self->subject));
	EXPECT_EQ(self->next_map_id, next_map_id(&self->subject));
	subject_close(&self->subject);
	EXPECT_TRUE(state_is(&self->state));
}

#define FOR_EACH_COMMAND(command)                                          \
	for (command = commands; command < commands + COMMANDS; command++) \
		if (can_call(&self->subject, command))

/* A good call with one word changed must fail so, and write nothing else. */
static void expect_refused(struct __test_metadata *_metadata,
			   FIXTURE_DATA(format) *self,
			   const struct command *command, uint32_t offset,
			   uint32_t word, int error)
{
	uint64_t arg[32] = {}, before[32];
	int ret;

	prepare(command, &self->subject, arg);
	memcpy((uint8_t *)arg + offset, &word, sizeof(word));
	memcpy(before, arg, sizeof(arg));
	ret = do_call(command, &self->subject, arg);
	EXPECT_TRUE(!ret || untouched(before, arg, sizeof(arg)));
	/* No rubbish of the caller's is left there for him to believe. */
	EXPECT_EQ(HPDMA_REASON_NONE, (uint32_t)arg[1]);
	finish(command, &self->subject, arg, ret);
	EXPECT_EQ(error, ret)
	{
		TH_LOG("%s: word at %u is %#x", command->name, offset, word);
	}
}

TEST_F(format, every_unknown_flag_is_refused)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		uint32_t bit;

		for (bit = 1; bit; bit <<= 1) {
			if (command->known_flags & bit)
				continue;
			expect_refused(_metadata, self, command, 4, bit,
				       -EOPNOTSUPP);
			expect_refused(_metadata, self, command, 4,
				       bit | command->known_flags, -EOPNOTSUPP);
		}
	}
}

TEST_F(format, every_reserved_bit_must_be_zero)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		uint32_t bit;

		for (bit = 1; bit && command->reserved; bit <<= 1)
			expect_refused(_metadata, self, command,
				       command->reserved, bit, -EINVAL);
	}
}

TEST_F(format, an_unknown_number_is_no_command)
{
	uint64_t arg[32] = { 256 };
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++) {
		bool node = false, device = false;
		unsigned int number = _IO(HPDMA_IOC_TYPE, nr);

		for (i = 0; i < COMMANDS; i++)
			if (commands[i].number == number)
				*(commands[i].device ? &device : &node) = true;
		if (!node) {
			EXPECT_EQ(-ENOTTY,
				  call(self->subject.node, number, arg))
			{
				TH_LOG("number %#x on " NODE, nr);
			}
		}
		if (!device && self->subject.device >= 0) {
			EXPECT_EQ(-ENOTTY,
				  call(self->subject.device, number, arg))
			{
				TH_LOG("number %#x on " DEVICE_NODE, nr);
			}
		}
	}
}

TEST_F(format, a_number_with_direction_or_size_is_no_command)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		unsigned int bit;

		for (bit = _IOC_SIZESHIFT; bit < 32; bit++) {
			uint64_t arg[32] = {};
			int ret;

			prepare(command, &self->subject, arg);
			ret = call(file_of(&self->subject, command),
				   command->number | 1U << bit, arg);
			finish(command, &self->subject, arg, ret);
			EXPECT_EQ(-ENOTTY, ret)
			{
				TH_LOG("%s with bit %u", command->name, bit);
			}
		}
	}
}

TEST_F(format, another_type_is_no_command)
{
	const struct command *command;

	FOR_EACH_COMMAND(command)
	{
		unsigned int type;

		/* Type 0 and 'T' have numbers that every file knows. */
		for (type = 1; type < 256; type++) {
			unsigned int number =
				_IO(type, _IOC_NR(command->number));
			uint64_t arg[32] = {};
			int ret;

			if (type == HPDMA_IOC_TYPE || type == 'T')
				continue;
			prepare(command, &self->subject, arg);
			ret = call(file_of(&self->subject, command), number,
				   arg);
			finish(command, &self->subject, arg, ret);
			EXPECT_EQ(-ENOTTY, ret)
			{
				TH_LOG("%s with type %#x", command->name, type);
			}
		}
	}
}

TEST_F(format, an_id_that_is_none_is_not_found)
{
	static const uint32_t none[] = { 0,	     2,		 100,
					 0x3fffff,   0x400000,	 0x400001,
					 0x7fffffff, 0x80000000, 0xffffffff };
	const struct command *command;
	unsigned int i;

	FOR_EACH_COMMAND(command)
	{
		uint32_t offset = 12;

		switch (command->number) {
		case HPDMA_IOC_BUF_INFO:
		case HPDMA_IOC_BUF_SEGMENTS:
		case HPDMA_IOC_BUF_EXPORT:
		case HPDMA_IOC_DEV_MAP:
		case HPDMA_IOC_DEV_SEGMENTS:
			break;
		case HPDMA_IOC_BUF_FREE:
		case HPDMA_IOC_NAME_PUBLISH:
		case HPDMA_IOC_DEV_UNMAP:
			/* The good call itself has made a second one. */
			expect_refused(_metadata, self, command, offset, 0,
				       -ENOENT);
			expect_refused(_metadata, self, command, offset, 3,
				       -ENOENT);
			continue;
		default:
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(none); i++)
			expect_refused(_metadata, self, command, offset,
				       none[i], -ENOENT);
	}
}

/* The value of a pointer field has 64 bits for 32-bit callers too. */
TEST_F(format, a_pointer_beyond_the_caller_faults)
{
	static const uint64_t nowhere[] = { 8, 1ULL << 47, 1ULL << 63, -PAGE,
					    -16ULL };
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.id = self->subject.id,
		.count = 8,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		arg.segments = nowhere[i];
		EXPECT_EQ(-EFAULT, call(self->subject.node,
					HPDMA_IOC_BUF_SEGMENTS, &arg));
	}
}

TEST_F(format, info_tells_what_the_header_says)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };
	const uint64_t known = HPDMA_FEATURE_CONTIG | HPDMA_FEATURE_HUGETLB |
			       HPDMA_FEATURE_REGISTER | HPDMA_FEATURE_PHYS |
			       HPDMA_FEATURE_WRITE_COMBINE;

	ASSERT_EQ(0, call(self->subject.node, HPDMA_IOC_INFO, &arg));
	EXPECT_EQ(HPDMA_UAPI_VERSION, arg.out_uapi_version);
	EXPECT_EQ(HPDMA_REASON_NONE, arg.out_reason);
	EXPECT_EQ(0, arg.out_features & ~known);
	EXPECT_TRUE(arg.out_features & HPDMA_FEATURE_PHYS);
	EXPECT_EQ(!!(arg.out_features & HPDMA_FEATURE_HUGETLB),
		  !!arg.out_hugetlb_sizes);
	EXPECT_GE(arg.out_max_contig, MB(4));
	EXPECT_GE(arg.out_max_length, arg.out_max_contig);
	EXPECT_NE(0, arg.out_module_version);
}

TEST(device_commands_are_covered)
{
	if (access(DEVICE_NODE, F_OK))
		SKIP(return, "no " DEVICE_NODE " to call them on");
}

TEST_HARNESS_MAIN
