// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device through its character device and iommufd: what is refused before it is
 * bound, binding, attaching to an address space, memory, and the way back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_pci.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define PARENT		"mvgpu.0"
#define TYPE		"mvgpu-bochs-16m"
#define IOVA		0x100000
#define LENGTH		(64 << 10)

static char uuid[MDEV_UUID_LEN + 1];

static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static int must_open(const char *what, int fd)
{
	if (fd < 0)
		tap_bail("cannot open %s: %s", what, strerror(-fd));
	return fd;
}

static int open_device(void)
{
	return must_open("the device", vdev_vfio_open_cdev_file(uuid));
}

static int open_iommufd(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return must_open("/dev/iommu", fd < 0 ? -errno : fd);
}

static int bind_to(int device, int iommufd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = iommufd };

	return call(device, VFIO_DEVICE_BIND_IOMMUFD, &bind);
}

static int attach(int device, uint32_t ioas)
{
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach), .pt_id = ioas };

	return call(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

static int detach(int device)
{
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };

	return call(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

static uint32_t new_ioas(int iommufd)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = call(iommufd, IOMMU_IOAS_ALLOC, &alloc);

	if (ret)
		tap_bail("no address space: %s", strerror(-ret));
	return alloc.out_ioas_id;
}

static int get_info(int device)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };

	return call(device, VFIO_DEVICE_GET_INFO, &info);
}

/* The vendor ID, read as region access does it, or a negative errno */
static long read_vendor(int device)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	int ret = call(device, VFIO_DEVICE_GET_REGION_INFO, &region);
	uint16_t vendor;

	if (ret)
		return ret;
	if (pread(device, &vendor, sizeof(vendor), region.offset) != sizeof(vendor))
		return -errno;
	return vendor;
}

static void test_before_bind(int device)
{
	char byte;

	tap_ret(get_info(device), -EINVAL, "GET_INFO before the device is bound");
	tap_ok(pread(device, &byte, 1, 0) < 0 && errno == EINVAL, "a read before that");
	tap_ok(mmap(NULL, 4096, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED &&
	       errno == EINVAL, "a mapping before that");
	tap_ret(attach(device, 1), -EINVAL, "attaching before that");
}

static void test_bind(int device, int iommufd)
{
	int null = must_open("/dev/null", open("/dev/null", O_RDWR | O_CLOEXEC));
	int second = open_device(), group;

	tap_ret(bind_to(device, -1), -EINVAL, "binding to no file");
	tap_ret(bind_to(device, null), -EBADFD, "binding to a file that is no iommufd");
	tap_ret(bind_to(device, iommufd), 0, "binding");
	tap_ret(bind_to(device, iommufd), -EINVAL, "binding again");
	tap_ret(bind_to(second, iommufd), -EINVAL, "binding a second file of the device");
	group = vdev_vfio_open_group_file(uuid);
	tap_ret(group, -EBUSY, "opening the group of a device that is bound");
	if (group >= 0)
		close(group);
	tap_is_hex(read_vendor(device), MVGPU_PCI_VENDOR_ID,
		   "region access without an address space");
	close(second);
	close(null);
}

static int dma_map(int iommufd, uint32_t ioas, void *memory)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = LENGTH,
		.iova = IOVA,
	};

	return call(iommufd, IOMMU_IOAS_MAP, &map);
}

static int dma_unmap(int iommufd, uint32_t ioas, uint64_t *length)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = IOVA,
		.length = LENGTH,
	};
	int ret = call(iommufd, IOMMU_IOAS_UNMAP, &unmap);

	*length = unmap.length;
	return ret;
}

static void test_address_space(int device, int iommufd)
{
	uint32_t ioas = new_ioas(iommufd), other = new_ioas(iommufd);
	uint64_t length;
	void *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		tap_bail("no memory");
	tap_ret(attach(device, 0xffff), -ENOENT, "attaching to an address space that is not there");
	tap_ret(attach(device, ioas), 0, "attaching");
	tap_ret(dma_map(iommufd, ioas, memory), 0, "mapping memory");
	tap_ret(dma_map(iommufd, ioas, memory), -EEXIST, "mapping it again");
	tap_ret(attach(device, other), 0, "attaching to another address space instead");
	tap_ret(dma_map(iommufd, other, memory), 0, "mapping memory there");
	tap_ret(attach(device, ioas), 0, "and back");
	tap_is_hex(read_vendor(device), MVGPU_PCI_VENDOR_ID, "region access meanwhile");
	tap_ret(dma_unmap(iommufd, ioas, &length), 0, "taking the memory away");
	tap_is(length, LENGTH, "all of it");
	tap_ret(dma_unmap(iommufd, ioas, &length), -ENOENT, "taking it away again");
	tap_ret(detach(device), 0, "detaching");
	tap_ret(attach(device, ioas), 0, "attaching again");
	munmap(memory, LENGTH);
}

/* The device goes on when the program has no other file but its own. */
static void test_close(int device, int iommufd)
{
	struct vdev *vdev;
	int ret;

	close(iommufd);
	tap_is_hex(read_vendor(device), MVGPU_PCI_VENDOR_ID,
		   "region access with the iommufd closed");
	tap_ret(ioctl(device, VFIO_DEVICE_RESET) ? -errno : 0, 0, "a reset");
	close(device);
	ret = vdev_vfio_open_group(&vdev, uuid, false);
	tap_ret(ret, 0, "after the close it can be opened by its group");
	if (ret)
		return;
	device = open_device();
	iommufd = open_iommufd();
	tap_ret(bind_to(device, iommufd), -EBUSY, "and then not be bound");
	vdev_close(vdev);
	tap_ret(bind_to(device, iommufd), 0, "before that is closed");
	close(device);
	close(iommufd);
}

int main(void)
{
	int device, iommufd, ret;

	if (access("/dev/iommu", F_OK))
		tap_skip_all("this kernel has no iommufd");
	mdev_uuid_random(uuid);
	ret = mdev_create(PARENT, TYPE, uuid);
	if (ret)
		tap_bail("cannot make an mdev: %s", strerror(-ret));
	device = open_device();
	iommufd = open_iommufd();
	test_before_bind(device);
	test_bind(device, iommufd);
	test_address_space(device, iommufd);
	test_close(device, iommufd);
	tap_ret(mdev_remove(uuid), 0, "remove");
	return tap_done();
}
