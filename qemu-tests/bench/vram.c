// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped VRAM.  "First touch" finds memory that nobody has used yet, so the
 * device has to allocate and zero it; "map touch" finds memory that is there
 * and pays for the page fault alone.  An aligned mapping can have 2 MiB pages,
 * a misaligned one cannot.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "mvgpu_pci.h"
#include "target.h"

#define SMALL_PAGE	4096ull
#define HUGE_PAGE	(2ull << 20)
#define PAGES_PER_HUGE	(HUGE_PAGE / SMALL_PAGE)

/* Windows of each of the first touch benches: each uses up a 2 MiB chunk. */
#define FIRST_WINDOWS	12

/* 2 MiB pages in a window of the bench that finds the memory there. */
#define TOUCHES_HUGE	4

/* Map @size bytes from @start of VRAM, @skew bytes behind a 2 MiB boundary. */
static bool map_vram(struct target *target, uint64_t start, uint64_t size,
		     uint64_t skew)
{
	uint64_t span = size + 2 * HUGE_PAGE;
	uintptr_t room, at;
	void *map;

	map = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return false;
	room = (uintptr_t)map;
	at = (room + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE + skew;
	munmap((void *)room, at - room);
	munmap((void *)(at + size), room + span - at - size);
	map = target->vdev->ops->map(target->vdev, MVGPU_BAR_VRAM, (void *)at,
				     size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_FIXED, start);
	if (map == MAP_FAILED) {
		munmap((void *)at, size);
		return false;
	}
	target->map = map;
	target->map_size = size;
	return true;
}

static bool unmap_vram(void *ctx)
{
	struct target *target = ctx;

	return !munmap(target->map, target->map_size);
}

static void touch(struct target *target, uint64_t offset)
{
	__atomic_store_n(target->map + offset, 1, __ATOMIC_RELAXED);
}

static bool map_fresh_chunk(void *ctx)
{
	struct target *target = ctx;
	uint64_t start = target->vram_used;

	if (start + HUGE_PAGE > target->vram_size) {
		errno = ENOSPC;
		return false;
	}
	target->vram_used += HUGE_PAGE;
	return map_vram(target, start, HUGE_PAGE, 0);
}

static bool op_touch_huge(void *ctx, unsigned int i)
{
	touch(ctx, i * HUGE_PAGE);
	return true;
}

static bool op_touch_small(void *ctx, unsigned int i)
{
	touch(ctx, i * SMALL_PAGE);
	return true;
}

/* The chunks that the first touch benches have used, in an aligned mapping. */
static bool map_used(void *ctx)
{
	struct target *target = ctx;

	return map_vram(target, 0, target->vram_used, 0);
}

static bool map_used_skewed(void *ctx)
{
	return map_vram(ctx, 0, HUGE_PAGE, SMALL_PAGE);
}

static void touch_all(struct target *target)
{
	uint64_t offset;

	for (offset = 0; offset < target->map_size; offset += SMALL_PAGE)
		touch(target, offset);
}

static bool map_and_touch(void *ctx)
{
	if (!map_vram(ctx, 0, HUGE_PAGE, 0))
		return false;
	touch_all(ctx);
	return true;
}

static bool map_and_touch_skewed(void *ctx)
{
	if (!map_used_skewed(ctx))
		return false;
	touch_all(ctx);
	return true;
}

static bool op_unmap(void *ctx, unsigned int i)
{
	(void)i;
	return unmap_vram(ctx);
}

static const struct bench benches[] = {
	{
		.name = "vram-first-touch-2m", .faults = true,
		.ops = 1, .max_windows = FIRST_WINDOWS,
		.before = map_fresh_chunk, .op = op_touch_huge,
		.after = unmap_vram,
	}, {
		.name = "vram-first-touch-4k", .faults = true,
		.ops = PAGES_PER_HUGE, .max_windows = FIRST_WINDOWS,
		.before = map_fresh_chunk, .op = op_touch_small,
		.after = unmap_vram,
	}, {
		.name = "vram-map-touch-2m", .faults = true,
		.ops = TOUCHES_HUGE,
		.before = map_used, .op = op_touch_huge, .after = unmap_vram,
	}, {
		.name = "vram-map-touch-4k", .faults = true,
		.ops = PAGES_PER_HUGE,
		.before = map_used_skewed, .op = op_touch_small,
		.after = unmap_vram,
	}, {
		.name = "vram-unmap-2m", .ops = 1,
		.before = map_and_touch, .op = op_unmap,
	}, {
		.name = "vram-unmap-2m-by-4k", .ops = 1,
		.before = map_and_touch_skewed, .op = op_unmap,
	},
	{ }
};

bool bench_vram(struct target *target)
{
	return !target->full ||
	       bench_run_all(benches, target->variant, target);
}
