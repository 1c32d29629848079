// SPDX-License-Identifier: GPL-2.0-only
/* A worker of the model-based test: does what it is told, and says how it went. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "model.h"

/* A fork copies it, as it copies what is meant by it. */
static struct {
	int socket;
	int exchange[2];
	const struct model_pages *pages;
	int node[NODES];
	int fd[FDS];
	struct {
		uint8_t *addr;
		uint64_t length;
	} area[AREAS];
	struct {
		uint8_t *addr;
		uint64_t length;
		int memfd;
		uint32_t stamp;
	} user[USERS];
} me;

static int from_errno(int ret)
{
	return ret < 0 ? -errno : ret;
}

#include "model_user.c"

static int set(int *slot, int fd)
{
	if (fd < 0)
		return fd;
	*slot = fd;
	return 0;
}

static int do_alloc(const struct model_request *request, uint32_t *id)
{
	int ret = alloc(me.node[request->node], &request->alloc);

	*id = ret;
	return ret < 0 ? ret : 0;
}

static int do_import(const struct model_request *request, uint32_t *id)
{
	struct hpdma_ioc_buf_import arg = {
		.size = sizeof(arg),
		.fd = me.fd[request->fd],
	};
	int ret = call(me.node[request->node], HPDMA_IOC_BUF_IMPORT, &arg);

	*id = arg.out_buf_id;
	if (!ret && arg.out_length != request->length)
		return -EPROTO;
	return ret;
}

static int do_publish(const struct model_request *request)
{
	struct hpdma_ioc_name_publish arg = {
		.size = sizeof(arg),
		.flags = request->flags,
		.buf_id = request->id,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
	};

	strcpy((char *)arg.name, request->name);
	return call(me.node[request->node], HPDMA_IOC_NAME_PUBLISH, &arg);
}

static int do_name_open(const struct model_request *request, uint32_t *id)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg) };
	int ret;

	strcpy((char *)arg.name, request->name);
	ret = call(me.node[request->node], HPDMA_IOC_NAME_OPEN, &arg);
	*id = arg.out_buf_id;
	if (!ret && arg.out_length != request->length)
		return -EPROTO;
	return ret;
}

static int do_unlink(const struct model_request *request)
{
	struct hpdma_ioc_name_unlink arg = { .size = sizeof(arg) };

	strcpy((char *)arg.name, request->name);
	return call(me.node[request->node], HPDMA_IOC_NAME_UNLINK, &arg);
}

static int keep_area(int slot, void *p, uint64_t length)
{
	if (p == MAP_FAILED || !p)
		return -errno;
	me.area[slot].addr = p;
	me.area[slot].length = length;
	return 0;
}

static int do_map(const struct model_request *request)
{
	int node = me.node[request->node];

	return keep_area(request->area,
			 mmap(NULL, request->length, RW,
			      MAP_SHARED | request->flags, node,
			      cookie(node, request->id) + request->offset),
			 request->length);
}

static int do_map_fd(const struct model_request *request)
{
	return keep_area(request->area,
			 map_fd(me.fd[request->fd], request->offset,
				request->length, HUGE_PAGE, RW, request->flags),
			 request->length);
}

/* What is left of an area of which a part went. */
static void split(const struct model_request *request)
{
	uint64_t end = request->offset + request->length;
	uint8_t *addr = me.area[request->area].addr;
	uint64_t length = me.area[request->area].length;

	if (end < length)
		keep_area(request->rest, addr + end, length - end);
	me.area[request->area].length = request->offset;
	if (!request->offset)
		me.area[request->area].addr = NULL;
}

static int do_unmap(const struct model_request *request)
{
	uint8_t *addr = me.area[request->area].addr + request->offset;
	int ret = from_errno(munmap(addr, request->length));

	if (!ret)
		split(request);
	return ret;
}

static int do_move(const struct model_request *request)
{
	uint8_t *addr = me.area[request->area].addr + request->offset;
	void *where = reserve(request->length, HUGE_PAGE);
	void *p = mremap(addr, request->length, request->length,
			 MREMAP_MAYMOVE | MREMAP_FIXED, where);
	int ret = p == MAP_FAILED ? -errno : 0;

	if (ret) {
		munmap(where, request->length);
		return ret;
	}
	split(request);
	return keep_area(request->rest2, p, request->length);
}

static int do_grow(const struct model_request *request)
{
	uint64_t length = me.area[request->area].length;
	void *p = mremap(me.area[request->area].addr, length,
			 length + request->length, MREMAP_MAYMOVE);

	return p == MAP_FAILED ? -errno : 0;
}

