// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: create, attach, detach, list; where they are.
 */
#define _GNU_SOURCE
#include "domain_kit.h"

static uint32_t *flags;

TEST(a_domain_is_created_attached_to_and_listed_by_name)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_create(ctx, 0), *other;

	REQUIRE(domain);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(info.slot, 0);
	CHECK_EQ(info.abi, 7);
	CHECK_EQ(info.length, 8 << 20);
	CHECK_EQ(info.address, (uintptr_t)hpdma_domain_ptr(domain, 0));
	CHECK_EQ(hpdma_domain_offset(domain, (char *)0 + info.address + 77),
		 77);
	CHECK_EQ(hpdma_domain_offset(domain, &info), UINT64_MAX);
	CHECK(!hpdma_domain_ptr(domain, info.length));
	info.size--;
	CHECK_EQ(hpdma_domain_get_info(domain, &info), -EINVAL);
	/* This process has it at that address already. */
	other = SENTINEL;
	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, NULL, &other, NULL),
		 -EPROTO);
	CHECK(other == SENTINEL);
	CHECK(hpdma_domain_ref(domain) == domain);
	hpdma_domain_unref(domain);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

static int find_name(const struct hpdma_domain_listing *listing, void *arg)
{
	if (strcmp(listing->name, kit_name))
		return 0;
	CHECK_EQ(listing->length, 8 << 20);
	*(uint32_t *)arg = listing->persistent;
	return 1;
}

TEST(domains_are_listed)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain;
	uint32_t persistent = 2;

	domain = kit_create(ctx, 0);
	CHECK_EQ(hpdma_domain_list(ctx, find_name, &persistent, NULL), 1);
	CHECK_EQ(persistent, 0);
	hpdma_domain_unref(domain);
	CHECK_EQ(hpdma_domain_list(ctx, find_name, &persistent, NULL), 0);

	domain = kit_create(ctx, HPDMA_DOMAIN_PERSISTENT);
	hpdma_domain_unref(domain);
	CHECK_EQ(hpdma_domain_list(ctx, find_name, &persistent, NULL), 1);
	CHECK_EQ(persistent, 1);
	CHECK_EQ(hpdma_domain_destroy(ctx, kit_name, NULL), 0);
	CHECK_EQ(hpdma_domain_destroy(ctx, kit_name, NULL), -ENOENT);
	CHECK_EQ(hpdma_domain_list(ctx, find_name, &persistent, NULL), 0);
	hpdma_unref(ctx);
}

TEST(a_name_is_one_domains)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_create(ctx, 0), *other = SENTINEL;

	REQUIRE(domain);
	CHECK_EQ(hpdma_domain_create(ctx, kit_name, NULL, &other, NULL),
		 -EEXIST);
	hpdma_domain_unref(domain);
	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, NULL, &other, NULL),
		 -ENOENT);
	CHECK_EQ(hpdma_domain_attach(ctx, "", NULL, &other, NULL), -EINVAL);
	CHECK_EQ(hpdma_domain_create(
			 ctx, "a-name-of-forty-bytes-is-one-byte-too-long",
			 NULL, &other, NULL),
		 -EINVAL);
	CHECK_EQ(hpdma_domain_create(ctx, "a/b", NULL, &other, NULL), -EINVAL);
	CHECK(other == SENTINEL);
	hpdma_unref(ctx);
}

TEST(options_are_checked)
{
	struct hpdma_domain_opts good = { .size = sizeof(good) }, o;
	struct hpdma_domain_attach_opts a = { .size = sizeof(a),
					      .flags = HPDMA_DOMAIN_UID };
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = SENTINEL;

#define REFUSED(change)                                                        \
	do {                                                                   \
		o = good;                                                      \
		change;                                                        \
		CHECK_EQ(hpdma_domain_create(ctx, "never", &o, &domain, NULL), \
			 -EINVAL);                                             \
	} while (0)
	REFUSED(o.size = 8);
	REFUSED(o.flags = 1u << 31);
	REFUSED(o.max_processes = 256);
	REFUSED(o.max_objects = 512);
	REFUSED(o.uid = 1);
	REFUSED(o.gid = 1);
	REFUSED(o.address = (void *)4096);
	REFUSED((o.address = (void *)(1ull << 44),
		 o.flags = HPDMA_DOMAIN_ANY_ADDRESS));
	/* Also where lengths are rounded up to huge pages. */
	REFUSED((o.length = 4096, o.max_zones = 1 << 19));
	REFUSED((o.length = 1 << 20, o.max_zones = 1 << 19));
	CHECK_EQ(hpdma_domain_attach(ctx, "never", &a, &domain, NULL), -EINVAL);
	CHECK(domain == SENTINEL);
	hpdma_unref(ctx);
}

static void attach_at_same_address(void *arg)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain;
	char **pointer;

	/* What the parent has at this address is ours by fork() only. */
	munmap(arg, 8 << 20);
	domain = kit_attach(ctx);
	REQUIRE(domain);
	CHECK(hpdma_domain_ptr(domain, 0) == arg);
	pointer = hpdma_domain_ptr(domain, (8 << 20) - 8);
	CHECK_EQ(**pointer, 'x');
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

TEST(all_have_it_at_the_same_address)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_create(ctx, 0);
	char **pointer, *byte;

	REQUIRE(domain);
	byte = hpdma_domain_ptr(domain, (8 << 20) - 16);
	pointer = hpdma_domain_ptr(domain, (8 << 20) - 8);
	*byte = 'x';
	*pointer = byte;
	CHECK_EQ(kit_wait(kit_child(attach_at_same_address,
				    hpdma_domain_ptr(domain, 0))),
		 0);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

