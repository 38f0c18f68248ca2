// SPDX-License-Identifier: GPL-2.0-only
/*
 * read() and write() on the device's file where they must not work: positions in no
 * region, memory that is not there, counts that are too large.  The kernel's transport
 * only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define MAX_REGIONS	32
#define PAGE		4096

struct target {
	struct vdev *vdev;
	int fd;
	unsigned int num;
	struct vfio_region_info regions[MAX_REGIONS];
};

static long do_read(int fd, void *buf, size_t len, uint64_t pos)
{
	ssize_t ret = pread(fd, buf, len, pos);

	return ret < 0 ? -errno : ret;
}

static long do_write(int fd, const void *buf, size_t len, uint64_t pos)
{
	ssize_t ret = pwrite(fd, buf, len, pos);

	return ret < 0 ? -errno : ret;
}

static bool in_region(const struct target *t, uint64_t pos)
{
	unsigned int i;

	for (i = 0; i < t->num; i++)
		if (pos >= t->regions[i].offset && pos - t->regions[i].offset < t->regions[i].size)
			return true;
	return false;
}

/* Positions around everything that means something, and at random. */
static void test_positions(struct target *t)
{
	static const int64_t deltas[] = { -PAGE, -8, -1, 0, 1, 8, PAGE };
	unsigned int i, d, tried = 0, wrong = 0;
	uint8_t buf[8] = { 0 };
	uint64_t pos;

	for (i = 0; i < 64 + 4096; i++) {
		for (d = 0; d < ARRAY_SIZE(deltas); d++) {
			if (i < 63)
				pos = (1ull << i) + deltas[d];
			else if (i < 63 + t->num)
				pos = t->regions[i - 63].offset + t->regions[i - 63].size +
				      deltas[d];
			else
				pos = (rnd() >> (1 + rnd_below(40))) + deltas[d];
			if (in_region(t, pos))
				continue;
			wrong += do_read(t->fd, buf, 4, pos) != -EINVAL;
			wrong += do_read(t->fd, buf, 3, pos) != -EINVAL;
			wrong += do_write(t->fd, buf, 4, pos) != -EINVAL;
			wrong += do_write(t->fd, buf, 8, pos) != -EINVAL;
			tried++;
		}
	}
	tap_is(wrong, 0, "accesses at %u positions that are in no region are refused", tried);
}

static void test_region(struct target *t, unsigned int index)
{
	const struct vfio_region_info *r = &t->regions[index];
	unsigned int wrong = 0;
	uint64_t offset;
	uint8_t buf[8];

	for (offset = r->size; offset < r->size + 64; offset++) {
		wrong += do_read(t->fd, buf, 1, r->offset + offset) != -EINVAL;
		wrong += do_write(t->fd, buf, 1, r->offset + offset) != -EINVAL;
	}
	tap_is(wrong, 0, "region %u: nothing behind its end", index);
	if (!r->size)
		return;
	tap_ret(do_read(t->fd, buf, 0, r->offset), 0, "region %u: reading nothing", index);
	if (r->flags & VFIO_REGION_INFO_FLAG_WRITE) {
		tap_ret(do_write(t->fd, buf, 0, r->offset), 0, "region %u: writing nothing", index);
		return;
	}
	wrong = 0;
	for (offset = 0; offset < r->size; offset += r->size / 64)
		wrong += do_write(t->fd, buf, 1 + rnd_below(8), r->offset + offset) != -EINVAL;
	tap_is(wrong, 0, "region %u: cannot be written", index);
}

/* All of a buffer missing, and all but its beginning. */
static void test_pointers(struct target *t, unsigned int index)
{
	const struct vfio_region_info *r = &t->regions[index];
	uint8_t *hole = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const size_t lengths[] = { 1, 2, 4, 8, 100, PAGE };
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint8_t *half = fence_alloc(lengths[i]);
		long got;

		wrong += do_read(t->fd, hole, lengths[i], r->offset) != -EFAULT;
		wrong += do_read(t->fd, NULL, lengths[i], r->offset) != -EFAULT;
		wrong += do_read(t->fd, (void *)-4096l, lengths[i], r->offset) != -EFAULT;
		wrong += do_write(t->fd, hole, lengths[i], r->offset) != -EFAULT;
		/* Cut short or refused; but never more than there was room for. */
		got = do_read(t->fd, half, lengths[i] + 8, r->offset);
		wrong += got != -EFAULT && (got < 0 || got > (long)lengths[i]);
		fence_free(half, lengths[i]);
	}
	tap_is(wrong, 0, "region %u: buffers that are not there", index);
	munmap(hole, PAGE);
}

static void test_partial_write(struct target *t)
{
	const struct vfio_region_info *r = &t->regions[VFIO_PCI_BAR0_REGION_INDEX];
	const size_t room = 1000;
	uint8_t *data = fence_alloc(room), back[1024];
	long got;

	rnd_fill(data, room);
	got = do_write(t->fd, data, 2 * room, r->offset);
	tap_ok(got == -EFAULT || (got > 0 && got <= (long)room),
	       "a write from a buffer that ends is cut or refused (%ld)", got);
	if (got > 0) {
		do_read(t->fd, back, got, r->offset);
		tap_ok(!memcmp(back, data, got), "what it says it has written is there");
	}
	fence_free(data, room);
}

