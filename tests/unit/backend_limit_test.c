// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends without the module where something is short or missing: file systems,
 * huge pages, descriptors, rights. Each test has mounts and limits of its own.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/stat.h>

#include "native.h"
#include "pools.h"

static uint64_t features_of(struct hpdma *ctx)
{
	struct hpdma_info info = { .size = sizeof(info) };

	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	return info.features;
}

/* Allocates with some flags and tells what came of it. */
static int attempt(struct hpdma *ctx, uint64_t length, uint32_t backing,
		   uint32_t flags, struct hpdma_buf_info *info, uint32_t *why)
{
	struct hpdma_buf_opts opts = options(backing, flags);
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf = SENTINEL;
	int ret = hpdma_buf_alloc(ctx, length, &opts, &buf, &error);

	info->size = sizeof(*info);
	*why = error.why;
	if (ret) {
		CHECK(buf == SENTINEL);
		return ret;
	}
	memset(hpdma_buf_ptr(buf), 1, length);
	CHECK_EQ(hpdma_buf_get_info(buf, info), 0);
	hpdma_buf_unref(buf);
	return 0;
}

static int publish(struct hpdma *ctx, uint64_t length, uint32_t flags,
		   const char *name, uint32_t *why)
{
	struct hpdma_buf_opts opts = options(0, flags);
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf;
	int ret;

	*why = 0;
	ret = hpdma_buf_alloc(ctx, length, &opts, &buf, NULL);
	if (ret)
		return ret;
	ret = hpdma_buf_publish(buf, name, NULL, &error);
	*why = error.why;
	hpdma_buf_unref(buf);
	return ret;
}

static void die_with(struct hpdma *ctx, uint64_t length, const char *name)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NAMEABLE);
	struct hpdma_buf *buf;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!hpdma_buf_alloc(ctx, length, &opts, &buf, NULL) &&
		    !hpdma_buf_publish(buf, name, NULL, NULL))
			raise(SIGKILL);
		_exit(1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
}

