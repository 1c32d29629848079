/* SPDX-License-Identifier: MIT */
/*
 * Domains: processes that share memory, and zones in it, by name. The rings, heaps
 * and pools that they share are in domain_objects.h.
 *
 * A domain is one buffer with a name. Each process that attaches to it takes one
 * of its process slots. What is shared holds offsets and no pointers, so it works
 * wherever a process maps it; but by default all map it at the same address, so
 * that pointers in the users' own data mean the same to all.
 *
 * Any process may die at any instruction. Others find out when they attach, when
 * a lock tells them, or when they ask with hpdma_domain_reap(): then the locks are
 * repaired, what was made half is taken away, the objects of pools that the dead
 * process held or was moving are free again, and a ring that it left in the middle
 * of a change returns -EOWNERDEAD from then on. Memory zones and blocks of heaps
 * do not belong to a process: they stay.
 *
 * A child of fork() is not attached, and may not use what its parent attached; it
 * may attach by itself. A program that calls execve() without detaching counts as
 * attached until it ends, or attaches again.
 */
#ifndef HPDMA_DOMAIN_H
#define HPDMA_DOMAIN_H

#include <hpdma/context.h>
#include <hpdma/memzone.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_domain;

/* Longest names, with the byte that ends them */
#define HPDMA_DOMAIN_NAME_SIZE 40

/**
 * enum hpdma_domain_flags - bits of the flags of a domain's options
 * @HPDMA_DOMAIN_PERSISTENT: The domain stays when no process is left, until
 *	hpdma_domain_destroy(). For hpdma_domain_create() only
 * @HPDMA_DOMAIN_ANY_ADDRESS: At create: each process may have it elsewhere. At
 *	attach: this process may have it elsewhere, if the address is taken
 * @HPDMA_DOMAIN_UID: @uid is the owner, and not the caller
 * @HPDMA_DOMAIN_GID: @gid is the group, and not the caller's
 *
 * Since: 0.1
 */
enum hpdma_domain_flags {
	HPDMA_DOMAIN_PERSISTENT = 1 << 0,
	HPDMA_DOMAIN_ANY_ADDRESS = 1 << 1,
	HPDMA_DOMAIN_UID = 1 << 2,
	HPDMA_DOMAIN_GID = 1 << 3,
};

/**
 * struct hpdma_domain_opts - options of hpdma_domain_create()
 * @size: sizeof(struct hpdma_domain_opts)
 * @flags: Bits of &enum hpdma_domain_flags
 * @length: Bytes of memory, bookkeeping included; 0 for 64 MiB. Rounded up
 * @abi: A number of the program's; who attaches must give the same
 * @address: Where to map it, a multiple of 1 GiB; NULL to choose, away from where
 *	programs usually have something
 * @mode: Who may attach: permissions as of hpdma_buf_publish()
 * @uid: With HPDMA_DOMAIN_UID the owner, otherwise must be 0
 * @gid: With HPDMA_DOMAIN_GID the group, otherwise must be 0
 * @max_processes: How many may be attached at once, at most 255; 0 for 64
 * @max_zones: How many memory zones it can have; 0 for 1,024
 * @max_objects: How many rings, heaps and pools it can have, at most 511; 0 for
 *	128. Each takes one zone
 *
 * Since: 0.1
 */
struct hpdma_domain_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t length;
	uint64_t abi;
	void *address;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t max_processes;
	uint32_t max_zones;
	uint32_t max_objects;
};

/**
 * struct hpdma_domain_attach_opts - options of hpdma_domain_attach()
 * @size: sizeof(struct hpdma_domain_attach_opts)
 * @flags: 0 or HPDMA_DOMAIN_ANY_ADDRESS
 * @abi: As given to hpdma_domain_create()
 *
 * Since: 0.1
 */
struct hpdma_domain_attach_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t abi;
};

