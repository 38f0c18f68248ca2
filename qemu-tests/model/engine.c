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

u64 ring_error_address(struct host *host, unsigned int n)
{
	return ring_reg(host, n, MVGPU_RING_ERROR_ADDR_LO) |
	       (u64)ring_reg(host, n, MVGPU_RING_ERROR_ADDR_HI) << 32;
}

void ring_set_tail(struct host *host, unsigned int n, u32 tail)
{
	*shared_word(host, MVGPU_TAIL(n)) = cpu_to_le32(tail);
}

void set_master(struct host *host, bool master)
{
	u32 command = cfg_read(host, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER;

	cfg_write(host, PCI_COMMAND, 2, command | (master ? PCI_COMMAND_MASTER : 0));
}

void ring_enable_at(struct host *host, unsigned int n, u8 mem, u64 base, u32 order)
{
	set_master(host, true);
	ring_set_tail(host, n, 0);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_BASE_LO), base);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_BASE_HI), base >> 32);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_ORDER), order);
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_CTRL),
		  MVGPU_RING_CTRL_ENABLE | mem << MVGPU_RING_CTRL_MEM_SHIFT);
}

void ring_enable(struct host *host, unsigned int n)
{
	ring_enable_at(host, n, MVGPU_MEM_VRAM, RING_BASE(n), __builtin_ctz(RING_ENTRIES));
}

void ring_disable(struct host *host, unsigned int n)
{
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_CTRL), 0);
}

void ring_submit(struct host *host, unsigned int n, const struct mvgpu_cmd *cmd)
{
	const struct mvgpu_ring *ring = &host->vgpu->engine.rings[n];
	u32 tail = le32_to_cpu(*shared_word(host, MVGPU_TAIL(n)));

	memcpy(engine_byte(host, ring->mem, ring->base + tail * (u64)MVGPU_CMD_SIZE), cmd,
	       sizeof(*cmd));
	ring_set_tail(host, n, (tail + 1) % ring->entries);
}

void ring_submit_nops(struct host *host, unsigned int n, unsigned int count)
{
	struct mvgpu_cmd nop = cmd_nop();

	while (count--)
		ring_submit(host, n, &nop);
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

enum mvgpu_step_result engine_step(struct host *host, u64 limit, unsigned int *ring)
{
	struct mvgpu_step step = { .limit = limit };
	enum mvgpu_step_result result = mvgpu_engine_step(host->vgpu, &step);

	if (ring)
		*ring = step.ring;
	return result;
}

u32 engine_do(struct host *host, const struct mvgpu_cmd *cmd)
{
	enum mvgpu_step_result result = MVGPU_STEP_WORKED;
	unsigned int steps = 0;

	ring_disable(host, 0);
	ring_enable(host, 0);
	ring_submit(host, 0, cmd);
	mvgpu_engine_wake(host->vgpu);
	while (steps < ENGINE_PATIENCE && result != MVGPU_STEP_IDLE) {
		result = engine_step(host, MVGPU_STEP_ANY, NULL);
		/* What is put off is so once. */
		steps += result == MVGPU_STEP_WORKED;
	}
	if (result != MVGPU_STEP_IDLE)
		mvgpu_engine_timeout(host->vgpu, 0);
	mvgpu_engine_sleep(host->vgpu);
	return ring_reg(host, 0, MVGPU_RING_ERROR);
}

void gart_use(struct host *host, u64 base, u32 entries)
{
	reg_write(host, MVGPU_REG_GART_BASE_LO, base);
	reg_write(host, MVGPU_REG_GART_BASE_HI, base >> 32);
	reg_write(host, MVGPU_REG_GART_ENTRIES, entries);
	gart_invalidate(host);
	host->gart = base;
}

void gart_invalidate(struct host *host)
{
	reg_write(host, MVGPU_REG_GART_INVALIDATE, 1);
}

void gart_set(struct host *host, u64 base, u32 page, u64 entry)
{
	__le64 bytes = cpu_to_le64(entry);

	memcpy(engine_byte(host, MVGPU_MEM_GUEST, base + 8ull * page), &bytes, sizeof(bytes));
}

/* The guest's address of a byte of the GART */
static u64 gart_address(struct host *host, u64 address)
{
	__le64 entry;

	memcpy(&entry, engine_byte(host, MVGPU_MEM_GUEST, host->gart + address / 4096 * 8),
	       sizeof(entry));
	return (le64_to_cpu(entry) & MVGPU_GART_ADDRESS) + address % 4096;
}

u8 *engine_byte(struct host *host, u8 mem, u64 address)
{
	if (mem == MVGPU_MEM_VRAM && address < host->vgpu->config->vram_size)
		return host->vram + address;
	if (mem == MVGPU_MEM_GUEST && address - GUEST_BASE < GUEST_SIZE)
		return host->guest + (address - GUEST_BASE);
	if (mem == MVGPU_MEM_GART)
		return engine_byte(host, MVGPU_MEM_GUEST, gart_address(host, address));
	tap_bail("address %#llx of memory %u is nowhere", (unsigned long long)address, mem);
}
