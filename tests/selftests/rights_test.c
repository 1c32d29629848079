// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open the node, and who sees physical addresses: what the opener was
 * counts, never what the caller is.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "common.h"

#define PHYS_GID "/sys/module/hpdma/parameters/phys_gid"

FIXTURE(rights)
{
	struct state state;
};

FIXTURE_SETUP(rights)
{
	state_take(&self->state);
}

FIXTURE_TEARDOWN(rights)
{
	EXPECT_TRUE(state_is(&self->state));
}

/* Does every way that could tell an address agree with @sees? */
static void check_sees(int fd, bool sees)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };
	struct hpdma_segment segment = {};
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.segments = (uintptr_t)&segment,
		.count = 1,
	};
	int ret;

	CHILD_CHECK(!call(fd, HPDMA_IOC_INFO, &info));
	CHILD_CHECK(!!(info.out_features & HPDMA_FEATURE_PHYS) == sees);
	arg.id = alloc_contig(fd, PAGE);
	CHILD_CHECK((int)arg.id > 0);
	ret = call(fd, HPDMA_IOC_BUF_SEGMENTS, &arg);
	CHILD_CHECK(ret == (sees ? 0 : -EPERM));
	CHILD_CHECK(arg.out_reason ==
		    (sees ? HPDMA_REASON_NONE : HPDMA_REASON_PHYS_RIGHT));
	CHILD_CHECK(!!segment.addr == sees);
	CHILD_CHECK(!!arg.out_count == sees);

	/* An id that does not exist tells nothing either. */
	arg.id = 99;
	CHILD_CHECK(call(fd, HPDMA_IOC_BUF_SEGMENTS, &arg) ==
		    (sees ? -ENOENT : -EPERM));
	CHILD_CHECK(!buf_free(fd, 1));
}

static int open_with_right(void *arg)
{
	check_sees(open_node(), true);
	return 0;
}

TEST_F(rights, who_has_rawio_sees_addresses)
{
	EXPECT_EQ(0, in_child(open_with_right, NULL));
}

static int open_without_right(void *arg)
{
	drop_capability(CAP_SYS_RAWIO);
	CHILD_CHECK(!has_capability(CAP_SYS_RAWIO));
	check_sees(open_node(), false);
	return 0;
}

TEST_F(rights, who_has_not_does_not)
{
	EXPECT_EQ(0, in_child(open_without_right, NULL));
}

static int inherit(void *arg)
{
	become(NOBODY);
	check_sees(*(int *)arg, true);
	return 0;
}

TEST_F(rights, an_heir_without_rights_sees_what_the_opener_could)
{
	int fd = open_node();

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, in_child(inherit, &fd));
	close(fd);
}

static int open_and_send(void *arg)
{
	int fd;

	drop_capability(CAP_SYS_RAWIO);
	fd = open_node();
	CHILD_CHECK(fd >= 0);
	CHILD_CHECK(!send_fd(*(int *)arg, fd));
	return 0;
}

static int receive_and_use(void *arg)
{
	int pair[2];

	CHILD_CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHILD_CHECK(!in_child(open_and_send, &pair[1]));
	CHILD_CHECK(has_capability(CAP_SYS_RAWIO));
	check_sees(receive_fd(pair[0]), false);
	return 0;
}

TEST_F(rights, root_is_not_helped_by_his_rights_on_anothers_file)
{
	EXPECT_EQ(0, in_child(receive_and_use, NULL));
}

static int open_in_namespace(void *arg)
{
	/* All capabilities there, none that counts. */
	if (unshare(CLONE_NEWUSER))
		return 77;
	CHILD_CHECK(has_capability(CAP_SYS_RAWIO));
	check_sees(open_node(), false);
	return 0;
}

TEST_F(rights, root_of_a_user_namespace_is_nobody)
{
	int ret = in_child(open_in_namespace, NULL);

	if (ret == 77)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, ret);
}

static gid_t phys_gid;

static int open_as_member(void *arg)
{
	drop_capability(CAP_SYS_RAWIO);
	CHILD_CHECK(!setgroups(1, &phys_gid));
	check_sees(open_node(), true);
	CHILD_CHECK(!setgroups(0, NULL));
	check_sees(open_node(), false);
	CHILD_CHECK(!setresgid(-1, phys_gid, -1));
	check_sees(open_node(), true);
	return 0;
}

TEST_F(rights, the_group_of_phys_gid_sees_addresses)
{
	char text[32];

	ASSERT_TRUE(read_text(PHYS_GID, text, sizeof(text)));
	if (atoi(text) < 0)
		SKIP(return, "the module was loaded without phys_gid");
	phys_gid = atoi(text);
	EXPECT_EQ(0, in_child(open_as_member, NULL));
}

static int open_as_stranger(void *arg)
{
	become(NOBODY);
	CHILD_CHECK(open_node() == -EACCES);
	CHILD_CHECK(open("/sys/kernel/debug/hpdma/stats", O_RDONLY) < 0);
	return 0;
}

TEST_F(rights, a_stranger_cannot_open_the_node)
{
	EXPECT_EQ(0, in_child(open_as_stranger, NULL));
}

/* Buffers are there to be written to. */
TEST_F(rights, reading_alone_is_no_way_in)
{
	EXPECT_EQ(-1, open(NODE, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
}

/* The cookie and the id are numbers in order, not places in memory. */
TEST_F(rights, cookies_tell_no_address)
{
	struct hpdma_ioc_buf_alloc first = contig(PAGE), again = contig(MB(1));
	int a = open_node(), b = open_node();

	ASSERT_EQ(0, call(a, HPDMA_IOC_BUF_ALLOC, &first));
	ASSERT_EQ(0, call(b, HPDMA_IOC_BUF_ALLOC, &again));
	EXPECT_EQ(first.out_buf_id, again.out_buf_id);
	EXPECT_EQ(first.out_mmap_offset, again.out_mmap_offset);
	close(a);
	close(b);
}

TEST_HARNESS_MAIN
