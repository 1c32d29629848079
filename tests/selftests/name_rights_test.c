// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open a name, who may end it, and to whom it can be given. Every mode,
 * every relation of the caller to owner and group, every capability: the model
 * is may_open() and its like below.
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "name_common.h"

#define OWNER 2000
#define GROUP 3000
#define STRANGER 4000

FIXTURE(rights)
{
	struct state state;
	int fd;
	int id;
};

FIXTURE_SETUP(rights)
{
	state_take(&self->state);
	self->fd = open_node();
	ASSERT_LE(0, self->fd);
	self->id = alloc_contig(self->fd, PAGE);
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd);
	EXPECT_TRUE(state_is(&self->state));
}

/**
 * struct caller - a process that asks
 * @what: For messages
 * @uid: Its user
 * @gid: Its group
 * @extra: A further group, or 0
 * @capability: The only one it has, or -1
 */
struct caller {
	const char *what;
	uid_t uid;
	gid_t gid;
	gid_t extra;
	int capability;
};

static const struct caller callers[] = {
	{ "owner", OWNER, STRANGER, 0, -1 },
	{ "owner in the group", OWNER, GROUP, 0, -1 },
	{ "of the group", STRANGER, GROUP, 0, -1 },
	{ "with the group", STRANGER, STRANGER, GROUP, -1 },
	{ "stranger", STRANGER, STRANGER, 0, -1 },
	/* Ids that mean something else. */
	{ "group's number as user", GROUP, OWNER, 0, -1 },
	{ "root without rights", 0, 0, 0, -1 },
	{ "DAC_OVERRIDE", STRANGER, STRANGER, 0, CAP_DAC_OVERRIDE },
	{ "FOWNER", STRANGER, STRANGER, 0, CAP_FOWNER },
	{ "FOWNER of the group", STRANGER, GROUP, 0, CAP_FOWNER },
	{ "CHOWN", STRANGER, STRANGER, 0, CAP_CHOWN },
	{ "DAC_READ_SEARCH", STRANGER, STRANGER, 0, CAP_DAC_READ_SEARCH },
	{ "SYS_ADMIN", STRANGER, STRANGER, 0, CAP_SYS_ADMIN },
};

static bool may_open(const struct caller *caller, unsigned int mode)
{
	if (caller->uid == OWNER || caller->capability == CAP_DAC_OVERRIDE)
		return true;
	if (caller->gid == GROUP || caller->extra == GROUP)
		return (mode & 060) == 060;
	return (mode & 06) == 06;
}

static bool may_unlink(const struct caller *caller)
{
	return caller->uid == OWNER || caller->capability == CAP_FOWNER;
}

static void set_capabilities(int only)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {};

	if (only >= 0) {
		data[only / 32].permitted = 1U << only % 32;
		data[only / 32].effective = 1U << only % 32;
	}
	CHILD_CHECK(!syscall(SYS_capset, &header, data));
}

/* For good. */
static void become_caller(const struct caller *caller)
{
	CHILD_CHECK(!setgroups(caller->extra ? 1 : 0, &caller->extra));
	CHILD_CHECK(!setresgid(caller->gid, caller->gid, caller->gid));
	CHILD_CHECK(!prctl(PR_SET_KEEPCAPS, 1));
	CHILD_CHECK(!setresuid(caller->uid, caller->uid, caller->uid));
	set_capabilities(caller->capability);
}

/* What a name of each mode is called. */
static void mode_name(char *text, unsigned int mode)
{
	sprintf(text, "mode.%03o", mode);
}

static int ask(int fd, const struct caller *caller)
{
	unsigned int mode, wrong = 0;

	become_caller(caller);
	for (mode = 0; mode <= 0666; mode++) {
		int opened, unlinked;
		bool open = may_open(caller, mode);
		char text[16];

		if (mode & ~0666)
			continue;
		mode_name(text, mode);
		opened = name_open(fd, text);
		if (opened > 0)
			buf_free(fd, opened);
		if (open ? opened <= 0 : opened != -ENOENT) {
			fprintf(stderr, "# %s opens %s: %d\n", caller->what,
				text, opened);
			wrong++;
		}
		unlinked = name_unlink(fd, text);
		if (unlinked != (may_unlink(caller) ? 0 :
				 open		    ? -EPERM :
						      -ENOENT)) {
			fprintf(stderr, "# %s unlinks %s: %d\n", caller->what,
				text, unlinked);
			wrong++;
		}
		/* Taken it is, for him too. */
		if (!may_unlink(caller) &&
		    name_publish(fd, 1, text, 0) != -EEXIST)
			wrong++;
	}
	return wrong > 255 ? 255 : wrong;
}

