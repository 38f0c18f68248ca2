// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-user as a transport: a connection to mvgpu-server.
 *
 * What the protocol has no message for says -ENOTTY: the display plane.  A mapping is one of the
 * file that came with the region's description.  The server gets memory that is in a file
 * (dmamem.h), and of all other no more than its address.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmamem.h"
#include "vdev.h"
#include "vuclient.h"

/**
 * struct vdev_user - a device behind a socket
 * @base: what the tests see
 * @fd: the socket
 */
struct vdev_user {
	struct vdev base;
	int fd;
};

static struct vdev_user *to_user(const struct vdev *vdev)
{
	return (struct vdev_user *)((char *)vdev - offsetof(struct vdev_user, base));
}

static int vdev_user_get_info(struct vdev *vdev, struct vfio_device_info *info)
{
	struct vu_device_info message = { .argsz = info->argsz };
	ssize_t got;

	got = vuc_call(to_user(vdev)->fd, VU_DEVICE_GET_INFO, &message, sizeof(message), &message,
		       sizeof(message));
	if (got < 0)
		return got;
	info->flags = message.flags;
	info->num_regions = message.num_regions;
	info->num_irqs = message.num_irqs;
	return 0;
}

/* The description, and the file that may come with it, or -1. */
static int vdev_user_region(struct vdev *vdev, struct vfio_region_info *info, int *file)
{
	struct vuc_reply reply;
	unsigned int i;
	ssize_t got;

	got = vuc_call_fds(to_user(vdev)->fd, VU_DEVICE_GET_REGION_INFO, info, sizeof(*info), NULL,
			   0, &reply);
	if (got < 0)
		return got;
	memcpy(info, reply.payload, sizeof(*info));
	for (i = 1; i < reply.num_fds; i++)
		close(reply.fds[i]);
	*file = reply.num_fds ? reply.fds[0] : -1;
	return 0;
}

static int vdev_user_get_region_info(struct vdev *vdev, struct vfio_region_info *info)
{
	uint32_t argsz = info->argsz;
	int file, ret;

	ret = vdev_user_region(vdev, info, &file);
	if (ret)
		return ret;
	if (file >= 0)
		close(file);
	info->argsz = argsz;
	return 0;
}

static int vdev_user_get_irq_info(struct vdev *vdev, struct vfio_irq_info *info)
{
	uint32_t argsz = info->argsz;
	ssize_t got;

	got = vuc_call(to_user(vdev)->fd, VU_DEVICE_GET_IRQ_INFO, info, sizeof(*info), info,
		       sizeof(*info));
	info->argsz = argsz;
	return got < 0 ? got : 0;
}

static int vdev_user_query_plane(struct vdev *vdev, struct vfio_device_gfx_plane_info *plane)
{
	(void)vdev;
	(void)plane;
	return -ENOTTY;
}

static int vdev_user_send_set(struct vdev *vdev, const struct vfio_irq_set *set, size_t size,
			      const int *fds, unsigned int num_fds)
{
	struct vuc_reply reply;
	ssize_t got;

	got = vuc_call_fds(to_user(vdev)->fd, VU_DEVICE_SET_IRQS, set, size, fds, num_fds, &reply);
	return got < 0 ? got : 0;
}

/* Descriptors go in runs: all that are there, or none where there is -1. */
static int vdev_user_set_eventfds(struct vdev *vdev, const struct vfio_irq_set *set)
{
	const int *fds = (const int *)set->data;
	struct vfio_irq_set part = *set;
	uint32_t i, run;
	int ret;

	part.argsz = sizeof(part);
	if (!set->count || set->count > VU_MAX_FDS)
		return vdev_user_send_set(vdev, &part, sizeof(part), NULL, 0);
	if (set->argsz < sizeof(*set) + set->count * sizeof(*fds))
		return -EINVAL;
	for (i = 0; i < set->count; i += run) {
		for (run = 1; i + run < set->count && (fds[i + run] < 0) == (fds[i] < 0); run++)
			;
		part.start = set->start + i;
		part.count = run;
		ret = vdev_user_send_set(vdev, &part, sizeof(part), fds + i,
					 fds[i] < 0 ? 0 : run);
		if (ret)
			return ret;
	}
	return 0;
}

static int vdev_user_set_irqs(struct vdev *vdev, const struct vfio_irq_set *set)
{
	size_t bools = 0;

	if (set->argsz < sizeof(*set))
		return -EINVAL;
	if ((set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) == VFIO_IRQ_SET_DATA_EVENTFD)
		return vdev_user_set_eventfds(vdev, set);
	if (set->flags & VFIO_IRQ_SET_DATA_BOOL) {
		bools = set->argsz - sizeof(*set);
		if (bools > set->count)
			bools = set->count;
	}
	return vdev_user_send_set(vdev, set, sizeof(*set) + bools, NULL, 0);
}

