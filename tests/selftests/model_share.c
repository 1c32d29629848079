// SPDX-License-Identifier: GPL-2.0-only
/* Operations that share: descriptors, names, and the list of what there is. */
#include "model_core.h"

static bool try_export(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (!pick_id(self, &reach) || !can_be_mapped(reach.buffer))
		return false;
	request = on(OP_EXPORT, &reach);
	request.fd = model_new_slot(self->model.worker[reach.w].fd, FDS);
	if (request.fd == NONE)
		return false;
	if (demand(self, reach.w, &request, NULL))
		self->model.worker[reach.w].fd[request.fd] = reach.id->buffer;
	return true;
}

static bool try_import(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	int buffer;

	if (!self->has[HAS_IMPORT] || !pick_node(self, &reach) ||
	    !model_new_id(reach.file))
		return false;
	request = on(OP_IMPORT, &reach);
	request.fd = pick_slot(self, self->model.worker[reach.w].fd, FDS);
	if (request.fd == NONE)
		return false;
	buffer = self->model.worker[reach.w].fd[request.fd];
	request.length = self->model.buffer[buffer].length;
	if (!demand(self, reach.w, &request, &reply))
		return true;
	keep_id(self, reach.file, reply.id, buffer);
	check_new(self, &reach, buffer);
	return true;
}

/* A worker's descriptor: drops it, or sends it to whoever receives next. */
static bool with_fd(SELF, enum model_op op)
{
	struct model_request request = { .op = op };
	int w = pick_worker(self), *slot;

	if (w == NONE || (op == OP_SEND && self->model.flights == FLIGHTS))
		return false;
	request.fd = pick_slot(self, self->model.worker[w].fd, FDS);
	if (request.fd == NONE)
		return false;
	if (!demand(self, w, &request, NULL))
		return true;
	slot = &self->model.worker[w].fd[request.fd];
	if (op == OP_SEND)
		self->model.flight[self->model.flights++] = *slot;
	else
		*slot = NONE;
	model_settle(&self->model);
	return true;
}

static bool try_close_fd(SELF)
{
	return with_fd(self, OP_CLOSE_FD);
}

static bool try_send(SELF)
{
	return with_fd(self, OP_SEND);
}

static bool try_receive(SELF)
{
	struct model_request request = { .op = OP_RECEIVE };
	int w = pick_worker(self);

	if (w == NONE || !self->model.flights)
		return false;
	request.fd = model_new_slot(self->model.worker[w].fd, FDS);
	if (request.fd == NONE)
		return false;
	if (!demand(self, w, &request, NULL))
		return true;
	self->model.worker[w].fd[request.fd] = self->model.flight[0];
	self->model.flights--;
	memmove(self->model.flight, self->model.flight + 1,
		self->model.flights * sizeof(self->model.flight[0]));
	return true;
}

static void name_text(int name, char *text)
{
	snprintf(text, HPDMA_NAME_SIZE, "model.%d", name);
}

static bool try_publish(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	int name = dice(self, NAMES), expected = 0;
	struct m_name *slot = &self->model.name[name];

	if (!self->has[HAS_NAMES] || !pick_id(self, &reach))
		return false;
	request = on(OP_PUBLISH, &reach);
	request.flags = dice(self, 2) ? HPDMA_NAME_PERSISTENT : 0;
	name_text(name, request.name);
	reply = ask(self, reach.w, &request);
	/* Of two errors either may come first. */
	if (!can_be_mapped(reach.buffer))
		expected = -EOPNOTSUPP;
	else if (model_name_of(&self->model, reach.id->buffer) != NONE)
		expected = -EBUSY;
	else if (slot->buffer != NONE)
		expected = -EEXIST;
	if (expected == -EBUSY && slot->buffer != NONE && reply.ret == -EEXIST)
		expected = -EEXIST;
	if (expected == -EOPNOTSUPP && slot->buffer != NONE &&
	    reply.ret == -EEXIST)
		expected = -EEXIST;
	if (reply.ret != expected)
		WRONG("publish: %d, not %d", reply.ret, expected);
	if (reply.ret) {
		self->refused[OP_PUBLISH]++;
		return true;
	}
	slot->buffer = reach.id->buffer;
	slot->persistent = request.flags;
	return true;
}

