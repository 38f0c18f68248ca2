// SPDX-License-Identifier: GPL-2.0-only
/*
 * VRAM: zero at first, its edges, accesses at random through the device's file and
 * through mappings, all of which must agree, and what a reset and a new owner find in
 * it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define STEP		(1u << 20)
#define SMALL		(16u << 20)
#define ACCESS_MAX	(80u << 10)
#define ROUNDS		3000

static uint8_t *map_all(struct vdev *vdev, size_t size)
{
	uint8_t *map = vdev->ops->map(vdev, VRAM, NULL, size, PROT_READ | PROT_WRITE,
				      MAP_SHARED, 0);

	if (map == MAP_FAILED)
		tap_bail("cannot map VRAM: %s", strerror(errno));
	return map;
}

/* All of a small VRAM; of a large one the beginning of each megabyte. */
static bool is_zero(struct vdev *vdev, size_t size)
{
	size_t offset, part = size > SMALL ? STEP / 16 : STEP;
	uint8_t *buf = malloc(STEP), *zero = calloc(1, STEP);
	bool clean = buf && zero;

	for (offset = 0; clean && offset < size; offset += STEP) {
		vdev_must_read(vdev, VRAM, buf, part, offset);
		clean = !memcmp(buf, zero, part);
	}
	free(buf);
	free(zero);
	return clean;
}

/* Every width at the places where something begins or ends. */
static void test_edges(struct vdev *vdev, size_t size)
{
	const size_t edges[] = { 8, 4096, 2u << 20, size / 2, size - (2u << 20), size - 4096,
				 size - 8 };
	uint8_t data[8], back[8];
	unsigned int i, bad = 0;
	size_t offset, width;

	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		for (offset = edges[i] - 8; offset < edges[i] + 8; offset++) {
			for (width = 1; width <= 8 && offset + width <= size; width++) {
				rnd_fill(data, sizeof(data));
				vdev_must_write(vdev, VRAM, data, width, offset);
				vdev_must_read(vdev, VRAM, back, width, offset);
				bad += memcmp(data, back, width) != 0;
			}
		}
	}
	tap_is(bad, 0, "widths of 1 to 8 bytes around page, chunk and region ends");
}

static void test_bounds(struct vdev *vdev, size_t size)
{
	const uint64_t beyond[] = { size, size + 1, 2 * size, 1ull << 32, (1ull << 40) - 4 };
	uint8_t data[8192];
	unsigned int i, bad = 0;

	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		bad += vdev->ops->read(vdev, VRAM, data, 4, beyond[i]) != -EINVAL;
		bad += vdev->ops->write(vdev, VRAM, data, 4, beyond[i]) != -EINVAL;
	}
	tap_is(bad, 0, "accesses past the end are refused");
	tap_is(vdev->ops->read(vdev, VRAM, data, sizeof(data), size - 100), 100,
	       "a read across the end is cut short");
	tap_is(vdev->ops->write(vdev, VRAM, data, sizeof(data), size - 100), 100,
	       "a write across the end is cut short");
	tap_is(vdev->ops->write(vdev, VRAM, data, 8, size - 1), 1, "one byte before the end");
}

/* One access of the four that there are, and its like on the shadow copy; true if they agree. */
static bool random_access(struct vdev *vdev, uint8_t *map, uint8_t *shadow, size_t size,
			  uint8_t *buf)
{
	size_t offset = rnd_below(size);
	size_t len = 1 + (rnd_below(2) ? rnd_below(16) : rnd_below(ACCESS_MAX));

	if (len > size - offset)
		len = size - offset;
	switch (rnd_below(4)) {
	case 0:
		vdev_must_read(vdev, VRAM, buf, len, offset);
		return !memcmp(buf, shadow + offset, len);
	case 1:
		return !memcmp(map + offset, shadow + offset, len);
	case 2:
		rnd_fill(shadow + offset, len);
		vdev_must_write(vdev, VRAM, shadow + offset, len, offset);
		return true;
	default:
		rnd_fill(shadow + offset, len);
		memcpy(map + offset, shadow + offset, len);
		return true;
	}
}

static void test_random(struct vdev *vdev, uint8_t *map, size_t size)
{
	uint8_t *shadow = calloc(1, size), *buf = malloc(ACCESS_MAX);
	unsigned int i, bad = 0;

	if (!shadow || !buf)
		tap_bail("no memory for a copy of VRAM");
	for (i = 0; i < ROUNDS; i++)
		bad += !random_access(vdev, map, shadow, size, buf);
	tap_is(bad, 0, "%u random reads and writes, by the file and by a mapping, agree", ROUNDS);
	tap_ok(!memcmp(map, shadow, size), "and the whole in the end");
	free(shadow);
	free(buf);
}

static void test_reset(struct vdev *vdev, uint8_t *map, size_t size)
{
	uint32_t value = 0x600df00d;

	memset(map, 0x77, size);
	tap_ret(vdev->ops->reset(vdev), 0, "reset");
	tap_ok(is_zero(vdev, size), "VRAM is zero after a reset");
	tap_ok(map[0] == 0 && map[size / 2] == 0 && map[size - 1] == 0,
	       "as the mapping sees it too");
	memcpy(map + STEP, &value, sizeof(value));
	tap_is_hex(vdev_read32(vdev, VRAM, STEP), value, "the mapping still reaches the device");
	vdev_write32(vdev, VRAM, 3 * STEP, ~value);
	memcpy(&value, map + 3 * STEP, sizeof(value));
	tap_is_hex(value, (uint32_t)~0x600df00d, "and shows what the device's file writes");
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	size_t size = vdev_region_size(vdev, VRAM);
	uint8_t *map;

	rnd_init();
	tap_ok(is_zero(vdev, size), "VRAM is zero at first");
	map = map_all(vdev, size);
	test_random(vdev, map, size);
	test_edges(vdev, size);
	test_bounds(vdev, size);
	test_reset(vdev, map, size);
	memset(map, 0x55, size);
	munmap(map, size);
	vdev_close(vdev);

	vdev = vdev_must_open(NULL);
	tap_ok(is_zero(vdev, size), "VRAM is zero for the next owner");
	vdev_close(vdev);
	return tap_done();
}
