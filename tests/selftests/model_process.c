// SPDX-License-Identifier: GPL-2.0-only
/* Operations on the workers themselves: born, forked, ended and killed. */
#include "model_core.h"

static void forget_sockets(SELF)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		if (self->model.worker[i].pid)
			close(self->model.worker[i].socket);
	close(self->node);
}

static int dead_worker(SELF)
{
	int w;

	for (w = 0; w < WORKERS; w++)
		if (!self->model.worker[w].pid)
			return w;
	return NONE;
}

static bool try_spawn(SELF)
{
	int w = dead_worker(self), pair[2];
	pid_t pid;

	/* Mostly there are two or three, so that forks find a place. */
	if (w == NONE || (model_workers(&self->model) > 2 && dice(self, 4)))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		WRONG("socketpair: %m");
		return true;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(pair[0]);
		forget_sockets(self);
		model_worker(pair[1], self->exchange, self->pages);
	}
	close(pair[1]);
	self->model.worker[w].pid = pid;
	self->model.worker[w].socket = pair[0];
	return true;
}

static bool try_fork(SELF)
{
	struct model_request request = { .op = OP_FORK };
	int parent = pick_worker(self), child = dead_worker(self), pair[2];
	struct model_reply reply;

	if (parent == NONE || child == NONE)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		WRONG("socketpair: %m");
		return true;
	}
	if (tell(self, parent, &request) &&
	    send_fd(self->model.worker[parent].socket, pair[1]))
		WRONG("no socket for the child");
	close(pair[1]);
	reply = hear(self, parent, &request);
	if (reply.ret <= 0) {
		WRONG("fork: %d", reply.ret);
		close(pair[0]);
		return true;
	}
	self->model.worker[child].pid = reply.ret;
	self->model.worker[child].socket = pair[0];
	model_worker_forked(&self->model, parent, child);
	/* It says that it is there, and has dropped what is not its own. */
	reply = hear(self, child, &request);
	if (reply.ret)
		WRONG("forked: %d", reply.ret);
	return true;
}

static void bury(SELF, int w, int expected)
{
	int status = wait_child(self->model.worker[w].pid);

	if (status != expected)
		WRONG("worker %d ended with %d, not %d", w, status, expected);
	close(self->model.worker[w].socket);
	model_worker_gone(&self->model, w);
}

static void end_worker(SELF, int w, bool by_force)
{
	struct model_request request = { .op = OP_EXIT };

	if (by_force)
		kill(self->model.worker[w].pid, SIGKILL);
	else
		tell(self, w, &request);
	bury(self, w, by_force ? 128 + SIGKILL : 0);
}

/* Rarely: what can always be done is chosen more often than it weighs. */
static bool is_safe(SELF)
{
	return model_workers(&self->model) < 2 || dice(self, 4);
}

static bool try_exit(SELF)
{
	int w = pick_worker(self);

	if (w == NONE || is_safe(self))
		return false;
	end_worker(self, w, false);
	return true;
}

static bool try_kill(SELF)
{
	int w = pick_worker(self);

	if (w == NONE || is_safe(self))
		return false;
	end_worker(self, w, true);
	return true;
}

/*
 * Killed while it does something whose effect, if it comes to that, dies with
 * it.
 */
static bool try_kill_busy(SELF)
{
	struct reach reach = {};
	struct model_request request;

	if (is_safe(self) || !pick_node(self, &reach))
		return false;
	request = on(OP_ALLOC, &reach);
	if (reach.file->holders == 1 && dice(self, 3)) {
		if (dice(self, 2))
			wish_hugetlb(self, &request.alloc);
		else
			wish_contig(self, &request.alloc);
		request.alloc.flags = 0;
	} else if (!wish_map_id(self, &reach, &request)) {
		return false;
	} else if (dice(self, 2)) {
		request.op = OP_EXPORT;
		request.fd = 0;
		if (self->model.worker[reach.w].fd[0] != NONE)
			return false;
	}
	if (!tell(self, reach.w, &request))
		return true;
	usleep(dice(self, 4) ? dice(self, 300) : dice(self, 5000));
	kill(self->model.worker[reach.w].pid, SIGKILL);
	bury(self, reach.w, 128 + SIGKILL);
	return true;
}
