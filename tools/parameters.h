/* SPDX-License-Identifier: MIT */
/* The module's parameters: as the user gives them, and as the kernel has them. */
#ifndef HPDMACTL_PARAMETERS_H
#define HPDMACTL_PARAMETERS_H

#include <libkmod.h>
#include <stdbool.h>

/*
 * Refuse what is not NAME=VALUE or what the module file does not declare: the
 * kernel would load it and only log that it ignores it. An exit code.
 */
int parameters_check(struct kmod_module *mod, int argc, char **argv);

/* Whether the loaded module has these values already */
bool parameters_are_set(int argc, char **argv);

/* "allow_unsafe=N phys_gid=-1" of the loaded module */
void parameters_print(void);

#endif
