// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers shared by their dma-buf: with other files and processes, which get one
 * more id of the same buffer, and with another driver, which maps it for a
 * device of its own. The memory goes with the last of them.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "common.h"
#include "peer_common.h"

#define STATS "/sys/kernel/debug/hpdma/stats"
#define SEGMENTS 64
/* What a device that does not say otherwise takes in one piece. */
#define LONGEST 65536

static long long buffers(void)
{
	return number_in(STATS, "buffers");
}

/* Waits a little for work that the kernel does late. */
static bool buffers_are(long long wanted)
{
	int tries;

	for (tries = 0; tries < 200 && buffers() != wanted; tries++)
		usleep(10000);
	return buffers() == wanted;
}

static void fill(uint8_t *data, uint64_t length, unsigned int seed)
{
	uint64_t i;

	for (i = 0; i < length; i++)
		data[i] = (i * 31 + i / PAGE * 7 + seed) % 251;
}

static bool is_filled(const uint8_t *data, uint64_t length, unsigned int seed)
{
	uint64_t i;

	for (i = 0; i < length; i++)
		if (data[i] != (i * 31 + i / PAGE * 7 + seed) % 251)
			return false;
	return true;
}

static bool same_memory(int one, int id, int other, int other_id)
{
	struct hpdma_segment a[SEGMENTS], b[SEGMENTS];
	int count = buf_segments(one, id, a, SEGMENTS);

	return count > 0 &&
	       buf_segments(other, other_id, b, SEGMENTS) == count &&
	       !memcmp(a, b, count * sizeof(*a));
}

struct receiver {
	int socket;
	uint64_t length;
	uint64_t serial;
	struct hpdma_segment first;
};

/* Gets a descriptor, and knows nothing else of the buffer. */
static int receive_and_use(void *arg)
{
	struct receiver *receiver = arg;
	int fd = receive_fd(receiver->socket), node = open_node();
	struct hpdma_ioc_buf_import import = { .size = sizeof(import),
					       .fd = fd };
	struct hpdma_segment segments[SEGMENTS];
	struct hpdma_ioc_buf_info info;
	uint8_t *data;
	int id;

	CHILD_CHECK(fd >= 0 && node >= 0);
	CHILD_CHECK(!call(node, HPDMA_IOC_BUF_IMPORT, &import));
	id = import.out_buf_id;
	CHILD_CHECK(import.out_length == receiver->length);
	CHILD_CHECK(!buf_info(node, id, &info));
	CHILD_CHECK(info.out_length == receiver->length);
	CHILD_CHECK(info.out_serial == receiver->serial);
	CHILD_CHECK(info.out_mmap_offset == import.out_mmap_offset);
	CHILD_CHECK(info.out_segments == import.out_segments);
	CHILD_CHECK(buf_segments(node, id, segments, SEGMENTS) > 0);
	CHILD_CHECK(segments[0].addr == receiver->first.addr);
	/* By the id, without the descriptor. */
	close(fd);
	data = map_cookie(node, id, receiver->length, PROT_READ | PROT_WRITE,
			  0);
	CHILD_CHECK(data);
	CHILD_CHECK(is_filled(data, receiver->length, 1));
	fill(data, receiver->length, 2);
	return 0;
}

TEST(passed_to_another_process)
{
	const struct hpdma_ioc_buf_alloc kinds[] = { contig(3 * PAGE),
						     hugetlb(2 * HUGE_PAGE) };
	struct hpdma_ioc_buf_info info;
	struct hpdma_segment segments[SEGMENTS];
	int sockets[2], node = open_node(), id, fd;
	struct receiver receiver;
	struct state before;
	uint8_t *data;
	size_t i;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	state_take(&before);
	for (i = 0; i < 2; i++) {
		receiver = (struct receiver){ sockets[1], kinds[i].length };
		id = alloc(node, &kinds[i]);
		ASSERT_LE(0, id);
		data = map_cookie(node, id, kinds[i].length,
				  PROT_READ | PROT_WRITE, 0);
		ASSERT_NE(NULL, data);
		fill(data, kinds[i].length, 1);
		ASSERT_EQ(0, buf_info(node, id, &info));
		receiver.serial = info.out_serial;
		ASSERT_LT(0, buf_segments(node, id, segments, SEGMENTS));
		receiver.first = segments[0];
		fd = buf_export(node, id);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, send_fd(sockets[0], fd));
		/* While it is on its way, nothing but the message holds it. */
		close(fd);
		EXPECT_EQ(0, in_child(receive_and_use, &receiver));
		EXPECT_TRUE(is_filled(data, kinds[i].length, 2));
		munmap(data, kinds[i].length);
		EXPECT_EQ(0, buf_free(node, id));
		EXPECT_TRUE(state_is(&before));
	}
	close(node);
	close(sockets[0]);
	close(sockets[1]);
}

