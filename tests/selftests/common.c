// SPDX-License-Identifier: GPL-2.0-only
/* Calls of the uAPI, mappings and children. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common.h"

/* Before any test: without root and the module there is nothing to test. */
__attribute__((constructor)) static void skip_all(void)
{
	const char *why = NULL;

	if (getuid())
		why = "needs root";
	else if (access(NODE, F_OK))
		why = "no " NODE ": is hpdma.ko loaded?";
	if (!why)
		return;
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(4);
}

int open_node(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int call(int fd, unsigned long number, void *arg)
{
	int ret = ioctl(fd, number, arg);

	return ret < 0 ? -errno : ret;
}

struct hpdma_ioc_buf_alloc contig(uint64_t length)
{
	return (struct hpdma_ioc_buf_alloc){
		.size = sizeof(struct hpdma_ioc_buf_alloc),
		.backing = HPDMA_BACKING_CONTIG,
		.length = length,
	};
}

struct hpdma_ioc_buf_alloc hugetlb(uint64_t length)
{
	return (struct hpdma_ioc_buf_alloc){
		.size = sizeof(struct hpdma_ioc_buf_alloc),
		.backing = HPDMA_BACKING_HUGETLB,
		.length = length,
		.page_size = HUGE_PAGE,
	};
}

int alloc(int fd, const struct hpdma_ioc_buf_alloc *arg)
{
	struct hpdma_ioc_buf_alloc copy = *arg;
	int ret = call(fd, HPDMA_IOC_BUF_ALLOC, &copy);

	return ret ? ret : (int)copy.out_buf_id;
}

int alloc_contig(int fd, uint64_t length)
{
	struct hpdma_ioc_buf_alloc arg = contig(length);

	return alloc(fd, &arg);
}

int alloc_hugetlb(int fd, uint64_t length)
{
	struct hpdma_ioc_buf_alloc arg = hugetlb(length);

	return alloc(fd, &arg);
}

int alloc_backing(int fd, uint32_t backing, uint64_t length)
{
	return backing == HPDMA_BACKING_CONTIG ? alloc_contig(fd, length) :
						 alloc_hugetlb(fd, length);
}

int register_memory(int fd, void *addr, uint64_t length)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)addr,
		.length = length,
	};
	int ret = call(fd, HPDMA_IOC_BUF_REGISTER, &arg);

	return ret ? ret : (int)arg.out_buf_id;
}

int buf_free(int fd, int id)
{
	struct hpdma_ioc_buf_free arg = { .size = sizeof(arg), .buf_id = id };

	return call(fd, HPDMA_IOC_BUF_FREE, &arg);
}

int buf_export(int fd, int id)
{
	struct hpdma_ioc_buf_export arg = { .size = sizeof(arg), .buf_id = id };
	int ret = call(fd, HPDMA_IOC_BUF_EXPORT, &arg);

	return ret ? ret : arg.out_fd;
}

int buf_import(int fd, int dmabuf)
{
	struct hpdma_ioc_buf_import arg = { .size = sizeof(arg), .fd = dmabuf };
	int ret = call(fd, HPDMA_IOC_BUF_IMPORT, &arg);

	return ret ? ret : (int)arg.out_buf_id;
}

int buf_sync(int fd, int id, uint64_t offset, uint64_t length,
	     unsigned int direction)
{
	struct hpdma_ioc_buf_sync arg = {
		.size = sizeof(arg),
		.buf_id = id,
		.offset = offset,
		.length = length,
		.direction = direction,
	};

	return call(fd, HPDMA_IOC_BUF_SYNC, &arg);
}

int buf_info(int fd, int id, struct hpdma_ioc_buf_info *info)
{
	*info = (struct hpdma_ioc_buf_info){ .size = sizeof(*info),
					     .buf_id = id };
	return call(fd, HPDMA_IOC_BUF_INFO, info);
}

unsigned long long buf_serial(int fd, int id)
{
	struct hpdma_ioc_buf_info info;

	return buf_info(fd, id, &info) ? 0 : info.out_serial;
}

