// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names without the module, on the real system: who may have them, when they end,
 * and what happens when several want them at once.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "names_hold.h"
#include "native.h"
#include "places.h"

#define LENGTH (64 * 1024)

static struct hpdma_buf_opts nameable = { .size = sizeof(nameable),
					  .flags = HPDMA_BUF_NAMEABLE };

/* A name that no other test has. */
static const char *name_of(const char *what)
{
	static char name[64];
	static pid_t pid;

	/* Children have the same. */
	if (!pid)
		pid = getpid();
	snprintf(name, sizeof(name), "unit-%d-%s", pid, what);
	return name;
}

static const char *path_of(const char *what)
{
	static char path[256];
	struct hpdma_places places;

	hpdma_places_find(&hpdma_sys_native, &places);
	snprintf(path, sizeof(path), "/dev/shm/%s%s", places.prefix,
		 name_of(what));
	return path;
}

static bool exists(const char *what)
{
	return !access(path_of(what), F_OK);
}

static struct hpdma *ctx;

static struct hpdma_buf *new_named(const char *what, uint32_t flags,
				   uint32_t mode)
{
	struct hpdma_publish_opts opts = { .size = sizeof(opts),
					   .flags = flags,
					   .mode = mode };
	struct hpdma_buf *buf = NULL;

	CHECK_EQ(hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf, NULL), 0);
	if (!buf)
		abort();
	CHECK_EQ(hpdma_buf_publish(buf, name_of(what), &opts, NULL), 0);
	return buf;
}

/* 0 if a name can be opened; gives the buffer back. */
static int try_open(const char *what)
{
	struct hpdma_buf *buf = SENTINEL;
	int ret = hpdma_buf_open(ctx, name_of(what), 0, &buf, NULL);

	if (ret)
		CHECK(buf == SENTINEL);
	else
		hpdma_buf_unref(buf);
	return ret;
}

TEST(a_name_leads_to_the_memory)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf = new_named("a", 0, 0), *again;

	strcpy(hpdma_buf_ptr(buf), "hello");
	REQUIRE(!hpdma_buf_open(ctx, name_of("a"), 0, &again, NULL));
	CHECK_EQ(hpdma_buf_len(again), LENGTH);
	CHECK(!strcmp(hpdma_buf_ptr(again), "hello"));
	CHECK_EQ(hpdma_buf_get_info(again, &info), 0);
	CHECK_EQ(info.state, HPDMA_BUF_IS_NAMED);
	hpdma_buf_unref(buf);
	/* The other holder is left. */
	CHECK_EQ(try_open("a"), 0);
	hpdma_buf_unref(again);
	CHECK(!exists("a"));
	CHECK_EQ(try_open("a"), -ENOENT);
}

TEST(a_name_is_given_once)
{
	struct hpdma_buf *buf = new_named("once", 0, 0), *other;
	struct hpdma_error error;

	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &other, NULL));
	CHECK_EQ(hpdma_buf_publish(other, name_of("once"), NULL, NULL),
		 -EEXIST);
	CHECK_EQ(hpdma_buf_publish(buf, name_of("twice"), NULL, &error),
		 -EBUSY);
	CHECK_EQ(error.why, HPDMA_WHY_NAMED);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("once"), NULL), 0);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("once"), NULL), -ENOENT);
	CHECK_EQ(try_open("once"), -ENOENT);
	/* A file that had a name gets no other; who had none yet does. */
	CHECK_EQ(hpdma_buf_publish(buf, name_of("once"), NULL, &error),
		 -EOPNOTSUPP);
	CHECK_EQ(error.why, HPDMA_WHY_NO_PLACE);
	CHECK_EQ(hpdma_buf_publish(other, name_of("once"), NULL, NULL), 0);
	hpdma_buf_unref(other);
	hpdma_buf_unref(buf);
	CHECK_EQ(try_open("once"), -ENOENT);
}

TEST(bad_names_are_refused)
{
	static const char *const bad[] = {
		"",
		"a b",
		"a/b",
		"../a",
		"a\n",
		"a\x7f",
		"1234567890123456789012345678901234567890123456789012345678901234",
	};
	struct hpdma_publish_opts opts = { .size = sizeof(opts), .mode = 0777 };
	struct hpdma_buf *buf, *other = SENTINEL;
	size_t i;

	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf, NULL));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_EQ(hpdma_buf_publish(buf, bad[i], NULL, NULL), -EINVAL);
		CHECK_EQ(hpdma_buf_open(ctx, bad[i], 0, &other, NULL), -EINVAL);
		CHECK_EQ(hpdma_name_unlink(ctx, bad[i], NULL), -EINVAL);
	}
	CHECK(other == SENTINEL);
	CHECK_EQ(hpdma_buf_publish(buf, name_of("m"), &opts, NULL), -EINVAL);
	hpdma_buf_unref(buf);
}