/**
 * hpdma_domain_create() - make a domain, and attach to it
 * @ctx: The context; with the module there must be huge pages, for locks do not
 *	work in contiguous buffers
 * @name: 1 to 39 bytes, none of them a blank, a control character or '/'
 * @opts: Options, or NULL
 * @out: Receives the domain with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Its memory is the best that can have a name: see HPDMA_BUF_NAMEABLE.
 *
 * Others see the domain when it is complete, and not before. Processes of another
 * IPC namespace do not see it: they may have one of the same name.
 *
 * Return: 0; -EEXIST; -EADDRINUSE (HPDMA_WHY_ADDRESS_TAKEN); -EINVAL, -E2BIG for
 * bad options or a bad name, or a length that does not even hold the bookkeeping;
 * what hpdma_process_self(), hpdma_buf_alloc() and hpdma_buf_publish() return.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_create(struct hpdma *ctx, const char *name,
				  const struct hpdma_domain_opts *opts,
				  struct hpdma_domain **out,
				  struct hpdma_error *error);

/**
 * hpdma_domain_attach() - attach to a domain
 * @ctx: The context
 * @name: As created
 * @opts: Options, or NULL
 * @out: Receives the domain with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Takes back what dead processes held, as hpdma_domain_reap().
 *
 * Return: 0; -ENOENT if there is no such domain that the caller may see; -EPROTO
 * if it is of another version of the library or the program (HPDMA_WHY_VERSION,
 * HPDMA_WHY_ABI), or no domain (HPDMA_WHY_NOT_DOMAIN); -EXDEV
 * (HPDMA_WHY_NAMESPACE); -EADDRINUSE (HPDMA_WHY_ADDRESS_TAKEN); -EUSERS
 * (HPDMA_WHY_PROCESSES); -EINVAL, -E2BIG; what hpdma_process_self() and
 * hpdma_buf_open() return.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_attach(struct hpdma *ctx, const char *name,
				  const struct hpdma_domain_attach_opts *opts,
				  struct hpdma_domain **out,
				  struct hpdma_error *error);

/**
 * hpdma_domain_ref() - take a reference
 * @domain: The domain
 *
 * Return: @domain.
 * Since: 0.1
 */
HPDMA_API struct hpdma_domain *hpdma_domain_ref(struct hpdma_domain *domain);

/**
 * hpdma_domain_unref() - drop a reference
 * @domain: The domain, or NULL
 *
 * The last one detaches: objects of pools that the process still holds are free
 * again, its slot is, and the memory is unmapped. What it got from the domain has
 * been ended before. The domain ends with the last process, unless it is persistent.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_domain_unref(struct hpdma_domain *domain);

/**
 * hpdma_domain_destroy() - end the name of a domain
 * @ctx: The context
 * @name: As created
 * @error: Filled on failure; may be NULL
 *
 * Who is attached stays so; the memory goes with the last of them.
 *
 * Return: 0; -ENOENT; -EPERM if it is another user's; -EINVAL for a bad name;
 * -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_destroy(struct hpdma *ctx, const char *name,
				   struct hpdma_error *error);

/**
 * struct hpdma_domain_listing - a domain, as hpdma_domain_list() shows it
 * @name: Its name
 * @length: Bytes
 * @persistent: 1 if it stays when no process is left
 * @uid: User who made it
 *
 * Newer versions may be longer.
 *
 * Since: 0.1
 */
struct hpdma_domain_listing {
	const char *name;
	uint64_t length;
	uint32_t persistent;
	uint32_t uid;
};

/**
 * hpdma_domain_list() - which domains there are
 * @ctx: The context
 * @each: Called for each domain of the caller's user and IPC namespace that he may
 *	attach to; anything but 0 ends the listing
 * @arg: Handed to @each
 * @error: Filled on failure, but not if @each ended it; may be NULL
 *
 * Return: 0; what @each returned; what hpdma_list() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_list(
	struct hpdma *ctx,
	int (*each)(const struct hpdma_domain_listing *listing, void *arg),
	void *arg, struct hpdma_error *error);

/**
 * struct hpdma_domain_info - what a domain is
 * @size: sizeof(struct hpdma_domain_info)
 * @slot: The caller's process slot
 * @length: Bytes
 * @address: Where its maker has it; 0 if each process may have it elsewhere
 * @abi: As given to hpdma_domain_create()
 * @processes: How many are attached, or died and were not found yet
 * @max_processes: How many can be
 * @objects: How many rings, heaps and pools it has
 * @max_objects: How many it can have
 * @reaped: How many dead processes were found since it was made
 * @returned: How many objects of pools these held or moved
 *
 * Since: 0.1
 */
struct hpdma_domain_info {
	uint32_t size;
	uint32_t slot;
	uint64_t length;
	uint64_t address;
	uint64_t abi;
	uint32_t processes;
	uint32_t max_processes;
	uint32_t objects;
	uint32_t max_objects;
	uint64_t reaped;
	uint64_t returned;
};

