// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's VFIO as a transport: by group, container and type1, or by character
 * device and iommufd.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/iommufd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mdev.h"
#include "vdev.h"

#define VDEV_VFIO_REGIONS_MAX	32
#define VDEV_VFIO_NO_OFFSET	UINT64_MAX

/**
 * struct vdev_vfio - a device opened through the kernel
 * @base: what the tests see
 * @device: the device's file
 * @group: the group's file, or -1
 * @iommu: the container's file or the iommufd
 * @ioas: the iommufd's address space
 * @offsets: where each region is in the device's file
 * @num_regions: how many there are
 * @owned: remove the mdev at close
 * @uuid: the mdev's name
 */
struct vdev_vfio {
	struct vdev base;
	int device;
	int group;
	int iommu;
	uint32_t ioas;
	uint64_t offsets[VDEV_VFIO_REGIONS_MAX];
	unsigned int num_regions;
	bool owned;
	char uuid[MDEV_UUID_LEN + 1];
};

static struct vdev_vfio *to_vfio(const struct vdev *vdev)
{
	return (struct vdev_vfio *)((char *)vdev - offsetof(struct vdev_vfio, base));
}

static int vdev_vfio_ioctl(const struct vdev *vdev, unsigned long request, const void *arg)
{
	int ret = ioctl(to_vfio(vdev)->device, request, arg);

	return ret < 0 ? -errno : ret;
}

static int vdev_vfio_get_info(struct vdev *vdev, struct vfio_device_info *info)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_GET_INFO, info);
}

static int vdev_vfio_get_region_info(struct vdev *vdev, struct vfio_region_info *info)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_GET_REGION_INFO, info);
}

static int vdev_vfio_get_irq_info(struct vdev *vdev, struct vfio_irq_info *info)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_GET_IRQ_INFO, info);
}

static int vdev_vfio_query_plane(struct vdev *vdev, struct vfio_device_gfx_plane_info *plane)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_QUERY_GFX_PLANE, plane);
}

static int vdev_vfio_set_irqs(struct vdev *vdev, const struct vfio_irq_set *set)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_SET_IRQS, set);
}

static int vdev_vfio_reset(struct vdev *vdev)
{
	return vdev_vfio_ioctl(vdev, VFIO_DEVICE_RESET, NULL);
}

static bool vdev_vfio_has_region(const struct vdev_vfio *vfio, unsigned int region)
{
	return region < vfio->num_regions && vfio->offsets[region] != VDEV_VFIO_NO_OFFSET;
}

static ssize_t vdev_vfio_read(struct vdev *vdev, unsigned int region, void *buf, size_t len,
			      uint64_t offset)
{
	struct vdev_vfio *vfio = to_vfio(vdev);
	ssize_t done;

	if (!vdev_vfio_has_region(vfio, region))
		return -EINVAL;
	done = pread(vfio->device, buf, len, vfio->offsets[region] + offset);
	return done < 0 ? -errno : done;
}

static ssize_t vdev_vfio_write(struct vdev *vdev, unsigned int region, const void *buf, size_t len,
			       uint64_t offset)
{
	struct vdev_vfio *vfio = to_vfio(vdev);
	ssize_t done;

	if (!vdev_vfio_has_region(vfio, region))
		return -EINVAL;
	done = pwrite(vfio->device, buf, len, vfio->offsets[region] + offset);
	return done < 0 ? -errno : done;
}

static void *vdev_vfio_map(struct vdev *vdev, unsigned int region, void *addr, size_t len, int prot,
			   int flags, uint64_t offset)
{
	struct vdev_vfio *vfio = to_vfio(vdev);

	if (!vdev_vfio_has_region(vfio, region)) {
		errno = EINVAL;
		return MAP_FAILED;
	}
	return mmap(addr, len, prot, flags, vfio->device, vfio->offsets[region] + offset);
}

