/* SPDX-License-Identifier: MIT */
/*
 * Processes that share memory: who a process is, and whether it still lives.
 */
#ifndef HPDMA_PROCESS_H
#define HPDMA_PROCESS_H

#include <hpdma/context.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * enum hpdma_process_ns - namespaces that tell processes apart
 * @HPDMA_PROCESS_NS_IPC: That of System V IPC and POSIX message queues
 * @HPDMA_PROCESS_NS_PID: That of process ids
 * @HPDMA_PROCESS_NS_TIME: That of clocks, by which processes' ages are told
 *
 * Since: 0.1
 */
enum hpdma_process_ns {
	HPDMA_PROCESS_NS_IPC = 0,
	HPDMA_PROCESS_NS_PID = 1,
	HPDMA_PROCESS_NS_TIME = 2,
};

/**
 * hpdma_process_self() - the number of this process
 * @ctx: The context
 * @id: Receives a number, never 0, that no other process has had since the system
 *	started: processes of the same PID and time namespace can be given it
 * @error: Filled on failure; may be NULL
 *
 * The number stays the same over execve(). A child of fork() has another.
 *
 * Return: 0; -EOPNOTSUPP (HPDMA_WHY_PROC) without a /proc of this PID namespace;
 * what reading there returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_process_self(struct hpdma *ctx, uint64_t *id,
				 struct hpdma_error *error);

/**
 * hpdma_process_is_self() - whether a number is that of this process
 * @ctx: The context
 * @id: Of hpdma_process_self(), in this process or before fork()
 *
 * Return: 1, or 0 in a child.
 * Since: 0.1
 */
HPDMA_API int hpdma_process_is_self(struct hpdma *ctx, uint64_t id);

/**
 * hpdma_process_alive() - whether a process can still write to its memory
 * @ctx: The context
 * @id: Of hpdma_process_self(), there
 *
 * A process that has ended and whose parent has not asked for its status yet does
 * not live.
 *
 * Return: 0 if it certainly does not live any more; 1 if it does or this cannot be
 * told.
 * Since: 0.1
 */
HPDMA_API int hpdma_process_alive(struct hpdma *ctx, uint64_t id);

/**
 * hpdma_process_namespace() - the number of a namespace of this process
 * @ctx: The context
 * @which: &enum hpdma_process_ns
 * @number: Receives a number that two processes have in common if they are in the
 *	same namespace; 0 if the kernel does not have this kind, or there is no /proc
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -EINVAL; what reading in /proc returns (HPDMA_WHY_PROC).
 * Since: 0.1
 */
HPDMA_API int hpdma_process_namespace(struct hpdma *ctx,
				      enum hpdma_process_ns which,
				      uint64_t *number,
				      struct hpdma_error *error);

/**
 * hpdma_process_program() - the number of the program this process runs
 *
 * Return: A random number, never 0, that changes with each execve() and is the
 * same in a child of fork().
 * Since: 0.1
 */
HPDMA_API uint32_t hpdma_process_program(void);

HPDMA_END

#endif /* HPDMA_PROCESS_H */
