// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings, heaps and pools of a domain, and objects of pools that go from process to
 * process.
 */
#define _GNU_SOURCE
#include "domain_shared.h"

#define OBJECTS 100u

static uint32_t *flags;
static uint32_t misuses;

static void count_misuse(const struct hpdma_misuse *misuse, void *arg)
{
	(void)misuse;
	(void)arg;
	misuses++;
}

static const struct hpdma_mempool_opts pool_opts = {
	.size = sizeof(pool_opts),
	.flags = HPDMA_MEMPOOL_GUARD,
	.object_size = 200,
	.count = OBJECTS,
	.cache_size = 8,
	.misuse = count_misuse,
	.name = "pool",
};

static const struct hpdma_ring_opts ring_opts = {
	.size = sizeof(ring_opts),
	.count = 16,
};

static int start_anew(void)
{
	misuses = 0;
	memset(flags, 0, 4096);
	return start();
}

static int count_objects(const struct hpdma_domain_object *object, void *arg)
{
	uint32_t *count = arg;

	CHECK(object->length > 0);
	CHECK_EQ(object->users, 1);
	count[object->type]++;
	return 0;
}

TEST(objects_have_names_and_types)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_ring *again = SENTINEL;
	struct hpdma_heap *heap = SENTINEL;
	struct hpdma_error error = { 0 };
	uint32_t count[4] = { 0 };

	REQUIRE(start_anew());
	CHECK_EQ(hpdma_domain_ring_create(domain, "r", &ring_opts, &again,
					  &error),
		 -EEXIST);
	CHECK_EQ(hpdma_domain_ring_attach(domain, "p", &again, &error),
		 -ENOENT);
	CHECK_EQ(hpdma_domain_ring_attach(domain, "", &again, &error), -EINVAL);
	CHECK(again == SENTINEL);
	/* Another type is another name. */
	CHECK_EQ(hpdma_domain_heap_create(domain, "r", 1 << 20, NULL, &heap,
					  &error),
		 0);
	CHECK_EQ(hpdma_domain_walk_objects(domain, count_objects, count), 0);
	CHECK_EQ(count[HPDMA_DOMAIN_RING], 1);
	CHECK_EQ(count[HPDMA_DOMAIN_HEAP], 1);
	CHECK_EQ(count[HPDMA_DOMAIN_MEMPOOL], 1);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.objects, 3);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_HEAP, "r", &error),
		 0);
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_HEAP, "r", &error),
		 -ENOENT);
	CHECK_EQ(hpdma_domain_heap_create(domain, "r", 8 << 20, NULL, &heap,
					  &error),
		 -ENOMEM);
	CHECK_EQ(hpdma_domain_heap_attach(domain, "r", NULL, &heap, &error),
		 -ENOENT);
	finish();
}

TEST(a_zone_of_the_users_is_nobody_elses)
{
	struct hpdma_memzone zone = { .size = sizeof(zone) };
	struct hpdma_ring *again = SENTINEL;

	REQUIRE(start_anew());
	CHECK_EQ(hpdma_memzone_reserve(hpdma_domain_zones(domain), "ring:x", 64,
				       NULL, &zone, NULL),
		 0);
	CHECK_EQ(hpdma_domain_ring_create(domain, "x", &ring_opts, &again,
					  NULL),
		 -EEXIST);
	CHECK_EQ(hpdma_memzone_lookup(hpdma_domain_zones(domain), "ring:x",
				      &zone),
		 0);
	finish();
}

static void use_heap(void *arg)
{
	struct hpdma_heap *heap;
	char *block;

	(void)arg;
	REQUIRE(join());
	REQUIRE(!hpdma_domain_heap_attach(domain, "h", NULL, &heap, NULL));
	block = hpdma_domain_ptr(domain,
				 *(uint64_t *)hpdma_domain_ptr(domain,
							       (8 << 20) - 8));
	CHECK(!strcmp(block, "by the parent"));
	hpdma_heap_free(heap, block);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	finish();
}

TEST(a_heap_is_shared)
{
	struct hpdma_heap_info info = { .size = sizeof(info) };
	struct hpdma_heap *heap;
	char *block;

	REQUIRE(start_anew());
	REQUIRE(!hpdma_domain_heap_create(domain, "h", 1 << 20, NULL, &heap,
					  NULL));
	block = hpdma_heap_malloc(heap, 100);
	REQUIRE(block);
	strcpy(block, "by the parent");
	*(uint64_t *)hpdma_domain_ptr(domain, (8 << 20) - 8) =
		hpdma_domain_offset(domain, block);
	CHECK_EQ(kit_wait(kit_child(use_heap, NULL)), 0);
	CHECK_EQ(hpdma_heap_get_info(heap, &info), 0);
	CHECK_EQ(info.used_blocks, 0);
	CHECK_EQ(hpdma_heap_destroy(heap, 0), 0);
	finish();
}

