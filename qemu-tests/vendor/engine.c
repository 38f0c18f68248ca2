// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine.h"
#include "mdev.h"
#include "mvgpu_regs.h"
#include "tap.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define VRAM_USED	(4u << 20)
#define RING_BASE	0
#define RING_ORDER	10

static void put_path(char *path, size_t size, const char *folder, const struct vgpu *gpu,
		     const char *name)
{
	snprintf(path, size, "%s/%s/%s", folder, vdev_uuid(gpu->vdev), name);
}

void vgpu_open(struct vgpu *gpu, const char *name)
{
	gpu->vdev = vdev_must_open(name ? name : "mdev:mvgpu.0/mvgpu-native-64m");
	gpu->vram = gpu->vdev->ops->map(gpu->vdev, VRAM, NULL, VRAM_USED, PROT_READ | PROT_WRITE,
					MAP_SHARED, 0);
	if (gpu->vram == MAP_FAILED)
		tap_bail("cannot map VRAM");
	mvring_init(&gpu->ring, gpu->vdev, 0);
	vgpu_start(gpu);
}

void vgpu_close(struct vgpu *gpu)
{
	mvring_fini(&gpu->ring);
	munmap(gpu->vram, VRAM_USED);
	vdev_close(gpu->vdev);
}

void vgpu_start(struct vgpu *gpu)
{
	mvring_enable(&gpu->ring, MVGPU_MEM_VRAM, RING_BASE, gpu->vram + RING_BASE, RING_ORDER);
}

struct mvgpu_cmd vgpu_work(unsigned int mib)
{
	/* The same MiB again and again: lines that lie on each other. */
	return cmd_fill((struct place){ MVGPU_MEM_VRAM, WORK_BASE, 0 }, 1u << 20, mib, 0x5a5a5a5a);
}

void vgpu_work_for_ever(struct vgpu *gpu)
{
	struct mvgpu_cmd work = vgpu_work(0xffffffff);

	mvring_submit(&gpu->ring, &work);
}

bool vgpu_works(struct vgpu *gpu)
{
	return !mvring_wait(&gpu->ring, mvring_submit_fence(&gpu->ring, 0));
}

unsigned long long vgpu_stat(const struct vgpu *gpu, const char *name)
{
	char path[128], text[1024], *line;
	size_t len = strlen(name);

	put_path(path, sizeof(path), "/sys/kernel/debug/mvgpu", gpu, "stats");
	if (sysfs_read(path, text, sizeof(text)))
		tap_bail("cannot read %s", path);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10);
	tap_bail("no %s in %s", name, path);
}

void vgpu_await_stat(const struct vgpu *gpu, const char *name, unsigned long long value)
{
	unsigned int waits;

	for (waits = 0; vgpu_stat(gpu, name) < value; waits++) {
		if (waits > 100 * MVRING_PATIENCE_S)
			tap_bail("%s stays below %llu", name, value);
		usleep(10000);
	}
}

int vgpu_set(const struct vgpu *gpu, const char *name, unsigned long long value)
{
	char path[128], text[32];

	put_path(path, sizeof(path), "/sys/bus/mdev/devices", gpu, name);
	snprintf(text, sizeof(text), "%llu", value);
	return sysfs_write(path, text);
}

void module_set(const char *name, unsigned int value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/mvgpu/parameters/%s", name);
	snprintf(text, sizeof(text), "%u", value);
	if (sysfs_write(path, text))
		tap_bail("cannot write %s to %s", text, path);
}
