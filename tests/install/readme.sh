#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# readme.sh [N]: prints the README's program, its Nth block of C (the first), as it
# stands there.

awk -v wanted="${1:-1}" '/^```c$/ { on = ++n == wanted; next } /^```$/ { on = 0 } on' \
	"$(dirname "$0")/../../README.md"
