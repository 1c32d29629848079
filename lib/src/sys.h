/* SPDX-License-Identifier: MIT */
/*
 * The system calls of libhpdma. All of them go through a table, so that tests
 * can put a fake kernel in its place. Each function returns a negative errno on
 * failure.
 */
#ifndef HPDMA_SRC_SYS_H
#define HPDMA_SRC_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
 * @now_ms: the monotonic clock in milliseconds
 * @page_size: the system's page size in bytes
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
	int64_t (*now_ms)(void);
	size_t (*page_size)(void);
};

/* The calls of the running system. */
extern const struct hpdma_sys hpdma_sys_native;

#endif /* HPDMA_SRC_SYS_H */