static void in_a_small_place(void)
{
	struct hpdma_buf_info info;
	struct hpdma *ctx;
	uint32_t why;

	if (!own_mounts())
		return;
	REQUIRE(!mount("none", "/dev/shm", "tmpfs", 0, "size=4m"));
	ctx = open_backend(HPDMA_BACKEND_PLAIN);
	CHECK(features_of(ctx) & HPDMA_HAS_NAMES);
	/* Memory there is, only names need room. */
	CHECK_EQ(attempt(ctx, 8 * MIB, 0, 0, &info, &why), 0);
	CHECK_EQ(publish(ctx, 8 * MIB, 0, "large", &why), -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
	CHECK_EQ(attempt(ctx, 8 * MIB, 0, HPDMA_BUF_NAMEABLE, &info, &why),
		 -ENOMEM);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
	CHECK_EQ(publish(ctx, 3 * MIB, 0, "small", &why), 0);
	/* What the dead had is there for the living. */
	die_with(ctx, 3 * MIB, "dead");
	CHECK_EQ(publish(ctx, 3 * MIB, HPDMA_BUF_NAMEABLE, "alive", &why), 0);
	hpdma_unref(ctx);
}

TEST(a_full_file_system_is_no_end_of_memory)
{
	in_child(in_a_small_place);
}

static void in_no_place(void)
{
	struct hpdma_buf *buf = SENTINEL;
	struct hpdma_buf_info info;
	struct hpdma *ctx;
	uint32_t why;

	if (!own_mounts())
		return;
	/* Not writable, and no file system of memory. */
	REQUIRE(!mount("/proc", "/dev/shm", NULL, MS_BIND, NULL));
	ctx = open_backend(HPDMA_BACKEND_PLAIN);
	CHECK(!(features_of(ctx) & HPDMA_HAS_NAMES));
	CHECK_EQ(attempt(ctx, 8 * MIB, 0, 0, &info, &why), 0);
	CHECK_EQ(publish(ctx, MIB, 0, "name", &why), -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
	CHECK_EQ(attempt(ctx, MIB, 0, HPDMA_BUF_NAMEABLE, &info, &why),
		 -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
	CHECK_EQ(hpdma_buf_open(ctx, "name", 0, &buf, NULL), -ENOENT);
	hpdma_unref(ctx);
}

TEST(without_a_place_there_is_memory_without_names)
{
	in_child(in_no_place);
}

static void without_huge_names(void)
{
	struct hpdma *ctx;
	struct hpdma_buf_info info;
	uint32_t why;

	ctx = open_backend(HPDMA_BACKEND_HUGETLB);
	if (!ctx || features_of(ctx) & HPDMA_HAS_HUGE_NAMES)
		goto out;
	CHECK_EQ(publish(ctx, HUGE_PAGE, 0, "unit-huge", &why), -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
	/* The wish for a name leads to the next rung. */
	CHECK_EQ(attempt(ctx, HUGE_PAGE, 0, HPDMA_BUF_NAMEABLE, &info, &why),
		 0);
	CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
	CHECK_EQ(info.fallback, 1);
	CHECK_EQ(attempt(ctx, HUGE_PAGE, HPDMA_BUF_BACKING_HUGETLB,
			 HPDMA_BUF_NAMEABLE, &info, &why),
		 -EOPNOTSUPP);
	CHECK_EQ(why, HPDMA_WHY_NO_PLACE);
out:
	hpdma_unref(ctx);
}

static void with_huge_names(void)
{
	struct hpdma_buf_opts huge =
		options(HPDMA_BUF_BACKING_HUGETLB, HPDMA_BUF_NAMEABLE);
	char where[] = "/tmp/hpdma-huge-XXXXXX";
	struct hpdma_buf_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf, *again;
	struct hpdma *ctx;
	uint32_t why;

	if (!have_huge_pages() || !own_mounts())
		return;
	without_huge_names();
	REQUIRE(mkdtemp(where));
	/* The mount has four pages. */
	if (mount("none", where, "hugetlbfs", 0, "pagesize=2M,size=8M")) {
		skip("no right to mount hugetlbfs");
		rmdir(where);
		return;
	}
	ctx = open_backend(HPDMA_BACKEND_HUGETLB);
	CHECK(features_of(ctx) & HPDMA_HAS_HUGE_NAMES);
	REQUIRE(!hpdma_buf_alloc(ctx, 1, &huge, &buf, NULL));
	strcpy(hpdma_buf_ptr(buf), "huge");
	CHECK_EQ(hpdma_buf_publish(buf, "unit-huge", NULL, NULL), 0);
	REQUIRE(!hpdma_buf_open(ctx, "unit-huge", 0, &again, NULL));
	CHECK(!strcmp(hpdma_buf_ptr(again), "huge"));
	CHECK_EQ(hpdma_buf_get_info(again, &info), 0);
	CHECK_EQ(info.page_size, HUGE_PAGE);
	CHECK_EQ(info.state, HPDMA_BUF_IS_NAMED);
	/* One name, whatever the pages are. */
	CHECK_EQ(publish(ctx, 4096, 0, "unit-huge", &why), -EEXIST);
	hpdma_buf_unref(buf);
	hpdma_buf_unref(again);
	CHECK_EQ(hpdma_buf_open(ctx, "unit-huge", 0, &buf, NULL), -ENOENT);
	die_with(ctx, HUGE_PAGE, "unit-huge");
	CHECK_EQ(publish(ctx, 4096, 0, "unit-huge", &why), 0);
	/* Six pages are in the pool, but not in the mount. */
	CHECK_EQ(attempt(ctx, 6 * HUGE_PAGE, HPDMA_BUF_BACKING_HUGETLB,
			 HPDMA_BUF_NAMEABLE, &info, &why),
		 -ENOMEM);
	CHECK_EQ(why, HPDMA_WHY_HUGEPAGES);
	CHECK_EQ(attempt(ctx, 6 * HUGE_PAGE, HPDMA_BUF_BACKING_HUGETLB, 0,
			 &info, &why),
		 0);
	hpdma_unref(ctx);
	umount(where);
	rmdir(where);
}

TEST(huge_pages_have_names_in_hugetlbfs)
{
	in_child(with_huge_names);
}

TEST(short_of_huge_pages)
{
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_HUGETLB);
	struct hpdma_buf_info info;
	uint64_t more;
	uint32_t why;

	if (!ctx)
		return;
	more = hpdma_pool_free(&hpdma_sys_native, HUGE_PAGE) + 8 * HUGE_PAGE;
	CHECK_EQ(attempt(ctx, more, HPDMA_BUF_BACKING_HUGETLB, 0, &info, &why),
		 -ENOMEM);
	CHECK_EQ(why, HPDMA_WHY_HUGEPAGES);
	CHECK_EQ(attempt(ctx, more, 0, HPDMA_BUF_NO_FALLBACK, &info, &why),
		 -ENOMEM);
	CHECK_EQ(why, HPDMA_WHY_HUGEPAGES);
	if (more < 512 * MIB) {
		CHECK_EQ(attempt(ctx, more, 0, 0, &info, &why), 0);
		CHECK_EQ(info.backing, HPDMA_BUF_BACKING_USER);
		CHECK_EQ(info.fallback, 1);
	}
	hpdma_unref(ctx);
}

static void few_files(struct hpdma *ctx, uint32_t kind)
{
	struct hpdma_buf_opts opts = options(0, HPDMA_BUF_NAMEABLE);
	struct hpdma_buf *buf, *other = SENTINEL;
	struct rlimit before, none;
	int fd = -1, fds;

	(void)kind;
	REQUIRE(!hpdma_buf_alloc(ctx, 4096, &opts, &buf, NULL));
	REQUIRE(!hpdma_buf_publish(buf, "unit-few", NULL, NULL));
	fds = count_fds();
	REQUIRE(!getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = 0;
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &none));
	CHECK_EQ(hpdma_buf_alloc(ctx, 4096, &opts, &other, NULL), -EMFILE);
	opts.flags = 0;
	CHECK_EQ(hpdma_buf_alloc(ctx, 4096, &opts, &other, NULL), -EMFILE);
	CHECK_EQ(hpdma_buf_open(ctx, "unit-few", 0, &other, NULL), -EMFILE);
	CHECK_EQ(hpdma_name_unlink(ctx, "unit-few", NULL), -EMFILE);
	/* fcntl(F_DUPFD) says -EINVAL where there is no number at all. */
	CHECK(hpdma_buf_export(buf, &fd, NULL) < 0);
	CHECK(other == SENTINEL && fd == -1);
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &before));
	CHECK_EQ(count_fds(), fds);
	CHECK_EQ(hpdma_name_unlink(ctx, "unit-few", NULL), 0);
	hpdma_buf_unref(buf);
}

