/* SPDX-License-Identifier: MIT */
/*
 * Buffers that several processes or drivers hold: imported, named, listed.
 *
 * Without the module a name is a file in /dev/shm or in a mount of hugetlbfs. It
 * belongs to an IPC namespace instead of a PID namespace. A file is opened only
 * if it is root's, the caller's own, or shared with a group of the caller's:
 * its owner could shorten it, and end all who touch it by a signal.
 */
#ifndef HPDMA_SHARE_H
#define HPDMA_SHARE_H

#include <hpdma/buf.h>
#include <hpdma/context.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * hpdma_buf_import() - make a dma-buf a buffer
 * @ctx: The context
 * @fd: The dma-buf: of hpdma_buf_export(), or of another driver; without the
 *	module a memfd, or a file of tmpfs or hugetlbfs; stays the caller's, who
 *	may close it afterwards
 * @flags: 0, or HPDMA_BUF_NO_POPULATE or HPDMA_BUF_NO_MAP
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Unlike that of hpdma_buf_map_fd(), the buffer can be mapped for devices and
 * exported again. If it was exported by hpdma, it is the same buffer, of the same
 * backing; the memory of another driver has no physical addresses
 * (HPDMA_BUF_BACKING_IMPORT).
 *
 * Return: 0; -EINVAL for unknown flags or a file that is no dma-buf; -EBADF;
 * -EOPNOTSUPP without HPDMA_BUF_NO_MAP if it cannot be mapped, or
 * (HPDMA_WHY_EXPORTER) if its driver refuses; -ENOSPC, with a reason; -ENOMEM;
 * -EINTR; what mmap(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_import(struct hpdma *ctx, int fd, uint32_t flags,
			       struct hpdma_buf **out,
			       struct hpdma_error *error);

/**
 * enum hpdma_publish_flags - bits of &hpdma_publish_opts.flags
 * @HPDMA_PUBLISH_PERSISTENT: The name holds the buffer until it is unlinked,
 *	also when no process is left
 * @HPDMA_PUBLISH_UID: @uid is the owner, and not the caller
 * @HPDMA_PUBLISH_GID: @gid is the group, and not the caller's
 *
 * Since: 0.1
 */
enum hpdma_publish_flags {
	HPDMA_PUBLISH_PERSISTENT = 1 << 0,
	HPDMA_PUBLISH_UID = 1 << 1,
	HPDMA_PUBLISH_GID = 1 << 2,
};

/**
 * struct hpdma_publish_opts - options of hpdma_buf_publish()
 * @size: sizeof(struct hpdma_publish_opts)
 * @flags: Bits of &enum hpdma_publish_flags
 * @mode: Who may open the name: permissions as of a file, at most 0666. A class
 *	has access if it may read and write. The owner always has: 0 is for him
 *	alone
 * @uid: With HPDMA_PUBLISH_UID the owner, otherwise must be 0
 * @gid: With HPDMA_PUBLISH_GID the group, otherwise must be 0
 * @reserved: Must be 0
 *
 * Since: 0.1
 */
struct hpdma_publish_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t reserved;
};

