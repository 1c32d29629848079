// SPDX-License-Identifier: GPL-2.0-only
/* LIST: who holds what, for whom, and how it is told. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "name_common.h"
#include "dev_common.c"

#define USER 4401
#define ENTRY sizeof(struct hpdma_list_entry)
#define MOST 512

FIXTURE(list)
{
	struct state state;
	struct hpdma_list_entry entries[MOST];
	int fd;
	/* Opened by one without any right. */
	int user;
};

static int open_and_send(void *arg)
{
	int *pair = arg;

	become(USER);
	return send_fd(pair[1], open_node());
}

FIXTURE_SETUP(list)
{
	int pair[2];

	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	/* Whoever may open it. */
	ASSERT_EQ(0, chmod(NODE, 0666));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	EXPECT_EQ(0, in_child(open_and_send, pair));
	self->user = receive_fd(pair[0]);
	EXPECT_EQ(0, chmod(NODE, 0660));
	ASSERT_LE(0, self->user);
	close(pair[0]);
	close(pair[1]);
	state_take(&self->state);
}

FIXTURE_TEARDOWN(list)
{
	close(self->fd);
	close(self->user);
}

/* Return: how many, or -errno. */
static int list(int fd, uint32_t flags, uint64_t after,
		struct hpdma_list_entry *entries, uint32_t count)
{
	struct hpdma_ioc_list arg = {
		.size = sizeof(arg),
		.flags = flags,
		.entry_size = ENTRY,
		.entries = (uintptr_t)entries,
		.after = after,
		.count = count,
	};
	int ret = call(fd, HPDMA_IOC_LIST, &arg);

	return ret ? ret : (int)arg.out_count;
}

static struct hpdma_list_entry *find(struct hpdma_list_entry *entries,
				     int count, uint64_t serial)
{
	int i;

	for (i = 0; i < count; i++)
		if (entries[i].serial == serial)
			return &entries[i];
	return NULL;
}

/* Does an entry say what BUF_INFO says? */
static bool agrees(int fd, int id, const struct hpdma_list_entry *entry)
{
	static const uint8_t no_name[HPDMA_NAME_SIZE];
	struct hpdma_ioc_buf_info info;

	return entry && !buf_info(fd, id, &info) &&
	       entry->serial == info.out_serial &&
	       entry->length == info.out_length &&
	       entry->page_size == info.out_page_size &&
	       entry->backing == info.out_backing &&
	       entry->node == info.out_node &&
	       entry->segments == info.out_segments &&
	       entry->state == info.out_state && entry->uid == getuid() &&
	       entry->pid == getpid() && entry->ids == 1 &&
	       entry->mappings == 0 &&
	       !memcmp(entry->name, no_name, sizeof(no_name));
}

TEST_F(list, says_what_buf_info_says)
{
	void *memory = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ids[3], i, count, other = open_node();

	EXPECT_EQ(0, list(self->fd, 0, 0, self->entries, MOST));
	ids[0] = alloc_contig(self->fd, 3 * PAGE);
	ids[1] = register_memory(other, memory, 5 * PAGE);
	ids[2] = alloc_hugetlb(self->fd, HUGE_PAGE);
	count = list(self->fd, 0, 0, self->entries, MOST);
	EXPECT_EQ(ids[2] > 0 ? 3 : 2, count);
	for (i = 0; i < count; i++)
		EXPECT_TRUE(agrees(i == 1 ? other : self->fd, ids[i],
				   &self->entries[i]));
	/* Gone, and its number for good. */
	close(other);
	EXPECT_LT(0, alloc_contig(self->fd, PAGE));
	for (i = 0;
	     i < 100 && list(self->fd, 0, 0, self->entries, MOST) != count; i++)
		usleep(10000);
	EXPECT_EQ(count, list(self->fd, 0, 0, self->entries, MOST));
	for (i = 1; i < count; i++)
		EXPECT_LT(self->entries[i - 1].serial, self->entries[i].serial);
	EXPECT_EQ(buf_serial(self->fd, ids[0]), self->entries[0].serial);
	EXPECT_LT(self->entries[0].serial + 1, self->entries[count - 1].serial);
	munmap(memory, 5 * PAGE);
}

TEST_F(list, counts_ids_and_mappings)
{
	struct hpdma_list_entry *entry;
	struct rig rig;
	int id, map, again;

	NEED_RIG(&rig, EDU_NARROW);
	id = alloc_contig(rig.mem, PAGE);
	map = dev_map(rig.dev, id, 0, 0);
	ASSERT_LE(0, map);
	again = dev_map(rig.dev, id, 0, 0);
	ASSERT_LE(0, again);
	ASSERT_EQ(1, list(rig.mem, 0, 0, self->entries, MOST));
	entry = &self->entries[0];
	EXPECT_EQ(1, entry->ids);
	EXPECT_EQ(2, entry->mappings);
	EXPECT_EQ(0, buf_free(rig.mem, id));
	EXPECT_EQ(1, list(rig.mem, 0, 0, self->entries, MOST));
	EXPECT_EQ(0, entry->ids);
	if (!unmapping_parks(&rig)) {
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
		EXPECT_EQ(1, list(rig.mem, 0, 0, self->entries, MOST));
		EXPECT_EQ(1, entry->mappings);
		EXPECT_EQ(0, dev_unmap(rig.dev, again));
		EXPECT_EQ(0, list(rig.mem, 0, 0, self->entries, MOST));
	}
	rig_close(&rig);
}

