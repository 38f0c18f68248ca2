/* SPDX-License-Identifier: GPL-2.0-only */
/* The main thread: connections and signals. */
#ifndef VU_LOOP_H
#define VU_LOOP_H

#include "listen.h"
#include "options.h"

struct vu_connection;
struct vu_vnc;

/**
 * struct vu_port - a device and where clients come in; the main thread's
 * @device: the device; sessions use it too
 * @listener: the socket
 * @screenshot: file for its picture when SIGUSR1 comes, or NULL
 * @vnc: lets people look at the device, NULL if nobody is to
 * @connections: those that have not been cleaned up
 * @num_connections: how many
 */
struct vu_port {
	struct vu_device device;
	struct vu_listener listener;
	const char *screenshot;
	struct vu_vnc *vnc;
	struct vu_connection *connections;
	unsigned int num_connections;
};

/**
 * struct vu_server - all of it
 * @ports: fixed once the server runs
 * @num_ports: how many
 * @limits: of sessions
 * @control: where commands come in, without descriptor if there is none
 * @signals: a signalfd
 * @wake: an eventfd that a thread signals when it ends
 * @tasks: threads that look at a device on behalf of somebody
 */
struct vu_server {
	struct vu_port ports[VU_MAX_DEVICES];
	unsigned int num_ports;
	struct vu_limits limits;
	struct vu_listener control;
	int signals;
	int wake;
	atomic_uint tasks;
};

int vu_server_init(struct vu_server *server, const struct vu_options *options);
int vu_server_run(struct vu_server *server);
void vu_server_fini(struct vu_server *server);

/* task.c */
int vu_task_start(struct vu_server *server, void (*run)(struct vu_server *server, void *data),
		  void *data);
void vu_tasks_wait(struct vu_server *server);

/* connection.c */
int vu_connection_start(struct vu_server *server, struct vu_port *port, int fd);
void vu_connections_reap(struct vu_port *port);
void vu_connections_stop(struct vu_port *port);

#endif /* VU_LOOP_H */
