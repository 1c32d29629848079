# SPDX-License-Identifier: MIT
# For people. What kbuild needs is in Kbuild; the version is in dkms.conf.

O ?= $(CURDIR)/build
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
DESTDIR ?=

# The running kernel's headers, or the newest that are installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -dv /usr/src/linux-headers-*-amd64 2>/dev/null | tail -n 1))

# Handed on by name: exported, they would reach the tests, which install elsewhere.
where = PREFIX='$(PREFIX)' MANDIR='$(MANDIR)' DESTDIR='$(DESTDIR)'

.PHONY: all module lib tools examples install demo shell check soak check-kernels \
	bench bench-host packages clean help

all: module lib tools examples

module:
	@[ -n "$(KDIR)" ] || { echo "no kernel headers: apt-get install linux-headers-$$(uname -r), or make KDIR=..." >&2; exit 1; }
	@echo "module for $(notdir $(realpath $(KDIR)))"
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

lib:
	$(MAKE) -C lib O=$(O)/lib

tools:
	$(MAKE) -C tools O=$(O)/tools

examples: lib
	$(MAKE) -C examples O=$(O)/examples LIB=$(O)/lib

install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) modules_install
	$(MAKE) -C lib O=$(O)/lib $(where) install
	$(MAKE) -C tools O=$(O)/tools $(where) install
	install -d $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 uapi/linux/hpdma.h $(DESTDIR)$(PREFIX)/include/linux/
	install -d $(DESTDIR)$(MANDIR)/man4
	install -m 644 docs/man/hpdma.4 $(DESTDIR)$(MANDIR)/man4/
	[ -n "$(DESTDIR)" ] || ldconfig

packages:
	tests/packages.sh

demo: packages
	tests/demo.sh

shell: packages
	tests/demo.sh --shell

check: packages
	tests/check.sh

soak: packages
	tests/check.sh soak

check-kernels: packages
	tests/check.sh kernels

# On the host first, then in a machine; what misses a target in the machine fails.
bench: bench-host packages
	tests/bench/run.sh

bench-host:
	tests/bench/host.sh

clean:
	rm -rf $(O)
	find module -name '*.o' -o -name '.*.cmd' -o -name '*.mod' | xargs -r rm -f
	rm -f hpdma.o hpdma.ko hpdma.mod hpdma.mod.[co] .hpdma.*.cmd \
		modules.order Module.symvers .Module.symvers.cmd .modules.order.cmd

help:
	@echo 'make                  module, library, tools and examples'
	@echo 'make install          all of it (DESTDIR, PREFIX; KDIR for the kernel)'
	@echo 'make demo             a real DMA round trip in a virtual machine'
	@echo 'make shell            a shell in that machine, to play'
	@echo 'make check            every test; NAME=... for some suites'
	@echo 'make soak             the tests that take too long for every change'
	@echo 'make check-kernels    build for all supported kernels, boot the newest'
	@echo 'make bench            beside other ways to get memory and use devices'
	@echo 'make bench-host       only the library beside DPDK, on this machine'
	@echo 'make clean            what was built here; caches stay'
	@echo
	@echo 'demo, shell, check, bench and bench-host install the Debian packages they need (root).'