/* The message itself is what holds the memory. */
TEST(on_its_way_and_held_by_nothing_else)
{
	int sockets[2], node = open_node(), id, fd;
	long long before = buffers();
	uint8_t *data;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	id = alloc_contig(node, PAGE);
	data = map_cookie(node, id, PAGE, PROT_READ | PROT_WRITE, 0);
	ASSERT_NE(NULL, data);
	fill(data, PAGE, 5);
	munmap(data, PAGE);
	fd = buf_export(node, id);
	ASSERT_EQ(0, send_fd(sockets[0], fd));
	close(fd);
	close(node);
	refill();
	EXPECT_EQ(before + 1, buffers());
	fd = receive_fd(sockets[1]);
	node = open_node();
	id = buf_import(node, fd);
	ASSERT_LE(0, id);
	close(fd);
	data = map_cookie(node, id, PAGE, PROT_READ, 0);
	ASSERT_NE(NULL, data);
	EXPECT_TRUE(is_filled(data, PAGE, 5));
	munmap(data, PAGE);
	close(node);
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_TRUE(buffers_are(before));
}

TEST(one_more_id_of_the_same_buffer)
{
	int node = open_node(), other = open_node(), id, again, there, fd;
	long long before = buffers();

	id = alloc_contig(node, 2 * PAGE);
	fd = buf_export(node, id);
	again = buf_import(node, fd);
	there = buf_import(other, fd);
	ASSERT_LE(0, again);
	ASSERT_LE(0, there);
	EXPECT_NE(id, again);
	EXPECT_EQ(before + 1, buffers());
	EXPECT_TRUE(same_memory(node, id, node, again));
	EXPECT_TRUE(same_memory(node, id, other, there));
	close(fd);
	EXPECT_EQ(0, buf_free(node, id));
	EXPECT_EQ(-ENOENT, buf_free(node, id));
	EXPECT_EQ(before + 1, buffers());
	/* An imported id can be given on like any other. */
	fd = buf_export(other, there);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, buf_free(other, there));
	EXPECT_EQ(0, buf_free(node, again));
	EXPECT_EQ(before + 1, buffers());
	close(fd);
	EXPECT_TRUE(buffers_are(before));
	close(node);
	close(other);
}

#define HOLDERS 5

/* Ends the nth way to hold a buffer. */
struct held {
	int node, other, id, there, fd, peer;
	uint8_t *data;
	uint64_t length;
};

static bool hold(struct held *held, const struct hpdma_ioc_buf_alloc *kind)
{
	held->length = kind->length;
	held->id = alloc(held->node, kind);
	held->fd = buf_export(held->node, held->id);
	held->there = buf_import(held->other, held->fd);
	held->data = map_cookie(held->node, held->id, held->length,
				PROT_READ | PROT_WRITE, 0);
	return held->there >= 0 && held->data &&
	       !peer_attach(held->peer, held->fd) &&
	       !peer_direct(held->peer, PEER_MAP, BOTH_WAYS) &&
	       !peer_do(held->peer, PEER_VMAP);
}

static void let_go(struct held *held, int which)
{
	switch (which) {
	case 0:
		buf_free(held->node, held->id);
		break;
	case 1:
		buf_free(held->other, held->there);
		break;
	case 2:
		close(held->fd);
		break;
	case 3:
		munmap(held->data, held->length);
		break;
	case 4:
		peer_do(held->peer, PEER_DETACH);
		break;
	}
}

/* The nth of all orders. */
static void order_of(int nth, int *order)
{
	int left[HOLDERS], i, j, at;

	for (i = 0; i < HOLDERS; i++)
		left[i] = i;
	for (i = 0; i < HOLDERS; i++) {
		at = nth % (HOLDERS - i);
		nth /= HOLDERS - i;
		order[i] = left[at];
		for (j = at; j + 1 < HOLDERS - i; j++)
			left[j] = left[j + 1];
	}
}

static void in_any_order(struct __test_metadata *_metadata,
			 const struct hpdma_ioc_buf_alloc *kind, int step)
{
	struct held held = { .node = open_node(), .other = open_node() };
	long long before = buffers();
	int nth, i, order[HOLDERS];
	uint8_t seen[64];

	NEED_PEER(&held.peer);
	for (nth = 0; nth < 120; nth += step) {
		order_of(nth, order);
		ASSERT_TRUE(hold(&held, kind));
		fill(held.data, PAGE, nth);
		for (i = 0; i < HOLDERS; i++) {
			EXPECT_EQ(before + 1, buffers())
			{
				TH_LOG("order %d, after %d", nth, i);
			}
			let_go(&held, order[i]);
			if (i == HOLDERS - 2 && order[i + 1] == 4) {
				EXPECT_EQ(0, peer_copy(held.peer, PEER_READ, 0,
						       seen, sizeof(seen)));
				EXPECT_TRUE(is_filled(seen, sizeof(seen), nth));
			}
		}
		EXPECT_TRUE(buffers_are(before));
	}
	close(held.peer);
	close(held.node);
	close(held.other);
}

