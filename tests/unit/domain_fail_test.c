// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way for a domain to fail: each allocation and each system call fails in turn,
 * of whatever a process does with one, on plain memory and on huge pages. Whatever
 * fails, nothing is left behind and nothing has changed for anybody, outputs are
 * touched by success only, the error tells what was returned, and the same call
 * succeeds afterwards.
 */
#define _GNU_SOURCE
#include "domain_kit.h"
#include "fail_native.h"
#include "native.h"

#define OBJECTS 50u

static struct hpdma_sys sys;
static uint32_t kind;
static struct hpdma *ctx;
static struct hpdma_domain *domain;
static char domain_name[HPDMA_DOMAIN_NAME_SIZE];
static struct hpdma_error error;

static const struct hpdma_mempool_opts pool_opts = {
	.size = sizeof(pool_opts),
	.object_size = 64,
	.count = OBJECTS,
	.cache_size = 8,
};

static const struct hpdma_ring_opts ring_opts = {
	.size = sizeof(ring_opts),
	.count = 16,
};

/* What the calls give */
struct outputs {
	struct hpdma_domain *domain;
	struct hpdma_ring *ring;
	struct hpdma_heap *heap;
	struct hpdma_mempool *pool;
	struct hpdma_memzone zone;
};

static struct outputs got;
static const struct outputs untouched = {
	.domain = SENTINEL,
	.ring = SENTINEL,
	.heap = SENTINEL,
	.pool = SENTINEL,
	.zone.size = sizeof(struct hpdma_memzone),
};

/* What anybody can see, and what this process holds */
struct state {
	uint64_t named;
	uint64_t processes;
	uint64_t objects;
	uint64_t zones;
	uint64_t used;
	int64_t mappings;
	int64_t fds;
};

static int count_own(const struct hpdma_domain_listing *listing, void *arg)
{
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "test-%d-", (int)getpid());
	*(uint64_t *)arg += !strncmp(listing->name, prefix, strlen(prefix));
	return 0;
}

static struct state look(void)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_memzones_info zones = { .size = sizeof(zones) };
	struct state state = { .mappings = native_mappings,
			       .fds = count_fds() };

	CHECK_EQ(hpdma_domain_list(ctx, count_own, &state.named, NULL), 0);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(hpdma_memzones_get_info(hpdma_domain_zones(domain), &zones),
		 0);
	state.processes = info.processes;
	state.objects = info.objects;
	state.zones = zones.zones;
	state.used = zones.used;
	return state;
}

static void check_same(const struct state *before)
{
	const struct state now = look();

	CHECK_EQ(now.named, before->named);
	CHECK_EQ(now.processes, before->processes);
	CHECK_EQ(now.objects, before->objects);
	CHECK_EQ(now.zones, before->zones);
	CHECK_EQ(now.used, before->used);
	CHECK_EQ(now.mappings, before->mappings);
	CHECK_EQ(now.fds, before->fds);
}

/* A small one, for there will be hundreds */
static int new_domain(uint32_t flags, struct hpdma_domain **new)
{
	const struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.flags = flags | HPDMA_DOMAIN_GID,
		.length = kind == HPDMA_BACKEND_HUGETLB ? HUGE_PAGE : MIB,
		.max_processes = 8,
		.max_zones = 16,
		.max_objects = 8,
		.mode = 0660,
		.gid = getegid(),
	};

	return hpdma_domain_create(ctx, kit_new_name(), &opts, new, &error);
}

static int create(void)
{
	return new_domain(0, &got.domain);
}

static int attach(void)
{
	const struct hpdma_domain_attach_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_DOMAIN_ANY_ADDRESS,
	};

	return hpdma_domain_attach(ctx, domain_name, &opts, &got.domain,
				   &error);
}

static void detach(void)
{
	hpdma_domain_unref(got.domain);
}

static struct hpdma_domain *other;

static void make_other(void)
{
	REQUIRE(!new_domain(0, &other));
}

static int destroy(void)
{
	return hpdma_domain_destroy(ctx, kit_name, &error);
}

static void drop_other(void)
{
	hpdma_domain_unref(other);
}

static int list(void)
{
	uint64_t named = 0;

	return hpdma_domain_list(ctx, count_own, &named, &error);
}

