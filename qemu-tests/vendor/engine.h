/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vGPUs whose engines have work, for the tests of how the card shares its engines.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <errno.h>

#include "mvring.h"

/* Where in VRAM vgpu_work() works. */
#define WORK_BASE	(1u << 20)

/**
 * struct vgpu - a vGPU with a ring
 * @vdev: the device, open
 * @vram: its VRAM, mapped
 * @ring: its ring 0, in VRAM
 */
struct vgpu {
	struct vdev *vdev;
	uint8_t *vram;
	struct mvring ring;
};

/* @name as in vdev.h, NULL for a new one; with ring 0 enabled. */
void vgpu_open(struct vgpu *gpu, const char *name);
void vgpu_close(struct vgpu *gpu);
/* Enables ring 0, anew after a reset. */
void vgpu_start(struct vgpu *gpu);

/* A command that takes @mib times as long as to fill a MiB of VRAM. */
struct mvgpu_cmd vgpu_work(unsigned int mib);
/* Has the vGPU do something until the watchdog, or somebody else, ends it. */
void vgpu_work_for_ever(struct vgpu *gpu);
/* A fence of its own through the ring: whether it works. */
bool vgpu_works(struct vgpu *gpu);

/* A number from debugfs' stats. */
unsigned long long vgpu_stat(const struct vgpu *gpu, const char *name);
/* Waits until a number there has reached @value; bails out if it does not. */
void vgpu_await_stat(const struct vgpu *gpu, const char *name, unsigned long long value);

/* sysfs attribute of the mdev; 0 or a negative errno. */
int vgpu_set(const struct vgpu *gpu, const char *name, unsigned long long value);
/* Parameter of the module; bails out where it cannot be set. */
void module_set(const char *name, unsigned int value);

#endif /* ENGINE_H */
