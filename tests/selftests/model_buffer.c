// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on files, buffers and the user's own memory. Each operation chooses
 * what to do, has a worker do it, and does the same to the model. Return: false
 * if there is nothing to do it to.
 */
#include "model_core.h"

static struct model_request on(enum model_op op, const struct reach *reach)
{
	return (struct model_request){
		.op = op,
		.node = reach->node,
		.id = reach->id ? reach->id->id : 0,
	};
}

static bool try_open(SELF)
{
	struct model_request request = { .op = OP_OPEN };
	int w = pick_worker(self), file = model_new_file(&self->model);

	if (w == NONE || file == NONE)
		return false;
	request.node = model_new_slot(self->model.worker[w].node, NODES);
	if (request.node == NONE)
		return false;
	if (!demand(self, w, &request, NULL))
		return true;
	self->model.worker[w].node[request.node] = file;
	self->model.file[file].holders = 1;
	return true;
}

static bool try_close(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (!pick_node(self, &reach))
		return false;
	request = on(OP_CLOSE, &reach);
	demand(self, reach.w, &request, NULL);
	model_file_put(&self->model,
		       self->model.worker[reach.w].node[reach.node]);
	self->model.worker[reach.w].node[reach.node] = NONE;
	model_settle(&self->model);
	return true;
}

static void wish_contig(SELF, struct hpdma_ioc_buf_alloc *arg)
{
	/* Now and then more than the page allocator has in one piece. */
	uint64_t pages = dice(self, 16) ?
				 1 + dice(self, dice(self, 4) ? 64 : 1024) :
				 1025 + dice(self, 2048);

	*arg = contig(pages * PAGE);
	if (self->has[HAS_SCATTER] && !dice(self, 3)) {
		arg->flags |= HPDMA_ALLOC_SCATTER;
		if (dice(self, 2))
			arg->min_segment = PAGE;
	}
	if (self->has[HAS_WRITE_COMBINE] && !dice(self, 4))
		arg->flags |= HPDMA_ALLOC_WRITE_COMBINE;
	if (!dice(self, 4))
		arg->alignment = PAGE << dice(self, 6);
	if (!dice(self, 4))
		arg->address_bits = 32 + dice(self, 33);
	if (!dice(self, 4))
		arg->flags |= HPDMA_ALLOC_NODE;
}

static void wish_hugetlb(SELF, struct hpdma_ioc_buf_alloc *arg)
{
	*arg = hugetlb((1 + dice(self, 4)) * HUGE_PAGE);
	if (!dice(self, 4))
		arg->flags |= HPDMA_ALLOC_NODE;
	if (!dice(self, 4))
		arg->min_segment = HUGE_PAGE;
}

/* Only what a quiet machine may lack. */
static bool may_refuse(const struct hpdma_ioc_buf_alloc *arg, int error)
{
	if (arg->backing == HPDMA_BACKING_HUGETLB)
		return false;
	if (error == -ENOMEM)
		return arg->length > KB(64);
	return error == -EOPNOTSUPP &&
	       (arg->length > MB(4) || arg->flags & HPDMA_ALLOC_WRITE_COMBINE);
}

static int add_buffer(SELF, struct m_file *file, uint32_t id, uint32_t kind,
		      uint64_t length)
{
	int index = model_new_buffer(&self->model);
	struct m_buffer *buffer = &self->model.buffer[index];

	*buffer = (struct m_buffer){
		.alive = true,
		.kind = kind,
		.length = length,
		.granule = kind == HPDMA_BACKING_HUGETLB ? HUGE_PAGE : PAGE,
		.memory = NONE,
	};
	memset(self->pages->stamp[index], 0, sizeof(self->pages->stamp[index]));
	keep_id(self, file, id, index);
	return index;
}

/* What it says of a buffer is what the model knows. */
static void check_info(SELF, struct reach *reach)
{
	struct model_request request = on(OP_INFO, reach);
	struct m_buffer *buffer = reach->buffer;
	int name = model_name_of(&self->model, reach->id->buffer);
	struct model_reply reply;
	uint32_t state = 0;

	if (!demand(self, reach->w, &request, &reply))
		return;
	if (reply.info.out_backing != buffer->kind ||
	    reply.info.out_length != buffer->length ||
	    !reply.info.out_mmap_offset == can_be_mapped(buffer) ||
	    !reply.info.out_segments)
		WRONG("info: backing %u, not %u; length %llu, not %llu",
		      reply.info.out_backing, buffer->kind,
		      (unsigned long long)reply.info.out_length,
		      (unsigned long long)buffer->length);
	if (!self->has[HAS_SERIAL])
		return;
	if (!buffer->serial) {
		buffer->serial = reply.info.out_serial;
		if (buffer->serial <= self->last_serial)
			WRONG("info: a serial that is not new");
		self->last_serial = buffer->serial;
	}
	if (reply.info.out_serial != buffer->serial)
		WRONG("info: another serial");
	if (!self->has[HAS_NAMES])
		return;
	if (name != NONE)
		state = HPDMA_BUF_NAMED | (self->model.name[name].persistent ?
						   HPDMA_BUF_PERSISTENT :
						   0);
	if ((reply.info.out_state & (HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT)) !=
	    state)
		WRONG("info: state %#x, not %#x", reply.info.out_state, state);
}

