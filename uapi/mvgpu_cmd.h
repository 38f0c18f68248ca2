/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Commands of the mvgpu device: what a driver puts into a ring.
 */
#ifndef MVGPU_CMD_H
#define MVGPU_CMD_H

#include <linux/types.h>

/* The memories that an address can be in */
#define MVGPU_MEM_VRAM		0
#define MVGPU_MEM_GUEST		1	/* by DMA */
#define MVGPU_MEM_GART		2	/* by DMA, through the GART */
#define MVGPU_NUM_MEMS		3

/**
 * struct mvgpu_cmd - a command
 * @opcode: MVGPU_CMD_*
 * @flags: of that opcode
 * @dst_mem: in which memory @dst is
 * @src_mem: in which memory @src is
 * @value: FILL: what is stored; BLEND: 0 to 255, by which the source is multiplied and divided by
 *	255; WAIT: a ring
 * @dst: address of the first byte that is written
 * @src: address of the first byte that is read
 * @dst_stride: bytes from a line to the next
 * @src_stride: bytes from a line to the next
 * @width: bytes a line
 * @height: lines
 * @arg: COPY: bytes; FENCE, WAIT: a value
 * @reserved: 0
 *
 * All fields are little endian.  What an opcode does not use is 0.
 */
struct mvgpu_cmd {
	__u8 opcode;
	__u8 flags;
	__u8 dst_mem;
	__u8 src_mem;
	__le32 value;
	__le64 dst;
	__le64 src;
	__le32 dst_stride;
	__le32 src_stride;
	__le32 width;
	__le32 height;
	__le64 arg;
	__le64 reserved[2];
};

#define MVGPU_CMD_SIZE		64

/* Nothing */
#define MVGPU_CMD_NOP		1
/* @value, 32 bits, all over a rectangle; everything is a multiple of 4 */
#define MVGPU_CMD_FILL		2
/* @arg bytes */
#define MVGPU_CMD_COPY		3
/* A rectangle */
#define MVGPU_CMD_BLIT		4
/* A rectangle of pixels, ARGB8888, over another; everything is a multiple of 4 */
#define MVGPU_CMD_BLEND		5
/* All commands before it are done: @arg becomes the ring's fence value */
#define MVGPU_CMD_FENCE		6
/* Go on when the fence value of ring @value is @arg or, modulo 2^64, later */
#define MVGPU_CMD_WAIT		7

/* BLEND: the source's colours have been multiplied by its alpha already */
#define MVGPU_BLEND_PREMULTIPLIED	0x1
/* FENCE: raise the ring's cause of interrupt */
#define MVGPU_FENCE_INTERRUPT		0x1
/* FENCE: store @arg, 64 bits, at @dst, a multiple of 8, too */
#define MVGPU_FENCE_STORE		0x2

#endif /* MVGPU_CMD_H */