static bool try_name_open(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	int name = dice(self, NAMES), buffer = self->model.name[name].buffer;

	if (!self->has[HAS_NAMES] || !pick_node(self, &reach) ||
	    !model_new_id(reach.file))
		return false;
	request = on(OP_NAME_OPEN, &reach);
	name_text(name, request.name);
	if (buffer == NONE) {
		reply = ask(self, reach.w, &request);
		if (reply.ret != -ENOENT)
			WRONG("open of no name: %d", reply.ret);
		self->refused[OP_NAME_OPEN]++;
		return true;
	}
	request.length = self->model.buffer[buffer].length;
	if (!demand(self, reach.w, &request, &reply))
		return true;
	keep_id(self, reach.file, reply.id, buffer);
	check_new(self, &reach, buffer);
	return true;
}

static bool try_unlink(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	int name = dice(self, NAMES);
	int expected = self->model.name[name].buffer == NONE ? -ENOENT : 0;

	if (!self->has[HAS_NAMES] || !pick_node(self, &reach))
		return false;
	request = on(OP_UNLINK, &reach);
	name_text(name, request.name);
	reply = ask(self, reach.w, &request);
	if (reply.ret != expected)
		WRONG("unlink: %d, not %d", reply.ret, expected);
	self->refused[OP_UNLINK] += !!expected;
	self->model.name[name].buffer = NONE;
	model_settle(&self->model);
	return true;
}

/* By the coordinator, when no worker is left. */
static void unlink_name(SELF, int name)
{
	struct hpdma_ioc_name_unlink arg = { .size = sizeof(arg) };
	int ret;

	name_text(name, (char *)arg.name);
	ret = call(self->node, HPDMA_IOC_NAME_UNLINK, &arg);
	if (ret)
		WRONG("unlink at the end: %d", ret);
	self->model.name[name].buffer = NONE;
	model_settle(&self->model);
}

static void compare_entry(SELF, const struct hpdma_list_entry *entry)
{
	const struct m_buffer *buffer = NULL;
	char name[HPDMA_NAME_SIZE] = "";
	int i, at = NONE;

	for (i = 0; i < BUFFERS; i++) {
		buffer = &self->model.buffer[i];
		if (buffer->alive && buffer->serial == entry->serial)
			break;
	}
	if (i == BUFFERS) {
		WRONG("list: a buffer that should not be");
		return;
	}
	at = model_name_of(&self->model, i);
	if (at != NONE)
		name_text(at, name);
	if (entry->length != buffer->length || entry->backing != buffer->kind ||
	    entry->ids != (uint32_t)model_ids_of(&self->model, i) ||
	    entry->mappings ||
	    strncmp((const char *)entry->name, name, HPDMA_NAME_SIZE))
		WRONG("list: backing %u, not %u; %u ids, not %d; name %s, not %s",
		      entry->backing, buffer->kind, entry->ids,
		      model_ids_of(&self->model, i), entry->name, name);
}

static bool try_list(SELF)
{
	struct hpdma_list_entry entries[8];
	struct hpdma_ioc_list arg = {
		.size = sizeof(arg),
		.flags = HPDMA_LIST_ALL,
		.entry_size = sizeof(entries[0]),
		.entries = (uintptr_t)entries,
		.count = 8,
	};
	int seen = 0, expected;
	uint64_t bytes;
	uint32_t i;

	if (!self->has[HAS_LIST] || !self->has[HAS_SERIAL])
		return false;
	/* What the last one to die held goes a little later. */
	check_counters(self);
	expected = model_buffers(&self->model, &bytes);
	do {
		int ret = call(self->node, HPDMA_IOC_LIST, &arg);

		if (ret) {
			WRONG("list: %d", ret);
			return true;
		}
		for (i = 0; i < arg.out_count; i++) {
			if (entries[i].serial <= arg.after)
				WRONG("list: out of order");
			arg.after = entries[i].serial;
			compare_entry(self, &entries[i]);
		}
		seen += arg.out_count;
	} while (arg.out_count == arg.count);
	if (seen != expected)
		WRONG("list: %d buffers, not %d", seen, expected);
	return true;
}
