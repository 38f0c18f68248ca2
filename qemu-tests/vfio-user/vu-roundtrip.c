// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a register access costs over the socket, beside a plain ping-pong of messages of the same
 * size through recvmsg and sendmsg with room for descriptors; on one processor, and on two.
 *
 * Argument: how many round trips.  Prints a JSON line for each: nanoseconds a round trip, the
 * fastest, the median and the 99th in a hundred.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mvgpu_regs.h"
#include "server.h"
#include "trips.h"

#define READ_COMMAND	(sizeof(struct vu_header) + sizeof(struct vu_region_access))
#define READ_REPLY	(READ_COMMAND + 4)
#define WRITE_COMMAND	READ_REPLY
#define WRITE_REPLY	READ_COMMAND

static unsigned long num_trips;

static ssize_t receive(int fd, void *buf, size_t room, bool polling)
{
	char control[CMSG_SPACE(sizeof(int) * VU_MAX_FDS)];
	struct iovec iov = { .iov_base = buf, .iov_len = room };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	ssize_t got;

	do
		got = recvmsg(fd, &msg, polling ? MSG_DONTWAIT : 0);
	while (got < 0 && errno == EAGAIN);
	return got;
}

static ssize_t transmit(int fd, const void *buf, size_t size)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static void measure(int fd, const void *command, size_t size, size_t wanted, const char *bench,
		    const char *variant, unsigned int cpus, bool polling)
{
	long long *trips = calloc(num_trips, sizeof(*trips));
	char reply[256], name[64];
	long i;

	if (!trips)
		tap_bail("no memory");
	for (i = -TRIPS_WARM_UP; i < (long)num_trips; i++) {
		long long begun = now_ns();

		if (transmit(fd, command, size) != (ssize_t)size ||
		    receive(fd, reply, sizeof(reply), polling) != (ssize_t)wanted)
			tap_bail("%s, %s: a trip failed", bench, variant);
		if (i >= 0)
			trips[i] = now_ns() - begun;
	}
	snprintf(name, sizeof(name), "%s-%ucpu", bench, cpus);
	trips_print(name, variant, trips, num_trips);
	free(trips);
}

/* The other end of the plain one: answers what comes with @reply bytes. */
static pid_t echo(int fd, int other, size_t reply, bool polling)
{
	pid_t pid = fork();
	char buf[256] = { };

	if (pid)
		return pid;
	close(other);
	while (receive(fd, buf, sizeof(buf), polling) > 0)
		transmit(fd, buf, reply);
	_exit(0);
}

static void plain(const void *command, size_t size, size_t reply, const char *bench,
		  unsigned int cpus, bool polling)
{
	int wire[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, wire))
		tap_bail("socketpair: %s", strerror(errno));
	pid = echo(wire[1], wire[0], reply, polling);
	close(wire[1]);
	trips_pin(pid, cpus - 1);
	measure(wire[0], command, size, reply, bench, polling ? "plain-polling" : "plain", cpus,
		false);
	close(wire[0]);
	waitpid(pid, NULL, 0);
}

static void access_command(uint8_t *to, uint16_t command, uint64_t offset, size_t payload)
{
	struct vu_region_access access = { .region = BAR2, .offset = offset, .count = 4 };
	struct vu_header header;

	vuc_header(&header, command, payload);
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), &access, sizeof(access));
}

static void served(const uint8_t *read, const uint8_t *write, unsigned int cpus,
		   const char *variant, const char *const *options, bool polling)
{
	struct server server;
	int fd;

	server_start(&server, options);
	trips_pin(server.pid, cpus - 1);
	fd = server_attach(&server);
	measure(fd, read, READ_COMMAND, READ_REPLY, "socket-read-4", variant, cpus,
		polling);
	measure(fd, write, WRITE_COMMAND, WRITE_REPLY, "socket-write-4", variant, cpus,
		polling);
	close(fd);
	server_stop(&server, SIGTERM);
}

int main(int argc, char **argv)
{
	static const char *const blocking[] = { "--log-level", "info", NULL };
	static const char *const polling[] = { "--log-level", "info", "--poll", "200", NULL };
	uint8_t read[READ_COMMAND] = { }, write[WRITE_COMMAND] = { };
	unsigned int cpus, max = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;

	num_trips = trips_count(argc, argv);
	access_command(read, VU_REGION_READ, MVGPU_REG_ID, sizeof(read) - sizeof(struct vu_header));
	access_command(write, VU_REGION_WRITE, MVGPU_REG_SCRATCH,
		       sizeof(write) - sizeof(struct vu_header));
	trips_pin(0, 0);
	for (cpus = 1; cpus <= max; cpus++) {
		plain(read, READ_COMMAND, READ_REPLY, "socket-read-4", cpus, false);
		plain(write, WRITE_COMMAND, WRITE_REPLY, "socket-write-4", cpus, false);
		served(read, write, cpus, "server", blocking, false);
		if (cpus == 1)
			continue;
		plain(read, READ_COMMAND, READ_REPLY, "socket-read-4", cpus, true);
		plain(write, WRITE_COMMAND, WRITE_REPLY, "socket-write-4", cpus, true);
		served(read, write, cpus, "server-polling", polling, false);
		served(read, write, cpus, "both-polling", polling, true);
	}
	return 0;
}