static int vdev_vfio_dma_map(struct vdev *vdev, uint64_t iova, void *vaddr, uint64_t size,
			     uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.vaddr = (uintptr_t)vaddr,
		.iova = iova,
		.size = size,
	};

	return ioctl(to_vfio(vdev)->iommu, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int vdev_vfio_dma_unmap(struct vdev *vdev, uint64_t iova, uint64_t size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	return ioctl(to_vfio(vdev)->iommu, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static int vdev_iommufd_dma_map(struct vdev *vdev, uint64_t iova, void *vaddr, uint64_t size,
				uint32_t flags)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA |
			 (flags & VFIO_DMA_MAP_FLAG_READ ? IOMMU_IOAS_MAP_READABLE : 0) |
			 (flags & VFIO_DMA_MAP_FLAG_WRITE ? IOMMU_IOAS_MAP_WRITEABLE : 0),
		.ioas_id = to_vfio(vdev)->ioas,
		.user_va = (uintptr_t)vaddr,
		.length = size,
		.iova = iova,
	};

	return ioctl(to_vfio(vdev)->iommu, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

static int vdev_iommufd_dma_unmap(struct vdev *vdev, uint64_t iova, uint64_t size)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = to_vfio(vdev)->ioas,
		.iova = iova,
		.length = size,
	};

	return ioctl(to_vfio(vdev)->iommu, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

static void vdev_vfio_close(struct vdev *vdev)
{
	struct vdev_vfio *vfio = to_vfio(vdev);

	if (vfio->device >= 0)
		close(vfio->device);
	if (vfio->group >= 0)
		close(vfio->group);
	if (vfio->iommu >= 0)
		close(vfio->iommu);
	if (vfio->owned)
		mdev_remove(vfio->uuid);
	free(vfio);
}

#define VDEV_VFIO_COMMON_OPS				\
	.get_info = vdev_vfio_get_info,			\
	.get_region_info = vdev_vfio_get_region_info,	\
	.get_irq_info = vdev_vfio_get_irq_info,		\
	.query_plane = vdev_vfio_query_plane,		\
	.set_irqs = vdev_vfio_set_irqs,			\
	.reset = vdev_vfio_reset,			\
	.read = vdev_vfio_read,				\
	.write = vdev_vfio_write,			\
	.map = vdev_vfio_map,				\
	.close = vdev_vfio_close

static const struct vdev_ops vdev_vfio_group_ops = {
	.name = "VFIO group",
	VDEV_VFIO_COMMON_OPS,
	.dma_map = vdev_vfio_dma_map,
	.dma_unmap = vdev_vfio_dma_unmap,
};

static const struct vdev_ops vdev_vfio_cdev_ops = {
	.name = "VFIO cdev",
	VDEV_VFIO_COMMON_OPS,
	.dma_map = vdev_iommufd_dma_map,
	.dma_unmap = vdev_iommufd_dma_unmap,
};

static struct vdev_vfio *vdev_vfio_alloc(const struct vdev_ops *ops, const char *uuid)
{
	struct vdev_vfio *vfio;

	if (strlen(uuid) != MDEV_UUID_LEN)
		return NULL;
	vfio = calloc(1, sizeof(*vfio));
	if (!vfio)
		return NULL;
	vfio->base.ops = ops;
	vfio->device = -1;
	vfio->group = -1;
	vfio->iommu = -1;
	strcpy(vfio->uuid, uuid);
	return vfio;
}

static int vdev_vfio_find_regions(struct vdev_vfio *vfio)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_region_info region;
	unsigned int i;
	int ret;

	ret = vdev_vfio_get_info(&vfio->base, &device);
	if (ret)
		return ret;
	if (device.num_regions > VDEV_VFIO_REGIONS_MAX)
		return -E2BIG;
	for (i = 0; i < device.num_regions; i++) {
		/*
		 * A region that has no info, such as VGA of a device without, has no
		 * offset either.
		 */
		vfio->offsets[i] = vdev_region(&vfio->base, i, &region) ? VDEV_VFIO_NO_OFFSET :
									  region.offset;
	}
	vfio->num_regions = device.num_regions;
	return 0;
}

/* Only a device that has been opened owns its mdev: otherwise the caller removes what it made. */
static int vdev_vfio_opened(struct vdev_vfio *vfio, bool owned, int ret, struct vdev **vdev)
{
	if (!ret)
		ret = vdev_vfio_find_regions(vfio);
	if (ret) {
		vdev_vfio_close(&vfio->base);
		return ret;
	}
	vfio->owned = owned;
	*vdev = &vfio->base;
	return 0;
}

int vdev_vfio_open_group_file(const char *uuid)
{
	char link[PATH_MAX], path[PATH_MAX];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return -errno;
	link[len] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int vdev_vfio_attach_group(struct vdev_vfio *vfio)
{
	vfio->group = vdev_vfio_open_group_file(vfio->uuid);
	if (vfio->group < 0)
		return vfio->group;
	vfio->iommu = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vfio->iommu < 0)
		return -errno;
	if (ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->iommu) ||
	    ioctl(vfio->iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, vfio->uuid);
	return vfio->device < 0 ? -errno : 0;
}

int vdev_vfio_open_group(struct vdev **vdev, const char *uuid, bool owned)
{
	struct vdev_vfio *vfio = vdev_vfio_alloc(&vdev_vfio_group_ops, uuid);

	if (!vfio)
		return -EINVAL;
	return vdev_vfio_opened(vfio, owned, vdev_vfio_attach_group(vfio), vdev);
}

/* The device's node is named after the only entry of its vfio-dev folder. */
int vdev_vfio_open_cdev_file(const char *uuid)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/vfio-dev", uuid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		break;
	}
	closedir(dir);
	return fd;
}

static int vdev_vfio_bind_iommufd(struct vdev_vfio *vfio)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	vfio->device = vdev_vfio_open_cdev_file(vfio->uuid);
	if (vfio->device < 0)
		return vfio->device;
	vfio->iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (vfio->iommu < 0)
		return -errno;
	bind.iommufd = vfio->iommu;
	if (ioctl(vfio->device, VFIO_DEVICE_BIND_IOMMUFD, &bind) ||
	    ioctl(vfio->iommu, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	vfio->ioas = alloc.out_ioas_id;
	attach.pt_id = alloc.out_ioas_id;
	return ioctl(vfio->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ? -errno : 0;
}

int vdev_vfio_open_cdev(struct vdev **vdev, const char *uuid, bool owned)
{
	struct vdev_vfio *vfio = vdev_vfio_alloc(&vdev_vfio_cdev_ops, uuid);

	if (!vfio)
		return -EINVAL;
	return vdev_vfio_opened(vfio, owned, vdev_vfio_bind_iommufd(vfio), vdev);
}

static bool vdev_is_vfio(const struct vdev *vdev)
{
	return vdev->ops == &vdev_vfio_group_ops || vdev->ops == &vdev_vfio_cdev_ops;
}

int vdev_fd(const struct vdev *vdev)
{
	return vdev_is_vfio(vdev) ? to_vfio(vdev)->device : -1;
}

const char *vdev_uuid(const struct vdev *vdev)
{
	return vdev_is_vfio(vdev) ? to_vfio(vdev)->uuid : NULL;
}
