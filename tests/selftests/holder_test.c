// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holders in other processes: descriptors that travel, processes that are
 * killed or become another program, and the module, which all of them hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "common.h"

#define LENGTH MB(4)
#define RW (PROT_READ | PROT_WRITE)

FIXTURE(holder)
{
	struct state state;
	int fd;
	int id;
};

FIXTURE_VARIANT(holder)
{
	uint32_t backing;
};

FIXTURE_VARIANT_ADD(holder, contig){
	.backing = HPDMA_BACKING_CONTIG,
};

FIXTURE_VARIANT_ADD(holder, hugetlb){
	.backing = HPDMA_BACKING_HUGETLB,
};

FIXTURE_SETUP(holder)
{
	if (variant->backing == HPDMA_BACKING_HUGETLB && pool_free() < 8)
		SKIP(return, "no huge pages in the pool");
	state_take(&self->state);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->id = alloc_backing(self->fd, variant->backing, LENGTH);
	ASSERT_LT(0, self->id);
}

/* Everything goes in the end, the module's users too. */
FIXTURE_TEARDOWN(holder)
{
	if (self->fd >= 0)
		close(self->fd);
	EXPECT_TRUE(state_is(&self->state));
}

static void *map_and_fill(FIXTURE_DATA(holder) *self)
{
	uint8_t *p = map_cookie(self->fd, self->id, LENGTH, RW, 0);

	if (p)
		memset(p, 0x5a, LENGTH);
	return p;
}

struct sent {
	int socket;
	int go;
};

static int map_what_comes(void *arg)
{
	struct sent *sent = arg;
	int fd = receive_fd(sent->socket);
	uint8_t *p;
	char c;

	CHILD_CHECK(fd >= 0);
	/* Until the sender is gone. */
	CHILD_CHECK(read(sent->go, &c, 1) == 0);
	refill();
	p = map_fd(fd, 0, LENGTH, HUGE_PAGE, RW, 0);
	CHILD_CHECK(p);
	close(fd);
	CHILD_CHECK(!find_other(p, 0x5a, LENGTH));
	return 0;
}

/* Sends one descriptor and dies, with a mapping and the id in its hands. */
static void send_and_die(int socket, int fd, uint32_t backing)
{
	int id = alloc_backing(fd, backing, LENGTH);
	void *p = map_cookie(fd, id, LENGTH, RW, 0);

	CHILD_CHECK(p);
	memset(p, 0x5a, LENGTH);
	CHILD_CHECK(!send_fd(socket, buf_export(fd, id)));
	raise(SIGKILL);
}

TEST_F(holder, a_descriptor_that_was_sent_outlives_its_sender)
{
	int pair[2], go[2];
	pid_t sender, receiver;
	struct sent sent;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, pipe(go));
	receiver = fork();
	if (!receiver) {
		close(go[1]);
		sent = (struct sent){ pair[0], go[0] };
		_exit(map_what_comes(&sent));
	}
	sender = fork();
	if (!sender)
		send_and_die(pair[1], open_node(), variant->backing);
	close(pair[0]);
	close(pair[1]);
	close(go[0]);
	EXPECT_EQ(128 + SIGKILL, wait_child(sender));
	close(go[1]);
	EXPECT_EQ(0, wait_child(receiver));
}

/* Sent, and received by nobody. */
TEST_F(holder, a_descriptor_lost_in_a_socket_is_no_leak)
{
	int pair[2], export = buf_export(self->fd, self->id);

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], self->fd));
	ASSERT_EQ(0, send_fd(pair[0], export));
	close(export);
	close(pair[0]);
	close(pair[1]);
}

/* Holds everything there is to hold, and becomes another program. */
static int exec_true(void *arg)
{
	FIXTURE_DATA(holder) *self = arg;

	CHILD_CHECK(map_cookie(self->fd, self->id, LENGTH, RW, 0));
	CHILD_CHECK(buf_export(self->fd, self->id) >= 0);
	execl("/bin/sleep", "sleep", "1", NULL);
	return 1;
}

TEST_F(holder, exec_lets_go)
{
	pid_t pid = fork();

	if (!pid)
		_exit(exec_true(self));
	/* While the other program runs, the file was ours alone to close. */
	usleep(500000);
	close(self->fd);
	self->fd = -1;
	EXPECT_TRUE(state_is(&self->state));
	EXPECT_EQ(0, wait_child(pid));
}

static int busy(void *unused)
{
	int i;

	for (i = 0; i < 5; i++) {
		int fd = open_node(), id = alloc_contig(fd, KB(64)), export;
		uint8_t *p;

		CHILD_CHECK(id > 0);
		p = map_cookie(fd, id, KB(64), RW, 0);
		CHILD_CHECK(p);
		memset(p, getpid(), KB(64));
		export = buf_export(fd, id);
		CHILD_CHECK(export >= 0);
		CHILD_CHECK(!buf_free(fd, id));
		CHILD_CHECK(!find_other(p, getpid() & 0xff, KB(64)));
		/* All is left to the exit, or to the signal. */
	}
	return 0;
}

TEST_F(holder, many_processes_leave_nothing)
{
	pid_t pids[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(busy(NULL));
	}
	for (i = 0; i < ARRAY_SIZE(pids); i += 4)
		kill(pids[i], SIGKILL);
	for (i = 0; i < ARRAY_SIZE(pids); i++) {
		int ret = wait_child(pids[i]);

		EXPECT_TRUE(ret == 0 || (i % 4 == 0 && ret == 128 + SIGKILL));
	}
}

static int unload(void)
{
	return syscall(SYS_delete_module, "hpdma", O_NONBLOCK) ? -errno : 0;
}

TEST_F(holder, each_holder_keeps_the_module)
{
	void *p = map_and_fill(self);
	int export = buf_export(self->fd, self->id), ret;

	ret = unload();
	if (ret == -EPERM || ret == -ENOSYS)
		SKIP(return, "modules are not unloaded here");
	EXPECT_EQ(-EWOULDBLOCK, ret);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-EWOULDBLOCK, unload());
	munmap(p, LENGTH);
	/* The descriptor alone. */
	EXPECT_EQ(-EWOULDBLOCK, unload());
	p = map_fd(export, 0, LENGTH, HUGE_PAGE, RW, 0);
	close(export);
	/* The mapping alone. */
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(NULL, find_other(p, 0x5a, LENGTH));
	munmap(p, LENGTH);
}

static int export_without_descriptors(void *arg)
{
	FIXTURE_DATA(holder) *self = arg;
	const struct rlimit none = { 0, 0 };
	int i;

	CHILD_CHECK(!setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 100; i++) {
		struct hpdma_ioc_buf_export arg = { .size = sizeof(arg),
						    .buf_id = self->id,
						    .out_fd = 77 };

		CHILD_CHECK(call(self->fd, HPDMA_IOC_BUF_EXPORT, &arg) ==
			    -EMFILE);
		CHILD_CHECK(arg.out_fd == 77);
	}
	return 0;
}

TEST_F(holder, no_descriptor_left_is_no_leak)
{
	EXPECT_EQ(0, in_child(export_without_descriptors, self));
	EXPECT_EQ(0, buf_free(self->fd, self->id));
	/* Gone: no export that failed holds it. */
	EXPECT_EQ(self->state.value[STATE_BUFFERS],
		  number_in("/sys/kernel/debug/hpdma/stats", "buffers"));
}

TEST_HARNESS_MAIN
