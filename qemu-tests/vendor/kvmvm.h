/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual machines without vCPUs, and vGPUs tied to them: no VMM is needed to see who holds
 * whom.
 */
#ifndef KVMVM_H
#define KVMVM_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct kvmvm - a VM
 * @vm: its file
 * @vfio: the file of its KVM_DEV_TYPE_VFIO device
 * @debugfs: its folder, which KVM removes when it destroys the VM
 */
struct kvmvm {
	int vm;
	int vfio;
	char debugfs[64];
};

/**
 * struct opened - a vGPU on the way to being opened
 * @cdev: by its character device and iommufd, not by group and container
 * @file: what KVM is told of: the group's file, or the device's
 * @iommu: the container or the iommufd
 * @device: the device's file, -1 as long as the device is not open
 */
struct opened {
	bool cdev;
	int file;
	int iommu;
	int device;
};

void kvmvm_make(struct kvmvm *vm);
void kvmvm_close(struct kvmvm *vm);
bool kvmvm_exists(const struct kvmvm *vm);

/* Whether the VM is destroyed within half a minute. */
bool kvmvm_ends(const struct kvmvm *vm);

/* KVM_DEV_VFIO_FILE_ADD and _DEL: 0 or a negative errno. */
int kvmvm_add(const struct kvmvm *vm, const struct opened *vgpu);
int kvmvm_del(const struct kvmvm *vm, const struct opened *vgpu);

/* Everything up to opening the device; bails out when it cannot be done. */
void opened_prepare(struct opened *vgpu, const char *uuid, bool cdev);

/* Opens the device: 0 or a negative errno. */
int opened_start(struct opened *vgpu, const char *uuid);

/* Closes the device alone, which the cdev path cannot, then everything else. */
void opened_stop(struct opened *vgpu);
void opened_close(struct opened *vgpu);

#endif /* KVMVM_H */
