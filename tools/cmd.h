/* SPDX-License-Identifier: MIT */
/* The subcommands. Each gets what follows its name and returns an exit code. */
#ifndef HPDMACTL_CMD_H
#define HPDMACTL_CMD_H

int cmd_load(int argc, char **argv);
int cmd_unload(int argc, char **argv);
int cmd_bind(int argc, char **argv);
int cmd_unbind(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_unlink(int argc, char **argv);

#endif
