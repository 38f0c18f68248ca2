// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks: short-lived threads.  What waits for a client, a disk or a peer is
 * done in one, so that the main thread never waits.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "loop.h"

#define VU_MAX_TASKS	32
#define VU_WAIT_TRIES	100
#define VU_WAIT_NS	20000000

struct vu_task {
	struct vu_server *server;
	void (*run)(struct vu_server *server, void *data);
	void *data;
};

static void *vu_task_thread(void *data)
{
	struct vu_task task = *(struct vu_task *)data;

	free(data);
	task.run(task.server, task.data);
	atomic_fetch_sub(&task.server->tasks, 1);
	return NULL;
}

/**
 * vu_task_start() - let a thread do something
 * @server: the server
 * @run: what; it has @data from now on, where this succeeds
 * @data: for @run
 *
 * Return: 0, -EAGAIN where there are too many threads, -ENOMEM.
 */
int vu_task_start(struct vu_server *server, void (*run)(struct vu_server *server, void *data),
		  void *data)
{
	struct vu_task *task;
	pthread_t thread;
	int ret;

	if (atomic_load(&server->tasks) >= VU_MAX_TASKS)
		return -EAGAIN;
	task = malloc(sizeof(*task));
	if (!task)
		return -ENOMEM;
	*task = (struct vu_task) { server, run, data };
	atomic_fetch_add(&server->tasks, 1);
	ret = -pthread_create(&thread, NULL, vu_task_thread, task);
	if (ret) {
		atomic_fetch_sub(&server->tasks, 1);
		free(task);
		return ret;
	}
	pthread_detach(thread);
	return 0;
}

/**
 * vu_tasks_wait() - give the tasks some time to end
 * @server: the server
 */
void vu_tasks_wait(struct vu_server *server)
{
	static const struct timespec pause = { .tv_nsec = VU_WAIT_NS };
	unsigned int i;

	for (i = 0; i < VU_WAIT_TRIES && atomic_load(&server->tasks); i++)
		nanosleep(&pause, NULL);
}