static void hold_and_stay(void *arg)
{
	void *objects[30];

	(void)arg;
	REQUIRE(join());
	CHECK_EQ(hpdma_domain_remove(domain, HPDMA_DOMAIN_MEMPOOL, "p", NULL),
		 -EBUSY);
	/* Some stay in the cache of this thread, too. */
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 30), 0);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 3), 0);
	kit_say(flags);
	pause();
}

TEST(what_a_dead_process_held_or_had_cached_comes_back)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };
	pid_t pid;

	REQUIRE(start_anew());
	CHECK_EQ(in_store(), OBJECTS);
	pid = kit_child(hold_and_stay, NULL);
	CHECK(kit_await(flags));
	CHECK(in_store() <= OBJECTS - 30);
	CHECK_EQ(hpdma_domain_reap(domain, NULL), 0);
	CHECK(in_store() <= OBJECTS - 30);
	kit_kill(pid);
	CHECK_EQ(hpdma_domain_reap(domain, NULL), 1);
	CHECK_EQ(in_store(), OBJECTS);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(info.reaped, 1);
	CHECK(info.returned >= 30);
	finish();
}

static void get_and_leave(void *arg)
{
	void *objects[5];

	REQUIRE(join());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 5), 0);
	if (!arg) {
		/* The pool says so, and the domain takes them back. */
		CHECK_EQ(hpdma_mempool_destroy(pool), -EBUSY);
		CHECK_EQ(misuses, 1);
		hpdma_domain_unref(domain);
		return;
	}
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 5), 0);
	finish();
}

TEST(what_a_process_leaves_behind_comes_back)
{
	REQUIRE(start_anew());
	CHECK_EQ(kit_wait(kit_child(get_and_leave, NULL)), 0);
	CHECK_EQ(in_store(), OBJECTS);
	CHECK_EQ(kit_wait(kit_child(get_and_leave, ctx)), 0);
	CHECK_EQ(in_store(), OBJECTS);
	finish();
}

TEST(a_pool_gives_each_object_once_and_all_of_them)
{
	void *objects[OBJECTS + 1];
	uint32_t i;

	REQUIRE(start_anew());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, OBJECTS + 1), -ENOENT);
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, OBJECTS), 0);
	for (i = 0; i < OBJECTS; i++)
		memset(objects[i], (int)i, 200);
	CHECK_EQ(hpdma_mempool_get(pool, &objects[OBJECTS]), -ENOENT);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, OBJECTS), 0);
	CHECK_EQ(hpdma_mempool_put(pool, objects[0]), -EALREADY);
	CHECK_EQ(hpdma_mempool_put(pool, &misuses), -EINVAL);
	CHECK_EQ(hpdma_mempool_grow(pool, 1, NULL), -EOPNOTSUPP);
	CHECK_EQ(misuses, 2);
	finish();
}

static void receive_and_answer(void *arg)
{
	void *objects[8];
	int got, i;

	(void)arg;
	REQUIRE(join());
	got = hpdma_domain_receive(domain, pool, ring, objects, 8);
	CHECK_EQ(got, 3);
	for (i = 0; i < got; i++)
		CHECK_EQ(*(int *)objects[i], 50 + i);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 3), 0);
	CHECK_EQ(misuses, 0);
	finish();
}

TEST(objects_go_from_process_to_process)
{
	void *objects[4];
	int i;

	REQUIRE(start_anew());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 4), 0);
	for (i = 0; i < 4; i++)
		*(int *)objects[i] = 50 + i;
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 3), 3);
	/* They are the sender's no more. */
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 1), -EPERM);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, (void **)&domain, 1),
		 -EPERM);
	CHECK_EQ(kit_wait(kit_child(receive_and_answer, NULL)), 0);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, objects, 1), 0);
	CHECK_EQ(hpdma_mempool_put(pool, objects[3]), 0);
	finish();
}

TEST(a_full_ring_takes_what_fits_and_the_rest_stays)
{
	void *objects[40], *back[40];

	REQUIRE(start_anew());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 40), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 40), 16);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects + 16, 24), 0);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects + 16, 24), 0);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, back, 40), 16);
	CHECK(!memcmp(back, objects, 16 * sizeof(void *)));
	CHECK_EQ(hpdma_mempool_put_bulk(pool, back, 16), 0);
	CHECK_EQ(misuses, 0);
	finish();
}

