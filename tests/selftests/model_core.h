/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The coordinator of the model-based test: its state, how it asks workers, and how
 * it chooses. Included by the parts of model_test.c, which are one program.
 */
#ifndef HPDMA_SELFTESTS_MODEL_CORE_H
#define HPDMA_SELFTESTS_MODEL_CORE_H

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "model.h"
#include "model_state.c"
#include "model_worker.c"

#define STATS "/sys/kernel/debug/hpdma/stats"
/* What the rest of the machine may need. */
#define BYTES_MAX MB(160)

/* What this module has beyond the first version. */
enum feature {
	HAS_SCATTER,
	HAS_WRITE_COMBINE,
	HAS_REGISTER_FD,
	HAS_IMPORT,
	HAS_NAMES,
	HAS_LIST,
	HAS_SERIAL,
	FEATURES,
};

static const char *const feature_names[FEATURES] = {
	"scatter", "write-combine", "register by fd", "import",
	"names",   "list",	    "serials",
};

static const char *const op_names[OPS] = {
	"open",	      "close",	    "alloc",	  "register",  "free",
	"info",	      "export",	    "import",	  "close fd",  "send fd",
	"receive fd", "map",	    "map fd",	  "munmap",    "mremap",
	"grow",	      "advise",	    "write",	  "check",     "user memory",
	"user check", "user unmap", "publish",	  "open name", "unlink",
	"fork",	      "exit",	    "new worker", "kill",      "kill at work",
	"list",	      "wrong",
};

FIXTURE(model)
{
	struct model model;
	struct model_pages *pages;
	bool has[FEATURES];
	long done[OPS], refused[OPS];
	struct state before;
	long long contexts, buffers, bytes, pool;
	unsigned int seed;
	uint32_t stamps;
	uint64_t last_serial;
	int exchange[2];
	int node;
	int locked;
	/* What went wrong first. */
	char wrong[256];
};

#define SELF FIXTURE_DATA(model) *self

#define WRONG(...)                                                 \
	do {                                                       \
		if (!self->wrong[0])                               \
			snprintf(self->wrong, sizeof(self->wrong), \
				 __VA_ARGS__);                     \
	} while (0)

static uint64_t dice(SELF, uint64_t sides)
{
	return (uint64_t)rand_r(&self->seed) % sides;
}

/* Asking and answers. */

static bool tell(SELF, int w, const struct model_request *request)
{
	struct m_worker *worker = &self->model.worker[w];

	if (send(worker->socket, request, sizeof(*request), MSG_NOSIGNAL) ==
	    sizeof(*request))
		return true;
	WRONG("worker %d is gone before %s", w, op_names[request->op]);
	return false;
}

static struct model_reply hear(SELF, int w, const struct model_request *request)
{
	struct model_reply reply = { .ret = -ESRCH };

	if (recv(self->model.worker[w].socket, &reply, sizeof(reply), 0) !=
	    sizeof(reply))
		WRONG("worker %d is gone in %s: status %d", w,
		      op_names[request->op],
		      wait_child(self->model.worker[w].pid));
	return reply;
}

static struct model_reply ask(SELF, int w, const struct model_request *request)
{
	struct model_reply reply = { .ret = -ESRCH };

	if (tell(self, w, request))
		reply = hear(self, w, request);
	return reply;
}

/* What must succeed. */
static bool demand(SELF, int w, const struct model_request *request,
		   struct model_reply *out)
{
	struct model_reply reply = ask(self, w, request);

	if (reply.ret)
		WRONG("worker %d: %s said %d (%s), at page %llu word %llu", w,
		      op_names[request->op], reply.ret, strerror(-reply.ret),
		      (unsigned long long)reply.where >> 32,
		      (unsigned long long)reply.where & UINT32_MAX);
	if (out)
		*out = reply;
	return !reply.ret;
}

/* Choosing: a random one of those that are there, or NONE. */

