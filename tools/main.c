// SPDX-License-Identifier: MIT
/*
 * hpdmactl - load hpdma, give it devices, and see what it does
 *
 * One program; the table below is all there is to it. It talks to the kernel
 * through sysfs, libkmod and the uAPI alone, not through libhpdma, so that it
 * still works where the library does not.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "say.h"
#include "sys.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *purpose;
} commands[] = {
	{ "load", cmd_load, "[--path FILE.ko] [PARAMETER=VALUE...]",
	  "load the module" },
	{ "unload", cmd_unload, "", "remove the module" },
	{ "bind", cmd_bind, "PCI_ADDRESS [--force]",
	  "give a PCI function to hpdma" },
	{ "unbind", cmd_unbind, "PCI_ADDRESS [--force] [--no-probe]",
	  "give it back to the kernel's own driver" },
	{ "status", cmd_status, "", "what is loaded, bound and in use" },
	{ "list", cmd_list, "[-a]", "your buffers, or everybody's" },
	{ "unlink", cmd_unlink, "NAME", "end the name of a buffer" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
	puts("Usage: hpdmactl COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  hpdmactl %s %s\n\t%s\n", commands[i].name,
		       commands[i].arguments, commands[i].purpose);
	puts("  hpdmactl --help | --version\n\n"
	     "Exit status: 0 done, 1 failed, 2 wrong usage. See hpdmactl(8).");
}

int main(int argc, char **argv)
{
	int arg = 1;

	/* For tests: take /sys, /proc and /dev from below another folder. */
	if (argc > arg + 1 && !strcmp(argv[arg], "--sysroot")) {
		sys_set_root(argv[arg + 1]);
		arg += 2;
	}
	if (argc <= arg)
		return bad_usage("no command given");

	if (!strcmp(argv[arg], "--help") || !strcmp(argv[arg], "help")) {
		print_help();
		return EXIT_OK;
	}
	if (!strcmp(argv[arg], "--version")) {
		puts("hpdmactl " HPDMA_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[arg], commands[i].name))
			continue;
		if (argc > arg + 1 && !strcmp(argv[arg + 1], "--help")) {
			printf("Usage: hpdmactl %s %s\n\n%s. See hpdmactl(8).\n",
			       commands[i].name, commands[i].arguments,
			       commands[i].purpose);
			return EXIT_OK;
		}
		return commands[i].run(argc - arg - 1, argv + arg + 1);
	}
	return bad_usage("no such command: %s", argv[arg]);
}