int buf_segments(int fd, int id, struct hpdma_segment *array, int count)
{
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.id = id,
		.segments = (uintptr_t)array,
		.count = count,
	};
	int ret = call(fd, HPDMA_IOC_BUF_SEGMENTS, &arg);

	return ret ? ret : (int)arg.out_count;
}

uint64_t cookie(int fd, int id)
{
	struct hpdma_ioc_buf_info info;

	return buf_info(fd, id, &info) ? 0 : info.out_mmap_offset;
}

void *map_cookie(int fd, int id, uint64_t length, int prot, int flags)
{
	void *p = mmap(NULL, length, prot, MAP_SHARED | flags, fd,
		       cookie(fd, id));

	return p == MAP_FAILED ? NULL : p;
}

void *reserve(uint64_t length, uint64_t alignment)
{
	uintptr_t base, start;
	void *p = mmap(NULL, length + alignment, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	base = (uintptr_t)p;
	start = (base + alignment - 1) & ~(alignment - 1);
	if (start > base)
		munmap(p, start - base);
	munmap((void *)(start + (uintptr_t)length), base + alignment - start);
	return (void *)start;
}

void *map_fd(int fd, uint64_t offset, uint64_t length, uint64_t alignment,
	     int prot, int flags)
{
	void *where = reserve(length, alignment), *p;

	if (!where)
		return NULL;
	p = mmap(where, length, prot, MAP_SHARED | MAP_FIXED | flags, fd,
		 offset);
	if (p == MAP_FAILED) {
		int error = errno;

		munmap(where, length);
		errno = error;
		return NULL;
	}
	return p;
}

void refill(void)
{
	int fd = open_node(), i;

	for (i = 0; i < 16; i++) {
		int id = i % 2 ? alloc_contig(fd, MB(4)) :
				 alloc_hugetlb(fd, MB(4));
		void *p;

		if (id < 0)
			continue;
		p = map_cookie(fd, id, MB(4), PROT_READ | PROT_WRITE, 0);
		if (p) {
			memset(p, 0xee, MB(4));
			munmap(p, MB(4));
		}
	}
	close(fd);
}

void become(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
	    setresuid(uid, uid, uid)) {
		perror("# become");
		_exit(1);
	}
}

static void change_capabilities(int drop, struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	if (syscall(SYS_capget, &header, data))
		return;
	if (drop < 0)
		return;
	data[drop / 32].effective &= ~(1U << drop % 32);
	data[drop / 32].permitted &= ~(1U << drop % 32);
	data[drop / 32].inheritable &= ~(1U << drop % 32);
	if (syscall(SYS_capset, &header, data)) {
		perror("# capset");
		_exit(1);
	}
}

void drop_capability(int capability)
{
	struct __user_cap_data_struct data[2];

	change_capabilities(capability, data);
}

bool has_capability(int capability)
{
	struct __user_cap_data_struct data[2] = {};

	change_capabilities(-1, data);
	return data[capability / 32].effective >> capability % 32 & 1;
}

int wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int in_child(int (*run)(void *arg), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		/* Not to outlive a test that is killed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run(arg));
	}
	return wait_child(pid);
}

static int transfer(int socket, int fd, int (*move)(int, struct msghdr *))
{
	char byte = 0;
	struct iovec data = { &byte, 1 };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (move(socket, &message) != 1)
		return -EIO;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int send_message(int socket, struct msghdr *message)
{
	return sendmsg(socket, message, 0);
}

static int receive_message(int socket, struct msghdr *message)
{
	int got = recvmsg(socket, message, MSG_CMSG_CLOEXEC);

	return got == 1 && message->msg_controllen ? got : -1;
}

int send_fd(int socket, int fd)
{
	return transfer(socket, fd, send_message) == fd ? 0 : -EIO;
}

int receive_fd(int socket)
{
	return transfer(socket, -1, receive_message);
}