TEST(what_does_not_fit_is_refused)
{
	struct hpdma_mempool_opts opts = pool_opts;
	struct hpdma_mempool *other;
	struct hpdma_ring *narrow;
	struct hpdma_ring_opts r = ring_opts;
	uint64_t junk[8] = { 12345 };
	void *object;

	REQUIRE(start_anew());
	r.element_size = 4;
	REQUIRE(!hpdma_domain_ring_create(domain, "n", &r, &narrow, NULL));
	REQUIRE(!hpdma_mempool_create(NULL, &opts, &other, NULL));
	CHECK_EQ(hpdma_mempool_get(pool, &object), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, narrow, &object, 1), -EINVAL);
	CHECK_EQ(hpdma_domain_send(domain, other, ring, &object, 1), -EINVAL);
	CHECK_EQ(hpdma_domain_receive(domain, other, ring, &object, 1),
		 -EINVAL);
	/* What is no ticket is dropped. */
	CHECK_EQ(hpdma_ring_enqueue_burst(ring, junk, 1), 1);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, &object, 1), 1);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, &object, 2), 1);
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	opts.count = 0;
	CHECK_EQ(hpdma_domain_mempool_create(domain, "q", &opts, &other, NULL),
		 -EINVAL);
	opts = pool_opts;
	opts.flags = HPDMA_MEMPOOL_SP;
	CHECK_EQ(hpdma_domain_mempool_create(domain, "q", &opts, &other, NULL),
		 -EINVAL);
	hpdma_mempool_destroy(other);
	hpdma_ring_destroy(narrow);
	finish();
}

static void send_and_stay(void *arg)
{
	void *objects[4];
	uint64_t tickets[8];

	(void)arg;
	REQUIRE(join());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 4), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 4), 4);
	/* As a receiver who dies before he has what he took out */
	CHECK_EQ(hpdma_ring_dequeue_burst(ring, tickets, 2), 2);
	kit_say(flags);
	pause();
}

TEST(what_was_on_its_way_is_in_a_ring_or_comes_back)
{
	void *objects[8];
	pid_t pid;

	REQUIRE(start_anew());
	pid = kit_child(send_and_stay, NULL);
	CHECK(kit_await(flags));
	kit_kill(pid);
	CHECK_EQ(hpdma_domain_reap(domain, NULL), 1);
	CHECK_EQ(in_store(), OBJECTS - 2);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, objects, 8), 2);
	CHECK_EQ(hpdma_mempool_put_bulk(pool, objects, 2), 0);
	hpdma_mempool_recall(pool);
	CHECK_EQ(in_store(), OBJECTS);
	finish();
}

static void break_ring(void *arg)
{
	struct hpdma_ring_spans spans;
	void *objects[2];

	(void)arg;
	REQUIRE(join());
	CHECK_EQ(hpdma_mempool_get_bulk(pool, objects, 2), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, objects, 2), 2);
	/* It takes its turn and never ends it. */
	CHECK_EQ(hpdma_ring_reserve_bulk(ring, 1, &spans), 1);
	kit_say(flags);
	pause();
}

TEST(a_ring_that_a_dead_process_broke_says_so_and_its_objects_come_back)
{
	void *object;
	pid_t pid;

	REQUIRE(start_anew());
	pid = kit_child(break_ring, NULL);
	CHECK(kit_await(flags));
	kit_kill(pid);
	CHECK_EQ(hpdma_domain_reap(domain, NULL), 1);
	CHECK_EQ(hpdma_domain_receive(domain, pool, ring, &object, 1),
		 -EOWNERDEAD);
	CHECK_EQ(hpdma_mempool_get(pool, &object), 0);
	CHECK_EQ(hpdma_domain_send(domain, pool, ring, &object, 1),
		 -EOWNERDEAD);
	/* It is the sender's still. */
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	hpdma_mempool_recall(pool);
	CHECK_EQ(in_store(), OBJECTS);
	finish();
}

static void use_inherited(void *arg)
{
	struct hpdma_ring *other = SENTINEL;
	struct hpdma_error error = { 0 };

	(void)arg;
	CHECK_EQ(hpdma_domain_reap(domain, &error), -ESTALE);
	CHECK_EQ(error.why, HPDMA_WHY_FORKED);
	CHECK_EQ(hpdma_domain_ring_attach(domain, "r", &other, &error),
		 -ESTALE);
	/* This lets go of the memory, and leaves the parent attached. */
	hpdma_domain_unref(domain);
}

TEST(a_child_of_fork_is_not_attached)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };

	REQUIRE(start_anew());
	CHECK_EQ(kit_wait(kit_child(use_inherited, NULL)), 0);
	CHECK_EQ(hpdma_domain_get_info(domain, &info), 0);
	CHECK_EQ(info.processes, 1);
	CHECK_EQ(hpdma_domain_reap(domain, NULL), 0);
	finish();
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(objects_have_names_and_types),
		ENTRY(a_zone_of_the_users_is_nobody_elses),
		ENTRY(a_heap_is_shared),
		ENTRY(what_a_dead_process_held_or_had_cached_comes_back),
		ENTRY(what_a_process_leaves_behind_comes_back),
		ENTRY(a_pool_gives_each_object_once_and_all_of_them),
		ENTRY(objects_go_from_process_to_process),
		ENTRY(a_full_ring_takes_what_fits_and_the_rest_stays),
		ENTRY(what_does_not_fit_is_refused),
		ENTRY(what_was_on_its_way_is_in_a_ring_or_comes_back),
		ENTRY(a_ring_that_a_dead_process_broke_says_so_and_its_objects_come_back),
		ENTRY(a_child_of_fork_is_not_attached),
	};

	flags = kit_shared(4096);
	return RUN_TESTS(tests);
}
