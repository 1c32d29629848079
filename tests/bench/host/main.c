// SPDX-License-Identifier: GPL-2.0-only
/*
 * host [GROUP...]: measures all groups, or some, and prints a CSV. DPDK is in this very
 * program: it gets memory beforehand, so that it need not ask the kernel for more while
 * it is measured, and no devices.
 */
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "bench_host.h"

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "mempool", bench_mempool }, { "ring", bench_ring },
	{ "heap", bench_heap },	      { "memzone", bench_memzone },
	{ "iova", bench_iova },	      { "overhead", bench_overhead },
};

static void start_dpdk(char *program)
{
	char core[16];
	char *arguments[] = {
		program,	  "-l", core,  "--in-memory",	 "--no-pci",
		"--no-telemetry", "-m", "640", "--iova-mode=pa", "--log-level",
		"lib.eal:error",
	};

	snprintf(core, sizeof(core), "%d", bench_core(0));
	if (rte_eal_init(ARRAY_SIZE(arguments), arguments) < 0) {
		fprintf(stderr, "DPDK does not start: %s\n",
			rte_strerror(rte_errno));
		exit(2);
	}
}

static bool asked_for(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc < 2;
}

int main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	start_dpdk(argv[0]);
	bench_threads_start();
	bench_header();
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		if (!asked_for(groups[i].name, argc, argv))
			continue;
		fprintf(stderr, "measuring %s\n", groups[i].name);
		groups[i].run();
	}
	bench_threads_stop();
	rte_eal_cleanup();
	return 0;
}
