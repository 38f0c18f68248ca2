// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mdev.h"
#include "tap.h"
#include "vdev.h"

typedef int (*vdev_open_fn)(struct vdev **vdev, const char *uuid, bool owned);

/* Makes the mdev that "PARENT/TYPE" asks for and opens it. */
static int vdev_open_new(struct vdev **vdev, const char *where, vdev_open_fn open)
{
	const char *slash = strchr(where, '/');
	char uuid[MDEV_UUID_LEN + 1];
	char *parent;
	int ret;

	if (!slash)
		return -EINVAL;
	parent = strndup(where, slash - where);
	if (!parent)
		return -ENOMEM;
	mdev_uuid_random(uuid);
	ret = mdev_create(parent, slash + 1, uuid);
	free(parent);
	if (ret)
		return ret;
	ret = open(vdev, uuid, true);
	if (ret)
		mdev_remove(uuid);
	return ret;
}

int vdev_open(struct vdev **vdev, const char *name)
{
	const char *colon;

	if (!name)
		name = getenv("VDEV");
	if (!name)
		name = VDEV_DEFAULT;
	colon = strchr(name, ':');
	if (!colon)
		return -EINVAL;
	if (!strncmp(name, "uuid:", colon + 1 - name))
		return vdev_vfio_open_group(vdev, colon + 1, false);
	if (!strncmp(name, "mdev:", colon + 1 - name))
		return vdev_open_new(vdev, colon + 1, vdev_vfio_open_group);
	if (!strncmp(name, "cdev:", colon + 1 - name))
		return vdev_open_new(vdev, colon + 1, vdev_vfio_open_cdev);
	if (!strncmp(name, "user:", colon + 1 - name))
		return vdev_user_open(vdev, colon + 1);
	return -EINVAL;
}

struct vdev *vdev_must_open(const char *name)
{
	struct vdev *vdev;
	int ret;

	ret = vdev_open(&vdev, name);
	if (ret)
		tap_bail("cannot open the device %s: %s", name ? name : "under test",
			 strerror(-ret));
	return vdev;
}

void vdev_close(struct vdev *vdev)
{
	vdev->ops->close(vdev);
}

int vdev_region(struct vdev *vdev, unsigned int region, struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = region;
	return vdev->ops->get_region_info(vdev, info);
}

uint64_t vdev_region_size(struct vdev *vdev, unsigned int region)
{
	struct vfio_region_info info;

	return vdev_region(vdev, region, &info) ? 0 : info.size;
}

void vdev_must_read(struct vdev *vdev, unsigned int region, void *buf, size_t len, uint64_t offset)
{
	ssize_t done = vdev->ops->read(vdev, region, buf, len, offset);

	if (done != (ssize_t)len)
		tap_bail("read of %zu bytes at %#llx of region %u: %zd", len,
			 (unsigned long long)offset, region, done);
}

void vdev_must_write(struct vdev *vdev, unsigned int region, const void *buf, size_t len,
		     uint64_t offset)
{
	ssize_t done = vdev->ops->write(vdev, region, buf, len, offset);

	if (done != (ssize_t)len)
		tap_bail("write of %zu bytes at %#llx of region %u: %zd", len,
			 (unsigned long long)offset, region, done);
}

uint8_t vdev_read8(struct vdev *vdev, unsigned int region, uint64_t offset)
{
	uint8_t value;

	vdev_must_read(vdev, region, &value, sizeof(value), offset);
	return value;
}

uint16_t vdev_read16(struct vdev *vdev, unsigned int region, uint64_t offset)
{
	uint16_t value;

	vdev_must_read(vdev, region, &value, sizeof(value), offset);
	return le16toh(value);
}

uint32_t vdev_read32(struct vdev *vdev, unsigned int region, uint64_t offset)
{
	uint32_t value;

	vdev_must_read(vdev, region, &value, sizeof(value), offset);
	return le32toh(value);
}

void vdev_write8(struct vdev *vdev, unsigned int region, uint64_t offset, uint8_t value)
{
	vdev_must_write(vdev, region, &value, sizeof(value), offset);
}

void vdev_write16(struct vdev *vdev, unsigned int region, uint64_t offset, uint16_t value)
{
	value = htole16(value);
	vdev_must_write(vdev, region, &value, sizeof(value), offset);
}

void vdev_write32(struct vdev *vdev, unsigned int region, uint64_t offset, uint32_t value)
{
	value = htole32(value);
	vdev_must_write(vdev, region, &value, sizeof(value), offset);
}

unsigned int vdev_find_cap(struct vdev *vdev, uint8_t id)
{
	const unsigned int config = VFIO_PCI_CONFIG_REGION_INDEX;
	unsigned int pos, hops;

	if (!(vdev_read16(vdev, config, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = vdev_read8(vdev, config, PCI_CAPABILITY_LIST);
	/* 48 capabilities of 4 bytes fill the space: a longer chain is a loop. */
	for (hops = 0; pos >= PCI_STD_HEADER_SIZEOF && hops < 48; hops++) {
		if (vdev_read8(vdev, config, pos + PCI_CAP_LIST_ID) == id)
			return pos;
		pos = vdev_read8(vdev, config, pos + PCI_CAP_LIST_NEXT);
	}
	return 0;
}

int vdev_set_irqs(struct vdev *vdev, uint32_t flags, uint32_t index, uint32_t start,
		  uint32_t count, const void *data, size_t size)
{
	struct vfio_irq_set *set;
	int ret;

	set = calloc(1, sizeof(*set) + size);
	if (!set)
		return -ENOMEM;
	set->argsz = sizeof(*set) + size;
	set->flags = flags;
	set->index = index;
	set->start = start;
	set->count = count;
	if (size)
		memcpy(set->data, data, size);
	ret = vdev->ops->set_irqs(vdev, set);
	free(set);
	return ret;
}

int vdev_set_eventfds(struct vdev *vdev, uint32_t index, uint32_t start, uint32_t count,
		      const int *fds)
{
	return vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, index,
			     start, count, fds, count * sizeof(*fds));
}

int vdev_irq_disable(struct vdev *vdev, uint32_t index)
{
	return vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, index, 0,
			     0, NULL, 0);
}
