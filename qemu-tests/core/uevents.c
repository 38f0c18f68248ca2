// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the uevents of mdevs, one on a line, as they arrive:
 *
 *	ACTION NAME COMPLETE [KEY=VALUE...]
 *
 * COMPLETE is "complete" if, when the event was read, the device had its links
 * and its "remove" attribute, else "incomplete". The keys are DRIVER and those
 * that begin with MDEV_. The first line is "listening". A synthetic "change"
 * event on the test driver's parent prints "mark": whatever was sent before it
 * has been printed. A synthetic "offline" event ends the program.
 */
#include <err.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARENT_SUBSYSTEM "mdev_testdrv"

struct event {
	const char *action;
	const char *devpath;
	const char *subsystem;
	bool synthetic;
	char keys[1024];
};

static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) || line[len] != '=')
		return NULL;
	return line + len + 1;
}

/* @buf holds strings with a NUL after each; the first is "action@devpath". */
static void parse(struct event *event, const char *buf, size_t len)
{
	const char *line;

	memset(event, 0, sizeof(*event));
	event->action = event->devpath = event->subsystem = "";
	for (line = buf; line < buf + len; line += strlen(line) + 1) {
		const char *value;

		if ((value = value_of(line, "ACTION")))
			event->action = value;
		else if ((value = value_of(line, "DEVPATH")))
			event->devpath = value;
		else if ((value = value_of(line, "SUBSYSTEM")))
			event->subsystem = value;
		else if (value_of(line, "SYNTH_UUID"))
			event->synthetic = true;
		else if (value_of(line, "DRIVER") ||
			 !strncmp(line, "MDEV_", 5))
			snprintf(event->keys + strlen(event->keys),
				 sizeof(event->keys) - strlen(event->keys),
				 " %s", line);
	}
}

static bool has(const struct event *event, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "/sys%s/%s", event->devpath, name);
	return !access(path, F_OK);
}

static void print(const struct event *event)
{
	const char *name = strrchr(event->devpath, '/');
	bool complete = has(event, "remove") && has(event, "mdev_type");

	printf("%s %s %s%s\n", event->action, name ? name + 1 : "",
	       complete ? "complete" : "incomplete", event->keys);
}

int main(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = 1 << 20;
	char buf[8192];
	int fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "bind");
	puts("listening");

	for (;;) {
		ssize_t len = recv(fd, buf, sizeof(buf) - 1, 0);
		struct event event;

		if (len < 0)
			err(1, "recv");
		buf[len] = 0;
		parse(&event, buf, len);
		if (!strcmp(event.subsystem, "mdev"))
			print(&event);
		if (strcmp(event.subsystem, PARENT_SUBSYSTEM) ||
		    !event.synthetic)
			continue;
		if (!strcmp(event.action, "offline"))
			return 0;
		puts("mark");
	}
}
