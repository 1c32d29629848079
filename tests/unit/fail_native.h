/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real system calls, of which the one that is to fail does, as in fail_nth.h. One
 * that fails does nothing. What gives something back does not fail.
 */
#ifndef FAIL_NATIVE_H
#define FAIL_NATIVE_H

#include "context.h"
#include "fail_nth.h"

/* How many mappings there are more than at the start */
static int native_mappings;

#define FAIL_WRAP(type, call, parameters, arguments)            \
	static type fail_##call parameters                      \
	{                                                       \
		int code;                                       \
                                                                \
		return fake_inject(#call, &code) ?              \
			       (type)code :                     \
			       hpdma_sys_native.call arguments; \
	}

FAIL_WRAP(int, open, (const char *path, int flags), (path, flags))
FAIL_WRAP(ssize_t, read, (int fd, void *data, size_t length),
	  (fd, data, length))
FAIL_WRAP(int, list,
	  (const char *path, int (*each)(const char *, void *), void *arg),
	  (path, each, arg))
FAIL_WRAP(int, readlink, (const char *path, char *out, size_t size),
	  (path, out, size))
FAIL_WRAP(int, get_policy,
	  (int *mode, unsigned long *nodes, unsigned long bits),
	  (mode, nodes, bits))
FAIL_WRAP(int, set_policy,
	  (int mode, const unsigned long *nodes, unsigned long bits),
	  (mode, nodes, bits))
FAIL_WRAP(int, page_nodes, (void **pages, int *nodes, size_t count),
	  (pages, nodes, count))
FAIL_WRAP(int, open_unnamed, (const char *directory), (directory))
FAIL_WRAP(int, memfd, (const char *name, unsigned int flags), (name, flags))
FAIL_WRAP(int, allocate, (int fd, uint64_t length), (fd, length))
FAIL_WRAP(int, seal, (int fd, int seals), (fd, seals))
FAIL_WRAP(int, status, (int fd, struct hpdma_file *file), (fd, file))
FAIL_WRAP(int, duplicate, (int fd), (fd))
FAIL_WRAP(int, set_owner, (int fd, uint32_t uid, uint32_t gid), (fd, uid, gid))
FAIL_WRAP(int, set_mode, (int fd, uint32_t mode), (fd, mode))
FAIL_WRAP(int, hold, (int fd, int how), (fd, how))
FAIL_WRAP(int, lock, (int fd), (fd))
FAIL_WRAP(int, link, (int fd, const char *path), (fd, path))
FAIL_WRAP(int, unlink, (const char *path), (path))

static int fail_map(void *addr, size_t length, int prot, int flags, int fd,
		    uint64_t offset, void **out)
{
	int ret;

	if (!fake_inject("map", &ret))
		ret = hpdma_sys_native.map(addr, length, prot, flags, fd,
					   offset, out);
	native_mappings += !ret;
	return ret;
}

static int count_unmap(void *addr, size_t length)
{
	native_mappings--;
	return hpdma_sys_native.unmap(addr, length);
}

static struct hpdma_sys fail_native(void)
{
	struct hpdma_sys sys = hpdma_sys_native;

	sys.open = fail_open;
	sys.read = fail_read;
	sys.list = fail_list;
	sys.readlink = fail_readlink;
	sys.get_policy = fail_get_policy;
	sys.set_policy = fail_set_policy;
	sys.page_nodes = fail_page_nodes;
	sys.open_unnamed = fail_open_unnamed;
	sys.memfd = fail_memfd;
	sys.allocate = fail_allocate;
	sys.seal = fail_seal;
	sys.status = fail_status;
	sys.duplicate = fail_duplicate;
	sys.set_owner = fail_set_owner;
	sys.set_mode = fail_set_mode;
	sys.hold = fail_hold;
	sys.lock = fail_lock;
	sys.link = fail_link;
	sys.unlink = fail_unlink;
	sys.map = fail_map;
	sys.unmap = count_unmap;
	return sys;
}

#endif /* FAIL_NATIVE_H */