/* Lets a child make a name and die by SIGKILL while it holds it. */
static void die_with(const char *what, uint32_t flags)
{
	struct hpdma_buf *buf;
	int status, ends[2];
	pid_t pid;
	char byte;

	if (pipe(ends))
		abort();
	fflush(stdout);
	pid = fork();
	if (!pid) {
		buf = new_named(what, flags, 0);
		strcpy(hpdma_buf_ptr(buf), "left behind");
		if (write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	CHECK_EQ(read(ends[0], &byte, 1), 1);
	CHECK_EQ(try_open(what), 0);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
}

TEST(a_name_ends_when_its_holder_is_killed)
{
	struct hpdma_buf *buf;

	die_with("killed", 0);
	CHECK(exists("killed"));
	CHECK_EQ(try_open("killed"), -ENOENT);
	CHECK(!exists("killed"));
	/* Whoever wants the name gets it as well. */
	die_with("killed", 0);
	buf = new_named("killed", 0, 0);
	CHECK_EQ(*(char *)hpdma_buf_ptr(buf), 0);
	hpdma_buf_unref(buf);
	die_with("killed", 0);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("killed"), NULL), -ENOENT);
	CHECK(!exists("killed"));
	/* Nobody asks for the name, but the memory comes back. */
	die_with("killed", 0);
	hpdma_unref(open_backend(HPDMA_BACKEND_PLAIN));
	CHECK(!exists("killed"));
}

TEST(a_persistent_name_stays)
{
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf;

	die_with("stays", HPDMA_PUBLISH_PERSISTENT);
	REQUIRE(!hpdma_buf_open(ctx, name_of("stays"), 0, &buf, NULL));
	CHECK(!strcmp(hpdma_buf_ptr(buf), "left behind"));
	CHECK_EQ(hpdma_buf_get_info(buf, &info), 0);
	CHECK_EQ(info.state, HPDMA_BUF_IS_NAMED | HPDMA_BUF_IS_PERSISTENT);
	hpdma_buf_unref(buf);
	CHECK_EQ(try_open("stays"), 0);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("stays"), NULL), 0);
	CHECK_EQ(try_open("stays"), -ENOENT);
}

/* An exported descriptor and what is mapped by it hold the name, too. */
TEST(a_received_buffer_holds_the_name)
{
	struct hpdma_buf *buf = new_named("sent", 0, 0), *received;
	int fd = -1;

	REQUIRE(!hpdma_buf_export(buf, &fd, NULL));
	hpdma_buf_unref(buf);
	CHECK_EQ(try_open("sent"), 0);
	REQUIRE(!hpdma_buf_map_fd(NULL, fd, 0, &received, NULL));
	close(fd);
	CHECK_EQ(try_open("sent"), 0);
	hpdma_buf_unref(received);
	CHECK(exists("sent"));
	CHECK_EQ(try_open("sent"), -ENOENT);
}

static int names_seen;
static struct hpdma_listing last_seen;

static int see(const struct hpdma_listing *listing, void *arg)
{
	if (strncmp(listing->name, arg, strlen(arg)))
		return 0;
	names_seen++;
	last_seen = *listing;
	return names_seen == 3 ? 77 : 0;
}

TEST(names_are_listed)
{
	struct hpdma_buf *first, *second, *third;

	names_seen = 0;
	die_with("list-dead", 0);
	first = new_named("list-1", 0, 0);
	second = new_named("list-2", HPDMA_PUBLISH_PERSISTENT, 0);
	CHECK_EQ(hpdma_list(ctx, 0, see, (char *)name_of("list-"), NULL), 0);
	CHECK_EQ(names_seen, 2);
	CHECK_EQ(last_seen.length, LENGTH);
	CHECK_EQ(last_seen.page_size, 4096);
	CHECK_EQ(last_seen.uid, getuid());
	CHECK(last_seen.state & HPDMA_BUF_IS_NAMED);
	names_seen = 0;
	third = new_named("list-3", 0, 0);
	CHECK_EQ(hpdma_list(ctx, HPDMA_LIST_EVERYBODY, see,
			    (char *)name_of("list-"), NULL),
		 77);
	CHECK_EQ(hpdma_list(ctx, 8, see, "", NULL), -EINVAL);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("list-2"), NULL), 0);
	hpdma_buf_unref(first);
	hpdma_buf_unref(second);
	hpdma_buf_unref(third);
}

/* What others put where our names are. */
TEST(traps_are_not_stepped_into)
{
	char target[] = "/dev/shm/hpdma-trap-XXXXXX";
	int fd = mkstemp(target);
	struct hpdma_buf *buf;

	REQUIRE(fd >= 0 && !ftruncate(fd, 4096));
	REQUIRE(!symlink(target, path_of("link")));
	CHECK_EQ(try_open("link"), -EACCES);
	REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf, NULL));
	CHECK_EQ(hpdma_buf_publish(buf, name_of("link"), NULL, NULL), -EEXIST);
	unlink(path_of("link"));
	REQUIRE(!mkfifo(path_of("fifo"), 0600));
	CHECK_EQ(try_open("fifo"), -EACCES);
	unlink(path_of("fifo"));
	REQUIRE(!mkdir(path_of("dir"), 0700));
	CHECK(try_open("dir") < 0);
	rmdir(path_of("dir"));
	hpdma_buf_unref(buf);
	unlink(target);
	close(fd);
}

