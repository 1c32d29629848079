# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The cache of kernels and build roots, and the few helpers every script here
# needs. Sourced, never run.
#
# What is in the cache is either complete or absent: a thing is made in a
# staging directory and renamed to its final name as the very last step, so an
# interrupted download or build never counts as done.

HPDMA_CACHE=${HPDMA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hpdma}
HPDMA_VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HPDMA_TREE=${HPDMA_TREE:-$(cd "$HPDMA_VM/../.." && pwd)}
export HPDMA_CACHE HPDMA_VM HPDMA_TREE

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

note()
{
	printf '# %s\n' "$*" >&2
}

# need TOOL PACKAGE: say what to install, instead of failing halfway.
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is missing: Debian package $2 (apt-get install $2)"
}

need_file()
{
	[ -e "$1" ] || die "$1 is missing: Debian package $2 (apt-get install $2)"
}

# Chroots, mounts and device nodes want the real thing; fakeroot does not do.
need_root()
{
	[ "$(id -u)" -eq 0 ] || die "this kernel is built in a chroot: run as root"
}

# cache_make ENTRY FUNCTION [ARGS]: makes $HPDMA_CACHE/ENTRY unless it is there.
# FUNCTION runs with the path of an empty staging directory before its ARGS, in
# a subshell, and must fail (set -e is on) if the result is not complete.
# One maker at a time; others wait and then find the work done.
cache_make()
{
	local entry=$HPDMA_CACHE/$1 stage=$HPDMA_CACHE/.stage-$1 make=$2 status
	shift 2

	[ ! -d "$entry" ] || return 0
	mkdir -p "$HPDMA_CACHE"
	exec {cache_lock}>"$HPDMA_CACHE/.lock-${entry##*/}"
	flock "$cache_lock"
	if [ ! -d "$entry" ]; then
		# Whatever lies here was left by an interrupted maker.
		rm -rf --one-file-system "$stage"
		mkdir "$stage"
		# Not in a condition: that would switch set -e off inside.
		set +e
		(
			set -e
			# Children must not keep the lock when we are killed.
			exec {cache_lock}>&-
			"$make" "$stage" "$@"
		) >&2
		status=$?
		set -e
		[ "$status" -eq 0 ] || die "could not make ${entry##*/}"
		mv -T "$stage" "$entry"
	fi
	exec {cache_lock}>&-
}

# facts NAME=VALUE...: prints shell assignments, safe to eval.
facts()
{
	local fact

	for fact; do
		printf '%s=%q\n' "${fact%%=*}" "${fact#*=}"
	done
}
