// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations of everything at once, by several processes that hold, share,
 * pass on, inherit and drop buffers, against a model that knows who holds what
 * and what each byte must be.
 *
 * HPDMA_MODEL_OPS is how many (5000), HPDMA_SEED repeats a run: both may be
 * given on a test machine's kernel command line. Everything is decided by the
 * seed; only where in a call a worker is killed is not.
 */
#include <linux/capability.h>
#include <sys/resource.h>
#include <time.h>

#include "model_core.h"
#include "model_buffer.c"
#include "model_share.c"
#include "model_area.c"
#include "model_process.c"

#define DEFAULT_OPS 5000

/* How much is locked by this user beside the limit: what still goes below it. */
static int memlock_room(void *unused)
{
	struct rlimit limit = { MB(1), MB(1) };
	int fd = open_node(), count = 0;

	(void)unused;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	drop_capability(CAP_IPC_LOCK);
	while (count < 100 && alloc_contig(fd, KB(16)) > 0)
		count++;
	return count;
}

static void probe(SELF)
{
	struct hpdma_ioc_buf_register file = {
		.size = sizeof(file),
		.flags = HPDMA_REGISTER_FD,
		.fd = -1,
		.length = PAGE,
	};
	struct hpdma_ioc_buf_import import = { .size = sizeof(import),
					       .fd = -1 };
	struct hpdma_ioc_name_open name = { .size = sizeof(name), .name = "x" };
	struct hpdma_list_entry entry;
	struct hpdma_ioc_list list = {
		.size = sizeof(list),
		.flags = HPDMA_LIST_ALL,
		.entry_size = sizeof(entry),
		.entries = (uintptr_t)&entry,
		.count = 1,
	};
	struct hpdma_ioc_info info = { .size = sizeof(info) };
	struct hpdma_ioc_buf_alloc scatter = contig(PAGE);
	struct hpdma_ioc_buf_info made;
	int id;

	scatter.flags = HPDMA_ALLOC_SCATTER;
	id = alloc(self->node, &scatter);
	self->has[HAS_SCATTER] = id > 0;
	buf_free(self->node, id);
	call(self->node, HPDMA_IOC_INFO, &info);
	self->has[HAS_WRITE_COMBINE] = info.out_features &
				       HPDMA_FEATURE_WRITE_COMBINE;
	self->has[HAS_REGISTER_FD] =
		call(self->node, HPDMA_IOC_BUF_REGISTER, &file) == -EBADF;
	self->has[HAS_IMPORT] =
		call(self->node, HPDMA_IOC_BUF_IMPORT, &import) != -ENOTTY;
	self->has[HAS_NAMES] = call(self->node, HPDMA_IOC_NAME_OPEN, &name) ==
			       -ENOENT;
	self->has[HAS_LIST] = !call(self->node, HPDMA_IOC_LIST, &list);
	id = alloc_contig(self->node, PAGE);
	buf_info(self->node, id, &made);
	buf_free(self->node, id);
	self->has[HAS_SERIAL] = made.out_serial;
}

FIXTURE_SETUP(model)
{
	const char *seed = getenv("HPDMA_SEED");
	int i;

	self->seed = seed ? atoi(seed) : (unsigned int)time(NULL);
	TH_LOG("seed %u", self->seed);
	model_init(&self->model);
	self->pages = mmap(NULL, sizeof(*self->pages), RW,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->pages);
	/* Shared memory of many pages: all workers see one. */
	self->locked = in_child(memlock_room, NULL);
	ASSERT_LT(0, self->locked);
	self->node = open_node();
	ASSERT_LE(0, self->node);
	probe(self);
	for (i = 0; i < FEATURES; i++)
		if (!self->has[i])
			TH_LOG("not there: %s", feature_names[i]);
	state_take(&self->before);
	self->contexts = number_in(STATS, "contexts");
	self->buffers = number_in(STATS, "buffers");
	self->bytes = number_in(STATS, "buffer_bytes");
	self->pool = pool_free();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				self->exchange));
}

FIXTURE_TEARDOWN(model)
{
	EXPECT_TRUE(state_is(&self->before));
	EXPECT_EQ(self->locked, in_child(memlock_room, NULL));
	close(self->node);
}

