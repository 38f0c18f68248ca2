// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: a line in, lines out, the last of which is "ok" or begins
 * with "error".
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"
#include "view.h"

#define VU_CONTROL_LINE		4096
#define VU_CONTROL_TIMEOUT_S	5
#define VU_TELL_TIMEOUT_S	30

static bool vu_device_attached(struct vu_device *device)
{
	struct vu_gpu *gpu = vu_device_look(device);

	if (gpu)
		vu_gpu_put(gpu);
	return gpu;
}

static int vu_control_list(struct vu_server *server, const char *arguments, int out)
{
	unsigned int i;

	if (*arguments)
		return -EINVAL;
	for (i = 0; i < server->num_ports; i++) {
		struct vu_device *device = &server->ports[i].device;

		dprintf(out, "%u %s %u MiB %ux%u %s\n", i, device->name,
			device->config.vram_size >> 20, device->config.mode_width,
			device->config.mode_height,
			vu_device_attached(device) ? "attached" : "free");
	}
	return 0;
}

/* Take a number, and the space behind it, from the beginning of @text. */
static bool vu_control_number(const char **text, __u64 *number)
{
	char *end;

	errno = 0;
	*number = strtoull(*text, &end, 0);
	if (**text < '0' || **text > '9' || errno || *end != ' ')
		return false;
	*text = end + 1;
	return true;
}

/* Take a device's number; there has to be something behind it. */
static int vu_control_device(struct vu_server *server, const char **text, struct vu_device **device)
{
	__u64 number;

	if (!vu_control_number(text, &number) || !**text)
		return -EINVAL;
	if (number >= server->num_ports)
		return -ENODEV;
	*device = &server->ports[number].device;
	return 0;
}

static int vu_control_screenshot(struct vu_server *server, const char *arguments, int out)
{
	struct vu_device *device;
	int ret = vu_control_device(server, &arguments, &device);

	(void)out;
	return ret ? ret : vu_picture_save(device, arguments);
}

static int vu_control_dma_read(struct vu_server *server, const char *arguments, int out)
{
	struct vu_device *device;
	int ret = vu_control_device(server, &arguments, &device);
	__u64 address, size;

	(void)out;
	if (ret)
		return ret;
	if (!vu_control_number(&arguments, &address) || !vu_control_number(&arguments, &size))
		return -EINVAL;
	return vu_memory_save(device, address, size, arguments);
}

static int vu_control_dma_write(struct vu_server *server, const char *arguments, int out)
{
	struct vu_device *device;
	int ret = vu_control_device(server, &arguments, &device);
	__u64 address;

	(void)out;
	if (ret)
		return ret;
	if (!vu_control_number(&arguments, &address))
		return -EINVAL;
	return vu_memory_load(device, address, arguments);
}

static const struct vu_control_command {
	const char *name;
	int (*run)(struct vu_server *server, const char *arguments, int out);
} vu_control_commands[] = {
	{ "list", vu_control_list },
	{ "screenshot", vu_control_screenshot },
	{ "dma-read", vu_control_dma_read },
	{ "dma-write", vu_control_dma_write },
};

static int vu_control_run(struct vu_server *server, char *line, int out)
{
	size_t name = strcspn(line, " ");
	char *arguments = line + name;
	unsigned int i;

	if (*arguments)
		*arguments++ = '\0';
	for (i = 0; i < ARRAY_SIZE(vu_control_commands); i++)
		if (!strcmp(line, vu_control_commands[i].name))
			return vu_control_commands[i].run(server, arguments, out);
	return -ENOSYS;
}

static int vu_socket_timeout(int fd, unsigned int seconds)
{
	struct timeval timeout = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		return -errno;
	return 0;
}

static void vu_control_serve(struct vu_server *server, void *data)
{
	int fd = (intptr_t)data;
	FILE *peer = fdopen(fd, "r");
	char line[VU_CONTROL_LINE], *end;
	int ret;

	if (!peer) {
		close(fd);
		return;
	}
	end = fgets(line, sizeof(line), peer) ? strchr(line, '\n') : NULL;
	if (end) {
		*end = '\0';
		ret = vu_control_run(server, line, fd);
		if (ret)
			dprintf(fd, "error: %s\n", strerror(-ret));
		else
			dprintf(fd, "ok\n");
	}
	fclose(peer);
}

/**
 * vu_control_accept() - serve one who has connected to the control socket
 * @server: the server
 * @fd: the connection, which is closed in the end, whatever happens
 *
 * Return: 0, or a negative errno.
 */
int vu_control_accept(struct vu_server *server, int fd)
{
	int ret = vu_socket_timeout(fd, VU_CONTROL_TIMEOUT_S);

	if (!ret)
		ret = vu_task_start(server, vu_control_serve, (void *)(intptr_t)fd);
	if (ret)
		close(fd);
	return ret;
}

static bool vu_tell_print(FILE *peer)
{
	char line[VU_CONTROL_LINE];

	while (fgets(line, sizeof(line), peer)) {
		if (!strcmp(line, "ok\n"))
			return true;
		if (!strncmp(line, "error", strlen("error"))) {
			fprintf(stderr, "mvgpu-server: %s", line);
			return false;
		}
		fputs(line, stdout);
	}
	vu_error("no answer");
	return false;
}

/**
 * vu_control_tell() - give a command to a server
 * @path: its control socket
 * @command: a line without the newline
 *
 * Prints what the server answers.
 *
 * Return: 0, or a negative errno.
 */
int vu_control_tell(const char *path, const char *command)
{
	int fd = vu_connect(path);
	FILE *peer;
	bool ok;

	if (fd < 0) {
		vu_error("%s: %s", path, strerror(-fd));
		return fd;
	}
	peer = vu_socket_timeout(fd, VU_TELL_TIMEOUT_S) ? NULL : fdopen(fd, "r");
	if (!peer) {
		close(fd);
		return -EIO;
	}
	dprintf(fd, "%s\n", command);
	ok = vu_tell_print(peer);
	fclose(peer);
	return ok ? 0 : -EIO;
}
