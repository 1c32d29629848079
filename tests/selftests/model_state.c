// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: which process holds what, by which of the ways there are, and what
 * follows from it. A buffer lives as long as anything holds it.
 */
#include "model.h"

struct m_buffer {
	bool alive;
	uint32_t kind;
	uint64_t length, granule;
	uint64_t serial;
	bool write_combine;
	/* Of the user, or NONE. */
	int memory;
};

struct m_id {
	uint32_t id;
	int buffer;
};

struct m_file {
	int holders;
	struct m_id ids[IDS];
};

struct m_area {
	int buffer;
	uint64_t offset, length;
};

struct m_worker {
	pid_t pid;
	int socket;
	int node[NODES];
	int fd[FDS];
	struct m_area area[AREAS];
	int user[USERS];
};

struct m_memory {
	bool held;
	int kind;
	uint64_t length;
};

struct m_name {
	int buffer;
	bool persistent;
};

struct model {
	struct m_buffer buffer[BUFFERS];
	struct m_file file[FILES];
	struct m_worker worker[WORKERS];
	struct m_memory memory[MEMORIES];
	struct m_name name[NAMES];
	/* Descriptors that were sent and not received, oldest first. */
	int flight[FLIGHTS];
	int flights;
};

static void model_init(struct model *model)
{
	int w, i;

	memset(model, 0, sizeof(*model));
	for (i = 0; i < NAMES; i++)
		model->name[i].buffer = NONE;
	for (i = 0; i < FILES * IDS; i++)
		model->file[i / IDS].ids[i % IDS].buffer = NONE;
	for (w = 0; w < WORKERS; w++) {
		struct m_worker *worker = &model->worker[w];

		for (i = 0; i < NODES; i++)
			worker->node[i] = NONE;
		for (i = 0; i < FDS; i++)
			worker->fd[i] = NONE;
		for (i = 0; i < AREAS; i++)
			worker->area[i].buffer = NONE;
		for (i = 0; i < USERS; i++)
			worker->user[i] = NONE;
	}
}

static int model_ids_of(const struct model *model, int buffer)
{
	int i, count = 0;

	for (i = 0; i < FILES * IDS; i++)
		count += model->file[i / IDS].ids[i % IDS].buffer == buffer;
	return count;
}

static int model_name_of(const struct model *model, int buffer)
{
	int i;

	for (i = 0; i < NAMES; i++)
		if (model->name[i].buffer == buffer)
			return i;
	return NONE;
}

static bool model_is_held(const struct model *model, int buffer)
{
	int name = model_name_of(model, buffer), w, i;

	if (name != NONE && model->name[name].persistent)
		return true;
	for (i = 0; i < model->flights; i++)
		if (model->flight[i] == buffer)
			return true;
	for (w = 0; w < WORKERS; w++) {
		for (i = 0; i < FDS; i++)
			if (model->worker[w].fd[i] == buffer)
				return true;
		for (i = 0; i < AREAS; i++)
			if (model->worker[w].area[i].buffer == buffer)
				return true;
	}
	return model_ids_of(model, buffer) > 0;
}

static bool model_memory_is_held(const struct model *model, int memory)
{
	int w, i;

	for (i = 0; i < BUFFERS; i++)
		if (model->buffer[i].alive && model->buffer[i].memory == memory)
			return true;
	for (w = 0; w < WORKERS; w++)
		for (i = 0; i < USERS; i++)
			if (model->worker[w].user[i] == memory)
				return true;
	return false;
}

/* After anything was let go: what follows. */
static void model_settle(struct model *model)
{
	int i;

	for (i = 0; i < NAMES; i++) {
		struct m_name *name = &model->name[i];

		if (name->buffer != NONE && !name->persistent &&
		    !model_ids_of(model, name->buffer))
			name->buffer = NONE;
	}
	for (i = 0; i < BUFFERS; i++)
		if (model->buffer[i].alive && !model_is_held(model, i))
			model->buffer[i].alive = false;
	for (i = 0; i < MEMORIES; i++)
		if (model->memory[i].held && !model_memory_is_held(model, i))
			model->memory[i].held = false;
}

static void model_file_put(struct model *model, int file)
{
	int i;

	if (--model->file[file].holders)
		return;
	for (i = 0; i < IDS; i++)
		model->file[file].ids[i].buffer = NONE;
}

static void model_worker_gone(struct model *model, int w)
{
	struct m_worker *worker = &model->worker[w];
	int i;

	for (i = 0; i < NODES; i++) {
		if (worker->node[i] != NONE)
			model_file_put(model, worker->node[i]);
		worker->node[i] = NONE;
	}
	for (i = 0; i < FDS; i++)
		worker->fd[i] = NONE;
	for (i = 0; i < AREAS; i++)
		worker->area[i].buffer = NONE;
	for (i = 0; i < USERS; i++)
		worker->user[i] = NONE;
	worker->pid = 0;
	model_settle(model);
}

/* All but the memory of its own, which it unmaps. */
static void model_worker_forked(struct model *model, int parent, int child)
{
	struct m_worker *from = &model->worker[parent];
	struct m_worker *to = &model->worker[child];
	int i;

	memcpy(to->node, from->node, sizeof(to->node));
	memcpy(to->fd, from->fd, sizeof(to->fd));
	memcpy(to->area, from->area, sizeof(to->area));
	for (i = 0; i < NODES; i++)
		if (to->node[i] != NONE)
			model->file[to->node[i]].holders++;
}

/* Huge pages that the model holds in all. */
static int model_huge_pages(const struct model *model)
{
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < BUFFERS; i++)
		if (model->buffer[i].alive &&
		    model->buffer[i].kind == HPDMA_BACKING_HUGETLB)
			bytes += model->buffer[i].length;
	for (i = 0; i < MEMORIES; i++)
		if (model->memory[i].held &&
		    model_user_is_huge(model->memory[i].kind))
			bytes += model->memory[i].length;
	return bytes / HUGE_PAGE;
}

static int model_buffers(const struct model *model, uint64_t *bytes)
{
	int i, count = 0;

	*bytes = 0;
	for (i = 0; i < BUFFERS; i++) {
		if (!model->buffer[i].alive)
			continue;
		count++;
		*bytes += model->buffer[i].length;
	}
	return count;
}

static int model_files(const struct model *model)
{
	int i, count = 0;

	for (i = 0; i < FILES; i++)
		count += model->file[i].holders > 0;
	return count;
}

static int model_workers(const struct model *model)
{
	int i, count = 0;

	for (i = 0; i < WORKERS; i++)
		count += model->worker[i].pid > 0;
	return count;
}

static int model_new_buffer(struct model *model)
{
	int i;

	for (i = 0; i < BUFFERS; i++)
		if (!model->buffer[i].alive)
			return i;
	return NONE;
}

static int model_new_file(const struct model *model)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (!model->file[i].holders)
			return i;
	return NONE;
}

static int model_new_memory(const struct model *model)
{
	int i;

	for (i = 0; i < MEMORIES; i++)
		if (!model->memory[i].held)
			return i;
	return NONE;
}

static struct m_id *model_new_id(struct m_file *file)
{
	int i;

	for (i = 0; i < IDS; i++)
		if (file->ids[i].buffer == NONE)
			return &file->ids[i];
	return NULL;
}

static int model_new_area(const struct m_worker *worker, int after)
{
	int i;

	for (i = after + 1; i < AREAS; i++)
		if (worker->area[i].buffer == NONE)
			return i;
	return NONE;
}

/* The first free slot of an array of numbers. */
static int model_new_slot(const int *slots, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (slots[i] == NONE)
			return i;
	return NONE;
}
