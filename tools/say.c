// SPDX-License-Identifier: MIT
/* The one place that knows what hpdmactl's messages look like. */
#include <stdarg.h>
#include <stdio.h>

#include "say.h"

static void say(const char *prefix, const char *fmt, va_list args)
{
	/* Keep the order of results and messages when both go to one file. */
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

int failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("hpdmactl: ", fmt, args);
	va_end(args);
	return EXIT_FAILED;
}

int bad_usage(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("hpdmactl: ", fmt, args);
	va_end(args);
	fputs("  fix: hpdmactl --help\n", stderr);
	return EXIT_USAGE;
}

void because(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("  why: ", fmt, args);
	va_end(args);
}

void fix(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("  fix: ", fmt, args);
	va_end(args);
}

void note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("  note: ", fmt, args);
	va_end(args);
}
