// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening and closing: the device alone, and with its group and a container.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <unistd.h>

#include "target.h"

struct opened {
	const char *uuid;
	int container;
	int group;
};

static void detach(struct opened *opened)
{
	if (opened->group >= 0)
		close(opened->group);
	if (opened->container >= 0)
		close(opened->container);
	opened->group = -1;
	opened->container = -1;
}

static bool attach(struct opened *opened)
{
	opened->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	opened->group = vdev_vfio_open_group_file(opened->uuid);
	if (opened->container >= 0 && opened->group >= 0 &&
	    !ioctl(opened->group, VFIO_GROUP_SET_CONTAINER, &opened->container) &&
	    !ioctl(opened->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return true;
	detach(opened);
	return false;
}

static bool op_device(void *ctx, unsigned int i)
{
	struct opened *opened = ctx;
	int fd;

	(void)i;
	fd = ioctl(opened->group, VFIO_GROUP_GET_DEVICE_FD, opened->uuid);
	return fd >= 0 && !close(fd);
}

static bool op_all(void *ctx, unsigned int i)
{
	struct opened *opened = ctx;
	bool ok;

	if (!attach(opened))
		return false;
	ok = op_device(opened, i);
	detach(opened);
	return ok;
}

static const struct bench bench_device = {
	.name = "device-open-close",
	.op = op_device,
};

static const struct bench bench_all = {
	.name = "container-open-close",
	.op = op_all,
};

bool bench_opens(struct target *target)
{
	struct opened opened = { target->uuid, -1, -1 };
	bool ok;

	ok = bench_run(&bench_all, target->variant, &opened);
	if (!attach(&opened)) {
		fprintf(stderr, "bench: cannot open the group of %s: %s\n",
			target->variant, strerror(errno));
		return false;
	}
	ok &= bench_run(&bench_device, target->variant, &opened);
	detach(&opened);
	return ok;
}
