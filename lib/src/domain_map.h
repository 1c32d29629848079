/* SPDX-License-Identifier: MIT */
/*
 * The memory of a domain: its name, and where it is.
 */
#ifndef HPDMA_SRC_DOMAIN_MAP_H
#define HPDMA_SRC_DOMAIN_MAP_H

#include <hpdma/buf.h>
#include <hpdma/domain.h>

/* Names of buffers are no longer than this. */
#define HPDMA_DOMAIN_FULL_SIZE 64
#define HPDMA_DOMAIN_ADDRESS_STEP (1ull << 30)
#define HPDMA_DOMAIN_PAGE 4096ull

/**
 * hpdma_domain_layout() - what depends on the machine and its C library
 *
 * Return: The sizes of all that is shared, in a number.
 */
uint32_t hpdma_domain_layout(void);

/**
 * hpdma_domain_namespaces() - in what processes must be together to share a domain
 * @ctx: The context
 * @pid_ns: Receives the PID namespace
 * @time_ns: Receives the time namespace
 * @error: Filled on failure; may be NULL
 *
 * Return: As hpdma_process_namespace().
 */
int hpdma_domain_namespaces(struct hpdma *ctx, uint64_t *pid_ns,
			    uint64_t *time_ns, struct hpdma_error *error);

/**
 * hpdma_domain_full_name() - the name of a domain's buffer
 * @ctx: The context
 * @name: The domain's
 * @full: Receives that with what is in front of it: the IPC namespace
 * @error: Filled on failure; may be NULL
 *
 * With @name NULL only what is in front.
 *
 * Return: 0; -EINVAL if the name is too long, or is none; what
 * hpdma_process_namespace() returns.
 */
int hpdma_domain_full_name(struct hpdma *ctx, const char *name,
			   char full[HPDMA_DOMAIN_FULL_SIZE],
			   struct hpdma_error *error);

/**
 * hpdma_domain_map_new() - allocate and map the memory of a new domain
 * @ctx: The context
 * @name: The domain's; it says where to begin looking for an address
 * @opts: Options; the defaults are filled in
 * @out: Receives it, mapped
 * @error: Filled on failure; may be NULL
 *
 * Return: As hpdma_domain_create().
 */
int hpdma_domain_map_new(struct hpdma *ctx, const char *name,
			 const struct hpdma_domain_opts *opts,
			 struct hpdma_buf **out, struct hpdma_error *error);

/**
 * hpdma_domain_map_named() - map the memory of a domain
 * @ctx: The context
 * @full: Name of its buffer
 * @opts: Options
 * @out: Receives it, mapped where it is to be, and checked
 * @error: Filled on failure; may be NULL
 *
 * Return: As hpdma_domain_attach().
 */
int hpdma_domain_map_named(struct hpdma *ctx, const char *full,
			   const struct hpdma_domain_attach_opts *opts,
			   struct hpdma_buf **out, struct hpdma_error *error);

#endif /* HPDMA_SRC_DOMAIN_MAP_H */
