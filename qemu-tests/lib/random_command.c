// SPDX-License-Identifier: GPL-2.0-only
#include "commands.h"
#include "random_command.h"
#include "util.h"

#define MAX_HEIGHT	24u

/* Mostly small; the largest rectangle is ARENA_MIN_SIZE at most. */
static uint32_t random_length(uint32_t most, uint32_t limit)
{
	return rnd_below(rnd_below(8) ? most : limit);
}

/* A place where a rectangle fits */
static struct place random_place(const struct arena *arena, uint32_t stride, uint32_t width,
				 uint32_t height, uint32_t align)
{
	uint32_t size = (height - 1) * stride + width;
	struct place place = { .mem = rnd_below(MVGPU_NUM_MEMS), .stride = stride };

	place.address = arena->bases[place.mem] +
			rnd_below((arena->size - size) / align + 1) * align;
	return place;
}

static struct mvgpu_cmd random_rectangles(const struct arena *arena, uint8_t opcode)
{
	uint32_t align = opcode == MVGPU_CMD_BLIT ? 1 : 4;
	uint32_t width = (1 + random_length(1200, 5000) / align) * align;
	uint32_t height = 1 + rnd_below(MAX_HEIGHT);
	uint32_t stride = width + random_length(800, 3000) / align * align;
	struct place dst = random_place(arena, stride, width, height, align);
	struct place src = random_place(arena, stride, width, height, align);

	if (src.mem != dst.mem)
		src.stride = width + rnd_below((stride - width) / align + 1) * align;
	switch (opcode) {
	case MVGPU_CMD_FILL:
		return cmd_fill(dst, width, height, rnd());
	case MVGPU_CMD_BLIT:
		return cmd_blit(dst, src, width, height);
	default:
		return cmd_blend(dst, src, width, height, rnd_below(256),
				 rnd_below(2) ? MVGPU_BLEND_PREMULTIPLIED : 0);
	}
}

static struct mvgpu_cmd random_copy(const struct arena *arena)
{
	uint32_t size = 1 + rnd_below(rnd_below(8) ? 1u << rnd_below(17) : arena->size);
	struct place dst = random_place(arena, 0, size, 1, 1);
	struct place src = random_place(arena, 0, size, 1, 1);

	return cmd_copy(dst.mem, dst.address, src.mem, src.address, size);
}

struct mvgpu_cmd random_command(const struct arena *arena)
{
	struct place place;

	switch (rnd_below(6)) {
	case 0:
		return random_rectangles(arena, MVGPU_CMD_FILL);
	case 1:
		return random_rectangles(arena, MVGPU_CMD_BLIT);
	case 2:
		return random_rectangles(arena, MVGPU_CMD_BLEND);
	case 3:
		place = random_place(arena, 0, 8, 1, 8);
		return cmd_fence_store(0, 0, place.mem, place.address);
	default:
		return random_copy(arena);
	}
}
