/* SPDX-License-Identifier: MIT */
/*
 * Registries: memory that a set of targets is to know, each device's table of
 * addresses and whoever else wants to be told; all of them or none.
 */
#ifndef HPDMA_REGISTRY_H
#define HPDMA_REGISTRY_H

#include <hpdma/iova.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_registry;

/**
 * struct hpdma_registry_sub - who wants to be told of memory
 * @size: sizeof(struct hpdma_registry_sub)
 * @reserved: Must be 0
 * @added: Told of memory; returns 0, or a negative errno to refuse it, and may then
 *	say more in @error, which is never NULL
 * @removed: Told that memory goes, also after somebody else refused it; NULL if
 *	this is of no interest
 * @arg: Handed to both
 *
 * The functions run in the thread that changes the registry, one at a time. They may
 * take references on the buffer, and must not call functions on the registry.
 *
 * Since: 0.1
 */
struct hpdma_registry_sub {
	uint32_t size;
	uint32_t reserved;
	int (*added)(struct hpdma_buf *buf, struct hpdma_error *error,
		     void *arg);
	void (*removed)(struct hpdma_buf *buf, void *arg);
	void *arg;
};

/**
 * hpdma_registry_create() - make a registry
 * @ctx: The context of its memory; held
 * @out: Receives the registry with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_create(struct hpdma *ctx,
				    struct hpdma_registry **out,
				    struct hpdma_error *error);

/**
 * hpdma_registry_subscribe() - be told of memory
 * @reg: The registry
 * @name: Name of the target, which none has yet; copied
 * @sub: What to call
 * @error: Filled on failure; may be NULL
 *
 * First @sub is told of all memory that is there. If it refuses some, it is told that
 * the rest goes, and is no target.
 *
 * Return: 0; -EEXIST for a name that is taken; -EINVAL, -E2BIG for bad @sub;
 * -ENOMEM; what @sub returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_subscribe(struct hpdma_registry *reg,
				       const char *name,
				       const struct hpdma_registry_sub *sub,
				       struct hpdma_error *error);

/**
 * hpdma_registry_attach() - have a table of addresses know the memory
 * @reg: The registry
 * @name: Name of the target, which none has yet; copied
 * @table: A table of the registry's context; held
 * @error: Filled on failure; may be NULL
 *
 * As hpdma_registry_subscribe(), with hpdma_iova_add() and hpdma_iova_remove().
 *
 * Return: 0; -EEXIST for a name that is taken; -ENOMEM; what hpdma_iova_add()
 * returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_attach(struct hpdma_registry *reg,
				    const char *name, struct hpdma_iova *table,
				    struct hpdma_error *error);

/**
 * hpdma_registry_detach() - be told no more
 * @reg: The registry
 * @name: Name of the target
 *
 * The target is told that all memory goes.
 *
 * Return: 0, or -ENOENT.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_detach(struct hpdma_registry *reg,
				    const char *name);

/**
 * hpdma_registry_add() - make a buffer known to all targets
 * @reg: The registry
 * @buf: A buffer of the registry's context that has a pointer; held
 * @refused: Receives the name of the target that refused, valid until it is
 *	detached, or NULL if the failure is not a target's; may be NULL
 * @error: Filled on failure; may be NULL
 *
 * All or none: if a target refuses, those who know the buffer are told that it goes,
 * in reverse order.
 *
 * Return: 0; -EEXIST if some of its memory is there already; -EINVAL for a buffer
 * without a pointer; -ENOMEM; what the target returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_add(struct hpdma_registry *reg,
				 struct hpdma_buf *buf, const char **refused,
				 struct hpdma_error *error);

/**
 * hpdma_registry_register() - pin memory of the caller and make it known to all
 * @reg: The registry
 * @ptr: The memory; a multiple of the page size
 * @length: Bytes; a multiple of the page size
 * @refused: As with hpdma_registry_add()
 * @error: Filled on failure; may be NULL
 *
 * hpdma_buf_register(), then hpdma_registry_add(): all of it or nothing.
 *
 * Return: What these two return.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_register(struct hpdma_registry *reg, void *ptr,
				      uint64_t length, const char **refused,
				      struct hpdma_error *error);

/**
 * hpdma_registry_remove() - take memory from all targets
 * @reg: The registry
 * @ptr: Where memory begins that was added or registered
 *
 * All of it: it goes as it came. Tell the devices first to leave it alone.
 *
 * Return: 0; -ENOENT if no memory begins there.
 * Since: 0.1
 */
HPDMA_API int hpdma_registry_remove(struct hpdma_registry *reg,
				    const void *ptr);

/**
 * hpdma_registry_ref() - take a reference
 * @reg: The registry
 *
 * Return: @reg.
 * Since: 0.1
 */
HPDMA_API struct hpdma_registry *hpdma_registry_ref(struct hpdma_registry *reg);

/**
 * hpdma_registry_unref() - drop a reference
 * @reg: The registry, or NULL
 *
 * The last one detaches all targets and drops all memory.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_registry_unref(struct hpdma_registry *reg);

HPDMA_END

#endif /* HPDMA_REGISTRY_H */
