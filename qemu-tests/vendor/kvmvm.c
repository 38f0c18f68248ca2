// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kvmvm.h"
#include "tap.h"
#include "vdev.h"

#define SOON_MS	30000

void kvmvm_make(struct kvmvm *vm)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_VFIO };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	vm->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm->vm < 0 || ioctl(vm->vm, KVM_CREATE_DEVICE, &device))
		tap_bail("cannot make a VM: %s", strerror(errno));
	vm->vfio = device.fd;
	close(kvm);
	snprintf(vm->debugfs, sizeof(vm->debugfs), "/sys/kernel/debug/kvm/%d-%d", gettid(), vm->vm);
}

void kvmvm_close(struct kvmvm *vm)
{
	close(vm->vfio);
	close(vm->vm);
}

bool kvmvm_exists(const struct kvmvm *vm)
{
	return !access(vm->debugfs, F_OK);
}

bool kvmvm_ends(const struct kvmvm *vm)
{
	unsigned int ms;

	for (ms = 0; ms < SOON_MS && kvmvm_exists(vm); ms += 10)
		poll(NULL, 0, 10);
	return !kvmvm_exists(vm);
}

static int kvmvm_set(const struct kvmvm *vm, const struct opened *vgpu, uint64_t attr)
{
	struct kvm_device_attr set = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (uintptr_t)&vgpu->file,
	};

	return ioctl(vm->vfio, KVM_SET_DEVICE_ATTR, &set) ? -errno : 0;
}

int kvmvm_add(const struct kvmvm *vm, const struct opened *vgpu)
{
	return kvmvm_set(vm, vgpu, KVM_DEV_VFIO_FILE_ADD);
}

int kvmvm_del(const struct kvmvm *vm, const struct opened *vgpu)
{
	return kvmvm_set(vm, vgpu, KVM_DEV_VFIO_FILE_DEL);
}

void opened_prepare(struct opened *vgpu, const char *uuid, bool cdev)
{
	vgpu->cdev = cdev;
	vgpu->device = -1;
	vgpu->file = cdev ? vdev_vfio_open_cdev_file(uuid) : vdev_vfio_open_group_file(uuid);
	vgpu->iommu = open(cdev ? "/dev/iommu" : "/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (vgpu->file < 0 || vgpu->iommu < 0)
		tap_bail("cannot open the files of %s", uuid);
	if (!cdev && (ioctl(vgpu->file, VFIO_GROUP_SET_CONTAINER, &vgpu->iommu) ||
		      ioctl(vgpu->iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)))
		tap_bail("cannot set up a container: %s", strerror(errno));
}

static int opened_bind_iommufd(struct opened *vgpu)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = vgpu->iommu };

	if (ioctl(vgpu->file, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return -errno;
	vgpu->device = vgpu->file;
	return 0;
}

int opened_start(struct opened *vgpu, const char *uuid)
{
	if (vgpu->cdev)
		return opened_bind_iommufd(vgpu);
	vgpu->device = ioctl(vgpu->file, VFIO_GROUP_GET_DEVICE_FD, uuid);
	return vgpu->device < 0 ? -errno : 0;
}

void opened_stop(struct opened *vgpu)
{
	if (vgpu->cdev || vgpu->device < 0)
		return;
	close(vgpu->device);
	vgpu->device = -1;
}

void opened_close(struct opened *vgpu)
{
	opened_stop(vgpu);
	close(vgpu->file);
	close(vgpu->iommu);
}
