// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to fail to know an address: each system call and allocation fails in
 * turn. Whatever fails, either all is known or nothing, and nothing stays behind.
 */
#define _DEFAULT_SOURCE
#include "fail_nth.h"
#include "iova_fake.h"

#define HERE ((1ull << 40) - 8192)
#define THERE (1ull << 33)
#define LENGTH (3ull << 20)

/* What fails of a scenario, once its machine is set up */
static unsigned int fail_at;
static int fail_code;

/* Two segments, in two regions and with odd edges */
static void write_script(void)
{
	scripted = 2;
	script[0] = (struct hpdma_seg){ THERE, 4096 };
	script[1] = (struct hpdma_seg){ 2 * THERE, LENGTH - 4096 };
}

static void check_known(const struct hpdma_iova *table, bool known)
{
	static const uint64_t at[] = { 0, 4096, 8192, LENGTH - 1 };
	size_t i;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		CHECK((hpdma_iova_of(table,
				     (void *)(uintptr_t)(HERE + at[i])) !=
		       HPDMA_IOVA_NONE) == known);
}

static void check_error(int ret, const struct hpdma_error *error)
{
	CHECK_EQ(error->code, ret);
	CHECK(!ret || (error->what && *error->what));
}

static int scenario_create(enum way way)
{
	struct setup setup = set_up(way);
	struct hpdma_iova *table = SENTINEL;
	struct hpdma_error error = { 0 };
	int ret;

	fail_nth(fail_at, fail_code);
	ret = way == WAY_NO_DEVICE ?
		      hpdma_iova_create_phys(setup.ctx, &table, &error) :
		      hpdma_iova_create(setup.dev, &table, &error);
	check_error(ret, &error);
	CHECK((table == SENTINEL) == !!ret);
	if (!ret)
		hpdma_iova_unref(table);
	fake.fail_at = 0;
	tear_down(&setup);
	return ret;
}

static int scenario_add(enum way way)
{
	struct setup setup = set_up(way);
	struct hpdma_error error = { 0 };
	struct hpdma_buf *buf;
	int ret;

	buf = buffer_at(setup.ctx, HERE, LENGTH, 0);
	write_script();
	fail_nth(fail_at, fail_code);
	ret = hpdma_iova_add(setup.table, buf, &error);
	check_error(ret, &error);
	check_known(setup.table, !ret);
	if (!ret)
		CHECK_EQ(hpdma_iova_remove(setup.table, buf), 0);
	check_known(setup.table, false);
	hpdma_buf_unref(buf);
	fake.fail_at = 0;
	tear_down(&setup);
	return ret;
}

/* A registry with two tables: all know or none. */
static int scenario_register(enum way way)
{
	struct setup setup = set_up(way);
	struct hpdma_registry *reg = SENTINEL;
	struct hpdma_error error = { 0 };
	struct hpdma_iova *other;
	int ret;

	if (hpdma_iova_create_phys(setup.ctx, &other, NULL))
		abort();
	write_script();
	fail_nth(fail_at, fail_code);
	ret = hpdma_registry_create(setup.ctx, &reg, &error);
	CHECK((reg == SENTINEL) == !!ret);
	if (ret)
		goto out;
	ret = hpdma_registry_attach(reg, "one", other, &error);
	if (!ret) {
		ret = hpdma_registry_register(reg, (void *)(uintptr_t)HERE,
					      LENGTH, NULL, &error);
		check_known(other, !ret);
	}
	if (!ret) {
		ret = hpdma_registry_attach(reg, "two", setup.table, &error);
		check_known(setup.table, !ret);
		check_known(other, true);
	}
	hpdma_registry_unref(reg);
	check_known(other, false);
	check_known(setup.table, false);
out:
	check_error(ret, &error);
	fake.fail_at = 0;
	hpdma_iova_unref(other);
	tear_down(&setup);
	return ret;
}

static unsigned int sweep(int (*scenario)(enum way), enum way way, int code)
{
	int ret;

	fail_code = code;
	for (fail_at = 1; fail_at < 1000; fail_at++) {
		ret = scenario(way);
		if (!fake.failed) {
			CHECK_EQ(ret, 0);
			break;
		}
	}
	return fail_at - 1;
}

static void sweep_all(int (*scenario)(enum way), unsigned int least)
{
	int way;

	for (way = 0; way < WAYS; way++)
		CHECK(sweep(scenario, way, -ENOMEM) >= least);
	CHECK(sweep(scenario, WAY_NO_DEVICE, -EINTR) >= least);
	CHECK(sweep(scenario, WAY_IOVA, -EIO) >= least);
}

TEST(a_table)
{
	sweep_all(scenario_create, 1);
}

TEST(a_buffer_in_a_table)
{
	sweep_all(scenario_add, 7);
}

TEST(a_registry_with_two_tables)
{
	sweep_all(scenario_register, 20);
}

int main(void)
{
	static const struct test tests[] = {
		ENTRY(a_table),
		ENTRY(a_buffer_in_a_table),
		ENTRY(a_registry_with_two_tables),
	};

	return RUN_TESTS(tests);
}