static int reserve(void)
{
	return hpdma_memzone_reserve(hpdma_domain_zones(domain), "z", 5000,
				     NULL, &got.zone, &error);
}

static void release(void)
{
	CHECK_EQ(hpdma_memzone_free(hpdma_domain_zones(domain), &got.zone), 0);
}

static int ring_create(void)
{
	return hpdma_domain_ring_create(domain, "new", &ring_opts, &got.ring,
					&error);
}

static int ring_attach(void)
{
	return hpdma_domain_ring_attach(domain, "r", &got.ring, &error);
}

static void ring_end(void)
{
	hpdma_ring_destroy(got.ring);
}

static void ring_remove(void)
{
	ring_end();
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_RING, "new", NULL),
		 0);
}

/* Without memory for a cache it works all the same. */
static int heap_use(int ret)
{
	void *block;

	if (ret)
		return ret;
	block = hpdma_heap_malloc(got.heap, 1000);
	CHECK(block);
	hpdma_heap_free(got.heap, block);
	return 0;
}

static int heap_create(void)
{
	return heap_use(hpdma_domain_heap_create(domain, "new", 256 << 10, NULL,
						 &got.heap, &error));
}

static int heap_attach(void)
{
	return heap_use(
		hpdma_domain_heap_attach(domain, "h", NULL, &got.heap, &error));
}

static void heap_end(void)
{
	CHECK_EQ(hpdma_heap_destroy(got.heap, 0), 0);
}

static void heap_remove(void)
{
	heap_end();
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_HEAP, "new", NULL),
		 0);
}

static int pool_use(int ret)
{
	void *objects[OBJECTS];

	if (ret)
		return ret;
	CHECK_EQ(hpdma_mempool_get_bulk(got.pool, objects, OBJECTS), 0);
	CHECK_EQ(hpdma_mempool_put_bulk(got.pool, objects, OBJECTS), 0);
	return 0;
}

static int pool_create(void)
{
	return pool_use(hpdma_domain_mempool_create(domain, "new", &pool_opts,
						    &got.pool, &error));
}

static int pool_attach(void)
{
	return pool_use(hpdma_domain_mempool_attach(domain, "p", &pool_opts,
						    &got.pool, &error));
}

static void pool_end(void)
{
	CHECK_EQ(hpdma_mempool_destroy(got.pool), 0);
}

static void pool_remove(void)
{
	pool_end();
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_MEMPOOL, "new", NULL),
		 0);
}

/* No thread has a cache of a pool that is as new as this one. */
static bool start(void)
{
	const struct hpdma_open_opts opts = { .size = sizeof(opts),
					      .backend = kind };
	int ret;

	sys = fail_native();
	fail_nth(0, 0);
	got = untouched;
	if (hpdma_open_sys(&opts, &sys, &ctx, NULL))
		return false;
	if (new_domain(HPDMA_DOMAIN_ANY_ADDRESS, &domain))
		return false;
	strcpy(domain_name, kit_name);
	ret = hpdma_domain_ring_create(domain, "r", &ring_opts, &got.ring,
				       NULL);
	if (!ret)
		ret = hpdma_domain_mempool_create(domain, "p", &pool_opts,
						  &got.pool, NULL);
	if (!ret)
		ret = hpdma_domain_heap_create(domain, "h", 256 << 10, NULL,
					       &got.heap, NULL);
	return !ret;
}

/* The domain has them without us. */
static void end_objects(void)
{
	ring_end();
	pool_end();
	heap_end();
}

static void finish(void)
{
	fake.fail_at = 0;
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
	CHECK_EQ(native_mappings, 0);
}

/**
 * struct operation - what is to fail in every way
 * @prepare: What comes before; may be NULL
 * @call: It
 * @undo: Puts everything back to before @prepare, after @call succeeded; may be NULL
 */
struct operation {
	void (*prepare)(void);
	int (*call)(void);
	void (*undo)(void);
};