/**
 * hpdma_buf_publish() - give a buffer a name
 * @buf: The buffer
 * @name: 1 to 63 bytes, none of them a blank, a control character or '/'
 * @opts: Options, or NULL
 * @error: Filled on failure; may be NULL
 *
 * Other processes of the caller's PID namespace can then hpdma_buf_open() it. A
 * name that is not persistent ends with the last object of the buffer in any
 * process, except those of hpdma_buf_map_fd(). It does so however they end.
 *
 * Without the module, a buffer can have a name if it was allocated with
 * HPDMA_BUF_NAMEABLE, and one only: when that was unlinked it can get no other.
 * A child of fork() that does not exec holds what its parent held.
 *
 * Return: 0; -EEXIST; -EBUSY (HPDMA_WHY_NAMED); -EINVAL, -E2BIG for bad options or
 * a bad name; -EPERM for an owner or group that is not the caller's to give;
 * -EOPNOTSUPP for a registered or received buffer, or (HPDMA_WHY_NO_PLACE) one that
 * cannot have a name; -ENOMEM; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_publish(struct hpdma_buf *buf, const char *name,
				const struct hpdma_publish_opts *opts,
				struct hpdma_error *error);

/**
 * hpdma_buf_open() - get a buffer by its name
 * @ctx: The context
 * @name: As published
 * @flags: 0, or HPDMA_BUF_NO_POPULATE or HPDMA_BUF_NO_MAP
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOENT if there is no such name that the caller may see; -EINVAL for
 * unknown flags or a bad name; -EACCES without the module, if it is not for the
 * caller; -ENOSPC (HPDMA_WHY_IDS); -ENOMEM; -EINTR; what mmap(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_open(struct hpdma *ctx, const char *name,
			     uint32_t flags, struct hpdma_buf **out,
			     struct hpdma_error *error);

/**
 * hpdma_name_unlink() - end a name
 * @ctx: The context
 * @name: As published
 * @error: Filled on failure; may be NULL
 *
 * Who has the buffer keeps it.
 *
 * Return: 0; -ENOENT; -EPERM if the name is another user's; -EINVAL for a bad
 * name; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_name_unlink(struct hpdma *ctx, const char *name,
				struct hpdma_error *error);

/**
 * struct hpdma_listing - a buffer, as hpdma_list() shows it
 * @serial: Its number, as in &struct hpdma_buf_info
 * @length: Bytes
 * @page_size: Size of the memory's pages in bytes
 * @backing: &enum hpdma_buf_backing
 * @node: NUMA node, or -1 if it lies on several or this is not known
 * @segments: Number of physically contiguous runs; 0 if this is not known
 * @uid: User who is charged, in the caller's user namespace
 * @pid: Process that made it, in the caller's PID namespace; 0 if it is not in it
 * @ids: How often contexts hold it
 * @mappings: Device mappings that hold it
 * @state: Bits of &enum hpdma_buf_is
 * @name: Its name, if it has one that the caller may open; empty otherwise
 *
 * Newer versions may be longer.
 *
 * Since: 0.1
 */
struct hpdma_listing {
	uint64_t serial;
	uint64_t length;
	uint64_t page_size;
	uint32_t backing;
	int32_t node;
	uint32_t segments;
	uint32_t uid;
	int32_t pid;
	uint32_t ids;
	uint32_t mappings;
	uint32_t state;
	char name[64];
};

/**
 * enum hpdma_list_what - bits of the flags of hpdma_list()
 * @HPDMA_LIST_EVERYBODY: The buffers of all users, not only of the caller's
 *
 * Since: 0.1
 */
enum hpdma_list_what {
	HPDMA_LIST_EVERYBODY = 1 << 0,
};

/**
 * hpdma_list() - who holds what
 * @ctx: The context
 * @flags: Bits of &enum hpdma_list_what
 * @each: Called for each buffer, in the order of their serials; may call the
 *	library; anything but 0 ends the listing
 * @arg: Handed to @each
 * @error: Filled on failure, but not if @each ended it; may be NULL
 *
 * Buffers of all processes. One that comes or goes meanwhile may be missed.
 * Without the module: those that have a name which the caller may open, in no
 * order, without serial.
 *
 * Return: 0; what @each returned; -EPERM (HPDMA_WHY_LIST_RIGHT); -EINVAL or
 * -EOPNOTSUPP for unknown flags; -EINTR, also after some were shown.
 * Since: 0.1
 */
HPDMA_API int hpdma_list(struct hpdma *ctx, uint32_t flags,
			 int (*each)(const struct hpdma_listing *listing,
				     void *arg),
			 void *arg, struct hpdma_error *error);

HPDMA_END

#endif /* HPDMA_SHARE_H */
