// SPDX-License-Identifier: MIT
/*
 * Registries: targets, memory, and that all targets know all memory, always.
 *
 * A table of addresses is a target like others. The lock is held while targets are
 * told, so that none of them hears of a change in the middle of another one.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <hpdma/registry.h>

#include "util.h"

/**
 * struct target - who is told
 * @next: The one that came after it
 * @prev: The one that came before it
 * @sub: What to call
 * @name: What it is called
 */
struct target {
	struct target *next;
	struct target *prev;
	struct hpdma_registry_sub sub;
	char name[];
};

/**
 * struct hpdma_registry - a registry
 * @refs: References
 * @ctx: Held
 * @lock: Of all that follows
 * @first: The oldest target
 * @last: The newest target
 * @bufs: The memory, sorted by pointer; held
 * @count: Number of buffers
 * @cap: Number of buffers that @bufs has room for
 */
struct hpdma_registry {
	atomic_uint refs;
	struct hpdma *ctx;
	pthread_mutex_t lock;
	struct target *first;
	struct target *last;
	struct hpdma_buf **bufs;
	size_t count;
	size_t cap;
};

int hpdma_registry_create(struct hpdma *ctx, struct hpdma_registry **out,
			  struct hpdma_error *error)
{
	struct hpdma_registry *reg = hpdma_new(sizeof(*reg), error);

	if (!reg)
		return -ENOMEM;
	refs_init(&reg->refs);
	pthread_mutex_init(&reg->lock, NULL);
	reg->ctx = hpdma_ref(ctx);
	*out = reg;
	return 0;
}

static int tell_added(const struct target *target, struct hpdma_buf *buf,
		      struct hpdma_error *error)
{
	struct hpdma_error said = { 0 };
	int ret;

	ret = target->sub.added(buf, &said, target->sub.arg);
	if (ret)
		hpdma_fail(error, ret, said.code ? said.why : HPDMA_WHY_NONE,
			   said.code ? said.what : "tell a target of memory");
	return ret;
}

static void tell_removed(const struct target *target, struct hpdma_buf *buf)
{
	if (target->sub.removed)
		target->sub.removed(buf, target->sub.arg);
}

static struct target *find_target(const struct hpdma_registry *reg,
				  const char *name)
{
	struct target *target;

	for (target = reg->first; target; target = target->next) {
		if (!strcmp(target->name, name))
			break;
	}
	return target;
}

static int replay(struct hpdma_registry *reg, const struct target *target,
		  struct hpdma_error *error)
{
	size_t i;
	int ret;

	for (i = 0; i < reg->count; i++) {
		ret = tell_added(target, reg->bufs[i], error);
		if (ret)
			goto err_removed;
	}
	return 0;

err_removed:
	while (i--)
		tell_removed(target, reg->bufs[i]);
	return ret;
}

static void link_target(struct hpdma_registry *reg, struct target *target)
{
	target->prev = reg->last;
	if (reg->last)
		reg->last->next = target;
	else
		reg->first = target;
	reg->last = target;
}

static int subscribe(struct hpdma_registry *reg, const char *name,
		     const struct hpdma_registry_sub *sub,
		     struct hpdma_error *error)
{
	size_t length = strlen(name) + 1;
	struct target *target;
	int ret;

	target = hpdma_new(sizeof(*target) + length, error);
	if (!target)
		return -ENOMEM;
	target->sub = *sub;
	memcpy(target->name, name, length);

	pthread_mutex_lock(&reg->lock);
	if (find_target(reg, name))
		ret = hpdma_fail(error, -EEXIST, HPDMA_WHY_NONE,
				 "name a target of a registry");
	else
		ret = replay(reg, target, error);
	if (!ret)
		link_target(reg, target);
	pthread_mutex_unlock(&reg->lock);
	if (ret)
		free(target);
	return ret;
}

int hpdma_registry_subscribe(struct hpdma_registry *reg, const char *name,
			     const struct hpdma_registry_sub *sub,
			     struct hpdma_error *error)
{
	struct hpdma_registry_sub copy;
	int ret;

	ret = hpdma_opts_copy(&copy, sizeof(copy), sizeof(copy), sub);
	if (!ret && (!copy.added || copy.reserved))
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	return subscribe(reg, name, &copy, error);
}

static int table_added(struct hpdma_buf *buf, struct hpdma_error *error,
		       void *arg)
{
	return hpdma_iova_add(arg, buf, error);
}

static void table_removed(struct hpdma_buf *buf, void *arg)
{
	hpdma_iova_remove(arg, buf);
}

int hpdma_registry_attach(struct hpdma_registry *reg, const char *name,
			  struct hpdma_iova *table, struct hpdma_error *error)
{
	const struct hpdma_registry_sub sub = {
		.size = sizeof(sub),
		.added = table_added,
		.removed = table_removed,
		.arg = table,
	};
	int ret;

	hpdma_iova_ref(table);
	ret = subscribe(reg, name, &sub, error);
	if (ret)
		hpdma_iova_unref(table);
	return ret;
}

