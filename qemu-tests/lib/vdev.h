/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device under test, whatever transport it is reached through.
 *
 * The structures are those of <linux/vfio.h>, which the vfio-user protocol shares.  All
 * calls return 0 (or a count) or a negative errno; none prints or exits, except those
 * named vdev_must_*, which bail out of the test program.
 *
 * A device is named by a string:
 *	mdev:PARENT/TYPE	a new mdev, removed when the device is closed, opened by its group
 *	uuid:UUID		an mdev that is there already, opened by its group
 *	cdev:PARENT/TYPE	a new mdev, opened by its cdev and iommufd
 *	user:PATH		what a vfio-user server offers on that socket
 * Test programs take the name from the environment variable VDEV.
 */
#ifndef VDEV_H
#define VDEV_H

#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct vdev;

/**
 * struct vdev_ops - what a transport does
 * @name: of the transport, for skip reasons
 * @get_info: VFIO_DEVICE_GET_INFO; like the next three it passes the caller's structure as it is
 * @get_region_info: VFIO_DEVICE_GET_REGION_INFO
 * @get_irq_info: VFIO_DEVICE_GET_IRQ_INFO
 * @query_plane: VFIO_DEVICE_QUERY_GFX_PLANE
 * @set_irqs: VFIO_DEVICE_SET_IRQS; @set->argsz covers the data
 * @reset: VFIO_DEVICE_RESET
 * @read: reads @len bytes at @offset of a region; a short count is the device's answer
 * @write: as @read
 * @map: maps a part of a region as mmap() does: MAP_FAILED and errno
 * @dma_map: makes @size bytes at @vaddr the device's memory from @iova on; @flags are
 *	VFIO_DMA_MAP_FLAG_READ and _WRITE.  vfio-user: with dmamem_alloc()'s memory alone the device
 *	reaches it
 * @dma_unmap: takes them away
 * @close: ends the connection and frees the vdev
 */
struct vdev_ops {
	const char *name;
	int (*get_info)(struct vdev *vdev, struct vfio_device_info *info);
	int (*get_region_info)(struct vdev *vdev, struct vfio_region_info *info);
	int (*get_irq_info)(struct vdev *vdev, struct vfio_irq_info *info);
	int (*query_plane)(struct vdev *vdev, struct vfio_device_gfx_plane_info *plane);
	int (*set_irqs)(struct vdev *vdev, const struct vfio_irq_set *set);
	int (*reset)(struct vdev *vdev);
	ssize_t (*read)(struct vdev *vdev, unsigned int region, void *buf, size_t len,
			uint64_t offset);
	ssize_t (*write)(struct vdev *vdev, unsigned int region, const void *buf, size_t len,
			 uint64_t offset);
	void *(*map)(struct vdev *vdev, unsigned int region, void *addr, size_t len, int prot,
		     int flags, uint64_t offset);
	int (*dma_map)(struct vdev *vdev, uint64_t iova, void *vaddr, uint64_t size,
		       uint32_t flags);
	int (*dma_unmap)(struct vdev *vdev, uint64_t iova, uint64_t size);
	void (*close)(struct vdev *vdev);
};

/**
 * struct vdev - a device under test that is open
 * @ops: its transport
 */
struct vdev {
	const struct vdev_ops *ops;
};

/* The device may read and write. */
#define VDEV_DMA_RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* The name that programs use when the environment says nothing. */
#define VDEV_DEFAULT	"mdev:mvgpu.0/mvgpu-bochs-16m"

/* 0 and the device in @vdev.  @name NULL: the environment's. */
int vdev_open(struct vdev **vdev, const char *name);
void vdev_close(struct vdev *vdev);
struct vdev *vdev_must_open(const char *name);

/*
 * Region helpers: whole region info with argsz filled in; the size, 0 for a region that
 * is not there.
 */
int vdev_region(struct vdev *vdev, unsigned int region, struct vfio_region_info *info);
uint64_t vdev_region_size(struct vdev *vdev, unsigned int region);

/* Exactly @len bytes, or bail out: for accesses that are not themselves under test. */
void vdev_must_read(struct vdev *vdev, unsigned int region, void *buf, size_t len,
		    uint64_t offset);
void vdev_must_write(struct vdev *vdev, unsigned int region, const void *buf, size_t len,
		     uint64_t offset);

/* Little-endian registers, read and written as a driver would. */
uint8_t vdev_read8(struct vdev *vdev, unsigned int region, uint64_t offset);
uint16_t vdev_read16(struct vdev *vdev, unsigned int region, uint64_t offset);
uint32_t vdev_read32(struct vdev *vdev, unsigned int region, uint64_t offset);
void vdev_write8(struct vdev *vdev, unsigned int region, uint64_t offset, uint8_t value);
void vdev_write16(struct vdev *vdev, unsigned int region, uint64_t offset, uint16_t value);
void vdev_write32(struct vdev *vdev, unsigned int region, uint64_t offset, uint32_t value);

/* Offset of a capability in config space, 0 if there is none. */
unsigned int vdev_find_cap(struct vdev *vdev, uint8_t id);

/*
 * SET_IRQS with @size bytes of data behind the header.  vdev_set_eventfds() assigns
 * @fds to the vectors from @start on; vdev_irq_disable() takes all of an index's away.
 */
int vdev_set_irqs(struct vdev *vdev, uint32_t flags, uint32_t index, uint32_t start,
		  uint32_t count, const void *data, size_t size);
int vdev_set_eventfds(struct vdev *vdev, uint32_t index, uint32_t start, uint32_t count,
		      const int *fds);
int vdev_irq_disable(struct vdev *vdev, uint32_t index);

/*
 * The kernel transport's own: the device file descriptor (-1 on other transports) and
 * the mdev's UUID (NULL).
 */
int vdev_fd(const struct vdev *vdev);
const char *vdev_uuid(const struct vdev *vdev);

/* The transports.  @name is what follows the colon. */
int vdev_vfio_open_group(struct vdev **vdev, const char *uuid, bool owned);
int vdev_vfio_open_group_file(const char *uuid);
int vdev_vfio_open_cdev_file(const char *uuid);
int vdev_vfio_open_cdev(struct vdev **vdev, const char *uuid, bool owned);
int vdev_user_open(struct vdev **vdev, const char *path);

#endif /* VDEV_H */
