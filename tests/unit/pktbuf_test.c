// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet buffers: rooms, chains, references, copies; and random messages against a
 * flat copy. HPDMA_PKTBUF_SEEDS says how many messages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "native.h"
#include "sentinel.h"

#include <hpdma.h>
#include <hpdma/pktbuf.h>

#define COUNT 64

static struct hpdma_mempool *make(uint32_t room, uint32_t headroom)
{
	struct hpdma_mempool_opts pool = { .size = sizeof(pool),
					   .flags = HPDMA_MEMPOOL_GUARD,
					   .count = COUNT,
					   .cache_size = 8 };
	struct hpdma_pktbuf_opts opts = { .size = sizeof(opts),
					  .room_size = room,
					  .headroom = headroom,
					  .private_size = 16,
					  .pool = &pool };
	struct hpdma_mempool *made;

	if (hpdma_pktbuf_pool_create(backend, &opts, &made, NULL))
		abort();
	return made;
}

static struct hpdma_pktbuf *alloc(struct hpdma_mempool *pool)
{
	struct hpdma_pktbuf *pkt = NULL;

	CHECK_EQ(hpdma_pktbuf_alloc(pool, &pkt), 0);
	return pkt;
}

/* All have come back, so the pool can go. */
static void end(struct hpdma_mempool *pool)
{
	CHECK_EQ(hpdma_mempool_destroy(pool), 0);
}

TEST(options_are_checked)
{
	struct hpdma_mempool_opts pool = { .size = sizeof(pool), .count = 1 };
	struct hpdma_pktbuf_opts good = { .size = sizeof(good),
					  .room_size = 100,
					  .pool = &pool };
	struct hpdma_pktbuf_opts opts = good;
	struct hpdma_mempool *made = SENTINEL;

	opts.room_size = 0;
	CHECK_EQ(hpdma_pktbuf_pool_create(NULL, &opts, &made, NULL), -EINVAL);
	opts = good;
	opts.headroom = 101;
	CHECK_EQ(hpdma_pktbuf_pool_create(NULL, &opts, &made, NULL), -EINVAL);
	opts = good;
	opts.private_size = 4;
	CHECK_EQ(hpdma_pktbuf_pool_create(NULL, &opts, &made, NULL), -EINVAL);
	pool.object_size = 1;
	CHECK_EQ(hpdma_pktbuf_pool_create(NULL, &good, &made, NULL), -EINVAL);
	CHECK_EQ(hpdma_pktbuf_pool_create(NULL, NULL, &made, NULL), -EINVAL);
	CHECK(made == SENTINEL);
}

TEST(a_piece_has_room)
{
	struct hpdma_mempool *pool = make(100, 30);
	struct hpdma_pktbuf *pkt = alloc(pool);
	char *data = hpdma_pktbuf_data(pkt);

	CHECK_EQ(pkt->offset, 30);
	CHECK_EQ(hpdma_pktbuf_tailroom(pkt), 70);
	CHECK_EQ(hpdma_pktbuf_iova(pkt), HPDMA_MEMPOOL_NO_IOVA);
	CHECK_EQ((char *)hpdma_pktbuf_private(pkt) - (char *)pkt, 64);
	CHECK(hpdma_pktbuf_append(pkt, 71) == NULL);
	CHECK(hpdma_pktbuf_append(pkt, 50) == data);
	CHECK(hpdma_pktbuf_append(pkt, 20) == data + 50);
	CHECK(hpdma_pktbuf_prepend(pkt, 31) == NULL);
	CHECK(hpdma_pktbuf_prepend(pkt, 30) == data - 30);
	memset(data - 30, 1, 100);
	CHECK_EQ(pkt->len, 100);
	CHECK_EQ(pkt->total, 100);
	CHECK(hpdma_pktbuf_adj(pkt, 101) == NULL);
	CHECK(hpdma_pktbuf_adj(pkt, 10) == data - 20);
	CHECK_EQ(hpdma_pktbuf_trim(pkt, 91), -EMSGSIZE);
	CHECK_EQ(hpdma_pktbuf_trim(pkt, 89), 0);
	CHECK_EQ(pkt->total, 1);
	hpdma_pktbuf_free(pkt);
	pkt = alloc(pool);
	CHECK_EQ(pkt->offset, 30);
	CHECK_EQ(pkt->total, 0);
	hpdma_pktbuf_free(pkt);
	hpdma_pktbuf_free(NULL);
	end(pool);
}