/* Its memory goes in the reverse order of the replay. */
static void drop_target(struct hpdma_registry *reg, struct target *target)
{
	size_t i = reg->count;

	if (target->prev)
		target->prev->next = target->next;
	else
		reg->first = target->next;
	if (target->next)
		target->next->prev = target->prev;
	else
		reg->last = target->prev;

	while (i--)
		tell_removed(target, reg->bufs[i]);
	if (target->sub.removed == table_removed)
		hpdma_iova_unref(target->sub.arg);
	free(target);
}

int hpdma_registry_detach(struct hpdma_registry *reg, const char *name)
{
	struct target *target;

	pthread_mutex_lock(&reg->lock);
	target = find_target(reg, name);
	if (target)
		drop_target(reg, target);
	pthread_mutex_unlock(&reg->lock);
	return target ? 0 : -ENOENT;
}

/* The first buffer that ends behind @va; @count if there is none. */
static size_t place_of(const struct hpdma_registry *reg, uintptr_t va)
{
	size_t low = 0, high = reg->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if ((uintptr_t)hpdma_buf_ptr(reg->bufs[middle]) +
			    hpdma_buf_len(reg->bufs[middle]) >
		    va)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int make_room(struct hpdma_registry *reg)
{
	size_t cap = reg->cap ? 2 * reg->cap : 16;
	struct hpdma_buf **bufs;

	if (reg->count < reg->cap)
		return 0;
	bufs = reallocarray(reg->bufs, cap, sizeof(*bufs));
	if (!bufs)
		return -ENOMEM;
	reg->bufs = bufs;
	reg->cap = cap;
	return 0;
}

/* Whether there is a place for the buffer, and which. */
static int find_place(struct hpdma_registry *reg, const struct hpdma_buf *buf,
		      size_t *place)
{
	uintptr_t va = (uintptr_t)hpdma_buf_ptr(buf);

	if (!va)
		return -EINVAL;
	*place = place_of(reg, va);
	if (*place < reg->count && (uintptr_t)hpdma_buf_ptr(reg->bufs[*place]) <
					   va + hpdma_buf_len(buf))
		return -EEXIST;
	return make_room(reg);
}

static int tell_all(struct hpdma_registry *reg, struct hpdma_buf *buf,
		    const char **refused, struct hpdma_error *error)
{
	struct target *target;
	int ret;

	for (target = reg->first; target; target = target->next) {
		ret = tell_added(target, buf, error);
		if (ret)
			goto err_removed;
	}
	return 0;

err_removed:
	*refused = target->name;
	while ((target = target->prev))
		tell_removed(target, buf);
	return ret;
}

int hpdma_registry_add(struct hpdma_registry *reg, struct hpdma_buf *buf,
		       const char **refused, struct hpdma_error *error)
{
	const char *who = NULL;
	size_t place;
	int ret;

	pthread_mutex_lock(&reg->lock);
	ret = find_place(reg, buf, &place);
	if (ret)
		hpdma_fail(error, ret, HPDMA_WHY_NONE,
			   "enter a buffer into a registry");
	else
		ret = tell_all(reg, buf, &who, error);
	if (!ret) {
		memmove(reg->bufs + place + 1, reg->bufs + place,
			(reg->count - place) * sizeof(struct hpdma_buf *));
		reg->bufs[place] = hpdma_buf_ref(buf);
		reg->count++;
	}
	pthread_mutex_unlock(&reg->lock);
	if (ret && refused)
		*refused = who;
	return ret;
}

int hpdma_registry_register(struct hpdma_registry *reg, void *ptr,
			    uint64_t length, const char **refused,
			    struct hpdma_error *error)
{
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_buf_register(reg->ctx, ptr, length, NULL, &buf, error);
	if (ret) {
		if (refused)
			*refused = NULL;
		return ret;
	}
	ret = hpdma_registry_add(reg, buf, refused, error);
	/* The registry holds it now, or nobody does. */
	hpdma_buf_unref(buf);
	return ret;
}

int hpdma_registry_remove(struct hpdma_registry *reg, const void *ptr)
{
	struct hpdma_buf *buf = NULL;
	struct target *target;
	size_t place;

	pthread_mutex_lock(&reg->lock);
	place = place_of(reg, (uintptr_t)ptr);
	if (place < reg->count && hpdma_buf_ptr(reg->bufs[place]) == ptr) {
		buf = reg->bufs[place];
		reg->count--;
		memmove(reg->bufs + place, reg->bufs + place + 1,
			(reg->count - place) * sizeof(struct hpdma_buf *));
		for (target = reg->last; target; target = target->prev)
			tell_removed(target, buf);
	}
	pthread_mutex_unlock(&reg->lock);
	hpdma_buf_unref(buf);
	return buf ? 0 : -ENOENT;
}

struct hpdma_registry *hpdma_registry_ref(struct hpdma_registry *reg)
{
	refs_get(&reg->refs);
	return reg;
}

void hpdma_registry_unref(struct hpdma_registry *reg)
{
	if (!reg || !refs_put(&reg->refs))
		return;
	while (reg->last)
		drop_target(reg, reg->last);
	while (reg->count)
		hpdma_buf_unref(reg->bufs[--reg->count]);
	free(reg->bufs);
	pthread_mutex_destroy(&reg->lock);
	hpdma_unref(reg->ctx);
	free(reg);
}
