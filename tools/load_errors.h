/* SPDX-License-Identifier: MIT */
/* Why a module did not load: an errno means many things here. */
#ifndef HPDMACTL_LOAD_ERRORS_H
#define HPDMACTL_LOAD_ERRORS_H

#include <libkmod.h>

/* Not in the module tree of the running kernel */
void load_explain_not_found(void);

/* @path is NULL if the module comes from the module tree */
void load_explain(int err, struct kmod_module *mod, const char *path);

#endif
