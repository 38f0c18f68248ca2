/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of the engine, made in one line.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <endian.h>
#include <stdint.h>

#include "mvgpu_cmd.h"

/* A place in one of the memories, and how far its lines are apart. */
struct place {
	uint8_t mem;
	uint64_t address;
	uint32_t stride;
};

static inline struct mvgpu_cmd cmd_nop(void)
{
	return (struct mvgpu_cmd){ .opcode = MVGPU_CMD_NOP };
}

static inline struct mvgpu_cmd cmd_fence(uint64_t value, uint8_t flags)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_FENCE, .flags = flags, .arg = htole64(value),
	};
}

static inline struct mvgpu_cmd cmd_fence_store(uint64_t value, uint8_t flags, uint8_t mem,
					       uint64_t address)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_FENCE, .flags = flags | MVGPU_FENCE_STORE, .dst_mem = mem,
		.dst = htole64(address), .arg = htole64(value),
	};
}

static inline struct mvgpu_cmd cmd_wait(unsigned int ring, uint64_t value)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_WAIT, .value = htole32(ring), .arg = htole64(value),
	};
}

static inline struct mvgpu_cmd cmd_copy(uint8_t dst_mem, uint64_t dst, uint8_t src_mem,
					uint64_t src, uint64_t size)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_COPY, .dst_mem = dst_mem, .src_mem = src_mem,
		.dst = htole64(dst), .src = htole64(src), .arg = htole64(size),
	};
}

/* @width in bytes */
static inline struct mvgpu_cmd cmd_fill(struct place dst, uint32_t width, uint32_t height,
					uint32_t value)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_FILL, .dst_mem = dst.mem, .dst = htole64(dst.address),
		.dst_stride = htole32(dst.stride), .width = htole32(width),
		.height = htole32(height), .value = htole32(value),
	};
}

/* @width in bytes */
static inline struct mvgpu_cmd cmd_blit(struct place dst, struct place src, uint32_t width,
					uint32_t height)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_BLIT, .dst_mem = dst.mem, .src_mem = src.mem,
		.dst = htole64(dst.address), .src = htole64(src.address),
		.dst_stride = htole32(dst.stride), .src_stride = htole32(src.stride),
		.width = htole32(width), .height = htole32(height),
	};
}

/* @width in bytes; @opacity from 0 to 255 */
static inline struct mvgpu_cmd cmd_blend(struct place dst, struct place src, uint32_t width,
					 uint32_t height, uint8_t opacity, uint8_t flags)
{
	struct mvgpu_cmd cmd = cmd_blit(dst, src, width, height);

	cmd.opcode = MVGPU_CMD_BLEND;
	cmd.flags = flags;
	cmd.value = htole32(opacity);
	return cmd;
}

#endif /* COMMANDS_H */
