// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the device says of itself: device, region and interrupt information, and how
 * these calls treat argsz and indexes that do not exist.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define REGION_RW	(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)
#define REGION_FLAGS	(REGION_RW | VFIO_REGION_INFO_FLAG_MMAP)

static const uint32_t bad_indexes[] = { 0x40, 0xff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff };

/* What a call must not touch is set to this beforehand. */
#define CANARY		0xa5

union info_buf {
	struct vfio_device_info device;
	struct vfio_region_info region;
	struct vfio_irq_info irq;
	uint8_t bytes[256];
};

static bool untouched(const union info_buf *buf, size_t from)
{
	for (; from < sizeof(*buf); from++)
		if (buf->bytes[from] != CANARY)
			return false;
	return true;
}

static void test_device_info(struct vdev *vdev, struct vfio_device_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	tap_ret(vdev->ops->get_info(vdev, info), 0, "GET_INFO succeeds");
	tap_is_hex(info->flags & ~VFIO_DEVICE_FLAGS_CAPS,
		   VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		   "the device is a PCI device with reset, and nothing else");
	/* The picture's; a transport without a device file has no VMM that shows it. */
	tap_ok((info->num_regions > VFIO_PCI_NUM_REGIONS) == (vdev_fd(vdev) >= 0),
	       "there are device-specific regions where there is a device file (%u regions)",
	       info->num_regions);
	tap_is(info->num_irqs, VFIO_PCI_NUM_IRQS, "number of interrupt indexes");
	tap_ok((info->flags & VFIO_DEVICE_FLAGS_CAPS) || !info->cap_offset,
	       "no capability offset without the capability flag");
}

static void test_device_argsz(struct vdev *vdev)
{
	const size_t minsz = offsetof(struct vfio_device_info, cap_offset);
	const size_t sizes[] = {
		minsz, minsz + 1, sizeof(struct vfio_device_info), 256, UINT32_MAX
	};
	union info_buf buf;
	unsigned int i;
	uint32_t argsz;

	for (argsz = 0; argsz < minsz; argsz++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.device.argsz = argsz;
		if (vdev->ops->get_info(vdev, &buf.device) != -EINVAL || !untouched(&buf, 4))
			break;
	}
	tap_is(argsz, minsz, "GET_INFO with argsz below the minimum fails and writes nothing");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.device.argsz = sizes[i];
		tap_ret(vdev->ops->get_info(vdev, &buf.device), 0, "GET_INFO with argsz %#zx",
			sizes[i]);
		if (sizes[i] <= sizeof(struct vfio_device_info))
			tap_ok(untouched(&buf, sizes[i]), "and it writes nothing beyond argsz");
	}
}

/* What each fixed region must be; VRAM's size depends on the type. */
struct region_want {
	uint64_t size;
	uint32_t flags;
	const char *name;
};

static const struct region_want region_wants[VFIO_PCI_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { 0, REGION_FLAGS, "BAR 0" },
	[VFIO_PCI_BAR1_REGION_INDEX] = { 0, 0, "BAR 1" },
	[VFIO_PCI_BAR2_REGION_INDEX] = { MVGPU_REGS_SIZE, REGION_FLAGS, "BAR 2" },
	[VFIO_PCI_BAR3_REGION_INDEX] = { 0, 0, "BAR 3" },
	[VFIO_PCI_BAR4_REGION_INDEX] = { MVGPU_MSIX_SIZE, REGION_RW, "BAR 4" },
	[VFIO_PCI_BAR5_REGION_INDEX] = { 0, 0, "BAR 5" },
	[VFIO_PCI_ROM_REGION_INDEX] = { 0, 0, "ROM" },
	[VFIO_PCI_CONFIG_REGION_INDEX] = { MVGPU_PCI_CONFIG_SIZE, REGION_RW, "config space" },
};

static uint64_t vram_size(struct vdev *vdev)
{
	return (uint64_t)vdev_read16(vdev, VFIO_PCI_BAR2_REGION_INDEX,
				     MVGPU_DISPI_REG(MVGPU_DISPI_VIDEO_MEMORY_64K)) << 16;
}