/**
 * hpdma_domain_get_info() - what a domain is
 * @domain: The domain
 * @info: Filled; @info->size is set by the caller
 *
 * Return: 0, or -EINVAL if @info->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_get_info(struct hpdma_domain *domain,
				    struct hpdma_domain_info *info);

/**
 * hpdma_domain_reap() - look for dead processes and take back what they held
 * @domain: The domain
 * @error: Filled on failure; may be NULL
 *
 * Asks the kernel about each process that is attached. Call it when one is known
 * to have died, when a pool is empty, or now and then.
 *
 * Objects that a dead process had sent and that are in a ring stay there for who
 * receives them; those that are in none are free again. To tell, all processes
 * must be seen outside of hpdma_domain_send() and hpdma_domain_receive() for a
 * moment; if one is not, such objects come back with a later call.
 *
 * Return: How many dead processes were found; -ESTALE (HPDMA_WHY_FORKED);
 * -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_reap(struct hpdma_domain *domain,
				struct hpdma_error *error);

/**
 * struct hpdma_domain_process - a process of a domain
 * @slot: Its slot
 * @pid: Its process id
 * @alive: 0 if it died and was not found yet
 * @self: 1 if it is the caller, through this domain object
 *
 * Newer versions may be longer.
 *
 * Since: 0.1
 */
struct hpdma_domain_process {
	uint32_t slot;
	int32_t pid;
	uint32_t alive;
	uint32_t self;
};

/**
 * hpdma_domain_walk_processes() - who is attached
 * @domain: The domain
 * @each: Called for each process; anything but 0 ends the walk
 * @arg: Handed to @each
 *
 * Return: 0 or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_walk_processes(
	struct hpdma_domain *domain,
	int (*each)(const struct hpdma_domain_process *process, void *arg),
	void *arg);

/**
 * enum hpdma_domain_type - what a name stands for
 * @HPDMA_DOMAIN_RING: A ring
 * @HPDMA_DOMAIN_HEAP: A heap
 * @HPDMA_DOMAIN_MEMPOOL: A pool
 *
 * Since: 0.1
 */
enum hpdma_domain_type {
	HPDMA_DOMAIN_RING = 1,
	HPDMA_DOMAIN_HEAP = 2,
	HPDMA_DOMAIN_MEMPOOL = 3,
};

/**
 * struct hpdma_domain_object - a ring, heap or pool of a domain
 * @name: Its name
 * @type: &enum hpdma_domain_type
 * @users: How many attached processes have asked for it
 * @length: Bytes
 *
 * Newer versions may be longer.
 *
 * Since: 0.1
 */
struct hpdma_domain_object {
	const char *name;
	uint32_t type;
	uint32_t users;
	uint64_t length;
};

/**
 * hpdma_domain_walk_objects() - what a domain has
 * @domain: The domain
 * @each: Called for each object; anything but 0 ends the walk
 * @arg: Handed to @each
 *
 * Objects that come or go meanwhile may be missed. Memory zones are walked with
 * those of hpdma_domain_zones().
 *
 * Return: 0 or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_domain_walk_objects(
	struct hpdma_domain *domain,
	int (*each)(const struct hpdma_domain_object *object, void *arg),
	void *arg);

/**
 * hpdma_domain_zones() - the memory zones of a domain
 * @domain: The domain
 *
 * All of its memory that is not bookkeeping. Each ring, heap and pool is in a zone
 * of its own, whose name begins with "ring:", "heap:" or "pool:".
 *
 * Return: The zones, the domain's: valid as long as it is.
 * Since: 0.1
 */
HPDMA_API struct hpdma_memzones *hpdma_domain_zones(struct hpdma_domain *domain);

/**
 * hpdma_domain_offset() - what stands for an address in every process
 * @domain: The domain
 * @ptr: An address in its memory
 *
 * Return: Bytes from its start; UINT64_MAX if the address lies elsewhere.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_domain_offset(const struct hpdma_domain *domain,
				       const void *ptr);

/**
 * hpdma_domain_ptr() - the address of an offset in this process
 * @domain: The domain
 * @offset: Of hpdma_domain_offset(), in any process
 *
 * Return: The address; NULL if the offset lies beyond the end.
 * Since: 0.1
 */
HPDMA_API void *hpdma_domain_ptr(const struct hpdma_domain *domain,
				 uint64_t offset);

HPDMA_END

#endif /* HPDMA_DOMAIN_H */
