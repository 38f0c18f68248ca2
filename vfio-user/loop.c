// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main thread.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "view.h"

/* After an accept that failed for want of descriptors or memory, in milliseconds. */
#define VU_ACCEPT_PAUSE		100

enum vu_poll {
	VU_POLL_SIGNALS,
	VU_POLL_WAKE,
	VU_POLL_CONTROL,
	VU_POLL_PORTS,
};

static void vu_signal_nothing(int number)
{
	(void)number;
}

/* SIGRTMIN interrupts a thread that is to end and waits; the others come through a descriptor. */
static int vu_signals_init(void)
{
	struct sigaction interrupt = { .sa_handler = vu_signal_nothing };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	if (sigaction(SIGRTMIN, &interrupt, NULL) || sigaction(SIGPIPE, &ignore, NULL) ||
	    pthread_sigmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int vu_port_listen(struct vu_port *port, const struct vu_device_options *options)
{
	if (options->socket)
		return vu_listen(&port->listener, options->socket);
	return vu_listen_adopt(&port->listener, options->fd);
}

/* The port has something to clean up even where this fails. */
static int vu_port_init(struct vu_port *port, const struct vu_device_options *options)
{
	int ret;

	vu_device_init(&port->device, options->socket ? options->socket : "inherited socket",
		       &options->config, options->hide_msix);
	port->screenshot = options->screenshot;
	ret = vu_port_listen(port, options);
	if (ret) {
		vu_error("%s: %s", port->device.name, strerror(-ret));
		return ret;
	}
	vu_info("%s: listening, %u MiB VRAM, %ux%u", port->device.name,
		options->config.vram_size >> 20, options->config.mode_width,
		options->config.mode_height);
	if (options->vnc)
		ret = vu_vnc_start(&port->vnc, &port->device, options->vnc);
	if (ret)
		vu_error("--vnc %s: %s", options->vnc, strerror(-ret));
	return ret;
}

static int vu_ports_init(struct vu_server *server, const struct vu_options *options)
{
	unsigned int i;
	int ret;

	for (i = 0; i < options->num_devices; i++) {
		server->num_ports++;
		ret = vu_port_init(&server->ports[i], &options->devices[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * vu_server_init() - open everything
 * @server: zeroed memory; vu_server_fini() is due even where this fails
 * @options: the command line
 *
 * Return: 0, or a negative errno; the reason is logged.
 */
int vu_server_init(struct vu_server *server, const struct vu_options *options)
{
	int ret;

	server->control.fd = -1;
	server->limits = options->limits;
	atomic_init(&server->tasks, 0);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->signals = vu_signals_init();
	if (server->wake < 0 || server->signals < 0) {
		vu_error("no descriptors: %m");
		return -EMFILE;
	}
	if (options->control) {
		ret = vu_listen(&server->control, options->control);
		if (ret) {
			vu_error("%s: %s", options->control, strerror(-ret));
			return ret;
		}
	}
	return vu_ports_init(server, options);
}

/**
 * vu_server_fini() - end all connections and close everything
 * @server: what vu_server_init() has filled in
 */
void vu_server_fini(struct vu_server *server)
{
	unsigned int i;

	vu_listen_close(&server->control);
	for (i = 0; i < server->num_ports; i++) {
		vu_listen_close(&server->ports[i].listener);
		/* Whom a client holds up goes on then. */
		vu_connections_stop(&server->ports[i]);
		vu_vnc_stop(server->ports[i].vnc);
	}
	vu_tasks_wait(server);
	for (i = 0; i < server->num_ports; i++)
		vu_device_fini(&server->ports[i].device);
	if (server->wake >= 0)
		close(server->wake);
	if (server->signals >= 0)
		close(server->signals);
}

/* The connection, or a negative errno; it waits where the machine has run out of something. */
static int vu_accept(const struct vu_listener *listener, const char *name)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
	int ret = -errno;

	if (fd >= 0)
		return fd;
	if (ret != -EAGAIN && ret != -ECONNABORTED && ret != -EINTR) {
		vu_error("%s: %s", name, strerror(-ret));
		poll(NULL, 0, VU_ACCEPT_PAUSE);
	}
	return ret;
}

static void vu_port_accept(struct vu_server *server, struct vu_port *port)
{
	int fd = vu_accept(&port->listener, port->device.name);
	int ret;

	if (fd < 0)
		return;
	ret = vu_connection_start(server, port, fd);
	if (ret)
		vu_warn("%s: a client is turned away: %s", port->device.name, strerror(-ret));
}

static void vu_screenshots(struct vu_server *server, void *data)
{
	unsigned int i;

	(void)data;
	for (i = 0; i < server->num_ports; i++) {
		struct vu_port *port = &server->ports[i];
		int ret;

		if (!port->screenshot)
			continue;
		ret = vu_picture_save(&port->device, port->screenshot);
		if (ret)
			vu_warn("%s: no picture in %s: %s", port->device.name, port->screenshot,
				strerror(-ret));
		else
			vu_info("%s: picture saved in %s", port->device.name, port->screenshot);
	}
}

/* Whether the server goes on. */
static bool vu_server_signal(struct vu_server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGUSR1) {
		vu_info("ending: %s", strsignal(info.ssi_signo));
		return false;
	}
	if (vu_task_start(server, vu_screenshots, NULL))
		vu_error("no thread to save pictures");
	return true;
}

static void vu_server_reap(struct vu_server *server)
{
	uint64_t count;
	unsigned int i;

	if (read(server->wake, &count, sizeof(count)) < 0)
		return;
	for (i = 0; i < server->num_ports; i++)
		vu_connections_reap(&server->ports[i]);
}

static void vu_server_poll_set(const struct vu_server *server, struct pollfd *fds)
{
	unsigned int i;

	fds[VU_POLL_SIGNALS].fd = server->signals;
	fds[VU_POLL_WAKE].fd = server->wake;
	fds[VU_POLL_CONTROL].fd = server->control.fd;
	for (i = 0; i < server->num_ports; i++)
		fds[VU_POLL_PORTS + i].fd = server->ports[i].listener.fd;
	for (i = 0; i < VU_POLL_PORTS + server->num_ports; i++)
		fds[i].events = POLLIN;
}

/**
 * vu_server_run() - accept clients until a signal ends it
 * @server: one that has been initialized
 *
 * Return: 0, or a negative errno.
 */
int vu_server_run(struct vu_server *server)
{
	struct pollfd fds[VU_POLL_PORTS + VU_MAX_DEVICES];
	unsigned int i;
	int fd;

	vu_server_poll_set(server, fds);
	for (;;) {
		if (poll(fds, VU_POLL_PORTS + server->num_ports, -1) < 0) {
			if (errno == EINTR)
				continue;
			vu_error("poll: %m");
			return -errno;
		}
		if (fds[VU_POLL_WAKE].revents)
			vu_server_reap(server);
		if (fds[VU_POLL_SIGNALS].revents && !vu_server_signal(server))
			return 0;
		if (fds[VU_POLL_CONTROL].revents) {
			fd = vu_accept(&server->control, "control socket");
			if (fd >= 0 && vu_control_accept(server, fd))
				vu_warn("control socket: somebody is turned away");
		}
		for (i = 0; i < server->num_ports; i++)
			if (fds[VU_POLL_PORTS + i].revents)
				vu_port_accept(server, &server->ports[i]);
	}
}
