/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame of a unit test: each file has functions TEST(name), lists them in
 * an array, and hands it to run_tests(), which speaks TAP.
 *
 * CHECK() notes a failure and goes on; REQUIRE() leaves the test.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdio.h>
#include <stdlib.h>

struct test {
	const char *name;
	void (*run)(void);
};

static int harness_failed;

#define TEST(name) static void name(void)
#define ENTRY(name)         \
	{                   \
#name, name \
	}

#define CHECK(condition)                                                    \
	do {                                                                \
		if (!(condition)) {                                         \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, \
			       #condition);                                 \
			harness_failed = 1;                                 \
		}                                                           \
	} while (0)

#define CHECK_EQ(got, want)                                                   \
	do {                                                                  \
		long long got_ = (long long)(got), want_ = (long long)(want); \
		if (got_ != want_) {                                          \
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__,   \
			       __LINE__, #got, got_, want_);                  \
			harness_failed = 1;                                   \
		}                                                             \
	} while (0)

#define REQUIRE(condition)                                                  \
	do {                                                                \
		if (!(condition)) {                                         \
			printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, \
			       #condition);                                 \
			harness_failed = 1;                                 \
			return;                                             \
		}                                                           \
	} while (0)

static inline int run_tests(const struct test *tests, size_t count)
{
	size_t i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", count);
	for (i = 0; i < count; i++) {
		harness_failed = 0;
		tests[i].run();
		failed += harness_failed;
		printf("%s %zu - %s\n", harness_failed ? "not ok" : "ok", i + 1,
		       tests[i].name);
	}
	printf("# %zu passed, %zu failed\n", count - failed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define RUN_TESTS(tests) run_tests(tests, sizeof(tests) / sizeof((tests)[0]))

#endif /* HARNESS_H */
