// SPDX-License-Identifier: GPL-2.0-only
#include "engine.h"

static __le32 *shared_word(struct host *host, u32 offset)
{
	return &host->shared[(offset - MVGPU_TAILS_OFFSET) / 4];
}

u32 ring_reg(struct host *host, unsigned int n, u32 reg)
{
	return reg_read(host, MVGPU_REG_RING(n, reg));
}

void ring_enable_at(struct host *host, unsigned int n, u8 mem, u64 base, u32 order)
{
	*shared_word(host, MVGPU_TAIL(n)) = 0;
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_BASE_LO), base);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_BASE_HI), base >> 32);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_ORDER), order);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_CTRL),
		  MVGPU_RING_CTRL_ENABLE | mem << MVGPU_RING_CTRL_MEM_SHIFT);
}

void ring_enable(struct host *host, unsigned int n)
{
	u64 base = host->vgpu->config->vram_size - (n + 1) * RING_SIZE;

	ring_enable_at(host, n, MVGPU_MEM_VRAM, base, 4);
}

void ring_disable(struct host *host, unsigned int n)
{
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_CTRL), 0);
}

void ring_submit(struct host *host, unsigned int n, const struct mvgpu_cmd *cmd)
{
	const struct mvgpu_ring *ring = &host->vgpu->engine.rings[n];
	__le32 *tail = shared_word(host, MVGPU_TAIL(n));
	u64 address = ring->base + le32_to_cpu(*tail) * (u64)MVGPU_CMD_SIZE;

	if (ring->mem == MVGPU_MEM_VRAM)
		memcpy(host->vram + address, cmd, sizeof(*cmd));
	else
		memcpy(host->guest + (address - GUEST_BASE), cmd, sizeof(*cmd));
	*tail = cpu_to_le32((le32_to_cpu(*tail) + 1) % ring->entries);
}

u64 ring_fence(struct host *host, unsigned int n)
{
	return le64_to_cpu(*(__le64 *)shared_word(host, MVGPU_STATUS_FENCE(n)));
}

u32 ring_head(struct host *host, unsigned int n)
{
	return le32_to_cpu(*shared_word(host, MVGPU_STATUS_HEAD(n)));
}

u32 ring_need_kick(struct host *host, unsigned int n)
{
	return le32_to_cpu(*shared_word(host, MVGPU_STATUS_NEED_KICK(n)));
}

unsigned int engine_run(struct host *host)
{
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };
	unsigned int steps = 0;

	mvgpu_engine_wake(host->vgpu);
	do {
		while (mvgpu_engine_step(host->vgpu, &step) == MVGPU_STEP_WORKED)
			steps++;
	} while (!mvgpu_engine_sleep(host->vgpu));
	return steps;
}
