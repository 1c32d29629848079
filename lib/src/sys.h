/* SPDX-License-Identifier: MIT */
/*
 * The system calls of libhpdma. All of them go through a table, so that tests
 * can put a fake kernel in its place. Each function returns a negative errno on
 * failure.
 */
#ifndef HPDMA_SRC_SYS_H
#define HPDMA_SRC_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct hpdma_file - what a file is
 * @device: Of the file system
 * @inode: Number in it
 * @length: Bytes
 * @links: Names it has
 * @mode: Type and permissions
 * @uid: Owner
 * @gid: Group
 * @fs_type: Magic number of the file system
 * @page_size: Bytes of its pages, as the file system says
 */
struct hpdma_file {
	uint64_t device;
	uint64_t inode;
	uint64_t length;
	uint64_t links;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint64_t fs_type;
	uint64_t page_size;
};

/**
 * struct hpdma_sys - the system calls of libhpdma
 * @open: open(2), always close-on-exec
 * @close: close(2)
 * @ioctl: ioctl(2)
 * @map: mmap(2), the address through @out
 * @unmap: munmap(2)
 * @file_length: lseek(2) to the end
 * @read: read(2)
 * @write: write(2)
 * @poll: poll(2) of one descriptor; 0 if the time is over
 * @list: call @each for every name in a directory until it returns non-zero,
 *	and return that
 * @readlink: readlink(2), but the result is terminated
 * @get_policy: get_mempolicy(2) of the calling thread, @bits bits of nodes
 * @set_policy: set_mempolicy(2), @bits bits of nodes
 * @page_nodes: move_pages(2) without moving: the node of each of @count mapped
 *	pages, or a negative errno in its place
 * @now_ms: the monotonic clock in milliseconds
 * @page_size: the system's page size in bytes
 * @pid: getpid(2)
 * @probe: kill(2) without a signal
 * @env: secure_getenv(3): NULL in a program that has more rights than its user
 * @user: geteuid(2)
 * @in_group: whether the process is of a group
 * @file_limit: RLIMIT_FSIZE in bytes; a file that would grow beyond it costs the
 *	process a signal
 * @open_unnamed: open(2) with O_TMPFILE: a file of mode 0600 that has no name yet
 * @memfd: memfd_create(2), always close-on-exec
 * @allocate: fallocate(2) of the first @length bytes, which grows the file
 * @seal: F_ADD_SEALS
 * @status: fstat(2) and fstatfs(2)
 * @duplicate: F_DUPFD_CLOEXEC
 * @set_owner: fchown(2); UINT32_MAX leaves one as it is
 * @set_mode: fchmod(2)
 * @hold: flock(2), without waiting
 * @lock: an OFD lock for writing on all of the file, without waiting
 * @unlock: the end of @lock
 * @link: linkat(2) of an open file
 * @unlink: unlink(2)
 * @wake: futex(2), waking whoever of any process waits at a word; how many did
 */
struct hpdma_sys {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*ioctl)(int fd, unsigned long cmd, void *arg);
	int (*map)(void *addr, size_t length, int prot, int flags, int fd,
		   uint64_t offset, void **out);
	int (*unmap)(void *addr, size_t length);
	int64_t (*file_length)(int fd);
	ssize_t (*read)(int fd, void *data, size_t length);
	ssize_t (*write)(int fd, const void *data, size_t length);
	int (*poll)(int fd, short events, int timeout_ms, short *revents);
	int (*list)(const char *path, int (*each)(const char *name, void *arg),
		    void *arg);
	int (*readlink)(const char *path, char *out, size_t size);
	int (*get_policy)(int *mode, unsigned long *nodes, unsigned long bits);
	int (*set_policy)(int mode, const unsigned long *nodes,
			  unsigned long bits);
	int (*page_nodes)(void **pages, int *nodes, size_t count);
	int64_t (*now_ms)(void);
	size_t (*page_size)(void);
	int (*pid)(void);
	int (*probe)(int pid);
	const char *(*env)(const char *name);
	uint32_t (*user)(void);
	bool (*in_group)(uint32_t gid);
	uint64_t (*file_limit)(void);
	int (*open_unnamed)(const char *directory);
	int (*memfd)(const char *name, unsigned int flags);
	int (*allocate)(int fd, uint64_t length);
	int (*seal)(int fd, int seals);
	int (*status)(int fd, struct hpdma_file *file);
	int (*duplicate)(int fd);
	int (*set_owner)(int fd, uint32_t uid, uint32_t gid);
	int (*set_mode)(int fd, uint32_t mode);
	int (*hold)(int fd, int how);
	int (*lock)(int fd);
	int (*unlock)(int fd);
	int (*link)(int fd, const char *path);
	int (*unlink)(const char *path);
	int (*wake)(const void *word);
};

/* The calls of the running system. */
extern const struct hpdma_sys hpdma_sys_native;

#endif /* HPDMA_SRC_SYS_H */
