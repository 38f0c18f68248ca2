/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client that drives the device: BARs mapped, memory for DMA, rings.
 *
 * Its memory is what a guest's is to QEMU: a part that it shares by a file, and one that the server
 * has to ask for.  It answers the server whenever it waits for something.
 */
#ifndef GPU_H
#define GPU_H

#include "mvgpu_cmd.h"
#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "server.h"

#define PAGE		4096u
#define MEMORY_SIZE	(256 * PAGE)
/* Where the device finds the client's memory: that in a file, the other one. */
#define SHARED		0x10000000ull
#define REMOTE		0x20000000ull

#define RW		(VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE)

#define RING_ORDER	6
#define RING_ENTRIES	(1u << RING_ORDER)

/**
 * struct gpu - a session with a device
 * @fd: the socket
 * @file: of @shared
 * @vram: BAR 0, mapped
 * @vram_size: bytes of it
 * @pages: BAR 2's file, mapped: pages 2 and 3 mean something
 * @shared: the client's memory at SHARED
 * @remote: the client's memory at REMOTE
 * @mute: does not answer the server
 * @sent: commands that the client has sent
 * @asked: commands that the server has sent
 * @last: the last of them
 * @access: what it was about
 */
struct gpu {
	int fd;
	int file;
	uint8_t *vram;
	size_t vram_size;
	uint8_t *pages;
	uint8_t *shared;
	uint8_t *remote;
	bool mute;
	unsigned int sent;
	unsigned int asked;
	struct vu_header last;
	struct vu_dma_access access;
};

/**
 * struct ring - a ring
 * @gpu: the device
 * @n: its number
 * @commands: where it is, mapped
 * @tail: index behind the last command
 * @fence: value of the last fence
 * @kicks: how often it was kicked
 */
struct ring {
	struct gpu *gpu;
	unsigned int n;
	struct mvgpu_cmd *commands;
	uint32_t tail;
	uint64_t fence;
	unsigned int kicks;
};

/* Bails out where there is no session.  Memory is mapped for DMA, and of random content. */
void gpu_open(struct gpu *gpu, const struct server *server);
void gpu_close(struct gpu *gpu);

/* A command: what vuc_call() returns.  What the server asks meanwhile is answered. */
ssize_t gpu_call(struct gpu *gpu, uint16_t command, const void *payload, size_t size, void *out,
		 size_t room);
uint32_t gpu_read(struct gpu *gpu, uint32_t reg);
void gpu_write(struct gpu *gpu, uint32_t reg, uint32_t value);
ssize_t gpu_map(struct gpu *gpu, uint64_t address, uint64_t size, int file, uint32_t flags);
ssize_t gpu_unmap(struct gpu *gpu, uint64_t address, uint64_t size);
ssize_t gpu_reset(struct gpu *gpu);

/* What the server says within so many milliseconds is answered: whether it has said something. */
bool gpu_serve(struct gpu *gpu, int ms);

/* Nothing that the server asks is answered from now on, and counted anew. */
void gpu_mute(struct gpu *gpu);

/* Waits until it has asked for something: whether it has, once. */
bool gpu_await_question(struct gpu *gpu);

/* Now it gets its answer, as does what comes after it. */
void gpu_answer(struct gpu *gpu);

/* A ring in the client's memory that is shared: no access to it is a message.  With bus mastering. */
void ring_enable(struct ring *ring, struct gpu *gpu, unsigned int n);
void ring_disable(struct ring *ring);
uint32_t ring_reg(const struct ring *ring, uint32_t reg);

/* Puts a command into the ring, for which there is room; makes known what is there; both. */
void ring_put(struct ring *ring, struct mvgpu_cmd cmd);
void ring_publish(struct ring *ring);
void ring_submit(struct ring *ring, struct mvgpu_cmd cmd);

/* A fence behind what was submitted, and the wait for it: whether it came. */
bool ring_finish(struct ring *ring);

/* The fence's value, and the wait for a state. */
uint64_t ring_fence(const struct ring *ring);
bool ring_await_state(struct ring *ring, uint32_t state);

#endif /* GPU_H */