TEST(references_keep_a_message)
{
	struct hpdma_mempool *pool = make(100, 0);
	struct hpdma_pktbuf *pkt = alloc(pool), *all[COUNT];

	CHECK_EQ(hpdma_pktbuf_chain(pkt, alloc(pool)), 0);
	CHECK(hpdma_pktbuf_ref(pkt) == pkt);
	hpdma_pktbuf_free(pkt);
	CHECK_EQ(hpdma_pktbuf_alloc_bulk(pool, all, COUNT - 1), -ENOENT);
	CHECK_EQ(pkt->pieces, 2);
	hpdma_pktbuf_free(pkt);
	CHECK_EQ(hpdma_pktbuf_alloc_bulk(pool, all, COUNT), 0);
	CHECK_EQ(hpdma_pktbuf_alloc(pool, &pkt), -ENOENT);
	for (int i = 0; i < COUNT; i++)
		hpdma_pktbuf_free(all[i]);
	end(pool);
}

TEST(a_clone_shows_the_same_data)
{
	struct hpdma_mempool *pool = make(100, 10);
	struct hpdma_pktbuf *pkt = alloc(pool), *clone, *second;

	strcpy(hpdma_pktbuf_append(pkt, 6), "hello");
	CHECK_EQ(hpdma_pktbuf_chain(pkt, alloc(pool)), 0);
	strcpy(hpdma_pktbuf_append(pkt, 6), "world");
	REQUIRE(!hpdma_pktbuf_clone(pkt, pool, &clone));
	REQUIRE(!hpdma_pktbuf_clone(clone, pool, &second));
	/* What is attached to a clone is attached to the original. */
	CHECK(second->direct == pkt);
	CHECK_EQ(pkt->refs, 3);
	CHECK_EQ(hpdma_pktbuf_attach(clone, pkt), -EBUSY);
	CHECK_EQ(hpdma_pktbuf_linearize(clone), -EBUSY);
	hpdma_pktbuf_free(clone);
	hpdma_pktbuf_free(pkt);
	CHECK_EQ(second->total, 12);
	CHECK_EQ(second->pieces, 2);
	CHECK(!strcmp(hpdma_pktbuf_data(second), "hello"));
	CHECK(!strcmp(hpdma_pktbuf_data(second->next), "world"));
	hpdma_pktbuf_free(second);

	pkt = alloc(pool);
	clone = alloc(pool);
	hpdma_pktbuf_append(pkt, 7);
	CHECK_EQ(hpdma_pktbuf_attach(clone, pkt), 0);
	CHECK_EQ(clone->len, 7);
	hpdma_pktbuf_detach(clone);
	hpdma_pktbuf_detach(clone);
	CHECK_EQ(clone->total, 0);
	CHECK(clone->room != pkt->room);
	CHECK_EQ(pkt->refs, 1);
	hpdma_pktbuf_free(pkt);
	hpdma_pktbuf_free(clone);
	end(pool);
}

TEST(when_a_pool_runs_out_nothing_is_lost)
{
	struct hpdma_mempool *pool = make(10, 0);
	struct hpdma_pktbuf *pkt = alloc(pool), *out = SENTINEL;
	int i;

	hpdma_pktbuf_append(pkt, 10);
	for (i = 1; i < COUNT / 2 + 1; i++) {
		CHECK_EQ(hpdma_pktbuf_chain(pkt, alloc(pool)), 0);
		hpdma_pktbuf_append(pkt, 10);
	}
	CHECK_EQ(hpdma_pktbuf_clone(pkt, pool, &out), -ENOENT);
	CHECK_EQ(hpdma_pktbuf_copy(pkt, pool, 0, UINT32_MAX, &out), -ENOENT);
	CHECK_EQ(hpdma_pktbuf_copy(pkt, pool, 0, 1000, &out), -ERANGE);
	CHECK_EQ(hpdma_pktbuf_copy(pkt, pool, 1000, 0, &out), -ERANGE);
	CHECK(out == SENTINEL);
	CHECK_EQ(hpdma_pktbuf_linearize(pkt), -EMSGSIZE);
	CHECK(hpdma_pktbuf_read(pkt, 329, 2, &i) == NULL);
	hpdma_pktbuf_free(pkt);
	end(pool);
}

static int count_piece(const struct hpdma_pktbuf *piece, void *arg)
{
	*(uint32_t *)arg += piece->len;
	return 0;
}