static void test_fixed_regions(struct vdev *vdev)
{
	struct vfio_region_info info;
	unsigned int i;
	int ret;

	for (i = 0; i < VFIO_PCI_VGA_REGION_INDEX; i++) {
		const struct region_want *want = &region_wants[i];

		tap_ret(vdev_region(vdev, i, &info), 0, "%s: GET_REGION_INFO", want->name);
		tap_is(info.index, i, "%s: the index is kept", want->name);
		tap_is_hex(info.size, i ? want->size : vram_size(vdev), "%s: size", want->name);
		tap_is_hex(info.flags & ~VFIO_REGION_INFO_FLAG_CAPS, want->flags, "%s: flags",
			   want->name);
	}
	ret = vdev_region(vdev, VFIO_PCI_VGA_REGION_INDEX, &info);
	tap_ok(ret == -EINVAL || (!ret && !info.size), "there is no VGA region");
}

/* Walks the capabilities of a region's info: the offset of the one wanted, or 0. */
static size_t find_region_cap(const union info_buf *buf, uint16_t id)
{
	struct vfio_info_cap_header header;
	size_t pos = buf->region.cap_offset;
	unsigned int hops;

	for (hops = 0; pos && pos + sizeof(header) <= sizeof(*buf) && hops < 16; hops++) {
		memcpy(&header, buf->bytes + pos, sizeof(header));
		if (header.id == id)
			return pos;
		pos = header.next;
	}
	return 0;
}

static void test_shared_pages(struct vdev *vdev)
{
	struct vfio_region_info_cap_sparse_mmap sparse = { 0 };
	struct vfio_region_sparse_mmap_area area = { 0 };
	union info_buf buf = { 0 };
	size_t pos;

	buf.region.argsz = sizeof(buf);
	buf.region.index = VFIO_PCI_BAR2_REGION_INDEX;
	tap_ret(vdev->ops->get_region_info(vdev, &buf.region), 0, "BAR 2: capabilities");
	pos = find_region_cap(&buf, VFIO_REGION_INFO_CAP_SPARSE_MMAP);
	if (!tap_ok(pos, "BAR 2 says what of it can be mapped"))
		return;
	memcpy(&sparse, buf.bytes + pos, sizeof(sparse));
	memcpy(&area, buf.bytes + pos + sizeof(sparse), sizeof(area));
	tap_is(sparse.nr_areas, 1, "BAR 2: one area");
	tap_is_hex(area.offset, MVGPU_TAILS_OFFSET, "BAR 2: from its third page");
	tap_is_hex(area.size, MVGPU_SHARED_SIZE, "BAR 2: two pages");
}

static void test_scanout_region(struct vdev *vdev, unsigned int index)
{
	struct vfio_region_info_cap_type type = { 0 };
	union info_buf buf = { 0 };
	size_t pos;

	buf.region.argsz = sizeof(buf);
	buf.region.index = index;
	tap_ret(vdev->ops->get_region_info(vdev, &buf.region), 0, "region %u: GET_REGION_INFO",
		index);
	tap_is_hex(buf.region.flags & ~VFIO_REGION_INFO_FLAG_CAPS,
		   VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_MMAP,
		   "region %u can be read and mapped", index);
	tap_is_hex(buf.region.size, vram_size(vdev), "region %u is as large as VRAM", index);
	pos = find_region_cap(&buf, VFIO_REGION_INFO_CAP_TYPE);
	if (pos)
		memcpy(&type, buf.bytes + pos, sizeof(type));
	tap_ok(type.type & VFIO_REGION_TYPE_PCI_VENDOR_TYPE,
	       "region %u says by a type capability what it is", index);
	if (!buf.region.cap_offset)
		return;

	memset(&buf, 0, sizeof(buf));
	buf.region.argsz = sizeof(buf.region);
	buf.region.index = index;
	tap_ret(vdev->ops->get_region_info(vdev, &buf.region), 0,
		"region %u: GET_REGION_INFO without room for capabilities", index);
	tap_ok(buf.region.argsz >= sizeof(buf.region) + sizeof(type) && !buf.region.cap_offset &&
	       (buf.region.flags & VFIO_REGION_INFO_FLAG_CAPS),
	       "region %u: it says how much room they need", index);
}