/* Its copy of the parent's memory is in the way. */
static void attach_where_it_is_taken(void *arg)
{
	struct hpdma_domain_attach_opts opts = { .size = sizeof(opts),
						 .abi = 7 };
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = SENTINEL;
	struct hpdma_error error = { 0 };
	char *byte;

	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, &opts, &domain, &error),
		 -EADDRINUSE);
	CHECK_EQ(error.why, HPDMA_WHY_ADDRESS_TAKEN);
	CHECK(domain == SENTINEL);
	opts.flags = HPDMA_DOMAIN_ANY_ADDRESS;
	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, &opts, &domain, &error), 0);
	CHECK(hpdma_domain_ptr(domain, 0) != arg);
	byte = hpdma_domain_ptr(domain, (8 << 20) - 1);
	CHECK_EQ(*byte, 'y');
	CHECK_EQ(hpdma_domain_offset(domain, byte), (8 << 20) - 1);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

TEST(a_taken_address_is_an_error_or_offsets_are_used)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_create(ctx, 0);

	REQUIRE(domain);
	*(char *)hpdma_domain_ptr(domain, (8 << 20) - 1) = 'y';
	CHECK_EQ(kit_wait(kit_child(attach_where_it_is_taken,
				    hpdma_domain_ptr(domain, 0))),
		 0);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

/* ASan and TSan each leave only one of these to the program. */
#ifdef __SANITIZE_THREAD__
#define WISH ((void *)0x7000000000)
#else
#define WISH ((void *)0x2a0000000000)
#endif

TEST(a_wished_address_is_taken_or_refused)
{
	struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.length = 8 << 20,
		.address = WISH,
	};
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = NULL, *other = SENTINEL;
	struct hpdma_error error = { 0 };
	char name[HPDMA_DOMAIN_NAME_SIZE];

	strcpy(name, kit_new_name());
	REQUIRE(!hpdma_domain_create(ctx, name, &opts, &domain, &error));
	CHECK(hpdma_domain_ptr(domain, 0) == opts.address);
	CHECK_EQ(hpdma_domain_create(ctx, kit_new_name(), &opts, &other,
				     &error),
		 -EADDRINUSE);
	CHECK_EQ(error.why, HPDMA_WHY_ADDRESS_TAKEN);
	CHECK(other == SENTINEL);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

TEST(any_address_suits_a_domain_made_so)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain, *second;

	domain = kit_create(ctx, HPDMA_DOMAIN_ANY_ADDRESS);
	REQUIRE(domain);
	second = kit_attach(ctx);
	REQUIRE(second);
	CHECK(hpdma_domain_ptr(second, 0) != hpdma_domain_ptr(domain, 0));
	*(char *)hpdma_domain_ptr(domain, (8 << 20) - 1) = 'z';
	CHECK_EQ(*(char *)hpdma_domain_ptr(second, (8 << 20) - 1), 'z');
	hpdma_domain_unref(second);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

static void attach_leave_mark(void *arg)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_attach(ctx);

	REQUIRE(domain);
	(*(uint32_t *)hpdma_domain_ptr(domain, (8 << 20) - 4))++;
	if (arg)
		kill(getpid(), SIGKILL);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

TEST(a_persistent_domain_outlives_all_its_processes)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_domain *domain;

	domain = kit_create(ctx, HPDMA_DOMAIN_PERSISTENT);
	REQUIRE(domain);
	hpdma_domain_unref(domain);
	CHECK_EQ(kit_wait(kit_child(attach_leave_mark, NULL)), 0);
	CHECK_EQ(kit_wait(kit_child(attach_leave_mark, ctx)), -SIGKILL);
	domain = kit_attach(ctx);
	REQUIRE(domain);
	CHECK_EQ(*(uint32_t *)hpdma_domain_ptr(domain, (8 << 20) - 4), 2);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(info.reaped, 1);
	/* Who has it keeps it when its name ends. */
	CHECK_EQ(hpdma_domain_destroy(ctx, kit_name, NULL), 0);
	(*(uint32_t *)hpdma_domain_ptr(domain, (8 << 20) - 4))++;
	hpdma_domain_unref(domain);
	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, NULL, &domain, NULL),
		 -ENOENT);
	hpdma_unref(ctx);
}

static void attach_and_stay(void *arg)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain = kit_attach(ctx);

	(void)arg;
	REQUIRE(domain);
	kit_say(&flags[0]);
	kit_await(&flags[1]);
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

TEST(a_domain_lives_as_long_as_any_of_its_processes)
{
	struct hpdma *ctx = kit_context();
	struct hpdma_domain *domain;
	pid_t pid;

	flags[0] = flags[1] = 0;
	domain = kit_create(ctx, HPDMA_DOMAIN_ANY_ADDRESS);
	REQUIRE(domain);
	pid = kit_child(attach_and_stay, NULL);
	CHECK(kit_await(&flags[0]));
	hpdma_domain_unref(domain);
	domain = kit_attach(ctx);
	CHECK(domain);
	hpdma_domain_unref(domain);
	kit_say(&flags[1]);
	CHECK_EQ(kit_wait(pid), 0);
	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, NULL, &domain, NULL),
		 -ENOENT);
	hpdma_unref(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_domain_is_created_attached_to_and_listed_by_name),
		ENTRY(domains_are_listed),
		ENTRY(a_name_is_one_domains),
		ENTRY(options_are_checked),
		ENTRY(all_have_it_at_the_same_address),
		ENTRY(a_taken_address_is_an_error_or_offsets_are_used),
		ENTRY(a_wished_address_is_taken_or_refused),
		ENTRY(any_address_suits_a_domain_made_so),
		ENTRY(a_persistent_domain_outlives_all_its_processes),
		ENTRY(a_domain_lives_as_long_as_any_of_its_processes),
	};

	flags = kit_shared(4096);
	return RUN_TESTS(tests);
}
