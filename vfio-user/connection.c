// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections: a session and its thread.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

/* Beyond these, somebody connects without doing anything. */
#define VU_MAX_CONNECTIONS	8

/* How often and how long to wait for a thread that has been told to end. */
#define VU_STOP_TRIES		20
#define VU_STOP_NS		(100 * VU_MS_NS)

/**
 * struct vu_connection - a connection
 * @next: in the port's list
 * @wake: the server's eventfd
 * @session: the thread's, until @done
 * @thread: joined by the main thread
 * @done: the thread has nothing more to do
 */
struct vu_connection {
	struct vu_connection *next;
	int wake;
	struct vu_session session;
	pthread_t thread;
	atomic_bool done;
};

static void *vu_connection_thread(void *data)
{
	static const uint64_t one = 1;
	struct vu_connection *connection = data;
	const char *name = connection->session.device->name;

	vu_session_run(&connection->session);
	vu_session_fini(&connection->session);
	vu_info("%s: connection ended", name);
	atomic_store(&connection->done, true);
	if (write(connection->wake, &one, sizeof(one)) < 0)
		vu_error("%s: %m", name);
	return NULL;
}

static void vu_connection_free(struct vu_connection *connection)
{
	close(connection->session.fd);
	free(connection);
}

/**
 * vu_connection_start() - serve a client
 * @server: the server
 * @port: where it has connected
 * @fd: its socket, which is closed in the end, whatever happens
 *
 * Return: 0, or a negative errno.
 */
int vu_connection_start(struct vu_server *server, struct vu_port *port, int fd)
{
	struct vu_connection *connection;
	int ret;

	if (port->num_connections == VU_MAX_CONNECTIONS) {
		close(fd);
		return -EUSERS;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection) {
		close(fd);
		return -ENOMEM;
	}
	connection->wake = server->wake;
	atomic_init(&connection->done, false);
	ret = vu_session_init(&connection->session, &port->device, &server->limits, fd);
	if (ret)
		goto err_free;
	ret = -pthread_create(&connection->thread, NULL, vu_connection_thread, connection);
	if (ret) {
		vu_session_fini(&connection->session);
		goto err_free;
	}
	connection->next = port->connections;
	port->connections = connection;
	port->num_connections++;
	vu_info("%s: client connected", port->device.name);
	return 0;

err_free:
	close(fd);
	free(connection);
	return ret;
}

/**
 * vu_connections_reap() - clean up behind the connections that have ended
 * @port: the port
 */
void vu_connections_reap(struct vu_port *port)
{
	struct vu_connection **at = &port->connections;

	while (*at) {
		struct vu_connection *connection = *at;

		if (!atomic_load(&connection->done)) {
			at = &connection->next;
			continue;
		}
		*at = connection->next;
		port->num_connections--;
		pthread_join(connection->thread, NULL);
		vu_connection_free(connection);
	}
}

/* Wait until the thread ends; where it waits for something by itself, the signal interrupts. */
static bool vu_connection_join(struct vu_connection *connection)
{
	unsigned int i;

	for (i = 0; i < VU_STOP_TRIES; i++) {
		struct timespec deadline;

		vu_device_interrupt(connection->session.device);

		deadline = vu_time_in(CLOCK_REALTIME, VU_STOP_NS);
		if (!pthread_timedjoin_np(connection->thread, NULL, &deadline))
			return true;
		pthread_kill(connection->thread, SIGRTMIN);
	}
	return false;
}

/**
 * vu_connections_stop() - end all connections
 * @port: the port
 *
 * A client that has asked for it is told through its REQ interrupt.
 */
void vu_connections_stop(struct vu_port *port)
{
	struct vu_connection *connection;

	for (connection = port->connections; connection; connection = connection->next)
		vu_session_stop(&connection->session);
	while (port->connections) {
		connection = port->connections;
		port->connections = connection->next;
		port->num_connections--;
		if (vu_connection_join(connection))
			vu_connection_free(connection);
		else
			vu_error("%s: a session does not end", port->device.name);
	}
}
