// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may not attach: other versions, other namespaces, too many; and a program that
 * another one replaced.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>

#include <hpdma/buf.h>
#include <hpdma/share.h>

#include "domain_kit.h"
#include "domain_map.h"
#include "domain_page.h"

static struct hpdma *ctx;
static struct hpdma_domain *domain;
static char *program;

static int start(void)
{
	ctx = kit_context();
	domain = kit_create(ctx, HPDMA_DOMAIN_ANY_ADDRESS);
	return !!domain;
}

static void finish(void)
{
	hpdma_domain_unref(domain);
	hpdma_unref(ctx);
}

static void refused(int code, uint32_t why)
{
	struct hpdma_domain_attach_opts opts = { .size = sizeof(opts),
						 .abi = 7 };
	struct hpdma_domain *other = SENTINEL;
	struct hpdma_error error = { 0 };

	CHECK_EQ(hpdma_domain_attach(ctx, kit_name, &opts, &other, &error),
		 code);
	CHECK_EQ(error.code, code);
	CHECK_EQ(error.why, why);
	CHECK(other == SENTINEL);
}

static void accepted(void)
{
	struct hpdma_domain *other = kit_attach(ctx);

	CHECK(other);
	hpdma_domain_unref(other);
}

#define REFUSED_WITH(field, value, code, why)       \
	do {                                        \
		__typeof__(field) saved_ = (field); \
		(field) = (value);                  \
		refused(code, why);                 \
		(field) = saved_;                   \
		accepted();                         \
	} while (0)

TEST(another_version_is_refused)
{
	struct domain_page *page;

	REQUIRE(start());
	page = domain->page;
	REFUSED_WITH(page->format, HPDMA_DOMAIN_FORMAT + 1, -EPROTO,
		     HPDMA_WHY_VERSION);
	REFUSED_WITH(page->layout, page->layout ^ 1, -EPROTO,
		     HPDMA_WHY_VERSION);
	REFUSED_WITH(page->abi, 8, -EPROTO, HPDMA_WHY_ABI);
	REFUSED_WITH(page->magic, 0, -EPROTO, HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->pid_ns, 1, -EXDEV, HPDMA_WHY_NAMESPACE);
	REFUSED_WITH(page->time_ns, 1, -EXDEV, HPDMA_WHY_NAMESPACE);
	finish();
}

TEST(a_damaged_domain_is_refused)
{
	struct domain_page *page;

	REQUIRE(start());
	page = domain->page;
	REFUSED_WITH(page->length, 4096, -EPROTO, HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->zones_at, 8 << 20, -EPROTO, HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->objects_at, page->zones_at + 1, -EPROTO,
		     HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->slots_at, page->objects_at + 1, -EPROTO,
		     HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->processes, 256, -EPROTO, HPDMA_WHY_NOT_DOMAIN);
	REFUSED_WITH(page->objects, 512, -EPROTO, HPDMA_WHY_NOT_DOMAIN);
	finish();
}

TEST(a_buffer_that_is_no_domain_is_refused)
{
	char full[HPDMA_DOMAIN_FULL_SIZE];
	struct hpdma_buf *buf;

	ctx = kit_context();
	REQUIRE(!hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, NULL));
	CHECK_EQ(hpdma_domain_full_name(ctx, kit_new_name(), full, NULL), 0);
	CHECK_EQ(hpdma_buf_publish(buf, full, NULL, NULL), 0);
	refused(-EPROTO, HPDMA_WHY_NOT_DOMAIN);
	hpdma_buf_unref(buf);
	hpdma_unref(ctx);
}

TEST(there_are_as_many_processes_as_it_was_made_for)
{
	struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.flags = HPDMA_DOMAIN_ANY_ADDRESS,
		.length = 8 << 20,
		.abi = 7,
		.max_processes = 2,
	};
	struct hpdma_domain *second;

	ctx = kit_context();
	REQUIRE(!hpdma_domain_create(ctx, kit_new_name(), &opts, &domain,
				     NULL));
	second = kit_attach(ctx);
	CHECK(second);
	refused(-EUSERS, HPDMA_WHY_PROCESSES);
	hpdma_domain_unref(second);
	accepted();
	finish();
}

TEST(there_are_as_many_objects_as_it_was_made_for)
{
	struct hpdma_domain_opts opts = {
		.size = sizeof(opts),
		.length = 8 << 20,
		.max_objects = 1,
	};
	const struct hpdma_ring_opts r = { .size = sizeof(r), .count = 4 };
	struct hpdma_ring *ring, *other = SENTINEL;
	struct hpdma_error error = { 0 };

	ctx = kit_context();
	REQUIRE(!hpdma_domain_create(ctx, kit_new_name(), &opts, &domain,
				     NULL));
	CHECK_EQ(hpdma_domain_ring_create(domain, "a", &r, &ring, NULL), 0);
	CHECK_EQ(hpdma_domain_ring_create(domain, "b", &r, &other, &error),
		 -ENOSPC);
	CHECK_EQ(error.why, HPDMA_WHY_OBJECTS);
	CHECK(other == SENTINEL);
	hpdma_ring_destroy(ring);
	finish();
}

