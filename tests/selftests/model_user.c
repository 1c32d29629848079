// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker's own memory of every kind that can be registered. Included by
 * model_worker.c.
 */

static int do_register(const struct model_request *request, uint32_t *id)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.flags = request->flags,
		.addr = (uintptr_t)me.user[request->user].addr,
		.length = me.user[request->user].length,
	};
	int ret;

	if (request->flags & HPDMA_REGISTER_FD) {
		arg.addr = 0;
		arg.fd = me.user[request->user].memfd;
	}
	ret = call(me.node[request->node], HPDMA_IOC_BUF_REGISTER, &arg);
	*id = arg.out_buf_id;
	return ret;
}

static int user_memfd(uint64_t length, unsigned int flags)
{
	int fd = memfd_create("model", MFD_ALLOW_SEALING | MFD_CLOEXEC | flags);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, length) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void *user_map(const struct model_request *request, int memfd)
{
	void *where;

	if (memfd >= 0)
		return mmap(NULL, request->length, RW,
			    MAP_SHARED | MAP_POPULATE, memfd, 0);
	if (request->flags == USER_HUGETLB)
		return mmap(NULL, request->length, RW,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
				    MAP_POPULATE,
			    -1, 0);
	where = reserve(request->length, HUGE_PAGE);
	return mmap(where, request->length, RW,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void user_stamp(int slot, uint32_t stamp)
{
	uint64_t words = me.user[slot].length / 8, i;
	uint64_t *memory = (uint64_t *)me.user[slot].addr;

	/* Sparse: what matters is that the frames stay. */
	me.user[slot].stamp = stamp;
	for (i = 0; i < words; i += 61)
		memory[i] = model_word(stamp, 0, i);
}

static int do_user_get(const struct model_request *request)
{
	int slot = request->user, memfd = -1;
	void *p;

	switch (request->flags) {
	case USER_SHMEM:
	case USER_FILE:
		memfd = user_memfd(request->length, 0);
		break;
	case USER_HUGETLB_FILE:
		memfd = user_memfd(request->length, MFD_HUGETLB);
		break;
	}
	if (memfd < -1)
		return memfd;
	p = user_map(request, memfd);
	if (p == MAP_FAILED)
		return -errno;
	if (memfd < 0)
		madvise(p, request->length,
			request->flags == USER_THP ? MADV_HUGEPAGE :
						     MADV_NOHUGEPAGE);
	/* A child would copy what is pinned. */
	if (request->flags != USER_ANON)
		madvise(p, request->length, MADV_DONTFORK);
	me.user[slot].addr = p;
	me.user[slot].length = request->length;
	me.user[slot].memfd = memfd;
	user_stamp(slot, request->chance);
	return 0;
}

/* The frames are still those that were pinned, and the content is there. */
static int do_user_check(const struct model_request *request)
{
	static struct hpdma_segment segments[MAX_PAGES];
	const uint64_t *memory = (const uint64_t *)me.user[request->user].addr;
	uint64_t length = me.user[request->user].length, i;
	int count;

	for (i = 0; i < length / 8; i += 61)
		if (memory[i] != model_word(me.user[request->user].stamp, 0, i))
			return -EILSEQ;
	count = buf_segments(me.node[request->node], request->id, segments,
			     MAX_PAGES);
	if (count < 0)
		return count;
	return compare_frames(memory, length, segments, count) ? -EXDEV : 0;
}

static int do_user_drop(int slot)
{
	int ret = from_errno(munmap(me.user[slot].addr, me.user[slot].length));

	if (me.user[slot].memfd >= 0)
		close(me.user[slot].memfd);
	me.user[slot].addr = NULL;
	me.user[slot].memfd = -1;
	return ret;
}
