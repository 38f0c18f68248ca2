/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a driver does with the engine, in short forms.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "host.h"

/* Where tests put ring n if they do not care: at the end of VRAM, 64 KiB each. */
#define RING_SIZE	(64u << 10)

/* Set up and enable ring @n, of 2^@order commands, in @mem at @base. */
void ring_enable_at(struct host *host, unsigned int n, u8 mem, u64 base, u32 order);

/* The same, of 16 commands, where it disturbs nobody. */
void ring_enable(struct host *host, unsigned int n);

void ring_disable(struct host *host, unsigned int n);

u32 ring_reg(struct host *host, unsigned int n, u32 reg);

/* Put a command behind the last one, and store the tail.  There must be room. */
void ring_submit(struct host *host, unsigned int n, const struct mvgpu_cmd *cmd);

/* What the status page has */
u64 ring_fence(struct host *host, unsigned int n);
u32 ring_head(struct host *host, unsigned int n);
u32 ring_need_kick(struct host *host, unsigned int n);

/* Own the engine until there is nothing to do; the number of steps. */
unsigned int engine_run(struct host *host);

static inline struct mvgpu_cmd cmd_nop(void)
{
	return (struct mvgpu_cmd){ .opcode = MVGPU_CMD_NOP };
}

static inline struct mvgpu_cmd cmd_fence(u64 value, u8 flags)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_FENCE, .flags = flags, .arg = cpu_to_le64(value),
	};
}

static inline struct mvgpu_cmd cmd_wait(unsigned int ring, u64 value)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_WAIT, .value = cpu_to_le32(ring), .arg = cpu_to_le64(value),
	};
}

static inline struct mvgpu_cmd cmd_copy(u8 dst_mem, u64 dst, u8 src_mem, u64 src, u64 size)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_COPY, .dst_mem = dst_mem, .src_mem = src_mem,
		.dst = cpu_to_le64(dst), .src = cpu_to_le64(src), .arg = cpu_to_le64(size),
	};
}

static inline struct mvgpu_cmd cmd_fill(u8 mem, u64 dst, u32 stride, u32 width, u32 height,
					u32 value)
{
	return (struct mvgpu_cmd){
		.opcode = MVGPU_CMD_FILL, .dst_mem = mem, .dst = cpu_to_le64(dst),
		.dst_stride = cpu_to_le32(stride), .width = cpu_to_le32(width),
		.height = cpu_to_le32(height), .value = cpu_to_le32(value),
	};
}

#endif /* ENGINE_H */