static void test_counts(struct target *t)
{
	const struct vfio_region_info *r = &t->regions[VFIO_PCI_CONFIG_REGION_INDEX];
	uint8_t *buf = malloc(PAGE);

	/* More than there is memory for: the region ends before the buffer does. */
	tap_ret(do_read(t->fd, buf, 0x7ffff000, r->offset), r->size, "a read of 2 GiB is cut");
	tap_ret(do_read(t->fd, buf, 0x7ffff000, r->offset + r->size - 3), 3,
		"at the region's end too");
	tap_ok(do_read(t->fd, buf, SIZE_MAX, r->offset) < 0, "a negative count is refused");
	tap_ret(do_read(t->fd, buf, 4, -1ull), -EINVAL, "position -1");
	tap_ret(do_read(t->fd, buf, 4, INT64_MIN), -EINVAL, "the least position");
	tap_ret(do_read(t->fd, buf, 4, INT64_MAX - 2), -EINVAL, "the last position");
	tap_ret(do_write(t->fd, buf, 4, -1ull), -EINVAL, "position -1");
	free(buf);
}

/* The file has a position of its own for read() and write(), if they are there at all. */
static void test_file(struct target *t)
{
	const struct vfio_region_info *r = &t->regions[VFIO_PCI_BAR2_REGION_INDEX];
	uint32_t a = 0x01020304, b = 0x05060708;
	struct iovec parts[2] = { { &a, 4 }, { &b, 4 } };
	uint32_t back[2];

	tap_ok(lseek(t->fd, r->offset, SEEK_SET) == -1 && errno == ESPIPE,
	       "the device's file has no position");
	tap_ret(preadv(t->fd, parts, 2, r->offset + MVGPU_REG_ID), 8, "preadv");
	tap_is_hex(a, MVGPU_ID_VALUE, "reads the first part");
	tap_is_hex(b, MVGPU_VERSION_VALUE, "and the second");
	a = 0x11111111;
	b = 0x22222222;
	tap_ret(pwritev(t->fd, parts, 2, t->regions[0].offset + 6), 8, "pwritev");
	do_read(t->fd, back, 8, t->regions[0].offset + 6);
	tap_ok(back[0] == a && back[1] == b, "writes both parts");
}

/* A line "NAME NUMBER" of the device's statistics in debugfs; -1 if it is not there. */
static long stat(struct target *t, const char *name)
{
	char path[128], text[512], *line;

	snprintf(path, sizeof(path), "/sys/kernel/debug/mvgpu/%s/stats", vdev_uuid(t->vdev));
	if (sysfs_read(path, text, sizeof(text)))
		return -1;
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			return atol(line + strlen(name));
	return -1;
}

static void test_stats(struct target *t)
{
	long reads, writes, faults, vram;
	unsigned int i;
	uint8_t *map;

	t->vdev->ops->reset(t->vdev);
	reads = stat(t, "reads");
	writes = stat(t, "writes");
	faults = stat(t, "faults");
	for (i = 0; i < 100; i++)
		vdev_read32(t->vdev, VFIO_PCI_BAR2_REGION_INDEX, MVGPU_REG_ID);
	for (i = 0; i < 50; i++)
		vdev_write16(t->vdev, VFIO_PCI_BAR2_REGION_INDEX, MVGPU_REG_SCRATCH, i);
	tap_is(stat(t, "reads") - reads, 100, "statistics: reads are counted");
	tap_is(stat(t, "writes") - writes, 50, "statistics: writes are");
	vram = stat(t, "vram_mib");
	map = t->vdev->ops->map(t->vdev, VFIO_PCI_BAR0_REGION_INDEX, NULL, PAGE,
				PROT_READ | PROT_WRITE, MAP_SHARED, 10 << 20);
	tap_is(stat(t, "vram_mib"), vram, "statistics: untouched VRAM takes no memory");
	map[0] = 1;
	tap_is(stat(t, "vram_mib"), vram + 2, "statistics: touched it takes 2 MiB");
	tap_ok(stat(t, "faults") > faults, "statistics: faults are counted");
	munmap(map, PAGE);
}

int main(void)
{
	struct target t = { .vdev = vdev_must_open(NULL) };
	struct vfio_device_info info = { .argsz = sizeof(info) };
	unsigned int i;

	t.fd = vdev_fd(t.vdev);
	if (t.fd < 0)
		tap_skip_all("%s has no device file", t.vdev->ops->name);
	rnd_init();
	t.vdev->ops->get_info(t.vdev, &info);
	for (t.num = 0; t.num < info.num_regions && t.num < MAX_REGIONS; t.num++)
		if (vdev_region(t.vdev, t.num, &t.regions[t.num]))
			t.regions[t.num].size = 0;

	test_positions(&t);
	for (i = 0; i < t.num; i++) {
		test_region(&t, i);
		if (t.regions[i].flags & VFIO_REGION_INFO_FLAG_WRITE)
			test_pointers(&t, i);
	}
	test_partial_write(&t);
	test_counts(&t);
	test_file(&t);
	if (stat(&t, "reads") < 0)
		tap_skip("debugfs is not there", "statistics");
	else
		test_stats(&t);
	vdev_close(t.vdev);
	return tap_done();
}