static bool try_info(SELF)
{
	struct reach reach = {};

	if (!pick_id(self, &reach))
		return false;
	check_info(self, &reach);
	return true;
}

static void check_new(SELF, const struct reach *where, int buffer)
{
	struct reach reach = *where;
	int i;

	for (i = 0; i < IDS; i++)
		if (reach.file->ids[i].buffer == buffer)
			reach.id = &reach.file->ids[i];
	reach.buffer = &self->model.buffer[buffer];
	check_info(self, &reach);
}

static bool try_alloc(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct model_reply reply;
	uint64_t bytes, free_pages;

	if (!pick_node(self, &reach) || !model_new_id(reach.file) ||
	    model_new_buffer(&self->model) == NONE)
		return false;
	request = on(OP_ALLOC, &reach);
	if (dice(self, 2))
		wish_hugetlb(self, &request.alloc);
	else
		wish_contig(self, &request.alloc);
	model_buffers(&self->model, &bytes);
	if (bytes > BYTES_MAX)
		return false;
	reply = ask(self, reach.w, &request);
	free_pages = self->pool - model_huge_pages(&self->model);
	/* The pool has what the model says, and nothing else is an excuse. */
	if (request.alloc.backing == HPDMA_BACKING_HUGETLB &&
	    request.alloc.length / HUGE_PAGE > free_pages) {
		if (reply.ret != -ENOMEM)
			WRONG("alloc: %d from a pool that is empty", reply.ret);
		self->refused[OP_ALLOC]++;
		return true;
	}
	if (reply.ret && may_refuse(&request.alloc, reply.ret)) {
		self->refused[OP_ALLOC]++;
		return true;
	}
	if (reply.ret) {
		WRONG("alloc: backing %u, length %llu, flags %#x: %d",
		      request.alloc.backing,
		      (unsigned long long)request.alloc.length,
		      request.alloc.flags, reply.ret);
		return true;
	}
	check_new(self, &reach,
		  add_buffer(self, reach.file, reply.id, request.alloc.backing,
			     request.alloc.length));
	return true;
}

static bool try_user_get(SELF)
{
	struct model_request request = { .op = OP_USER_GET };
	int w = pick_worker(self), memory = model_new_memory(&self->model);
	int kind = dice(self, USER_KINDS);

	if (w == NONE || memory == NONE)
		return false;
	request.user = model_new_slot(self->model.worker[w].user, USERS);
	if (request.user == NONE)
		return false;
	request.flags = kind;
	request.chance = ++self->stamps;
	request.length = kind == USER_THP ? HUGE_PAGE :
					    (1 + dice(self, 64)) * PAGE;
	if (model_user_is_huge(kind)) {
		request.length = HUGE_PAGE;
		if (self->pool == model_huge_pages(&self->model))
			return false;
	}
	if (!demand(self, w, &request, NULL))
		return true;
	self->model.memory[memory] = (struct m_memory){
		.held = true,
		.kind = kind,
		.length = request.length,
	};
	self->model.worker[w].user[request.user] = memory;
	return true;
}

static bool try_user_drop(SELF)
{
	struct model_request request = { .op = OP_USER_DROP };
	int w = pick_worker(self);

	if (w == NONE)
		return false;
	request.user = pick_slot(self, self->model.worker[w].user, USERS);
	if (request.user == NONE)
		return false;
	demand(self, w, &request, NULL);
	self->model.worker[w].user[request.user] = NONE;
	model_settle(&self->model);
	return true;
}

static bool try_register(SELF)
{
	struct reach reach = {};
	struct model_request request;
	struct m_memory *memory;
	struct model_reply reply;
	int buffer, index;

	if (!pick_node(self, &reach) || !model_new_id(reach.file) ||
	    model_new_buffer(&self->model) == NONE)
		return false;
	request = on(OP_REGISTER, &reach);
	request.user = pick_slot(self, self->model.worker[reach.w].user, USERS);
	if (request.user == NONE)
		return false;
	index = self->model.worker[reach.w].user[request.user];
	memory = &self->model.memory[index];
	if (model_user_is_file(memory->kind) && self->has[HAS_REGISTER_FD])
		request.flags = HPDMA_REGISTER_FD;
	if (!demand(self, reach.w, &request, &reply))
		return true;
	buffer = add_buffer(self, reach.file, reply.id, HPDMA_BACKING_USER,
			    memory->length);
	self->model.buffer[buffer].memory = index;
	check_new(self, &reach, buffer);
	return true;
}

/* Of memory that is both registered and mapped by whom we ask. */
static bool try_user_check(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (!pick_id(self, &reach) || reach.buffer->memory == NONE)
		return false;
	request = on(OP_USER_CHECK, &reach);
	for (request.user = 0; request.user < USERS; request.user++)
		if (self->model.worker[reach.w].user[request.user] ==
		    reach.buffer->memory)
			break;
	if (request.user == USERS)
		return false;
	demand(self, reach.w, &request, NULL);
	return true;
}

static bool try_free(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (!pick_id(self, &reach))
		return false;
	request = on(OP_FREE, &reach);
	demand(self, reach.w, &request, NULL);
	reach.id->buffer = NONE;
	model_settle(&self->model);
	return true;
}
