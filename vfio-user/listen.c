// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that listen: made here, inherited, or given by systemd.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "listen.h"
#include "log.h"

#define VU_BACKLOG		16
#define VU_ACTIVATION_FIRST	3

static int vu_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

/**
 * vu_connect() - connect to a socket
 * @path: its file
 *
 * Return: the descriptor, or a negative errno.
 */
int vu_connect(const char *path)
{
	struct sockaddr_un address;
	int fd, ret;

	ret = vu_address(&address, path);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* What a server that was killed has left behind is in the way; one that lives is not. */
static void vu_remove_stale(const char *path)
{
	struct stat status;
	int fd;

	if (lstat(path, &status) || !S_ISSOCK(status.st_mode))
		return;
	fd = vu_connect(path);
	if (fd >= 0)
		close(fd);
	else if (fd == -ECONNREFUSED)
		unlink(path);
}

static int vu_bind(struct vu_listener *listener, const char *path)
{
	struct sockaddr_un address;
	struct stat status;
	int ret = vu_address(&address, path);

	if (ret)
		return ret;
	if (bind(listener->fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	if (!lstat(path, &status)) {
		listener->path = path;
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	return listen(listener->fd, VU_BACKLOG) ? -errno : 0;
}

/**
 * vu_listen() - listen on a new socket
 * @listener: filled in; has no descriptor where this fails
 * @path: of its file; must stay as long as the listener.  A socket there that
 *	nobody listens on is replaced.
 *
 * Return: 0, or a negative errno.
 */
int vu_listen(struct vu_listener *listener, const char *path)
{
	int ret;

	listener->path = NULL;
	vu_remove_stale(path);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	ret = vu_bind(listener, path);
	if (ret)
		vu_listen_close(listener);
	return ret;
}

static int vu_socket_option(int fd, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) ? -1 : value;
}

/**
 * vu_listen_adopt() - listen on a socket that was inherited
 * @listener: filled in; has no descriptor where this fails
 * @fd: the socket
 *
 * Return: 0, -EINVAL where it is not a Unix stream socket that listens, or
 * another errno.
 */
int vu_listen_adopt(struct vu_listener *listener, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	listener->fd = -1;
	listener->path = NULL;
	if (flags < 0)
		return -errno;
	if (vu_socket_option(fd, SO_DOMAIN) != AF_UNIX ||
	    vu_socket_option(fd, SO_TYPE) != SOCK_STREAM ||
	    vu_socket_option(fd, SO_ACCEPTCONN) != 1)
		return -EINVAL;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	listener->fd = fd;
	return 0;
}

/**
 * vu_listen_activated() - what systemd's socket activation gives this process
 * @first: set to the first descriptor; the others follow it
 *
 * Return: how many there are.
 */
unsigned int vu_listen_activated(int *first)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");

	*first = VU_ACTIVATION_FIRST;
	if (!pid || !count || strtol(pid, NULL, 10) != getpid())
		return 0;
	return strtoul(count, NULL, 10);
}

/**
 * vu_listen_close() - stop listening and remove the socket's file, unless it
 * has become another's
 * @listener: one that listens, or has no descriptor
 */
void vu_listen_close(struct vu_listener *listener)
{
	struct stat status;

	if (listener->fd < 0)
		return;
	if (listener->path && !lstat(listener->path, &status) &&
	    status.st_dev == listener->device && status.st_ino == listener->inode &&
	    unlink(listener->path))
		vu_warn("%s: %m", listener->path);
	close(listener->fd);
	listener->fd = -1;
}
