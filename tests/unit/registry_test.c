// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registries: all targets know all memory, or none knows it; who refused is named.
 */
#include "iova_fake.h"

#define HERE (1ull << 40)
#define THERE (1ull << 33)
#define PAGE 4096

/* What a listener was told, and what it is to refuse. */
struct listener {
	struct hpdma_registry_sub sub;
	uint64_t knows[16];
	unsigned int count;
	unsigned int told;
	uint64_t refuse;
	bool silent;
};

static int added(struct hpdma_buf *buf, struct hpdma_error *error, void *arg)
{
	uint64_t va = (uintptr_t)hpdma_buf_ptr(buf);
	struct listener *listener = arg;

	listener->told++;
	if (va == listener->refuse) {
		if (!listener->silent)
			*error = (struct hpdma_error){ -ENOSPC, HPDMA_WHY_IDS,
						       "say no" };
		return -ENOSPC;
	}
	listener->knows[listener->count++] = va;
	return 0;
}

/* What came last goes first. */
static void removed(struct hpdma_buf *buf, void *arg)
{
	struct listener *listener = arg;

	CHECK(listener->count);
	listener->told++;
	listener->count--;
	CHECK_EQ(listener->knows[listener->count],
		 (uintptr_t)hpdma_buf_ptr(buf));
}

static void listen_to(struct listener *listener)
{
	memset(listener, 0, sizeof(*listener));
	listener->sub.size = sizeof(listener->sub);
	listener->sub.added = added;
	listener->sub.removed = removed;
	listener->sub.arg = listener;
}

static struct hpdma_registry *set_up_registry(struct setup *setup)
{
	struct hpdma_registry *reg;

	*setup = set_up(WAY_IOVA);
	if (hpdma_registry_create(setup->ctx, &reg, NULL))
		abort();
	return reg;
}

static int register_at(struct hpdma_registry *reg, uint64_t va, uint64_t length,
		       const char **refused, struct hpdma_error *error)
{
	scripted = 1;
	script[0] = (struct hpdma_seg){ THERE + va - HERE, length };
	return hpdma_registry_register(reg, (void *)(uintptr_t)va, length,
				       refused, error);
}

static unsigned int buffers_held(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < FAKE_MAX; i++)
		count += fake.buffer[i].held;
	return count;
}

TEST(all_targets_know_all_memory)
{
	struct hpdma_iova *phys;
	struct listener listener;
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	const char *refused = SENTINEL;

	listen_to(&listener);
	REQUIRE(!hpdma_iova_create_phys(setup.ctx, &phys, NULL));
	CHECK_EQ(register_at(reg, HERE, PAGE, &refused, NULL), 0);
	CHECK(refused == SENTINEL);
	/* The replay */
	CHECK_EQ(hpdma_registry_attach(reg, "device", setup.table, NULL), 0);
	CHECK_EQ(hpdma_registry_attach(reg, "phys", phys, NULL), 0);
	CHECK_EQ(hpdma_registry_subscribe(reg, "me", &listener.sub, NULL), 0);
	CHECK_EQ(look(&setup, HERE + 5), THERE + 5);
	CHECK_EQ(hpdma_iova_of(phys, (void *)(uintptr_t)HERE), THERE);
	CHECK_EQ(listener.count, 1);
	/* What comes later */
	CHECK_EQ(register_at(reg, HERE + PAGE, PAGE, NULL, NULL), 0);
	CHECK_EQ(look(&setup, HERE + PAGE), THERE + PAGE);
	CHECK_EQ(listener.count, 2);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)(HERE + PAGE)), 0);
	CHECK_EQ(look(&setup, HERE + PAGE), HPDMA_IOVA_NONE);
	CHECK_EQ(listener.count, 1);
	CHECK_EQ(buffers_held(), 1);
	/* Who goes forgets; others do not. */
	CHECK_EQ(hpdma_registry_detach(reg, "device"), 0);
	CHECK_EQ(look(&setup, HERE), HPDMA_IOVA_NONE);
	CHECK_EQ(hpdma_iova_of(phys, (void *)(uintptr_t)HERE), THERE);
	CHECK_EQ(hpdma_registry_detach(reg, "device"), -ENOENT);
	hpdma_registry_unref(hpdma_registry_ref(reg));
	CHECK_EQ(listener.count, 1);
	hpdma_registry_unref(reg);
	hpdma_registry_unref(NULL);
	CHECK_EQ(listener.count, 0);
	CHECK_EQ(hpdma_iova_of(phys, (void *)(uintptr_t)HERE), HPDMA_IOVA_NONE);
	hpdma_iova_unref(phys);
	tear_down(&setup);
}

