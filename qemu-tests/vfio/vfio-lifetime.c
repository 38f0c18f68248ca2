// SPDX-License-Identifier: GPL-2.0-only
/*
 * From create to remove: what is refused, how many there can be, opening and closing,
 * devices side by side.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define OPENS		200
#define CREATES		50
#define FULL_MAX	1024

static char parent[64], type[64];

static const char * const types[] = { "mvgpu-bochs-16m", "mvgpu-bochs-64m", "mvgpu-bochs-256m" };

static void must_create(char *uuid)
{
	int ret;

	mdev_uuid_random(uuid);
	ret = mdev_create(parent, type, uuid);
	if (ret)
		tap_bail("cannot make an mdev: %s", strerror(-ret));
}

static struct vdev *must_open(const char *uuid)
{
	struct vdev *vdev;
	int ret = vdev_vfio_open_group(&vdev, uuid, false);

	if (ret)
		tap_bail("cannot open an mdev: %s", strerror(-ret));
	return vdev;
}

static void test_bad_uuids(void)
{
	static const char * const bad[] = {
		"\n", "1", "not-a-uuid", "83b8f4f2-509f-382f-3c1e-e6bfe0fa100",
		"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001x", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001\n\n",
		"83b8f4f2 509f 382f 3c1e e6bfe0fa1001", "83b8f4f2509f382f3c1ee6bfe0fa1001",
		"g3b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "../../../../../../../../../../tmp/abcdef",
		" 83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "{83b8f4f2-509f-382f-3c1e-e6bfe0fa1001}",
	};
	char uuid[MDEV_UUID_LEN + 1], line[MDEV_UUID_LEN + 2];
	int before = mdev_available(parent, type);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ret(mdev_create(parent, type, bad[i]), -EINVAL, "create by bad UUID %u", i);
	tap_is(mdev_available(parent, type), before, "nothing was made");

	mdev_uuid_random(uuid);
	snprintf(line, sizeof(line), "%s\n", uuid);
	tap_ret(mdev_create(parent, type, line), 0, "create with a newline");
	tap_ret(mdev_create(parent, type, uuid), -EEXIST, "create the same again");
	tap_is(mdev_available(parent, type), before - 1, "that took no place");
	tap_ret(mdev_remove(uuid), 0, "remove");
	tap_ret(mdev_remove(uuid), -ENOENT, "remove again");
	tap_is(mdev_available(parent, type), before, "the place is free again");
}

static void test_types(void)
{
	char path[256], text[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		snprintf(path, sizeof(path),
			 "/sys/class/mdev_bus/%s/mdev_supported_types/%s/device_api", parent,
			 types[i]);
		tap_ok(!sysfs_read(path, text, sizeof(text)) &&
		       !strcmp(text, VFIO_DEVICE_API_PCI_STRING), "%s is for vfio-pci", types[i]);
	}
}

/* Makes as many of a type as there can be. */
static void test_full(const char *full)
{
	static char uuids[FULL_MAX][MDEV_UUID_LEN + 1];
	int available = mdev_available(parent, full), first[ARRAY_SIZE(types)], made, ret = 0;
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		first[i] = mdev_available(parent, types[i]);
	for (made = 0; made < FULL_MAX; made++) {
		wrong += mdev_available(parent, full) != available - made;
		mdev_uuid_random(uuids[made]);
		ret = mdev_create(parent, full, uuids[made]);
		if (ret)
			break;
	}
	tap_is(made, available, "%s: as many as it says can be made", full);
	tap_is(wrong, 0, "%s: and it counted right", full);
	tap_ret(ret, -EUSERS, "%s: one more is too many", full);
	tap_ok(!mdev_exists(uuids[made]), "%s: and is not there", full);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		int want = mdev_available(parent, types[i]) ? 0 : -EUSERS;

		ret = mdev_create(parent, types[i], uuids[made]);
		tap_ret(ret, want, "%s: then a %s is made if it says so", full, types[i]);
		if (!ret)
			mdev_remove(uuids[made]);
	}
	wrong = 0;
	while (made--)
		wrong += mdev_remove(uuids[made]) != 0;
	tap_is(wrong, 0, "%s: all can be removed", full);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		tap_is(mdev_available(parent, types[i]), first[i], "%s: as many as before then",
		       types[i]);
}