/* Somebody holds it, but it is no buffer, or not one for us. */
static void check_foreign(const char *what, uint32_t uid, uint32_t gid,
			  uint32_t mode, off_t length, int want)
{
	int fd = open(path_of(what), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0 && !hpdma_names_keep(&hpdma_sys_native, fd));
	CHECK(!ftruncate(fd, length) && !fchown(fd, uid, gid) &&
	      !fchmod(fd, mode));
	CHECK_EQ(try_open(what), want);
	unlink(path_of(what));
	close(fd);
}

TEST(files_of_others_are_not_believed)
{
	check_foreign("empty", getuid(), getgid(), 0600, 0, -EINVAL);
	check_foreign("odd", getuid(), getgid(), 0600, 100, -EINVAL);
	check_foreign("good", getuid(), getgid(), 0600, 4096, 0);
	if (getuid()) {
		skip("not root: no files of others");
		return;
	}
	check_foreign("other", 1234, 1234, 0666, 4096, -EACCES);
	check_foreign("alone", 1234, 1234, 0600, 4096, -EACCES);
	check_foreign("group", 1234, getgid(), 0660, 4096, 0);
	check_foreign("group", 1234, getgid(), 0640, 4096, -EACCES);
}

static void as_nobody(void)
{
	gid_t group = 5555;

	if (setgroups(1, &group) || setgid(1234) || setuid(1234))
		abort();
	CHECK_EQ(try_open("private"), -EACCES);
	CHECK_EQ(try_open("group"), 0);
	CHECK_EQ(try_open("world"), 0);
	CHECK_EQ(try_open("given"), 0);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("private"), NULL), -EPERM);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("group"), NULL), -EPERM);
	CHECK_EQ(hpdma_name_unlink(ctx, name_of("given"), NULL), 0);
}

TEST(rights_are_those_of_the_publisher)
{
	struct hpdma_publish_opts opts = { .size = sizeof(opts) };
	struct hpdma_buf *buf[4];
	size_t i;

	if (getuid()) {
		skip("not root: no other users");
		return;
	}
	buf[0] = new_named("private", 0, 0);
	buf[1] = new_named("world", 0, 0666);
	for (i = 2; i < 4; i++)
		REQUIRE(!hpdma_buf_alloc(ctx, LENGTH, &nameable, &buf[i],
					 NULL));
	opts.flags = HPDMA_PUBLISH_GID;
	opts.mode = 0660;
	opts.gid = 5555;
	CHECK_EQ(hpdma_buf_publish(buf[2], name_of("group"), &opts, NULL), 0);
	opts = (struct hpdma_publish_opts){ .size = sizeof(opts),
					    .flags = HPDMA_PUBLISH_UID,
					    .uid = 1234 };
	CHECK_EQ(hpdma_buf_publish(buf[3], name_of("given"), &opts, NULL), 0);
	in_child(as_nobody);
	for (i = 0; i < 4; i++)
		hpdma_buf_unref(buf[i]);
	CHECK(!exists("private") && !exists("group") && !exists("world") &&
	      !exists("given"));
}

static void in_another_container(void)
{
	struct hpdma *before = ctx;

	if (unshare(CLONE_NEWIPC)) {
		skip("no right to leave the IPC namespace");
		return;
	}
	ctx = open_backend(HPDMA_BACKEND_PLAIN);
	CHECK_EQ(try_open("contained"), -ENOENT);
	hpdma_unref(ctx);
	ctx = before;
}

TEST(containers_stay_apart)
{
	struct hpdma_buf *buf = new_named("contained", 0, 0);

	in_child(in_another_container);
	CHECK_EQ(try_open("contained"), 0);
	hpdma_buf_unref(buf);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_name_leads_to_the_memory),
		ENTRY(a_name_is_given_once),
		ENTRY(bad_names_are_refused),
		ENTRY(a_name_ends_when_its_holder_is_killed),
		ENTRY(a_persistent_name_stays),
		ENTRY(a_received_buffer_holds_the_name),
		ENTRY(names_are_listed),
		ENTRY(traps_are_not_stepped_into),
		ENTRY(files_of_others_are_not_believed),
		ENTRY(rights_are_those_of_the_publisher),
		ENTRY(containers_stay_apart),
	};
	int ret;

	ctx = open_backend(HPDMA_BACKEND_PLAIN);
	if (!ctx)
		return 1;
	name_of("");
	ret = RUN_TESTS(tests);
	hpdma_unref(ctx);
	return ret;
}