TEST(let_go_in_any_order)
{
	struct hpdma_ioc_buf_alloc kind = contig(2 * PAGE);

	in_any_order(_metadata, &kind, 1);
}

TEST(hugetlb_let_go_in_any_order)
{
	struct hpdma_ioc_buf_alloc kind = hugetlb(HUGE_PAGE);

	in_any_order(_metadata, &kind, 7);
}

/* Its addresses are those of the memory, in pieces that it can take. */
static void check_addresses(struct __test_metadata *_metadata, int node, int id,
			    int peer)
{
	static struct peer_run runs[512];
	struct hpdma_segment segments[SEGMENTS];
	int count = peer_addresses(peer, runs, 512);
	int parts = buf_segments(node, id, segments, SEGMENTS), part = 0, i;
	uint64_t at = 0;

	ASSERT_LT(0, count);
	ASSERT_LT(0, parts);
	for (i = 0; i < count; i++) {
		ASSERT_GT(parts, part);
		EXPECT_EQ(segments[part].addr + at, runs[i].addr);
		EXPECT_GE(LONGEST, runs[i].length);
		at += runs[i].length;
		ASSERT_GE(segments[part].length, at);
		if (at == segments[part].length) {
			part++;
			at = 0;
		}
	}
	EXPECT_EQ(parts, part);
}

TEST(mapped_by_another_driver)
{
	const struct hpdma_ioc_buf_alloc kinds[] = { contig(MB(1)),
						     contig(PAGE),
						     hugetlb(2 * HUGE_PAGE) };
	int node = open_node(), peer, fd, id;
	struct state before;
	unsigned int direction;
	size_t i;

	NEED_PEER(&peer);
	state_take(&before);
	for (i = 0; i < 3; i++) {
		id = alloc(node, &kinds[i]);
		ASSERT_LE(0, id);
		fd = buf_export(node, id);
		EXPECT_EQ(0, peer_attach(peer, fd));
		for (direction = BOTH_WAYS; direction <= FROM_DEVICE;
		     direction++) {
			EXPECT_EQ(0, peer_direct(peer, PEER_MAP, direction));
			check_addresses(_metadata, node, id, peer);
			EXPECT_EQ(0, peer_direct(peer, PEER_BEGIN, direction));
			EXPECT_EQ(0, peer_direct(peer, PEER_END, direction));
			EXPECT_EQ(0, peer_direct(peer, PEER_BEGIN, BOTH_WAYS));
			EXPECT_EQ(0, peer_direct(peer, PEER_END, BOTH_WAYS));
			EXPECT_EQ(0, peer_do(peer, PEER_UNMAP));
		}
		EXPECT_EQ(0, peer_do(peer, PEER_DETACH));
		close(fd);
		EXPECT_EQ(0, buf_free(node, id));
		EXPECT_TRUE(state_is(&before));
	}
	close(peer);
	close(node);
}

/* Pages that are not neighbours, if the pool can be brought to give some. */
static int alloc_in_pieces(int node, uint64_t length)
{
	int ids[24], count, i, id;

	for (count = 0; count < 24; count++) {
		ids[count] = alloc_hugetlb(node, HUGE_PAGE);
		if (ids[count] < 0)
			break;
	}
	for (i = 0; i < count; i += 2)
		buf_free(node, ids[i]);
	id = alloc_hugetlb(node, length);
	for (i = 1; i < count; i += 2)
		buf_free(node, ids[i]);
	return id;
}

static void check_kernel_view(struct __test_metadata *_metadata, int node,
			      int id, uint64_t length, int peer)
{
	uint8_t *data = map_cookie(node, id, length, PROT_READ | PROT_WRITE, 0);
	uint8_t *copy = malloc(length);
	int fd = buf_export(node, id);

	ASSERT_NE(NULL, data);
	fill(data, length, 3);
	ASSERT_EQ(0, peer_attach(peer, fd));
	ASSERT_EQ(0, peer_do(peer, PEER_VMAP));
	EXPECT_EQ(0, peer_copy(peer, PEER_READ, 0, copy, length));
	EXPECT_TRUE(is_filled(copy, length, 3));
	fill(copy, length, 4);
	EXPECT_EQ(0, peer_copy(peer, PEER_WRITE, 0, copy, length));
	EXPECT_TRUE(is_filled(data, length, 4));
	EXPECT_EQ(0, peer_do(peer, PEER_VUNMAP));
	/* And again: the first may have been kept. */
	EXPECT_EQ(0, peer_do(peer, PEER_VMAP));
	EXPECT_EQ(0, peer_copy(peer, PEER_READ, PAGE, copy, PAGE));
	EXPECT_EQ(0, memcmp(copy, data + PAGE, PAGE));
	EXPECT_EQ(0, peer_do(peer, PEER_DETACH));
	close(fd);
	munmap(data, length);
	free(copy);
}