static void test_two(void)
{
	char uuid_a[MDEV_UUID_LEN + 1], uuid_b[MDEV_UUID_LEN + 1];
	struct vdev *a, *b;
	uint8_t *map_a, *map_b;
	int fd = efd_new();
	size_t size;

	must_create(uuid_a);
	must_create(uuid_b);
	a = must_open(uuid_a);
	b = must_open(uuid_b);
	size = vdev_region_size(a, VRAM);
	map_a = a->ops->map(a, VRAM, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	map_b = b->ops->map(b, VRAM, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	memset(map_a, 0xaa, size);
	tap_ok(map_b[0] == 0 && !memcmp(map_b, map_b + 1, size - 1),
	       "what one has in VRAM the other has not");
	memset(map_b, 0xbb, size);
	tap_ok(map_a[0] == 0xaa && !memcmp(map_a, map_a + 1, size - 1), "nor the other way");
	vdev_write32(a, REGS, MVGPU_REG_SCRATCH, 1);
	tap_is(vdev_read32(b, REGS, MVGPU_REG_SCRATCH), 0, "registers are each one's own");
	vdev_set_eventfds(a, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &fd);
	mv_enable_causes(b, 1);
	mv_raise(b, 1);
	tap_is(efd_take(fd), 0, "interrupts are each one's own");
	tap_ret(b->ops->reset(b), 0, "reset one");
	tap_is_hex(map_a[size / 2], 0xaa, "the other keeps its VRAM");
	tap_is(vdev_read32(a, REGS, MVGPU_REG_SCRATCH), 1, "and its registers");
	munmap(map_b, size);
	vdev_close(b);
	tap_ret(mdev_remove(uuid_b), 0, "remove one");
	tap_is_hex(map_a[size - 1], 0xaa, "the other stays");
	munmap(map_a, size);
	vdev_close(a);
	mdev_remove(uuid_a);
	close(fd);
}

static void test_reopen(const char *uuid)
{
	struct vdev *vdev = must_open(uuid);
	int fd = efd_new();

	vdev_write32(vdev, VRAM, 0x1000, 0x5ec2e7);
	vdev_write32(vdev, REGS, MVGPU_REG_SCRATCH, 0x5ec2e7);
	vdev_write8(vdev, VFIO_PCI_CONFIG_REGION_INDEX, 0x3c, 7);
	mv_enable_causes(vdev, ~0u);
	vdev_set_eventfds(vdev, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &fd);
	mv_raise(vdev, 1);
	efd_take(fd);
	vdev_close(vdev);

	vdev = must_open(uuid);
	tap_is_hex(vdev_read32(vdev, VRAM, 0x1000), 0, "VRAM is zero when opened again");
	tap_is_hex(vdev_read32(vdev, REGS, MVGPU_REG_SCRATCH), 0, "so are the registers");
	tap_is_hex(vdev_read8(vdev, VFIO_PCI_CONFIG_REGION_INDEX, 0x3c), 0, "and config space");
	tap_is_hex(mv_pending(vdev), 0, "nothing is pending");
	mv_enable_causes(vdev, ~0u);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "the last user's eventfd is not signalled any more");
	tap_ret(vdev_set_eventfds(vdev, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &fd), 0,
		"no interrupt index is in use");
	vdev_close(vdev);
	close(fd);
}

/* The group admits one user; that user may open the device twice. */
static void test_open_twice(const char *uuid)
{
	int iommu = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), group, first, second;
	const uint64_t pos = 0x4000;
	uint32_t value = 0x2e2e;

	group = vdev_vfio_open_group_file(uuid);
	tap_ret(vdev_vfio_open_group_file(uuid), -EBUSY, "the group cannot be opened twice");
	tap_ok(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid) < 0,
	       "there is no device without a container");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &iommu) ||
	    ioctl(iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		tap_bail("cannot set up a container: %s", strerror(errno));
	first = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	second = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, uuid);
	tap_ok(first >= 0 && second >= 0, "the device can, through one group");
	tap_ok(pwrite(first, &value, 4, pos) == 4, "write through the first");
	value = 0;
	tap_ok(pread(second, &value, 4, pos) == 4 && value == 0x2e2e, "read through the second");
	close(first);
	value = 0;
	tap_ok(pread(second, &value, 4, pos) == 4 && value == 0x2e2e,
	       "closing the first leaves the second");
	close(second);
	close(group);
	close(iommu);
}

/* A mapping holds the device open by itself. */
static void test_map_holds(const char *uuid)
{
	struct vdev *vdev = must_open(uuid);
	size_t size = vdev_region_size(vdev, VRAM);
	uint8_t *map = vdev->ops->map(vdev, VRAM, NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
				      0);

	map[0] = 1;
	vdev_close(vdev);
	tap_is(touch_write(map + size / 2), 0, "a mapping outlives its file descriptor");
	tap_is(map[0], 1, "with its content");
	tap_ret(syscall(SYS_delete_module, "mvgpu", O_NONBLOCK) ? -errno : 0, -EWOULDBLOCK,
		"the module cannot go meanwhile");
	munmap(map, size);
}

static void test_loops(const char *uuid)
{
	int available = mdev_available(parent, type);
	char other[MDEV_UUID_LEN + 1];
	struct vdev *vdev;
	unsigned int i, failed = 0;

	for (i = 0; i < OPENS; i++) {
		if (vdev_vfio_open_group(&vdev, uuid, false)) {
			failed++;
			continue;
		}
		vdev_write32(vdev, VRAM, i << 12, i);
		vdev_close(vdev);
	}
	tap_is(failed, 0, "open and close, %u times", OPENS);
	for (i = 0; i < CREATES; i++) {
		mdev_uuid_random(other);
		failed += mdev_create(parent, type, other) != 0;
		failed += mdev_remove(other) != 0;
	}
	tap_is(failed, 0, "create and remove, %u times", CREATES);
	tap_is(mdev_available(parent, type), available, "nothing is used up");
}

int main(void)
{
	const char *name = getenv("VDEV");
	char uuid[MDEV_UUID_LEN + 1];
	unsigned int i;

	if (sscanf(name ? name : VDEV_DEFAULT, "mdev:%63[^/]/%63s", parent, type) != 2)
		tap_skip_all("needs mdevs of its own");
	test_bad_uuids();
	test_types();
	for (i = 0; i < ARRAY_SIZE(types); i++)
		test_full(types[i]);
	test_two();
	must_create(uuid);
	test_reopen(uuid);
	test_open_twice(uuid);
	test_map_holds(uuid);
	test_loops(uuid);
	tap_ret(mdev_remove(uuid), 0, "remove");
	return tap_done();
}