TEST(one_that_refuses_is_named_and_nobody_knows)
{
	static const char *const names[] = { "first", "second", "third" };
	struct listener listeners[3];
	struct hpdma_error error;
	struct setup setup;
	struct hpdma_registry *reg;
	const char *refused;
	int who, i;

	for (who = 0; who < 3; who++) {
		reg = set_up_registry(&setup);
		REQUIRE(!hpdma_registry_attach(reg, "table", setup.table,
					       NULL));
		for (i = 0; i < 3; i++) {
			listen_to(&listeners[i]);
			REQUIRE(!hpdma_registry_subscribe(reg, names[i],
							  &listeners[i].sub,
							  NULL));
		}
		listeners[who].refuse = HERE;
		refused = NULL;
		CHECK_EQ(register_at(reg, HERE, PAGE, &refused, &error),
			 -ENOSPC);
		CHECK(refused && !strcmp(refused, names[who]));
		CHECK_EQ(error.code, -ENOSPC);
		CHECK_EQ(error.why, HPDMA_WHY_IDS);
		CHECK(!strcmp(error.what, "say no"));
		for (i = 0; i < 3; i++) {
			CHECK_EQ(listeners[i].count, 0);
			/* Told of it and of its end; asked; not disturbed */
			CHECK_EQ(listeners[i].told, i < who ? 2 : i == who);
		}
		CHECK_EQ(look(&setup, HERE), HPDMA_IOVA_NONE);
		CHECK_EQ(buffers_held(), 0);
		/* Nothing of it is left in the way. */
		listeners[who].refuse = 0;
		CHECK_EQ(register_at(reg, HERE, PAGE, &refused, &error), 0);
		CHECK_EQ(look(&setup, HERE), THERE);
		hpdma_registry_unref(reg);
		tear_down(&setup);
	}
}

/* The device of the table, as the last of several targets */
TEST(a_table_that_refuses_is_named)
{
	struct hpdma_error error = { 0 };
	struct listener listener;
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	const char *refused = NULL;

	listen_to(&listener);
	REQUIRE(!hpdma_registry_subscribe(reg, "me", &listener.sub, NULL));
	REQUIRE(!hpdma_registry_attach(reg, "0000:00:03.0", setup.table, NULL));
	scripted = 2;
	script[0] = script[1] = (struct hpdma_seg){ THERE, PAGE };
	CHECK_EQ(hpdma_registry_register(reg, (void *)HERE, PAGE, &refused,
					 &error),
		 -EPROTO);
	CHECK(refused && !strcmp(refused, "0000:00:03.0"));
	CHECK_EQ(error.code, -EPROTO);
	CHECK_EQ(listener.count, 0);
	CHECK_EQ(listener.told, 2);
	CHECK_EQ(buffers_held(), 0);
	hpdma_registry_unref(reg);
	tear_down(&setup);
}

static bool no_pinning(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_buf_register *reg = arg;

	if (cmd != HPDMA_IOC_BUF_REGISTER)
		return false;
	reg->out_reason = HPDMA_REASON_PINNING;
	*ret = -EFAULT;
	return true;
}

TEST(a_failure_of_the_memory_is_nobodys)
{
	struct hpdma_error error = { 0 };
	struct listener listener;
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	const char *refused = SENTINEL;

	listen_to(&listener);
	REQUIRE(!hpdma_registry_subscribe(reg, "me", &listener.sub, NULL));
	fake.on_ioctl = no_pinning;
	CHECK_EQ(register_at(reg, HERE, PAGE, &refused, &error), -EFAULT);
	CHECK(!refused);
	CHECK_EQ(error.why, HPDMA_WHY_PINNING);
	CHECK_EQ(listener.told, 0);
	hpdma_registry_unref(reg);
	tear_down(&setup);
}

TEST(a_replay_that_is_refused_is_taken_back)
{
	struct hpdma_error error = { 0 };
	struct listener listener;
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	int i;

	for (i = 0; i < 5; i++)
		REQUIRE(!register_at(reg, HERE + i * PAGE, PAGE, NULL, NULL));
	listen_to(&listener);
	listener.refuse = HERE + 3 * PAGE;
	listener.silent = true;
	CHECK_EQ(hpdma_registry_subscribe(reg, "me", &listener.sub, &error),
		 -ENOSPC);
	CHECK_EQ(error.code, -ENOSPC);
	CHECK(error.what && *error.what);
	CHECK_EQ(listener.told, 7);
	CHECK_EQ(listener.count, 0);
	CHECK_EQ(hpdma_registry_detach(reg, "me"), -ENOENT);
	listener.refuse = 0;
	CHECK_EQ(hpdma_registry_subscribe(reg, "me", &listener.sub, NULL), 0);
	CHECK_EQ(listener.count, 5);
	CHECK_EQ(hpdma_registry_detach(reg, "me"), 0);
	CHECK_EQ(listener.count, 0);
	hpdma_registry_unref(reg);
	tear_down(&setup);
}