TEST_F_TIMEOUT(rights, are_those_of_the_table, 120)
{
	unsigned int i, mode;

	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		int fd = open_node(), spare = open_node();
		pid_t pid;

		for (mode = 0; mode <= 0666; mode++) {
			struct hpdma_ioc_name_publish arg;
			char text[16];

			if (mode & ~0666)
				continue;
			mode_name(text, mode);
			arg = name_wish(alloc_contig(fd, PAGE), text, 0);
			arg.mode = mode;
			arg.uid = OWNER;
			arg.gid = GROUP;
			ASSERT_EQ(0, call(fd, HPDMA_IOC_NAME_PUBLISH, &arg));
		}
		/* Without a name, to try to publish it. */
		ASSERT_EQ(1, alloc_contig(spare, PAGE));
		pid = fork();
		if (!pid)
			_exit(ask(spare, &callers[i]));
		EXPECT_EQ(0, wait_child(pid))
		{
			TH_LOG("%s", callers[i].what);
		}
		close(fd);
		close(spare);
	}
}

/* Who has no say does not learn it in other ways: the same, name or none. */
static int probe(void *arg)
{
	int fd = *(int *)arg;

	become(STRANGER);
	CHILD_CHECK(name_open(fd, "hidden") == name_open(fd, "none"));
	CHILD_CHECK(name_unlink(fd, "hidden") == name_unlink(fd, "none"));
	return 0;
}

TEST_F(rights, a_name_is_not_revealed)
{
	ASSERT_EQ(0, name_publish(self->fd, self->id, "hidden", 0));
	EXPECT_EQ(0, in_child(probe, &self->fd));
}

/* Return: what comes of giving a name to these, and of taking it back. */
static int give(int fd, uint32_t uid, uint32_t gid)
{
	struct hpdma_ioc_name_publish arg = name_wish(1, "gift", 0);
	int ret;

	arg.uid = uid;
	arg.gid = gid;
	ret = call(fd, HPDMA_IOC_NAME_PUBLISH, &arg);
	if (!ret)
		return name_unlink(fd, "gift");
	CHILD_CHECK(arg.out_reason == HPDMA_REASON_NONE);
	return ret;
}

static int give_without_right(void *arg)
{
	static const struct caller caller = { "", OWNER, OWNER, GROUP, -1 };
	int fd = *(int *)arg;

	become_caller(&caller);
	CHILD_CHECK(give(fd, CALLER, CALLER) == 0);
	CHILD_CHECK(give(fd, OWNER, OWNER) == 0);
	CHILD_CHECK(give(fd, OWNER, GROUP) == 0);
	CHILD_CHECK(give(fd, CALLER, GROUP) == 0);
	CHILD_CHECK(give(fd, STRANGER, CALLER) == -EPERM);
	CHILD_CHECK(give(fd, 0, 0) == -EPERM);
	CHILD_CHECK(give(fd, GROUP, GROUP) == -EPERM);
	CHILD_CHECK(give(fd, OWNER, STRANGER) == -EPERM);
	CHILD_CHECK(give(fd, CALLER, 0) == -EPERM);
	return 0;
}

TEST_F(rights, only_what_is_the_callers_can_be_given)
{
	EXPECT_EQ(0, in_child(give_without_right, &self->fd));
}

static int give_with_right(void *arg)
{
	static const struct caller caller = { "", STRANGER, STRANGER, 0,
					      CAP_CHOWN };
	int fd = *(int *)arg;

	become_caller(&caller);
	CHILD_CHECK(give(fd, CALLER, GROUP) == 0);
	/* Given it is, and no longer his. */
	CHILD_CHECK(give(fd, OWNER, GROUP) == -ENOENT);
	return 0;
}

TEST_F(rights, with_CHOWN_to_anybody)
{
	EXPECT_EQ(0, in_child(give_with_right, &self->fd));
	EXPECT_EQ(HPDMA_BUF_NAMED, name_state(self->fd, self->id));
	EXPECT_EQ(0, name_unlink(self->fd, "gift"));
}

/* The defaults are the ids that files are made with. */
static int give_as_effective(void *arg)
{
	int fd = *(int *)arg;

	CHILD_CHECK(!setgroups(0, NULL));
	CHILD_CHECK(!setresgid(GROUP, GROUP, GROUP));
	CHILD_CHECK(!setresuid(OWNER, STRANGER, STRANGER));
	CHILD_CHECK(!name_publish(fd, 1, "effective", 0));
	CHILD_CHECK(!setresuid(-1, OWNER, -1));
	CHILD_CHECK(name_open(fd, "effective") == -ENOENT);
	CHILD_CHECK(!setresuid(-1, STRANGER, -1));
	CHILD_CHECK(name_open(fd, "effective") == 2);
	return 0;
}