/* 77: this user cannot have a namespace of his own */
static void in_another_ipc_namespace(void *arg)
{
	struct hpdma_domain *own;
	struct hpdma_domain_opts opts = { .size = sizeof(opts),
					  .length = 8 << 20 };

	(void)arg;
	if (unshare(CLONE_NEWIPC) && unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		_exit(77);
	ctx = kit_context();
	refused(-ENOENT, HPDMA_WHY_NONE);
	CHECK_EQ(hpdma_domain_create(ctx, kit_name, &opts, &own, NULL), 0);
	hpdma_domain_unref(own);
	hpdma_unref(ctx);
}

TEST(another_ipc_namespace_does_not_see_it)
{
	int status;

	REQUIRE(start());
	status = kit_wait(kit_child(in_another_ipc_namespace, NULL));
	if (status == 77)
		printf("# no namespaces here\n");
	else
		CHECK_EQ(status, 0);
	accepted();
	finish();
}

static void in_a_pid_namespace(void *arg)
{
	struct hpdma_info info = { .size = sizeof(info) };

	(void)arg;
	ctx = kit_context();
	hpdma_get_info(ctx, &info);
	/* /proc is that of the first namespace. */
	refused(-EOPNOTSUPP, HPDMA_WHY_PROC);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		_exit(77);
	/* The module's names are each PID namespace's own. */
	if (info.backend == HPDMA_BACKEND_MODULE)
		refused(-ENOENT, HPDMA_WHY_NONE);
	else
		refused(-EXDEV, HPDMA_WHY_NAMESPACE);
	hpdma_unref(ctx);
}

static void start_pid_namespace(void *arg)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		_exit(77);
	_exit(kit_wait(kit_child(in_a_pid_namespace, arg)));
}

TEST(another_pid_namespace_is_refused)
{
	int status;

	REQUIRE(start());
	status = kit_wait(kit_child(start_pid_namespace, NULL));
	if (status == 77)
		printf("# no namespaces here\n");
	else
		CHECK_EQ(status, 0);
	finish();
}

static void replace_program(void *arg)
{
	char *args[] = { program, kit_name, NULL };
	struct hpdma_ring *ring;

	ctx = kit_context();
	domain = kit_attach(ctx);
	REQUIRE(domain);
	CHECK_EQ(hpdma_domain_ring_attach(domain, "r", &ring, NULL), 0);
	execv("/proc/self/exe", args);
	(void)arg;
	_exit(99);
}

/* What the program does that replaced the one above */
static int replaced(const char *name)
{
	struct hpdma_domain_info info = { .size = sizeof(info) };

	snprintf(kit_name, sizeof(kit_name), "%s", name);
	ctx = kit_context();
	domain = kit_attach(ctx);
	if (!domain)
		return 1;
	hpdma_domain_get_info(domain, &info);
	CHECK_EQ(info.reaped, 1);
	CHECK_EQ(info.processes, 2);
	finish();
	return harness_failed;
}

TEST(a_program_that_replaced_another_takes_its_place)
{
	const struct hpdma_ring_opts r = { .size = sizeof(r), .count = 4 };
	struct hpdma_domain_info info = { .size = sizeof(info) };
	struct hpdma_ring *ring;

	REQUIRE(start());
	REQUIRE(!hpdma_domain_ring_create(domain, "r", &r, &ring, NULL));
	CHECK_EQ(kit_wait(kit_child(replace_program, NULL)), 0);
	hpdma_domain_get_info(domain, &info);
	CHECK_EQ(info.processes, 1);
	hpdma_ring_destroy(ring);
	finish();
}

static int note_process(const struct hpdma_domain_process *process, void *arg)
{
	CHECK_EQ(process->pid, getpid());
	CHECK_EQ(process->alive, 1);
	*(uint32_t *)arg += 1 + 10 * process->self;
	return 0;
}

TEST(processes_are_shown)
{
	struct hpdma_domain *second;
	uint32_t sum = 0;

	REQUIRE(start());
	second = kit_attach(ctx);
	CHECK_EQ(hpdma_domain_walk_processes(domain, note_process, &sum), 0);
	CHECK_EQ(sum, 12);
	hpdma_domain_unref(second);
	finish();
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		ENTRY(another_version_is_refused),
		ENTRY(a_damaged_domain_is_refused),
		ENTRY(a_buffer_that_is_no_domain_is_refused),
		ENTRY(there_are_as_many_processes_as_it_was_made_for),
		ENTRY(there_are_as_many_objects_as_it_was_made_for),
		ENTRY(another_ipc_namespace_does_not_see_it),
		ENTRY(another_pid_namespace_is_refused),
		ENTRY(a_program_that_replaced_another_takes_its_place),
		ENTRY(processes_are_shown),
	};

	program = argv[0];
	if (argc > 1)
		return replaced(argv[1]);
	return RUN_TESTS(tests);
}