static int as_user(void *arg)
{
	FIXTURE_DATA(list) *self = arg;
	struct hpdma_ioc_list all = {
		.size = sizeof(all),
		.flags = HPDMA_LIST_ALL,
		.out_reason = 77,
		.entry_size = ENTRY,
		.entries = (uintptr_t)self->entries,
		.count = MOST,
		.out_count = 77,
	};
	int id;

	become(USER);
	id = alloc_contig(self->user, PAGE);
	CHILD_CHECK(id > 0);
	CHILD_CHECK(list(self->user, 0, 0, self->entries, MOST) == 1);
	CHILD_CHECK(agrees(self->user, id, &self->entries[0]));
	/* Through root's file he sees his own as well. */
	CHILD_CHECK(list(self->fd, 0, 0, self->entries, MOST) == 1);
	CHILD_CHECK(agrees(self->user, id, &self->entries[0]));
	/* What the opener was counts. */
	CHILD_CHECK(call(self->user, HPDMA_IOC_LIST, &all) == -EPERM);
	CHILD_CHECK(all.out_reason == HPDMA_REASON_LIST_RIGHT);
	CHILD_CHECK(all.out_count == 77);
	CHILD_CHECK(list(self->fd, HPDMA_LIST_ALL, 0, self->entries, MOST) ==
		    2);
	return 0;
}

TEST_F(list, everybody_sees_his_own_and_root_sees_all)
{
	int id = alloc_contig(self->fd, PAGE), count;

	ASSERT_LT(0, id);
	EXPECT_EQ(0, in_child(as_user, self));
	EXPECT_EQ(1, list(self->fd, 0, 0, self->entries, MOST));
	EXPECT_TRUE(agrees(self->fd, id, &self->entries[0]));
	/* By a file without the right, root sees but his own. */
	EXPECT_EQ(-EPERM,
		  list(self->user, HPDMA_LIST_ALL, 0, self->entries, MOST));
	count = list(self->fd, HPDMA_LIST_ALL, 0, self->entries, MOST);
	EXPECT_EQ(2, count);
	EXPECT_EQ(0, self->entries[0].uid);
	EXPECT_EQ(USER, self->entries[1].uid);
	/* Who made it is no more: his number may be another's. */
	EXPECT_EQ(0, self->entries[1].pid);
}

static int in_namespaces(void *arg)
{
	FIXTURE_DATA(list) *self = arg;
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
		return 77;
	pid = fork();
	if (pid)
		return wait_child(pid);
	CHILD_CHECK(getpid() == 1);
	CHILD_CHECK(alloc_contig(self->fd, PAGE) > 0);
	CHILD_CHECK(list(self->fd, 0, 0, self->entries, MOST) == 2);
	/* Our parent is not in this namespace, nor is anybody's number. */
	CHILD_CHECK(self->entries[0].pid == 0);
	CHILD_CHECK(self->entries[0].uid == 65534);
	CHILD_CHECK(self->entries[1].pid == 1);
	CHILD_CHECK(self->entries[1].uid == 65534);
	_exit(0);
}

TEST_F(list, numbers_are_those_of_the_caller)
{
	int ret;

	ASSERT_LT(0, alloc_contig(self->fd, PAGE));
	ret = in_child(in_namespaces, self);
	if (ret == 77)
		SKIP(return, "no namespaces");
	EXPECT_EQ(0, ret);
}

static int look_for_name(void *arg)
{
	FIXTURE_DATA(list) *self = arg;
	int count;

	become(USER);
	count = list(self->fd, HPDMA_LIST_ALL, 0, self->entries, MOST);
	CHILD_CHECK(count == 1);
	CHILD_CHECK(self->entries[0].state == HPDMA_BUF_NAMED);
	CHILD_CHECK(!self->entries[0].name[0]);
	return 0;
}

TEST_F(list, shows_names_to_those_who_may_open_them)
{
	int id = alloc_contig(self->fd, PAGE);

	ASSERT_LT(0, id);
	ASSERT_EQ(0, name_publish(self->fd, id, "shown", 0));
	EXPECT_EQ(1, list(self->fd, 0, 0, self->entries, MOST));
	EXPECT_STREQ("shown", (char *)self->entries[0].name);
	EXPECT_EQ(HPDMA_BUF_NAMED, self->entries[0].state);
	/* The right to list all is not one to open. */
	EXPECT_EQ(0, in_child(look_for_name, self));
	ASSERT_EQ(0, name_unlink(self->fd, "shown"));
	ASSERT_EQ(0, name_publish(self->fd, id, "kept", PERSISTENT));
	EXPECT_EQ(1, list(self->fd, 0, 0, self->entries, MOST));
	EXPECT_EQ(HPDMA_BUF_NAMED | HPDMA_BUF_PERSISTENT,
		  self->entries[0].state);
	EXPECT_EQ(0, name_unlink(self->fd, "kept"));
}