static void test_region_offsets(struct vdev *vdev, unsigned int num_regions)
{
	struct vfio_region_info infos[64];
	unsigned int i, j, overlaps = 0, unaligned = 0;

	for (i = 0; i < num_regions && i < ARRAY_SIZE(infos); i++)
		if (vdev_region(vdev, i, &infos[i]))
			infos[i].size = 0;
	for (i = 0; i < num_regions; i++) {
		unaligned += infos[i].size && (infos[i].offset & 0xfff);
		for (j = 0; j < i; j++)
			overlaps += infos[i].size && infos[j].size &&
				    infos[i].offset < infos[j].offset + infos[j].size &&
				    infos[j].offset < infos[i].offset + infos[i].size;
	}
	if (vdev_fd(vdev) >= 0)
		tap_is(overlaps, 0, "no two regions overlap in the device's file");
	tap_is(unaligned, 0, "regions begin at page boundaries in the device's file");
}

static void test_region_bad(struct vdev *vdev, unsigned int num_regions)
{
	const size_t minsz = sizeof(struct vfio_region_info);
	union info_buf buf;
	unsigned int i, passed = 0;
	uint32_t argsz;

	for (argsz = 0; argsz < minsz; argsz++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.region.argsz = argsz;
		buf.region.index = 0;
		if (vdev->ops->get_region_info(vdev, &buf.region) != -EINVAL ||
		    !untouched(&buf, offsetof(struct vfio_region_info, cap_offset)))
			break;
	}
	tap_is(argsz, minsz, "GET_REGION_INFO with argsz below the minimum fails");
	for (i = 0; i < ARRAY_SIZE(bad_indexes) + 1; i++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.region.argsz = minsz;
		buf.region.index = i ? bad_indexes[i - 1] : num_regions;
		passed += vdev->ops->get_region_info(vdev, &buf.region) == -EINVAL &&
			  untouched(&buf, offsetof(struct vfio_region_info, cap_offset));
	}
	tap_is(passed, ARRAY_SIZE(bad_indexes) + 1,
	       "GET_REGION_INFO of regions that do not exist fails and writes nothing");
}

static void test_irqs(struct vdev *vdev)
{
	static const struct {
		uint32_t count, flags;
		const char *name;
	} wants[VFIO_PCI_NUM_IRQS] = {
		[VFIO_PCI_INTX_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
					      VFIO_IRQ_INFO_AUTOMASKED, "INTx" },
		[VFIO_PCI_MSI_IRQ_INDEX] = { MVGPU_NUM_VECTORS, VFIO_IRQ_INFO_EVENTFD, "MSI" },
		[VFIO_PCI_MSIX_IRQ_INDEX] = { MVGPU_NUM_VECTORS, VFIO_IRQ_INFO_EVENTFD, "MSI-X" },
		[VFIO_PCI_REQ_IRQ_INDEX] = { 1, VFIO_IRQ_INFO_EVENTFD, "REQ" },
	};
	struct vfio_irq_info info;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		info = (struct vfio_irq_info){ .argsz = sizeof(info), .index = i };
		ret = vdev->ops->get_irq_info(vdev, &info);
		if (i == VFIO_PCI_ERR_IRQ_INDEX) {
			tap_ok(ret == -EINVAL || (!ret && !info.count), "no ERR interrupt");
			continue;
		}
		tap_ret(ret, 0, "%s: GET_IRQ_INFO", wants[i].name);
		tap_is(info.count, wants[i].count, "%s: count", wants[i].name);
		tap_is_hex(info.flags, wants[i].flags, "%s: flags", wants[i].name);
	}
}