/* In any order, until the array has grown */
TEST(memory_is_there_once)
{
	static const struct {
		int64_t offset;
		uint64_t pages;
	} overlaps[] = { { 0, 1 }, { -1, 2 }, { -1, 4 }, { 1, 1 }, { 1, 3 } };
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	size_t i;

	for (i = 0; i < 20; i++)
		REQUIRE(!register_at(reg, HERE + i * 7 % 20 * 16 * PAGE,
				     2 * PAGE, NULL, NULL));
	for (i = 0; i < 5; i++)
		CHECK_EQ(register_at(reg,
				     HERE + 64 * PAGE +
					     overlaps[i].offset * PAGE,
				     overlaps[i].pages * PAGE, NULL, NULL),
			 -EEXIST);
	CHECK_EQ(register_at(reg, HERE + 66 * PAGE, PAGE, NULL, NULL), 0);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)(HERE + 65 * PAGE)),
		 -ENOENT);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)(HERE + 67 * PAGE)),
		 -ENOENT);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)(HERE + 64 * PAGE)), 0);
	CHECK_EQ(register_at(reg, HERE + 64 * PAGE, 2 * PAGE, NULL, NULL), 0);
	CHECK_EQ(buffers_held(), 21);
	hpdma_registry_unref(reg);
	CHECK_EQ(buffers_held(), 0);
	tear_down(&setup);
}

TEST(a_buffer_of_the_callers_is_held_and_made_known)
{
	const struct hpdma_buf_opts opts = { .size = sizeof(opts),
					     .flags = HPDMA_BUF_NO_MAP };
	const char *refused = SENTINEL;
	struct hpdma_error error = { 0 };
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);
	struct hpdma_buf *buf, *unseen;

	REQUIRE(!hpdma_registry_attach(reg, "device", setup.table, NULL));
	buf = buffer_at(setup.ctx, HERE, PAGE, THERE);
	CHECK_EQ(hpdma_registry_add(reg, buf, &refused, &error), 0);
	CHECK(refused == SENTINEL);
	CHECK_EQ(look(&setup, HERE), THERE);
	CHECK_EQ(hpdma_registry_add(reg, buf, &refused, &error), -EEXIST);
	CHECK_EQ(error.code, -EEXIST);
	CHECK(!refused);
	hpdma_buf_unref(buf);
	CHECK_EQ(buffers_held(), 1);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)HERE), 0);
	CHECK_EQ(buffers_held(), 0);
	/* There is nothing to find it by. */
	REQUIRE(!hpdma_buf_alloc(setup.ctx, PAGE, &opts, &unseen, NULL));
	CHECK_EQ(hpdma_registry_add(reg, unseen, NULL, &error), -EINVAL);
	CHECK_EQ(error.code, -EINVAL);
	hpdma_buf_unref(unseen);
	hpdma_registry_unref(reg);
	tear_down(&setup);
}

TEST(bad_subscribers_are_refused)
{
	struct hpdma_error error = { 0 };
	struct listener listener;
	struct setup setup;
	struct hpdma_registry *reg = set_up_registry(&setup);

	listen_to(&listener);
	listener.sub.removed = NULL;
	CHECK_EQ(hpdma_registry_subscribe(reg, "me", &listener.sub, NULL), 0);
	CHECK_EQ(hpdma_registry_subscribe(reg, "me", &listener.sub, &error),
		 -EEXIST);
	CHECK_EQ(error.code, -EEXIST);
	CHECK_EQ(hpdma_registry_attach(reg, "me", setup.table, NULL), -EEXIST);
	CHECK_EQ(register_at(reg, HERE, PAGE, NULL, NULL), 0);
	CHECK_EQ(hpdma_registry_remove(reg, (void *)HERE), 0);
	listener.sub.added = NULL;
	CHECK_EQ(hpdma_registry_subscribe(reg, "you", &listener.sub, NULL),
		 -EINVAL);
	CHECK_EQ(hpdma_registry_subscribe(reg, "you", NULL, NULL), -EINVAL);
	listener.sub.added = added;
	listener.sub.size = 8;
	CHECK_EQ(hpdma_registry_subscribe(reg, "you", &listener.sub, NULL),
		 -EINVAL);
	hpdma_registry_unref(reg);
	tear_down(&setup);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(all_targets_know_all_memory),
		ENTRY(one_that_refuses_is_named_and_nobody_knows),
		ENTRY(a_table_that_refuses_is_named),
		ENTRY(a_failure_of_the_memory_is_nobodys),
		ENTRY(a_replay_that_is_refused_is_taken_back),
		ENTRY(memory_is_there_once),
		ENTRY(a_buffer_of_the_callers_is_held_and_made_known),
		ENTRY(bad_subscribers_are_refused),
	};

	return RUN_TESTS(tests);
}
