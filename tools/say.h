/* SPDX-License-Identifier: MIT */
/*
 * What hpdmactl says. Results go to stdout. A failure goes to stderr as what
 * failed, then why if that is another sentence, then each command that fixes
 * it on a line of its own, ready to be pasted.
 */
#ifndef HPDMACTL_SAY_H
#define HPDMACTL_SAY_H

#define SAY_PRINTF __attribute__((format(printf, 1, 2)))

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* Each returns the exit code that belongs to what it says. */
int failed(const char *fmt, ...) SAY_PRINTF;
int bad_usage(const char *fmt, ...) SAY_PRINTF;

void because(const char *fmt, ...) SAY_PRINTF;
void fix(const char *fmt, ...) SAY_PRINTF;
void note(const char *fmt, ...) SAY_PRINTF;

#endif
