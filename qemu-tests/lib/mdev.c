// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "mdev.h"

#define MDEV_PATH_MAX	512

int sysfs_write(const char *path, const char *text)
{
	ssize_t written;
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	if (written < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int sysfs_read(const char *path, char *buf, size_t size)
{
	ssize_t len;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	ret = len < 0 ? -errno : 0;
	close(fd);
	if (ret)
		return ret;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return 0;
}

void mdev_uuid_random(char uuid[MDEV_UUID_LEN + 1])
{
	uint8_t b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		abort();
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, MDEV_UUID_LEN + 1,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
		 b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static void mdev_type_path(char *path, const char *parent, const char *type, const char *file)
{
	snprintf(path, MDEV_PATH_MAX, "/sys/class/mdev_bus/%s/mdev_supported_types/%s/%s",
		 parent, type, file);
}

int mdev_create(const char *parent, const char *type, const char *uuid)
{
	char path[MDEV_PATH_MAX];

	mdev_type_path(path, parent, type, "create");
	return sysfs_write(path, uuid);
}

int mdev_remove(const char *uuid)
{
	char path[MDEV_PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/remove", uuid);
	return sysfs_write(path, "1");
}

int mdev_available(const char *parent, const char *type)
{
	char path[MDEV_PATH_MAX];
	char text[32];
	int ret;

	mdev_type_path(path, parent, type, "available_instances");
	ret = sysfs_read(path, text, sizeof(text));
	return ret ? ret : atoi(text);
}

int mdev_exists(const char *uuid)
{
	char path[MDEV_PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", uuid);
	return access(path, F_OK) == 0;
}