TEST(short_of_descriptors)
{
	on_both(few_files);
}

static void short_files(void)
{
	struct rlimit limit = { MIB, MIB };
	struct hpdma *ctx = open_backend(HPDMA_BACKEND_PLAIN);
	struct hpdma_buf_info info;
	uint32_t why;

	REQUIRE(!setrlimit(RLIMIT_FSIZE, &limit));
	CHECK_EQ(attempt(ctx, MIB, 0, 0, &info, &why), 0);
	CHECK_EQ(attempt(ctx, MIB + 1, 0, 0, &info, &why), -ENOSPC);
	CHECK_EQ(why, HPDMA_WHY_FSIZE);
	hpdma_unref(ctx);
}

TEST(a_limit_of_files_is_an_error_and_no_signal)
{
	in_child(short_files);
}

TEST(the_best_backend_is_chosen)
{
	struct hpdma_info info = { .size = sizeof(info) };
	bool huge = have_huge_pages();
	struct hpdma *ctx;

	if (!access("/dev/hpdma", F_OK) || getenv("HPDMA_BACKEND")) {
		skip("this machine has the module, or the user a wish");
		return;
	}
	REQUIRE(!hpdma_open(NULL, &ctx, NULL));
	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	CHECK_EQ(info.backend,
		 huge ? HPDMA_BACKEND_HUGETLB : HPDMA_BACKEND_PLAIN);
	CHECK_EQ(info.passed_over, HPDMA_WHY_NO_MODULE);
	hpdma_unref(ctx);
	setenv("HPDMA_BACKEND", "plain", 1);
	REQUIRE(!hpdma_open(NULL, &ctx, NULL));
	CHECK_EQ(hpdma_get_info(ctx, &info), 0);
	CHECK_EQ(info.backend, HPDMA_BACKEND_PLAIN);
	hpdma_unref(ctx);
	unsetenv("HPDMA_BACKEND");
}

/* What main() does if it is run as "PROGRAM open". */
static int just_open(void)
{
	struct hpdma *ctx;
	int ret = hpdma_open(NULL, &ctx, NULL);

	if (!ret)
		hpdma_unref(ctx);
	return -ret;
}

static int run_as(const char *program, uid_t uid)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		setenv("HPDMA_BACKEND", "nonsense", 1);
		if (!setgid(uid) && !setuid(uid))
			execl(program, program, "open", NULL);
		_exit(99);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void with_other_rights(void)
{
	char program[] = "/dev/shm/hpdma-suid-XXXXXX", command[64];
	int fd;

	if (getuid() || !own_mounts() ||
	    mount("none", "/dev/shm", "tmpfs", 0, "mode=1777")) {
		skip("not root: no program with more rights");
		return;
	}
	fd = mkstemp(program);
	close(fd);
	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(),
		 program);
	REQUIRE(fd >= 0 && !system(command));
	REQUIRE(!chmod(program, 0755));
	CHECK_EQ(run_as(program, 1234), EINVAL);
	REQUIRE(!chmod(program, 04755));
	CHECK_EQ(run_as(program, 1234), 0);
}

TEST(a_program_with_more_rights_ignores_the_environment)
{
	in_child(with_other_rights);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		ENTRY(a_full_file_system_is_no_end_of_memory),
		ENTRY(without_a_place_there_is_memory_without_names),
		ENTRY(huge_pages_have_names_in_hugetlbfs),
		ENTRY(short_of_huge_pages),
		ENTRY(short_of_descriptors),
		ENTRY(a_limit_of_files_is_an_error_and_no_signal),
		ENTRY(the_best_backend_is_chosen),
		ENTRY(a_program_with_more_rights_ignores_the_environment),
	};

	if (argc > 1 && !strcmp(argv[1], "open"))
		return just_open();
	return RUN_TESTS(tests);
}
