// SPDX-License-Identifier: GPL-2.0-only
/*
 * ledger [--kmemleak] [--settle MS] -- COMMAND [ARGS]
 *
 * Runs COMMAND between two ledgers. Prints what differs as "# ledger: …" lines
 * on stdout. Exits with the command's status if that is not 0 (128 + signal if it was
 * killed), 70 if the ledgers differ, 71 if kmemleak suspects a leak, 72 if the
 * ledger cannot be taken, 0 otherwise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"

#define EXIT_DIFFERS 70
#define EXIT_LEAKS 71
#define EXIT_UNREADABLE 72

static struct ledger before, after;
static char text[65536];

static void print_lines(const char *prefix)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("# %s: %s\n", prefix, line);
}

static int run(char **argv)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 127;
	}
	if (!pid) {
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	/* A Ctrl-C is for the command; the comparison still matters. */
	signal(SIGINT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: ledger [--kmemleak] [--settle MS] -- COMMAND [ARGS]\n");
	return EXIT_UNREADABLE;
}

int main(int argc, char **argv)
{
	bool kmemleak = false;
	int settle = 2000;
	int i, ret, status;
	long n;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--kmemleak"))
			kmemleak = true;
		else if (!strcmp(argv[i], "--settle") && i + 1 < argc)
			settle = atoi(argv[++i]);
		else
			return usage();
	}
	if (i + 1 >= argc)
		return usage();

	if (kmemleak) {
		ret = ledger_kmemleak_clear();
		/* Asked for, but not to be had: not a pass. */
		if (ret) {
			printf("# ledger: kmemleak: %s\n", strerror(-ret));
			return EXIT_UNREADABLE;
		}
	}
	ret = ledger_take(&before);
	if (ret) {
		printf("# ledger: before: %s\n", strerror(-ret));
		return EXIT_UNREADABLE;
	}

	status = run(argv + i + 1);

	n = ledger_settle(&before, &after, settle, text, sizeof(text));
	if (n < 0) {
		printf("# ledger: after: %s\n", strerror(-n));
		return status ? status : EXIT_UNREADABLE;
	}
	print_lines("ledger");
	if (n)
		return status ? status : EXIT_DIFFERS;

	if (kmemleak) {
		n = ledger_kmemleak_scan(text, sizeof(text));
		if (n < 0)
			printf("# ledger: kmemleak: %s\n", strerror(-n));
		else
			print_lines("kmemleak");
		if (n)
			return status ? status :
			       n < 0  ? EXIT_UNREADABLE :
					EXIT_LEAKS;
	}
	return status;
}