/* Returns what failed: nothing, if all was done. */
static const char *fail_once(const struct operation *op, unsigned int nth,
			     int code, unsigned int *survived)
{
	const struct state first = look();
	struct state before;
	const char *failed;
	int ret;

	if (op->prepare)
		op->prepare();
	before = look();
	got = untouched;
	error = (struct hpdma_error){ 0 };
	fail_nth(nth, code);
	ret = op->call();
	fake.fail_at = 0;
	failed = fake.failed ? fake.failed_in : NULL;
	if (ret) {
		CHECK_EQ(ret, fail_was_alloc ? -ENOMEM : code);
		CHECK(failed);
		CHECK_EQ(error.code, ret);
		CHECK(error.what && *error.what);
		CHECK(!memcmp(&got, &untouched, sizeof(got)));
		check_same(&before);
		ret = op->call();
		CHECK_EQ(ret, 0);
		if (ret)
			return failed;
	} else if (failed) {
		++*survived;
	}
	if (op->undo)
		op->undo();
	check_same(&first);
	return failed;
}

static void fail_each(const struct operation *op, unsigned int least, int code)
{
	unsigned int nth, survived = 0;
	const char *failed;

	for (nth = 1; nth < 1000; nth++) {
		failed = fail_once(op, nth, code, &survived);
		if (!failed || harness_failed)
			break;
	}
	if (harness_failed)
		printf("# with %d in call %u, %s\n", code, nth, failed);
	CHECK(nth > least);
	/* Not all may be survived: then failures would go unnoticed. */
	CHECK(survived + 1 < nth || nth == 1);
	printf("# %u calls, %u failures made up for\n", nth - 1, survived);
}

/* A name needs a place: a mount that nobody else sees. */
static bool have_hugetlbfs(void)
{
	static int have = -1;

	if (have < 0)
		have = have_huge_pages() && own_mounts() &&
		       !mount("none", "/dev/hugepages", "hugetlbfs", 0, NULL);
	return have;
}

static void on_each(void (*run)(const struct operation *op, unsigned int least),
		    const struct operation *op, unsigned int least)
{
	static const uint32_t kinds[] = { HPDMA_BACKEND_PLAIN,
					  HPDMA_BACKEND_HUGETLB };
	size_t i;

	for (i = 0; i < 2; i++) {
		kind = kinds[i];
		if (kind == HPDMA_BACKEND_HUGETLB && !have_hugetlbfs())
			skip("no huge pages, or no right to mount");
		else
			run(op, least);
	}
}

static void run_one(const struct operation *op, unsigned int least)
{
	REQUIRE(start());
	end_objects();
	fail_each(op, least, -ENOMEM);
	fail_each(op, least, -EIO);
	finish();
}

#define FAILS(name, least, prepare, call, undo)                      \
	TEST(name)                                                   \
	{                                                            \
		const struct operation op = { prepare, call, undo }; \
                                                                     \
		on_each(run_one, &op, least);                        \
	}

FAILS(creating, 15, NULL, create, detach)
FAILS(attaching, 15, NULL, attach, detach)
FAILS(destroying, 2, make_other, destroy, drop_other)
FAILS(listing, 2, NULL, list, NULL)
FAILS(a_zone, 0, NULL, reserve, release)
FAILS(creating_a_ring, 1, NULL, ring_create, ring_remove)
FAILS(attaching_to_a_ring, 1, NULL, ring_attach, ring_end)
FAILS(creating_a_heap, 1, NULL, heap_create, heap_remove)
FAILS(attaching_to_a_heap, 1, NULL, heap_attach, heap_end)
FAILS(creating_a_pool, 2, NULL, pool_create, pool_remove)
FAILS(attaching_to_a_pool, 2, NULL, pool_attach, pool_end)

/* The mount comes with the first of the others, if the system has none. */
TEST(huge_pages_without_a_mount_are_done_without)
{
	if (!have_huge_pages()) {
		skip("no huge pages");
		return;
	}
	kind = HPDMA_BACKEND_HUGETLB;
	REQUIRE(start());
	end_objects();
	finish();
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(huge_pages_without_a_mount_are_done_without),
		ENTRY(creating),
		ENTRY(attaching),
		ENTRY(destroying),
		ENTRY(listing),
		ENTRY(a_zone),
		ENTRY(creating_a_ring),
		ENTRY(attaching_to_a_ring),
		ENTRY(creating_a_heap),
		ENTRY(attaching_to_a_heap),
		ENTRY(creating_a_pool),
		ENTRY(attaching_to_a_pool),
	};

	return RUN_TESTS(tests);
}