static int do_write(const struct model_request *request)
{
	uint8_t *addr = me.area[request->area].addr + request->offset;
	uint64_t page = (request->start + request->offset) / PAGE, at, i;

	for (at = 0; at < request->length; at += PAGE, page++) {
		volatile uint64_t *words = (volatile uint64_t *)(addr + at);
		uint32_t stamp = me.pages->stamp[request->buffer][page];

		for (i = 0; i < WORDS; i++)
			words[i] = model_word(stamp, page, i);
	}
	return 0;
}

/* All words of the range, or with chance one of each page. */
static int do_check(const struct model_request *request, uint64_t *where)
{
	const uint8_t *addr = me.area[request->area].addr + request->offset;
	uint64_t page = (request->start + request->offset) / PAGE, at, i;

	for (at = 0; at < request->length; at += PAGE, page++) {
		const uint64_t *words = (const uint64_t *)(addr + at);
		uint32_t stamp = me.pages->stamp[request->buffer][page];
		uint64_t first = 0, end = WORDS;

		if (request->chance) {
			first = (request->chance + page * 197) % WORDS;
			end = first + 1;
		}
		for (i = first; i < end; i++) {
			if (words[i] == model_word(stamp, page, i))
				continue;
			*where = page << 32 | i;
			return -EILSEQ;
		}
	}
	return 0;
}

static int do_fork(void)
{
	int socket = receive_fd(me.socket), i;
	pid_t pid;

	if (socket < 0)
		return -EIO;
	/* The coordinator's child, whoever of us dies first. */
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (pid) {
		close(socket);
		return from_errno(pid);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(me.socket);
	me.socket = socket;
	for (i = 0; i < USERS; i++)
		if (me.user[i].addr)
			do_user_drop(i);
	return 0;
}

static int close_slot(int *slot)
{
	int fd = *slot;

	*slot = -1;
	return from_errno(close(fd));
}

static int execute(const struct model_request *request,
		   struct model_reply *reply)
{
	int node = me.node[request->node];

	switch (request->op) {
	case OP_OPEN:
		return set(&me.node[request->node], open_node());
	case OP_CLOSE:
		return close_slot(&me.node[request->node]);
	case OP_ALLOC:
		return do_alloc(request, &reply->id);
	case OP_REGISTER:
		return do_register(request, &reply->id);
	case OP_FREE:
		return buf_free(node, request->id);
	case OP_INFO:
		return buf_info(node, request->id, &reply->info);
	case OP_EXPORT:
		return set(&me.fd[request->fd], buf_export(node, request->id));
	case OP_IMPORT:
		return do_import(request, &reply->id);
	case OP_CLOSE_FD:
		return close_slot(&me.fd[request->fd]);
	case OP_SEND:
		return send_fd(me.exchange[0], me.fd[request->fd]);
	case OP_RECEIVE:
		return set(&me.fd[request->fd], receive_fd(me.exchange[1]));
	case OP_MAP:
		return do_map(request);
	case OP_MAP_FD:
		return do_map_fd(request);
	case OP_UNMAP:
		return do_unmap(request);
	case OP_MOVE:
		return do_move(request);
	case OP_GROW:
		return do_grow(request);
	case OP_ADVISE:
		/* Whether it is refused or not, nobody sees a change. */
		madvise(me.area[request->area].addr + request->offset,
			request->length, request->flags);
		return 0;
	case OP_WRITE:
		return do_write(request);
	case OP_CHECK:
		return do_check(request, &reply->where);
	case OP_USER_GET:
		return do_user_get(request);
	case OP_USER_CHECK:
		return do_user_check(request);
	case OP_USER_DROP:
		return do_user_drop(request->user);
	case OP_PUBLISH:
		return do_publish(request);
	case OP_NAME_OPEN:
		return do_name_open(request, &reply->id);
	case OP_UNLINK:
		return do_unlink(request);
	case OP_FORK:
		return do_fork();
	case OP_EXIT:
		_exit(0);
	default:
		return -ENOSYS;
	}
}

void model_worker(int socket, const int exchange[2],
		  const struct model_pages *pages)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	/* With it nothing would be charged. */
	drop_capability(CAP_IPC_LOCK);
	me.socket = socket;
	memcpy(me.exchange, exchange, sizeof(me.exchange));
	me.pages = pages;
	for (i = 0; i < NODES; i++)
		me.node[i] = -1;
	for (i = 0; i < FDS; i++)
		me.fd[i] = -1;
	for (i = 0; i < USERS; i++)
		me.user[i].memfd = -1;
	for (;;) {
		struct model_request request;
		struct model_reply reply = {};

		/* Whoever ends it closes the socket. */
		if (recv(me.socket, &request, sizeof(request), 0) !=
		    sizeof(request))
			_exit(0);
		reply.ret = execute(&request, &reply);
		if (send(me.socket, &reply, sizeof(reply), MSG_NOSIGNAL) !=
		    sizeof(reply))
			_exit(0);
	}
}