TEST(seen_by_the_kernel)
{
	int node = open_node(), peer, id;
	struct hpdma_ioc_buf_info info;
	struct state before;

	NEED_PEER(&peer);
	state_take(&before);
	id = alloc_contig(node, 5 * PAGE);
	check_kernel_view(_metadata, node, id, 5 * PAGE, peer);
	EXPECT_EQ(0, buf_free(node, id));
	id = alloc_in_pieces(node, 3 * HUGE_PAGE);
	ASSERT_LE(0, id);
	ASSERT_EQ(0, buf_info(node, id, &info));
	TH_LOG("3 huge pages in %u runs", info.out_segments);
	EXPECT_LT(1, info.out_segments);
	check_kernel_view(_metadata, node, id, 3 * HUGE_PAGE, peer);
	EXPECT_EQ(0, buf_free(node, id));
	EXPECT_TRUE(state_is(&before));
	close(peer);
	close(node);
}

/* Free while mapped by a driver that goes on using it. */
TEST(freed_while_another_driver_has_it)
{
	int node = open_node(), peer, fd, id;
	long long before = buffers();
	static struct peer_run run;
	uint8_t *data, seen[PAGE];

	NEED_PEER(&peer);
	id = alloc_contig(node, PAGE);
	data = map_cookie(node, id, PAGE, PROT_READ | PROT_WRITE, 0);
	ASSERT_NE(NULL, data);
	fill(data, PAGE, 9);
	munmap(data, PAGE);
	fd = buf_export(node, id);
	ASSERT_EQ(0, peer_attach(peer, fd));
	ASSERT_EQ(0, peer_direct(peer, PEER_MAP, BOTH_WAYS));
	ASSERT_EQ(1, peer_addresses(peer, &run, 1));
	close(fd);
	close(node);
	refill();
	EXPECT_EQ(before + 1, buffers());
	ASSERT_EQ(0, peer_do(peer, PEER_VMAP));
	EXPECT_EQ(0, peer_copy(peer, PEER_READ, 0, seen, PAGE));
	EXPECT_TRUE(is_filled(seen, PAGE, 9));
	/* Closing does it all. */
	close(peer);
	EXPECT_TRUE(buffers_are(before));
}

/* What it would have to be copied for is refused. */
TEST(a_device_that_does_not_reach_it)
{
	struct hpdma_segment segment;
	int node = open_node(), peer, fd, id;
	struct state before;

	NEED_PEER(&peer);
	state_take(&before);
	id = alloc_contig(node, MB(1));
	ASSERT_EQ(1, buf_segments(node, id, &segment, 1));
	if (segment.addr < MB(16))
		SKIP(return, "it reaches all there is");
	fd = buf_export(node, id);
	ASSERT_EQ(0, peer_mask(peer, 24));
	EXPECT_EQ(0, peer_attach(peer, fd));
	EXPECT_EQ(-EOPNOTSUPP, peer_direct(peer, PEER_MAP, BOTH_WAYS));
	EXPECT_EQ(0, peer_mask(peer, 64));
	EXPECT_EQ(0, peer_direct(peer, PEER_MAP, BOTH_WAYS));
	EXPECT_EQ(0, peer_do(peer, PEER_DETACH));
	close(fd);
	EXPECT_EQ(0, buf_free(node, id));
	EXPECT_TRUE(state_is(&before));
	close(peer);
	close(node);
}

static int hold_and_wait(void *arg)
{
	struct hpdma_ioc_buf_alloc kind = hugetlb(HUGE_PAGE);
	struct held held = { open_node(), open_node() };

	held.peer = peer_open();
	CHILD_CHECK(hold(&held, &kind));
	raise(SIGKILL);
	return 0;
}

TEST(killed_with_all_of_it)
{
	struct state before;
	int peer;

	NEED_PEER(&peer);
	state_take(&before);
	EXPECT_EQ(128 + SIGKILL, in_child(hold_and_wait, NULL));
	EXPECT_TRUE(state_is(&before));
	close(peer);
}

TEST(what_is_no_dma_buf)
{
	int node = open_node(), pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EBADF, buf_import(node, -1));
	EXPECT_EQ(-EBADF, buf_import(node, 1000));
	EXPECT_EQ(-EINVAL, buf_import(node, node));
	EXPECT_EQ(-EINVAL, buf_import(node, pipes[0]));
	close(pipes[0]);
	close(pipes[1]);
	close(node);
}

TEST_HARNESS_MAIN