TEST_F(list, entries_of_other_versions)
{
	struct hpdma_ioc_list arg = { .size = sizeof(arg), .count = 3 };
	uint8_t wide[3][ENTRY + 24], sames[ENTRY];
	unsigned int i, j;

	for (i = 0; i < 3; i++)
		ASSERT_LT(0, alloc_contig(self->fd, PAGE));
	ASSERT_EQ(3, list(self->fd, 0, 0, self->entries, MOST));
	memset(wide, 0xa5, sizeof(wide));
	arg.entries = (uintptr_t)wide;
	arg.entry_size = ENTRY + 16;
	arg.count = 2;
	ASSERT_EQ(0, call(self->fd, HPDMA_IOC_LIST, &arg));
	EXPECT_EQ(2, arg.out_count);
	for (i = 0; i < 2; i++) {
		const uint8_t *at = (uint8_t *)wide + i * (ENTRY + 16);

		memcpy(sames, at, ENTRY);
		EXPECT_EQ(0, memcmp(&self->entries[i], sames, ENTRY));
		for (j = 0; j < 16; j++)
			EXPECT_EQ(0, at[ENTRY + j]);
	}
	/* Not a byte beyond. */
	EXPECT_EQ(0xa5, *((uint8_t *)wide + 2 * (ENTRY + 16)));
	for (i = 0; i < 4; i++) {
		static const uint32_t bad[] = { 0, ENTRY - 1, 4097, -1 };

		arg.entry_size = bad[i];
		EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_LIST, &arg));
	}
	arg.entry_size = ENTRY;
	arg.count = 0;
	EXPECT_EQ(-EINVAL, call(self->fd, HPDMA_IOC_LIST, &arg));
}

TEST_F(list, bad_memory)
{
	struct hpdma_ioc_list arg = { .size = sizeof(arg),
				      .entry_size = ENTRY,
				      .count = 40,
				      .out_count = 77 };
	uint8_t *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	for (i = 0; i < 40; i++)
		ASSERT_LT(0, alloc_contig(self->fd, PAGE));
	munmap(p + PAGE, PAGE);
	arg.entries = (uintptr_t)p;
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_LIST, &arg));
	EXPECT_EQ(77, arg.out_count);
	arg.entries = (uintptr_t)p + PAGE - ENTRY;
	arg.count = 1;
	EXPECT_EQ(0, call(self->fd, HPDMA_IOC_LIST, &arg));
	arg.entries += 1;
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_LIST, &arg));
	arg.entries = -(uint64_t)ENTRY;
	EXPECT_EQ(-EFAULT, call(self->fd, HPDMA_IOC_LIST, &arg));
	/* More room than there is address space, but not more buffers. */
	arg.entries = (uintptr_t)self->entries;
	arg.count = -1;
	EXPECT_EQ(0, call(self->fd, HPDMA_IOC_LIST, &arg));
	EXPECT_EQ(40, arg.out_count);
	munmap(p, PAGE);
}

#define KEPT 300

static void *churn(void *arg)
{
	volatile bool *stop = arg;
	int fd = open_node();

	while (!*stop) {
		int first = alloc_contig(fd, PAGE);

		buf_free(fd, alloc_contig(fd, PAGE));
		buf_free(fd, first);
	}
	close(fd);
	return NULL;
}

/* Pages of any length, while others come and go. */
TEST_F(list, goes_on_where_it_was)
{
	static const uint32_t pages[] = { 1, 7, 16, 17, KEPT, MOST };
	static uint64_t kept[KEPT];
	volatile bool stop = false;
	pthread_t threads[2];
	unsigned int i;

	for (i = 0; i < KEPT; i++) {
		int id = alloc_contig(self->fd, PAGE);

		ASSERT_LT(0, id);
		kept[i] = buf_serial(self->fd, id);
		if (i == KEPT / 2)
			for (int t = 0; t < 2; t++)
				pthread_create(&threads[t], NULL, churn,
					       (void *)&stop);
	}
	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		uint64_t after = 0;
		unsigned int next = 0;
		int count, k;

		do {
			count = list(self->fd, 0, after, self->entries,
				     pages[i]);
			ASSERT_LE(0, count);
			for (k = 0; k < count; k++) {
				ASSERT_LT(after, self->entries[k].serial);
				after = self->entries[k].serial;
				if (next < KEPT && after == kept[next])
					next++;
			}
		} while (count == (int)pages[i]);
		EXPECT_EQ(KEPT, next)
		{
			TH_LOG("pages of %u", pages[i]);
		}
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, list(self->fd, 0, UINT64_MAX, self->entries, MOST));
	EXPECT_EQ(KEPT, list(self->fd, 0, 0, self->entries, MOST));
	EXPECT_NE(NULL, find(self->entries, KEPT, kept[KEPT - 1]));
}

TEST_HARNESS_MAIN
