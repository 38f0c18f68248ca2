// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>

#include "reference.h"
#include "tap.h"

#define PIXEL	4

/* A command in the host's byte order, with all that is the same for several opcodes. */
struct work {
	const struct reference *ref;
	const struct mvgpu_cmd *cmd;
	uint64_t dst;
	uint64_t src;
	uint64_t dst_stride;
	uint64_t src_stride;
	uint64_t width;
	uint64_t height;
	uint32_t value;
	uint8_t *source;	/* a copy of it, without gaps between its lines */
};

static uint8_t *dst_byte(const struct work *work, uint64_t x, uint64_t y)
{
	return work->ref->at(work->ref->context, work->cmd->dst_mem,
			     work->dst + y * work->dst_stride + x);
}

static void read_source(struct work *work)
{
	uint64_t x, y;

	work->source = malloc(work->width * work->height);
	if (!work->source)
		tap_bail("no memory for a copy of the source");
	for (y = 0; y < work->height; y++)
		for (x = 0; x < work->width; x++)
			work->source[y * work->width + x] =
				*work->ref->at(work->ref->context, work->cmd->src_mem,
					       work->src + y * work->src_stride + x);
}

/* Rounded to the nearest; a half cannot come out, because 255 is odd. */
static unsigned int div255(unsigned int x)
{
	return (2 * x + 255) / 510;
}

static void blend_pixel(const struct work *work, uint64_t x, uint64_t y)
{
	bool premultiplied = work->cmd->flags & MVGPU_BLEND_PREMULTIPLIED;
	const uint8_t *src = &work->source[y * work->width + x];
	unsigned int alpha = div255(src[PIXEL - 1] * work->value);
	unsigned int i;

	for (i = 0; i < PIXEL; i++) {
		uint8_t *dst = dst_byte(work, x + i, y);
		unsigned int sum;

		if (i == PIXEL - 1)
			sum = alpha;
		else
			sum = div255(src[i] * (premultiplied ? work->value : alpha));
		sum += div255(*dst * (255 - alpha));
		*dst = sum > 255 ? 255 : sum;
	}
}

static void run_line(const struct work *work, uint64_t y)
{
	uint64_t x;

	switch (work->cmd->opcode) {
	case MVGPU_CMD_FILL:
		for (x = 0; x < work->width; x++)
			*dst_byte(work, x, y) = work->value >> 8 * (x % PIXEL);
		break;
	case MVGPU_CMD_COPY:
	case MVGPU_CMD_BLIT:
		for (x = 0; x < work->width; x++)
			*dst_byte(work, x, y) = work->source[y * work->width + x];
		break;
	case MVGPU_CMD_BLEND:
		for (x = 0; x < work->width; x += PIXEL)
			blend_pixel(work, x, y);
		break;
	}
}

static void store_fence(const struct work *work)
{
	uint64_t value = le64toh(work->cmd->arg);
	unsigned int i;

	if (!(work->cmd->flags & MVGPU_FENCE_STORE))
		return;
	for (i = 0; i < sizeof(value); i++)
		*dst_byte(work, i, 0) = value >> 8 * i;
}

void reference_run(const struct reference *ref, const struct mvgpu_cmd *cmd)
{
	struct work work = {
		.ref = ref, .cmd = cmd,
		.dst = le64toh(cmd->dst), .src = le64toh(cmd->src),
		.dst_stride = le32toh(cmd->dst_stride), .src_stride = le32toh(cmd->src_stride),
		.width = le32toh(cmd->width), .height = le32toh(cmd->height),
		.value = le32toh(cmd->value),
	};
	bool backward;
	uint64_t i;

	if (cmd->opcode == MVGPU_CMD_FENCE)
		store_fence(&work);
	if (cmd->opcode == MVGPU_CMD_COPY) {
		work.width = le64toh(cmd->arg);
		work.height = 1;
	}
	if (!work.width || !work.height)
		return;
	if (cmd->opcode != MVGPU_CMD_FILL)
		read_source(&work);
	backward = work.source && cmd->dst_mem == cmd->src_mem && work.dst > work.src &&
		   work.dst - work.src < (work.height - 1) * work.src_stride + work.width;
	for (i = 0; i < work.height; i++)
		run_line(&work, backward ? work.height - 1 - i : i);
	free(work.source);
}
