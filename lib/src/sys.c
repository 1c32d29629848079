// SPDX-License-Identifier: MIT
/*
 * The real system calls. Nothing else in the library makes any, except for
 * memory from malloc().
 *
 * The NUMA calls are made raw: libnuma would be a dependency for two calls.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "sys.h"

_Static_assert(sizeof(off_t) == 8, "cookies of mmap() need 64-bit offsets");

static int native_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int native_close(int fd)
{
	return close(fd) ? -errno : 0;
}

static int native_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static int native_map(void *addr, size_t length, int prot, int flags, int fd,
		      uint64_t offset, void **out)
{
	void *ptr;

	if (offset > INT64_MAX)
		return -EOVERFLOW;
	ptr = mmap(addr, length, prot, flags, fd, (off_t)offset);
	if (ptr == MAP_FAILED)
		return -errno;
	*out = ptr;
	return 0;
}

static int native_unmap(void *addr, size_t length)
{
	return munmap(addr, length) ? -errno : 0;
}

static int64_t native_file_length(int fd)
{
	off_t length = lseek(fd, 0, SEEK_END);

	return length < 0 ? -errno : length;
}

static ssize_t native_read(int fd, void *data, size_t length)
{
	ssize_t ret = read(fd, data, length);

	return ret < 0 ? -errno : ret;
}

static ssize_t native_write(int fd, const void *data, size_t length)
{
	ssize_t ret = write(fd, data, length);

	return ret < 0 ? -errno : ret;
}

static int native_poll(int fd, short events, int timeout_ms, short *revents)
{
	struct pollfd entry = { .fd = fd, .events = events };
	int ret = poll(&entry, 1, timeout_ms);

	if (ret < 0)
		return -errno;
	*revents = entry.revents;
	return ret;
}

static int native_list(const char *path,
		       int (*each)(const char *name, void *arg), void *arg)
{
	struct dirent *entry;
	DIR *dir;
	int ret;

	dir = opendir(path);
	if (!dir)
		return -errno;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			ret = -errno;
			break;
		}
		if (entry->d_name[0] == '.')
			continue;
		ret = each(entry->d_name, arg);
		if (ret)
			break;
	}
	closedir(dir);
	return ret;
}

static int native_readlink(const char *path, char *out, size_t size)
{
	ssize_t ret = readlink(path, out, size);

	if (ret < 0)
		return -errno;
	if ((size_t)ret >= size)
		return -ENAMETOOLONG;
	out[ret] = '\0';
	return 0;
}

/* The kernel takes one more than the number of bits, and uses one less. */
static int native_get_policy(int *mode, unsigned long *nodes,
			     unsigned long bits)
{
	long ret = syscall(SYS_get_mempolicy, mode, nodes, bits + 1, NULL, 0);

	return ret < 0 ? -errno : 0;
}

static int native_set_policy(int mode, const unsigned long *nodes,
			     unsigned long bits)
{
	long ret = syscall(SYS_set_mempolicy, mode, nodes, bits + 1);

	return ret < 0 ? -errno : 0;
}

static int native_page_nodes(void **pages, int *nodes, size_t count)
{
	long ret = syscall(SYS_move_pages, 0, count, pages, NULL, nodes, 0);

	return ret < 0 ? -errno : 0;
}

static int64_t native_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static size_t native_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int native_pid(void)
{
	return getpid();
}

static int native_probe(int pid)
{
	return kill(pid, 0) ? -errno : 0;
}

static const char *native_env(const char *name)
{
	return secure_getenv(name);
}

static uint32_t native_user(void)
{
	return geteuid();
}

static bool native_in_group(uint32_t gid)
{
	return gid == getegid() || group_member(gid);
}

static uint64_t native_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

static int native_open_unnamed(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

static int native_memfd(const char *name, unsigned int flags)
{
	int fd = memfd_create(name, flags | MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int native_allocate(int fd, uint64_t length)
{
	if (length > INT64_MAX)
		return -EFBIG;
	return fallocate(fd, 0, 0, (off_t)length) ? -errno : 0;
}

static int native_seal(int fd, int seals)
{
	return fcntl(fd, F_ADD_SEALS, seals) ? -errno : 0;
}

static int native_status(int fd, struct hpdma_file *file)
{
	struct statfs fs;
	struct stat stat;

	if (fstat(fd, &stat) || fstatfs(fd, &fs))
		return -errno;
	*file = (struct hpdma_file){
		.device = stat.st_dev,
		.inode = stat.st_ino,
		.length = (uint64_t)stat.st_size,
		.links = stat.st_nlink,
		.mode = stat.st_mode,
		.uid = stat.st_uid,
		.gid = stat.st_gid,
		.fs_type = (uint64_t)fs.f_type,
		.page_size = (uint64_t)fs.f_bsize,
	};
	return 0;
}

static int native_duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

static int native_set_owner(int fd, uint32_t uid, uint32_t gid)
{
	return fchown(fd, uid, gid) ? -errno : 0;
}

static int native_set_mode(int fd, uint32_t mode)
{
	return fchmod(fd, mode) ? -errno : 0;
}

static int native_hold(int fd, int how)
{
	return flock(fd, how | LOCK_NB) ? -errno : 0;
}

static int lock_whole(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &lock) ? -errno : 0;
}

static int native_lock(int fd)
{
	return lock_whole(fd, F_WRLCK);
}

static int native_unlock(int fd)
{
	return lock_whole(fd, F_UNLCK);
}

/* Without a capability only the path in /proc leads to an open file. */
static int native_link(int fd, const char *path)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ?
		       -errno :
		       0;
}

static int native_unlink(const char *path)
{
	return unlink(path) ? -errno : 0;
}

static int native_wake(const void *word)
{
	long ret = syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);

	return ret < 0 ? -errno : (int)ret;
}

const struct hpdma_sys hpdma_sys_native = {
	.open = native_open,
	.close = native_close,
	.ioctl = native_ioctl,
	.map = native_map,
	.unmap = native_unmap,
	.file_length = native_file_length,
	.read = native_read,
	.write = native_write,
	.poll = native_poll,
	.list = native_list,
	.readlink = native_readlink,
	.get_policy = native_get_policy,
	.set_policy = native_set_policy,
	.page_nodes = native_page_nodes,
	.now_ms = native_now_ms,
	.page_size = native_page_size,
	.pid = native_pid,
	.probe = native_probe,
	.env = native_env,
	.user = native_user,
	.in_group = native_in_group,
	.file_limit = native_file_limit,
	.open_unnamed = native_open_unnamed,
	.memfd = native_memfd,
	.allocate = native_allocate,
	.seal = native_seal,
	.status = native_status,
	.duplicate = native_duplicate,
	.set_owner = native_set_owner,
	.set_mode = native_set_mode,
	.hold = native_hold,
	.lock = native_lock,
	.unlock = native_unlock,
	.link = native_link,
	.unlink = native_unlink,
	.wake = native_wake,
};