static int vdev_user_reset(struct vdev *vdev)
{
	return vuc_call(to_user(vdev)->fd, VU_DEVICE_RESET, NULL, 0, NULL, 0);
}

static ssize_t vdev_user_read(struct vdev *vdev, unsigned int region, void *buf, size_t len,
			      uint64_t offset)
{
	size_t part, done = 0;
	ssize_t got;

	do {
		part = len - done < VU_MAX_TRANSFER ? len - done : VU_MAX_TRANSFER;
		got = vuc_read(to_user(vdev)->fd, region, (char *)buf + done, part, offset + done);
		if (got < 0)
			return done ? (ssize_t)done : got;
		done += got;
	} while (done < len && (size_t)got == part);
	return done;
}

static ssize_t vdev_user_write(struct vdev *vdev, unsigned int region, const void *buf, size_t len,
			       uint64_t offset)
{
	size_t part, done = 0;
	ssize_t got;

	do {
		part = len - done < VU_MAX_TRANSFER ? len - done : VU_MAX_TRANSFER;
		got = vuc_write(to_user(vdev)->fd, region, (const char *)buf + done, part,
				offset + done);
		if (got < 0)
			return done ? (ssize_t)done : got;
		done += got;
	} while (done < len && (size_t)got == part);
	return done;
}

static void *vdev_user_map(struct vdev *vdev, unsigned int region, void *addr, size_t len, int prot,
			   int flags, uint64_t offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = region };
	void *mapped = MAP_FAILED;
	int file = -1, ret;

	ret = vdev_user_region(vdev, &info, &file);
	if (!ret && file >= 0 && offset <= info.size && len <= info.size - offset) {
		mapped = mmap(addr, len, prot, flags, file, info.offset + offset);
		ret = mapped == MAP_FAILED ? -errno : 0;
	} else if (!ret) {
		ret = -EINVAL;
	}
	if (file >= 0)
		close(file);
	errno = -ret;
	return mapped;
}

static int vdev_user_dma_map(struct vdev *vdev, uint64_t iova, void *vaddr, uint64_t size,
			     uint32_t flags)
{
	struct vu_dma_map map = {
		.argsz = sizeof(map),
		.flags = (flags & VFIO_DMA_MAP_FLAG_READ ? VU_DMA_FLAG_READ : 0) |
			 (flags & VFIO_DMA_MAP_FLAG_WRITE ? VU_DMA_FLAG_WRITE : 0),
		.address = iova,
		.size = size,
	};
	int file = dmamem_file(vaddr, (uint64_t *)&map.offset);
	struct vuc_reply reply;
	ssize_t got;

	got = vuc_call_fds(to_user(vdev)->fd, VU_DMA_MAP, &map, sizeof(map), &file, file >= 0,
			   &reply);
	return got < 0 ? got : 0;
}

static int vdev_user_dma_unmap(struct vdev *vdev, uint64_t iova, uint64_t size)
{
	struct vu_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.address = iova,
		.size = size,
	};
	ssize_t got;

	got = vuc_call(to_user(vdev)->fd, VU_DMA_UNMAP, &unmap, sizeof(unmap), &unmap,
		       sizeof(unmap));
	return got < 0 ? got : 0;
}

static void vdev_user_close(struct vdev *vdev)
{
	close(to_user(vdev)->fd);
	free(to_user(vdev));
}

static const struct vdev_ops vdev_user_ops = {
	.name = "vfio-user",
	.get_info = vdev_user_get_info,
	.get_region_info = vdev_user_get_region_info,
	.get_irq_info = vdev_user_get_irq_info,
	.query_plane = vdev_user_query_plane,
	.set_irqs = vdev_user_set_irqs,
	.reset = vdev_user_reset,
	.read = vdev_user_read,
	.write = vdev_user_write,
	.map = vdev_user_map,
	.dma_map = vdev_user_dma_map,
	.dma_unmap = vdev_user_dma_unmap,
	.close = vdev_user_close,
};

int vdev_user_open(struct vdev **vdev, const char *path)
{
	struct vdev_user *user = calloc(1, sizeof(*user));

	if (!user)
		return -ENOMEM;
	user->base.ops = &vdev_user_ops;
	user->fd = vuc_attach(path);
	if (user->fd < 0) {
		int ret = user->fd;

		free(user);
		return ret;
	}
	*vdev = &user->base;
	return 0;
}
