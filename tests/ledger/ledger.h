/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: everything in the system that a test of hpdma may change and must
 * give back. Take it before, take it after, and every difference is a leak or a
 * theft. Root only; belongs into a test machine where nothing else happens.
 */
#ifndef HPDMA_LEDGER_H
#define HPDMA_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#define LEDGER_NAME 96
#define LEDGER_MAX 256

struct ledger_entry {
	char name[LEDGER_NAME];
	long long value;
};

struct ledger {
	size_t count;
	/* Entries beyond LEDGER_MAX: a ledger that is not whole proves nothing. */
	size_t lost;
	struct ledger_entry entry[LEDGER_MAX];
};

/*
 * Reads the current state. A source that this kernel does not have is left out;
 * one that appears or goes away between two ledgers is a difference, unless
 * its value is 0. Returns 0, or -errno if the basic ones cannot be read.
 */
int ledger_take(struct ledger *ledger);

/*
 * Writes a line "name: before -> after" for each difference to buf, which is
 * always terminated. Returns the number of differences, 0 for none.
 */
size_t ledger_diff(const struct ledger *before, const struct ledger *after,
		   char *buf, size_t size);

/*
 * Takes *after until it equals *before or timeout_ms have passed: the kernel
 * finishes much of a close later, in work queues and after RCU grace periods.
 * Returns what ledger_diff() returns for the last one, or -errno.
 */
long ledger_settle(const struct ledger *before, struct ledger *after,
		   int timeout_ms, char *buf, size_t size);

/*
 * kmemleak (debug kernel): forget what is known, then later scan and write the
 * reports to buf. Returns the number of suspected leaks, or -errno; -ENOENT
 * where the kernel has no kmemleak. Takes about 20 s in an emulated machine.
 */
int ledger_kmemleak_clear(void);
long ledger_kmemleak_scan(char *buf, size_t size);

#endif