static int pick_worker(SELF)
{
	int i, w = dice(self, WORKERS);

	for (i = 0; i < WORKERS; i++, w = (w + 1) % WORKERS)
		if (self->model.worker[w].pid)
			return w;
	return NONE;
}

static int pick_slot(SELF, const int *slots, int count)
{
	int i, at = dice(self, count);

	for (i = 0; i < count; i++, at = (at + 1) % count)
		if (slots[at] != NONE)
			return at;
	return NONE;
}

static int pick_area(SELF, int w)
{
	int i, at = dice(self, AREAS);

	for (i = 0; i < AREAS; i++, at = (at + 1) % AREAS)
		if (self->model.worker[w].area[at].buffer != NONE)
			return at;
	return NONE;
}

/* A buffer that the worker reaches by an id: where, and which. */
struct reach {
	int w, node;
	struct m_file *file;
	struct m_id *id;
	struct m_buffer *buffer;
};

static bool pick_node(SELF, struct reach *reach)
{
	struct m_worker *worker;

	reach->w = pick_worker(self);
	if (reach->w == NONE)
		return false;
	worker = &self->model.worker[reach->w];
	reach->node = pick_slot(self, worker->node, NODES);
	if (reach->node == NONE)
		return false;
	reach->file = &self->model.file[worker->node[reach->node]];
	return true;
}

static bool pick_id(SELF, struct reach *reach)
{
	int i, at = dice(self, IDS);

	if (!pick_node(self, reach))
		return false;
	for (i = 0; i < IDS; i++, at = (at + 1) % IDS) {
		reach->id = &reach->file->ids[at];
		if (reach->id->buffer == NONE)
			continue;
		reach->buffer = &self->model.buffer[reach->id->buffer];
		return true;
	}
	return false;
}

static bool can_be_mapped(const struct m_buffer *buffer)
{
	return buffer->kind != HPDMA_BACKING_USER;
}

/* A part of something, in granules. */
static void pick_part(SELF, uint64_t length, uint64_t granule, uint64_t *offset,
		      uint64_t *part)
{
	uint64_t count = length / granule, first;

	first = dice(self, 3) ? 0 : dice(self, count);
	*offset = first * granule;
	*part = dice(self, 3) ? length - *offset :
				(1 + dice(self, count - first)) * granule;
}

static void keep_id(SELF, struct m_file *file, uint32_t id, int buffer)
{
	struct m_id *slot = model_new_id(file);
	int i;

	for (i = 0; i < IDS; i++)
		if (file->ids[i].buffer != NONE && file->ids[i].id == id)
			WRONG("id %u was given twice", id);
	slot->id = id;
	slot->buffer = buffer;
}

/* What the module and the machine say, beside the model. */

static bool agrees(SELF)
{
	long long count, bytes, files, pool;
	uint64_t expected_bytes;
	int buffers = model_buffers(&self->model, &expected_bytes);

	count = number_in(STATS, "buffers") - self->buffers;
	bytes = number_in(STATS, "buffer_bytes") - self->bytes;
	files = number_in(STATS, "contexts") - self->contexts;
	pool = self->pool - pool_free();
	return count == buffers && bytes == (long long)expected_bytes &&
	       files == model_files(&self->model) &&
	       pool == model_huge_pages(&self->model);
}

static void check_counters(SELF)
{
	uint64_t bytes;
	int i;

	for (i = 0; i < 200; i++) {
		if (agrees(self))
			return;
		usleep(10000);
	}
	WRONG("the model has %d buffers, %d files, %d huge pages; the module "
	      "has %lld, %lld, %lld",
	      model_buffers(&self->model, &bytes), model_files(&self->model),
	      model_huge_pages(&self->model),
	      number_in(STATS, "buffers") - self->buffers,
	      number_in(STATS, "contexts") - self->contexts,
	      self->pool - pool_free());
}

#endif
