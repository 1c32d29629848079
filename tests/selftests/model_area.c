// SPDX-License-Identifier: GPL-2.0-only
/* Operations on what is mapped, and on what is written there. */
#include "model_core.h"

static void keep_area_of(SELF, int w, const struct model_request *request,
			 int buffer)
{
	self->model.worker[w].area[request->area] = (struct m_area){
		.buffer = buffer,
		.offset = request->offset,
		.length = request->length,
	};
}

static bool wish_map(SELF, int w, int buffer, struct model_request *request)
{
	const struct m_buffer *what = &self->model.buffer[buffer];

	request->area = model_new_area(&self->model.worker[w], NONE);
	if (request->area == NONE)
		return false;
	pick_part(self, what->length, what->granule, &request->offset,
		  &request->length);
	request->flags = dice(self, 2) ? MAP_POPULATE : 0;
	return true;
}

static bool wish_map_id(SELF, struct reach *reach,
			struct model_request *request)
{
	if (!pick_id(self, reach) || !can_be_mapped(reach->buffer))
		return false;
	*request = on(OP_MAP, reach);
	return wish_map(self, reach->w, reach->id->buffer, request);
}

static bool try_map(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (!wish_map_id(self, &reach, &request))
		return false;
	if (demand(self, reach.w, &request, NULL))
		keep_area_of(self, reach.w, &request, reach.id->buffer);
	return true;
}

static bool try_map_fd(SELF)
{
	struct model_request request = { .op = OP_MAP_FD };
	int w = pick_worker(self), buffer;

	if (w == NONE)
		return false;
	request.fd = pick_slot(self, self->model.worker[w].fd, FDS);
	if (request.fd == NONE)
		return false;
	buffer = self->model.worker[w].fd[request.fd];
	if (!wish_map(self, w, buffer, &request))
		return false;
	if (demand(self, w, &request, NULL))
		keep_area_of(self, w, &request, buffer);
	return true;
}

/* A part of an area, and slots for what is left and for what is moved. */
static bool wish_part(SELF, struct model_request *request, int *w)
{
	struct m_worker *worker;
	struct m_area *area;

	*w = pick_worker(self);
	if (*w == NONE)
		return false;
	worker = &self->model.worker[*w];
	request->area = pick_area(self, *w);
	if (request->area == NONE)
		return false;
	area = &worker->area[request->area];
	pick_part(self, area->length, self->model.buffer[area->buffer].granule,
		  &request->offset, &request->length);
	request->buffer = area->buffer;
	request->start = area->offset;
	request->rest = model_new_area(worker, NONE);
	request->rest2 = model_new_area(worker, request->rest);
	if (request->rest != NONE && request->rest2 != NONE)
		return true;
	/* No place for what would be left: then nothing is left. */
	request->offset = 0;
	request->length = area->length;
	request->rest = request->area;
	request->rest2 = request->area;
	return true;
}

static void split_area(struct m_worker *worker,
		       const struct model_request *request)
{
	struct m_area *area = &worker->area[request->area];
	uint64_t end = request->offset + request->length;

	if (end < area->length)
		worker->area[request->rest] = (struct m_area){
			.buffer = area->buffer,
			.offset = area->offset + end,
			.length = area->length - end,
		};
	area->length = request->offset;
	if (!request->offset)
		area->buffer = NONE;
}

static bool try_unmap(SELF)
{
	struct model_request request = { .op = OP_UNMAP };
	int w;

	if (!wish_part(self, &request, &w))
		return false;
	if (!demand(self, w, &request, NULL))
		return true;
	split_area(&self->model.worker[w], &request);
	model_settle(&self->model);
	return true;
}

static bool try_move(SELF)
{
	struct model_request request = { .op = OP_MOVE };
	struct model_reply reply;
	struct m_area *area;
	int w;

	if (!wish_part(self, &request, &w))
		return false;
	reply = ask(self, w, &request);
	/*
	 * Before 5.16 huge pages do not move; and what was advised in part is
	 * several areas, which do not move as one.
	 */
	if ((reply.ret == -EINVAL &&
	     self->model.buffer[request.buffer].granule == HUGE_PAGE) ||
	    reply.ret == -EFAULT) {
		self->refused[OP_MOVE]++;
		return true;
	}
	if (reply.ret) {
		WRONG("mremap: %d", reply.ret);
		return true;
	}
	split_area(&self->model.worker[w], &request);
	area = &self->model.worker[w].area[request.rest2];
	area->buffer = request.buffer;
	area->offset = request.start + request.offset;
	area->length = request.length;
	return true;
}

static bool try_grow(SELF)
{
	struct model_request request = { .op = OP_GROW };
	struct model_reply reply;
	int w;

	if (!wish_part(self, &request, &w))
		return false;
	request.length = self->model.buffer[request.buffer].granule;
	reply = ask(self, w, &request);
	if (!reply.ret)
		WRONG("a mapping has grown");
	return true;
}

static bool try_advise(SELF)
{
	static const int advice[] = { MADV_DONTNEED, MADV_REMOVE,
				      MADV_PAGEOUT,  MADV_COLD,
				      MADV_HUGEPAGE, MADV_FREE };
	struct model_request request = { .op = OP_ADVISE };
	int w;

	if (!wish_part(self, &request, &w))
		return false;
	request.flags = advice[dice(self, 6)];
	demand(self, w, &request, NULL);
	return true;
}

static bool try_write(SELF)
{
	struct model_request request = { .op = OP_WRITE };
	uint64_t pages, page, i;
	int w;

	if (!wish_part(self, &request, &w))
		return false;
	pages = request.length / PAGE;
	request.offset += dice(self, pages) * PAGE;
	request.length = self->model.worker[w].area[request.area].length -
			 request.offset;
	if (request.length > 16 * PAGE)
		request.length = (1 + dice(self, 16)) * PAGE;
	page = (request.start + request.offset) / PAGE;
	self->stamps++;
	for (i = 0; i < request.length / PAGE; i++)
		self->pages->stamp[request.buffer][page + i] = self->stamps;
	demand(self, w, &request, NULL);
	return true;
}

static void check_area(SELF, int w, int slot, uint64_t offset, uint64_t length,
		       uint32_t chance)
{
	const struct m_area *area = &self->model.worker[w].area[slot];
	struct model_request request = {
		.op = OP_CHECK,
		.area = slot,
		.buffer = area->buffer,
		.start = area->offset,
		.offset = offset,
		.length = length,
		.chance = chance,
	};

	demand(self, w, &request, NULL);
}

/* Mostly a word of each page, or every byte of some pages, rarely of all. */
static bool try_check(SELF)
{
	struct model_request part = {};
	uint64_t length;
	int w;

	if (!wish_part(self, &part, &w))
		return false;
	length = self->model.worker[w].area[part.area].length;
	switch (dice(self, 64)) {
	case 0:
		check_area(self, w, part.area, 0, length, 0);
		break;
	case 1 ... 16:
		part.offset = dice(self, length / PAGE) * PAGE;
		if (length - part.offset > 16 * PAGE)
			length = part.offset + 16 * PAGE;
		check_area(self, w, part.area, part.offset,
			   length - part.offset, 0);
		break;
	default:
		check_area(self, w, part.area, 0, length, 1 + dice(self, 509));
	}
	return true;
}