static void test_irq_bad(struct vdev *vdev)
{
	const size_t minsz = sizeof(struct vfio_irq_info);
	unsigned int i, passed = 0;
	union info_buf buf;
	uint32_t argsz;

	for (argsz = 0; argsz < minsz; argsz++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.irq.argsz = argsz;
		buf.irq.index = VFIO_PCI_INTX_IRQ_INDEX;
		if (vdev->ops->get_irq_info(vdev, &buf.irq) != -EINVAL ||
		    !untouched(&buf, offsetof(struct vfio_irq_info, count)))
			break;
	}
	tap_is(argsz, minsz, "GET_IRQ_INFO with argsz below the minimum fails");
	for (i = 0; i < ARRAY_SIZE(bad_indexes) + 1; i++) {
		memset(&buf, CANARY, sizeof(buf));
		buf.irq.argsz = minsz;
		buf.irq.index = i ? bad_indexes[i - 1] : VFIO_PCI_NUM_IRQS;
		passed += vdev->ops->get_irq_info(vdev, &buf.irq) == -EINVAL &&
			  untouched(&buf, offsetof(struct vfio_irq_info, count));
	}
	tap_is(passed, ARRAY_SIZE(bad_indexes) + 1,
	       "GET_IRQ_INFO of indexes that do not exist fails and writes nothing");
}

/* An ioctl whose argument straddles the end of accessible memory. */
static void test_bad_pointers(int fd)
{
	static const struct {
		unsigned long request;
		uint32_t argsz;
		const char *name;
	} calls[] = {
		{ VFIO_DEVICE_GET_INFO, sizeof(struct vfio_device_info), "GET_INFO" },
		{ VFIO_DEVICE_GET_REGION_INFO, sizeof(struct vfio_region_info), "GET_REGION_INFO" },
		{ VFIO_DEVICE_GET_IRQ_INFO, sizeof(struct vfio_irq_info), "GET_IRQ_INFO" },
		{ VFIO_DEVICE_SET_IRQS, sizeof(struct vfio_irq_set), "SET_IRQS" },
		{ VFIO_DEVICE_QUERY_GFX_PLANE, sizeof(struct vfio_device_gfx_plane_info),
		  "QUERY_GFX_PLANE" },
	};
	uint32_t *arg = fence_alloc(sizeof(*arg));
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		*arg = calls[i].argsz;
		ret = ioctl(fd, calls[i].request, arg);
		tap_ret(ret ? -errno : 0, -EFAULT, "%s with half a structure", calls[i].name);
		ret = ioctl(fd, calls[i].request, NULL);
		tap_ret(ret ? -errno : 0, -EFAULT, "%s with no structure", calls[i].name);
	}
	fence_free(arg, sizeof(*arg));
}

static void test_unknown_ioctls(int fd)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
			 VFIO_DEVICE_FEATURE_MASK,
	};
	uint64_t buf[32] = { sizeof(buf) };
	int ret;

	ret = ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, buf);
	tap_ret(ret ? -errno : 0, -ENOTTY, "hot reset is not there");
	ret = ioctl(fd, _IO(VFIO_TYPE, VFIO_BASE + 99), buf);
	tap_ret(ret ? -errno : 0, -ENOTTY, "an unknown VFIO ioctl");
	ret = ioctl(fd, _IO('x', 1), buf);
	tap_ret(ret ? -errno : 0, -ENOTTY, "an ioctl that is not VFIO's");
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, &feature);
	tap_ret(ret ? -errno : 0, -ENOTTY, "an unknown device feature");
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	struct vfio_device_info info;
	unsigned int i;

	test_device_info(vdev, &info);
	test_device_argsz(vdev);
	test_fixed_regions(vdev);
	for (i = VFIO_PCI_NUM_REGIONS; i < info.num_regions; i++)
		test_scanout_region(vdev, i);
	test_region_offsets(vdev, info.num_regions);
	test_region_bad(vdev, info.num_regions);
	test_irqs(vdev);
	test_irq_bad(vdev);
	/* Other transports' helpers drop what is behind the structure. */
	if (vdev_fd(vdev) >= 0) {
		test_shared_pages(vdev);
		test_bad_pointers(vdev_fd(vdev));
		test_unknown_ioctls(vdev_fd(vdev));
	}
	vdev_close(vdev);
	return tap_done();
}
