// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that ends and starts again finds its persistent domain as it left it, and
 * without waiting for memory.
 *
 * HPDMA_TEST_RESTART_MIB: its length (16). The backend is that of HPDMA_BACKEND.
 */
#define _GNU_SOURCE
#include "domain_kit.h"

#define RESTARTS 5
#define OBJECTS 1000u

static const struct hpdma_mempool_opts pool_opts = {
	.size = sizeof(pool_opts),
	.object_size = 2048,
	.count = OBJECTS,
	.cache_size = 32,
};

static double *took_ms;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static uint64_t length(void)
{
	return (uint64_t)kit_number("HPDMA_TEST_RESTART_MIB", 16) << 20;
}

static void make(void *arg)
{
	struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_DOMAIN_PERSISTENT,
		.length = length(),
	};
	struct hpdma_error error;
	struct hpdma_domain *domain;
	struct hpdma_mempool *pool;
	struct hpdma *ctx = kit_context();
	char text[400];
	void *object;

	(void)arg;
	if (hpdma_domain_create(ctx, kit_name, &opts, &domain, &error)) {
		printf("# %s\n", hpdma_error_text(&error, text, sizeof(text)));
		_exit(77);
	}
	CHECK_EQ(hpdma_domain_mempool_create(domain, "p", &pool_opts, &pool,
					     NULL),
		 0);
	memset((char *)hpdma_domain_ptr(domain, 0) + opts.length / 2, 0x5a,
	       opts.length / 4);
	CHECK_EQ(hpdma_mempool_get(pool, &object), 0);
	/* It dies with an object, and nobody is left. */
	kill(getpid(), SIGKILL);
}

static void start_again(void *arg)
{
	struct hpdma_mempool_info info = { .size = sizeof(info) };
	struct hpdma_domain *domain;
	struct hpdma_mempool *pool;
	struct hpdma *ctx;
	void *object;
	double from = now_ms();
	const char *byte;

	(void)arg;
	ctx = kit_context();
	REQUIRE(!hpdma_domain_attach(ctx, kit_name, NULL, &domain, NULL));
	REQUIRE(!hpdma_domain_mempool_attach(domain, "p", &pool_opts, &pool,
					     NULL));
	CHECK_EQ(hpdma_mempool_get(pool, &object), 0);
	*took_ms = now_ms() - from;
	CHECK_EQ(hpdma_mempool_put(pool, object), 0);
	byte = (char *)hpdma_domain_ptr(domain, 0) + length() / 2;
	CHECK(byte[0] == 0x5a && byte[length() / 4 - 1] == 0x5a);
	CHECK_EQ(hpdma_mempool_get_info(pool, &info), 0);
	CHECK_EQ(info.in_store + info.in_caches, OBJECTS);
	/* And again by force */
	kill(getpid(), SIGKILL);
}

TEST(a_domain_is_found_again_in_no_time)
{
	struct hpdma *ctx = kit_context();
	double from = now_ms();
	int i, status;

	kit_new_name();
	status = kit_wait(kit_child(make, NULL));
	if (status == 77) {
		printf("# no such domain here\n");
		hpdma_unref(ctx);
		return;
	}
	CHECK_EQ(status, -SIGKILL);
	printf("# %llu MiB: made in %.1f ms;",
	       (unsigned long long)length() >> 20, now_ms() - from);
	for (i = 0; i < RESTARTS; i++) {
		CHECK_EQ(kit_wait(kit_child(start_again, NULL)), -SIGKILL);
		printf(" %.2f ms", *took_ms);
	}
	printf(" for each restart\n");
	CHECK_EQ(hpdma_domain_destroy(ctx, kit_name, NULL), 0);
	hpdma_unref(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_domain_is_found_again_in_no_time),
	};

	took_ms = kit_shared(4096);
	return RUN_TESTS(tests);
}