/* What must fail, and change nothing. */
static bool try_wrong(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	int expected;

	if (!pick_id(self, &reach))
		return false;
	switch (dice(self, 3)) {
	case 0:
		/* No file has so many. */
		request = on(OP_FREE, &reach);
		request.id += 1 << 20;
		expected = -ENOENT;
		break;
	case 1:
		if (can_be_mapped(reach.buffer))
			return false;
		request = on(OP_EXPORT, &reach);
		expected = -EOPNOTSUPP;
		break;
	default:
		if (!can_be_mapped(reach.buffer))
			return false;
		request = on(OP_MAP, &reach);
		request.area = 0;
		request.offset = reach.buffer->granule;
		request.length = reach.buffer->length;
		expected = -EINVAL;
	}
	reply = ask(self, reach.w, &request);
	if (reply.ret != expected)
		WRONG("wrong %s: %d, not %d", op_names[request.op], reply.ret,
		      expected);
	return true;
}

/* How often each is tried; what cannot be done now is not counted. */
static const struct {
	int weight;
	bool (*try)(SELF);
} actions[OPS] = {
	[OP_OPEN] = { 16, try_open },
	[OP_CLOSE] = { 3, try_close },
	[OP_ALLOC] = { 45, try_alloc },
	[OP_REGISTER] = { 20, try_register },
	[OP_FREE] = { 30, try_free },
	[OP_INFO] = { 10, try_info },
	[OP_EXPORT] = { 16, try_export },
	[OP_IMPORT] = { 12, try_import },
	[OP_CLOSE_FD] = { 10, try_close_fd },
	[OP_SEND] = { 10, try_send },
	[OP_RECEIVE] = { 12, try_receive },
	[OP_MAP] = { 40, try_map },
	[OP_MAP_FD] = { 25, try_map_fd },
	[OP_UNMAP] = { 30, try_unmap },
	[OP_MOVE] = { 16, try_move },
	[OP_GROW] = { 3, try_grow },
	[OP_ADVISE] = { 10, try_advise },
	[OP_WRITE] = { 40, try_write },
	[OP_CHECK] = { 50, try_check },
	[OP_USER_GET] = { 12, try_user_get },
	[OP_USER_CHECK] = { 50, try_user_check },
	[OP_USER_DROP] = { 6, try_user_drop },
	[OP_PUBLISH] = { 22, try_publish },
	[OP_NAME_OPEN] = { 24, try_name_open },
	[OP_UNLINK] = { 8, try_unlink },
	[OP_FORK] = { 8, try_fork },
	[OP_EXIT] = { 1, try_exit },
	[OP_SPAWN] = { 8, try_spawn },
	[OP_KILL] = { 4, try_kill },
	[OP_KILL_BUSY] = { 6, try_kill_busy },
	[OP_LIST] = { 6, try_list },
	[OP_WRONG] = { 8, try_wrong },
};

static int choose(SELF)
{
	int sum = 0, op, at;

	for (op = 0; op < OPS; op++)
		sum += actions[op].weight;
	at = dice(self, sum);
	for (op = 0; at >= actions[op].weight; op++)
		at -= actions[op].weight;
	return op;
}

/* Every byte of everything that somebody has mapped. */
static void check_all(SELF)
{
	int w, a;

	for (w = 0; w < WORKERS; w++)
		for (a = 0; a < AREAS; a++)
			if (self->model.worker[w].pid &&
			    self->model.worker[w].area[a].buffer != NONE)
				check_area(self, w, a, 0,
					   self->model.worker[w].area[a].length,
					   0);
}

static void end_all(SELF)
{
	int w, i;

	for (w = 0; w < WORKERS; w++)
		if (self->model.worker[w].pid)
			end_worker(self, w, dice(self, 2));
	close(self->exchange[0]);
	close(self->exchange[1]);
	self->model.flights = 0;
	model_settle(&self->model);
	for (i = 0; i < NAMES; i++) {
		if (self->model.name[i].buffer == NONE)
			continue;
		unlink_name(self, i);
	}
	check_counters(self);
}

TEST_F_TIMEOUT(model, random_operations_leave_what_the_model_says, 3600)
{
	const char *count = getenv("HPDMA_MODEL_OPS");
	long ops = count ? atol(count) : DEFAULT_OPS, i = 0;
	int op;

	while (i < ops && !self->wrong[0]) {
		op = choose(self);
		if (!actions[op].try(self))
			continue;
		self->done[op]++;
		i++;
		if (i % 64 == 0)
			check_counters(self);
	}
	if (!self->wrong[0])
		check_all(self);
	end_all(self);
	if (self->wrong[0])
		TH_LOG("after %ld operations: %s", i, self->wrong);
	/* So that one sees that nothing came to be but refusals. */
	for (op = 0; op < OPS; op++)
		printf("# %-12s %6ld, refused %ld\n", op_names[op],
		       self->done[op], self->refused[op]);
	fflush(stdout);
	EXPECT_EQ('\0', self->wrong[0]);
}

TEST_HARNESS_MAIN