TEST_F(rights, the_caller_is_whom_he_acts_as)
{
	EXPECT_EQ(0, in_child(give_as_effective, &self->fd));
	EXPECT_EQ(0, name_unlink(self->fd, "effective"));
	EXPECT_EQ(0, buf_free(self->fd, 2));
}

static bool map_ids(void)
{
	/* 0 inside is OWNER, 1 is nobody, and there is no other. */
	return write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", "0 2000 1\n") &&
	       write_text("/proc/self/gid_map", "0 2000 1\n");
}

static int in_user_namespace(void *arg)
{
	int fd = *(int *)arg;

	CHILD_CHECK(!setgroups(0, NULL));
	CHILD_CHECK(!setresgid(OWNER, OWNER, OWNER));
	CHILD_CHECK(!setresuid(OWNER, OWNER, OWNER));
	/* So that the files of /proc are his. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER) || !map_ids())
		return 77;
	CHILD_CHECK(has_capability(CAP_CHOWN));
	CHILD_CHECK(getuid() == 0);

	/* His ids as they are called there; others have no name there. */
	CHILD_CHECK(give(fd, 0, 0) == 0);
	CHILD_CHECK(give(fd, OWNER, 0) == -EINVAL);
	CHILD_CHECK(give(fd, 0, OWNER) == -EINVAL);
	CHILD_CHECK(give(fd, 1, CALLER) == -EINVAL);

	/* All capabilities, none that counts. */
	CHILD_CHECK(name_open(fd, "roots") == -ENOENT);
	CHILD_CHECK(name_unlink(fd, "roots") == -ENOENT);
	CHILD_CHECK(name_unlink(fd, "all") == -EPERM);
	CHILD_CHECK(name_open(fd, "his") == 2);
	CHILD_CHECK(!buf_free(fd, 2));
	CHILD_CHECK(!name_unlink(fd, "his"));
	CHILD_CHECK(!name_publish(fd, 1, "inside", 0));
	return 0;
}

static int name_for(int fd, const char *text, uid_t uid, uint32_t mode)
{
	struct hpdma_ioc_name_publish arg =
		name_wish(alloc_contig(fd, PAGE), text, 0);

	arg.uid = uid;
	arg.mode = mode;
	return call(fd, HPDMA_IOC_NAME_PUBLISH, &arg);
}

static int open_inside(void *arg)
{
	become(OWNER);
	CHILD_CHECK(name_open(*(int *)arg, "inside") > 0);
	return 0;
}

TEST_F(rights, ids_are_those_of_the_callers_user_namespace)
{
	int fd = open_node(), ret;

	ASSERT_EQ(0, name_for(fd, "roots", 0, 0600));
	ASSERT_EQ(0, name_for(fd, "all", 0, 0666));
	ASSERT_EQ(0, name_for(fd, "his", OWNER, 0));
	ret = in_child(in_user_namespace, &self->fd);
	if (ret == 77) {
		close(fd);
		SKIP(return, "no user namespaces");
	}
	EXPECT_EQ(0, ret);
	/* Outside, root of that namespace is the user that he is. */
	EXPECT_EQ(0, in_child(open_inside, &fd));
	close(fd);
}

static int keep_anothers(void *arg)
{
	const int *fd_and_id = arg;
	int fd = fd_and_id[0], id = fd_and_id[1];

	CHILD_CHECK(!setresuid(STRANGER, STRANGER, STRANGER));
	set_capabilities(-1);
	CHILD_CHECK(name_publish(fd, id, "kept", PERSISTENT) == -EPERM);
	/* One that ends with the ids is harmless. */
	CHILD_CHECK(!name_publish(fd, id, "kept", 0));
	CHILD_CHECK(!name_unlink(fd, "kept"));
	return 0;
}

/* Its maker would be charged for as long as somebody else likes. */
TEST_F(rights, a_persistent_name_is_for_who_is_charged)
{
	int fd_and_id[2];

	fd_and_id[0] = open_node();
	ASSERT_LE(0, fd_and_id[0]);
	fd_and_id[1] = alloc_contig(fd_and_id[0], PAGE);
	ASSERT_LT(0, fd_and_id[1]);
	EXPECT_EQ(0, in_child(keep_anothers, fd_and_id));
	EXPECT_EQ(0,
		  name_publish(fd_and_id[0], fd_and_id[1], "kept", PERSISTENT));
	EXPECT_EQ(0, name_unlink(fd_and_id[0], "kept"));
	close(fd_and_id[0]);
}

TEST_HARNESS_MAIN
