#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# readme.sh: prints the README's program, its first block of C, as it stands there.

awk '/^```c$/ { on = 1; next } /^```$/ { exit } on' \
	"$(dirname "$0")/../../README.md"