/* The message is as the flat copy says, whichever way one looks at it. */
static void compare(struct hpdma_pktbuf *pkt, const char *flat, uint32_t len,
		    unsigned int *seed)
{
	struct hpdma_pktbuf *copy;
	char space[1024];
	uint32_t from, n, sum = 0;

	REQUIRE(pkt->total == len);
	CHECK_EQ(hpdma_pktbuf_walk(pkt, count_piece, &sum), 0);
	CHECK_EQ(sum, len);
	from = rand_r(seed) % (len + 1);
	n = rand_r(seed) % (len - from + 1);
	CHECK(!memcmp(hpdma_pktbuf_read(pkt, from, n, space), flat + from, n));
	if (hpdma_pktbuf_copy(pkt, pkt->pool, from, n, &copy))
		return;
	CHECK_EQ(copy->total, n);
	CHECK(!memcmp(hpdma_pktbuf_read(copy, 0, n, space), flat + from, n));
	hpdma_pktbuf_free(copy);
}

static void random_message(struct hpdma_mempool *pool, unsigned int seed)
{
	struct hpdma_pktbuf *pkt = alloc(pool), *other;
	char flat[1024], *at;
	uint32_t len = 0, n, i;
	int step;

	for (step = 0; step < 60; step++) {
		n = rand_r(&seed) % 20;
		switch (rand_r(&seed) % 7) {
		case 0:
			at = hpdma_pktbuf_append(pkt, n);
			for (i = 0; at && i < n; i++)
				flat[len++] = at[i] = rand_r(&seed);
			break;
		case 1:
			at = hpdma_pktbuf_prepend(pkt, n);
			if (!at)
				break;
			memset(at, step, n);
			memmove(flat + n, flat, len);
			memset(flat, step, n);
			len += n;
			break;
		case 2:
			if (!hpdma_pktbuf_adj(pkt, n))
				break;
			len -= n;
			memmove(flat, flat + n, len);
			break;
		case 3:
			if (!hpdma_pktbuf_trim(pkt, n))
				len -= n;
			break;
		case 4:
			if (pkt->pieces < 10)
				CHECK_EQ(hpdma_pktbuf_chain(pkt, alloc(pool)),
					 0);
			break;
		case 5:
			hpdma_pktbuf_linearize(pkt);
			break;
		default:
			/* Go on with a copy or a clone. */
			if (n % 2 ? hpdma_pktbuf_clone(pkt, pool, &other) :
				    hpdma_pktbuf_copy(pkt, pool, 0, UINT32_MAX,
						      &other))
				break;
			compare(pkt, flat, len, &seed);
			hpdma_pktbuf_free(n % 2 ? other : pkt);
			pkt = n % 2 ? pkt : other;
		}
		compare(pkt, flat, len, &seed);
	}
	hpdma_pktbuf_free(pkt);
}

TEST(random_messages_are_as_their_flat_copies)
{
	const char *count = getenv("HPDMA_PKTBUF_SEEDS");
	struct hpdma_mempool *pool = make(48, 16);
	long seeds = count ? atol(count) : 500, seed;

	for (seed = 0; seed < seeds; seed++)
		random_message(pool, seed);
	end(pool);
}

TEST(data_have_an_address)
{
	struct hpdma *ctx = start();
	struct hpdma_mempool_opts pool_opts = { .size = sizeof(pool_opts),
						.count = 4 };
	struct hpdma_pktbuf_opts opts = { .size = sizeof(opts),
					  .room_size = 100,
					  .headroom = 10,
					  .pool = &pool_opts };
	struct hpdma_pktbuf *pkt, *clone;
	struct hpdma_mempool *pool;

	REQUIRE(!hpdma_device_open(ctx, "hpdma0", NULL, &pool_opts.device,
				   NULL));
	REQUIRE(!hpdma_pktbuf_pool_create(ctx, &opts, &pool, NULL));
	pkt = alloc(pool);
	CHECK_EQ(hpdma_pktbuf_iova(pkt), hpdma_mempool_iova(pkt) + 64 + 10);
	REQUIRE(!hpdma_pktbuf_clone(pkt, pool, &clone));
	CHECK_EQ(hpdma_pktbuf_iova(clone), hpdma_pktbuf_iova(pkt));
	hpdma_pktbuf_free(pkt);
	hpdma_pktbuf_free(clone);
	end(pool);
	hpdma_device_unref(pool_opts.device);
	finish(ctx);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(options_are_checked),
		ENTRY(a_piece_has_room),
		ENTRY(references_keep_a_message),
		ENTRY(a_clone_shows_the_same_data),
		ENTRY(when_a_pool_runs_out_nothing_is_lost),
		ENTRY(random_messages_are_as_their_flat_copies),
		ENTRY(data_have_an_address),
	};

	return RUN_ON_BACKEND(tests);
}
