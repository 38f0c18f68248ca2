// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that writes garbage: into registers, tails, status, rings, GART and VRAM.
 *
 *  raw-hostile DEVICE ROUNDS
 *
 * All its garbage is the device's to refuse.  Where commands write in guest memory is a buffer, or
 * nothing, and rings and GART are not in it, so that the guest does not lose itself.  At the end
 * the device is reset, and has to work.
 */
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "tap.h"
#include "util.h"

#define BUFFER_SIZE	(1u << 20)
#define TABLE_ENTRIES	256u
#define RING_COMMANDS	(1u << MVGPU_RING_MAX_ORDER)

struct hostile {
	struct raw raw;
	struct raw_memory buffer;	/* what commands read and write */
	struct raw_memory table;
	struct raw_memory ring;
};

/* Values at which something changes, and all kinds of others. */
static uint64_t garbage(const struct hostile *hostile)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 4, 63, 64, 255, 256, 4095, 4096, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, ~0ull >> 1, ~0ull << 63, ~0ull, ~0ull - 63,
	};

	switch (rnd_below(6)) {
	case 0:
		return edges[rnd_below(ARRAY_SIZE(edges))];
	case 1:
		return 1ull << rnd_below(64);
	case 2:
		return hostile->raw.info.vram_size - rnd_below(130);
	case 3:
		return rnd_below(8192);
	default:
		return rnd() >> rnd_below(64);
	}
}

/* In guest memory: in the buffer's first half, or where there is nothing */
static uint64_t garbage_address(const struct hostile *hostile, uint8_t mem)
{
	if (mem != MVGPU_MEM_GUEST)
		return garbage(hostile);
	if (rnd_below(4))
		return hostile->buffer.address + 4 * rnd_below(BUFFER_SIZE / 8);
	return garbage(hostile) | 1ull << (40 + rnd_below(24));
}

/* What an opcode does not use has to be zero, or nearly all commands would be refused for that. */
static void clear_unused(struct mvgpu_cmd *cmd)
{
	bool rect = cmd->opcode == MVGPU_CMD_FILL || cmd->opcode == MVGPU_CMD_BLIT ||
		    cmd->opcode == MVGPU_CMD_BLEND;

	if (cmd->opcode != MVGPU_CMD_BLEND && cmd->opcode != MVGPU_CMD_FENCE)
		cmd->flags = 0;
	if (rect)
		cmd->arg = 0;
	if (cmd->opcode == MVGPU_CMD_BLIT || cmd->opcode == MVGPU_CMD_COPY)
		cmd->value = 0;
	if (cmd->opcode == MVGPU_CMD_FILL || cmd->opcode == MVGPU_CMD_FENCE) {
		cmd->src_mem = 0;
		cmd->src = 0;
		cmd->src_stride = 0;
	}
	if (cmd->opcode == MVGPU_CMD_COPY) {
		cmd->dst_stride = 0;
		cmd->src_stride = 0;
		cmd->width = 0;
		cmd->height = 0;
	}
	memset(cmd->reserved, 0, sizeof(cmd->reserved));
}

static struct mvgpu_cmd garbage_command(const struct hostile *hostile)
{
	struct mvgpu_cmd cmd = {
		.opcode = rnd_below(10) ? rnd_below(8) : rnd(),
		.flags = rnd_below(4) ? rnd_below(4) : rnd(),
		.dst_mem = rnd_below(10) ? rnd_below(MVGPU_NUM_MEMS) : rnd(),
		.src_mem = rnd_below(10) ? rnd_below(MVGPU_NUM_MEMS) : rnd(),
		.reserved = { rnd(), rnd() },
	};
	/* What begins in the buffer's first half ends in its second. */
	uint32_t width = 4 * rnd_below(128), height = rnd_below(256);
	uint64_t size = rnd_below(BUFFER_SIZE / 2);

	if (cmd.dst_mem != MVGPU_MEM_GUEST && cmd.src_mem != MVGPU_MEM_GUEST && rnd_below(2)) {
		width = garbage(hostile);
		height = garbage(hostile);
		size = garbage(hostile);
	}
	cmd.dst = htole64(garbage_address(hostile, cmd.dst_mem));
	cmd.src = htole64(garbage_address(hostile, cmd.src_mem));
	cmd.dst_stride = htole32(width);
	cmd.src_stride = htole32(rnd_below(2) ? width : width / 2);
	cmd.width = htole32(width);
	cmd.height = htole32(height);
	cmd.arg = htole64(cmd.opcode == MVGPU_CMD_COPY ? size : garbage(hostile));
	cmd.value = htole32(rnd_below(2) ? rnd_below(256) : garbage(hostile));
	if (rnd_below(8))
		clear_unused(&cmd);
	return cmd;
}

/* All rings are one. */
static void garbage_ring(struct hostile *hostile, unsigned int ring)
{
	static const uint32_t ctrl[] = { 0, 0x01, 0x11, 0x21, 0x31, 0x10, 0xffffffff };
	struct mvgpu_cmd *cmds = (struct mvgpu_cmd *)hostile->ring.bytes;
	uint64_t base = hostile->ring.address;
	unsigned int i;

	for (i = 0; i < 64; i++)
		cmds[rnd_below(RING_COMMANDS)] = garbage_command(hostile);
	if (!rnd_below(8))
		base = garbage_address(hostile, MVGPU_MEM_GUEST) | 1ull << 40;
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_CTRL), 0);
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_BASE_LO), base);
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_BASE_HI), base >> 32);
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_ORDER), rnd_below(14));
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_CTRL),
		    rnd_below(3) ? 0x11 : ctrl[rnd_below(ARRAY_SIZE(ctrl))]);
	raw_set_reg(&hostile->raw, MVGPU_TAIL(ring),
		    rnd_below(8) ? rnd_below(RING_COMMANDS) : garbage(hostile));
	raw_set_reg(&hostile->raw, MVGPU_REG_RING(ring, MVGPU_RING_KICK), 1);
}

/* Entries point into the buffer, or nowhere. */
static void garbage_gart(struct hostile *hostile)
{
	uint64_t *entries = (uint64_t *)hostile->table.bytes;
	uint64_t base = hostile->table.address;
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		entries[i] = htole64((hostile->buffer.address +
				      4096 * rnd_below(BUFFER_SIZE / 4096)) | rnd_below(4));
	entries[rnd_below(TABLE_ENTRIES)] = htole64(garbage(hostile) | 1ull << 41);
	if (!rnd_below(8))
		base = garbage(hostile) | 1ull << 40;
	raw_set_reg(&hostile->raw, MVGPU_REG_GART_BASE_LO, base);
	raw_set_reg(&hostile->raw, MVGPU_REG_GART_BASE_HI, base >> 32);
	raw_set_reg(&hostile->raw, MVGPU_REG_GART_ENTRIES,
		    base == hostile->table.address ? TABLE_ENTRIES : garbage(hostile));
	raw_set_reg(&hostile->raw, MVGPU_REG_GART_INVALIDATE, 1);
}

/* Any register, any value; but where a ring or the GART is stays what it is. */
static void garbage_register(struct hostile *hostile)
{
	uint32_t offset = rnd_below(MVGPU_REGS_SIZE / 4) * 4;
	uint32_t reg = (offset - MVGPU_RING_OFFSET) % MVGPU_RING_STRIDE;

	if (offset >= MVGPU_REG_GART_BASE_LO && offset <= MVGPU_REG_GART_ENTRIES)
		return;
	if (offset >= MVGPU_RING_OFFSET &&
	    offset < MVGPU_REG_RING(MVGPU_MAX_RINGS, 0) && reg <= MVGPU_RING_BASE_HI)
		return;
	raw_set_reg(&hostile->raw, offset, garbage(hostile));
}

static void garbage_round(struct hostile *hostile)
{
	unsigned int i;

	garbage_gart(hostile);
	for (i = 0; i < hostile->raw.info.num_rings; i++)
		garbage_ring(hostile, i);
	for (i = 0; i < 32; i++)
		garbage_register(hostile);
	rnd_fill(hostile->raw.vram + rnd_below(hostile->raw.info.vram_size / 4096) * 4096ull, 4096);
	if (!rnd_below(16))
		raw_irq(&hostile->raw, rnd_below(3));
}

int main(int argc, char **argv)
{
	static struct hostile hostile;
	unsigned int rounds, i;

	if (argc != 3)
		tap_bail("usage: raw-hostile DEVICE ROUNDS");
	rnd_init();
	raw_open(&hostile.raw, atoi(argv[1]));
	hostile.buffer = raw_alloc(&hostile.raw, BUFFER_SIZE);
	hostile.table = raw_alloc(&hostile.raw, TABLE_ENTRIES * sizeof(uint64_t));
	hostile.ring = raw_alloc(&hostile.raw, RING_COMMANDS * sizeof(struct mvgpu_cmd));
	rounds = atoi(argv[2]);
	for (i = 0; i < rounds; i++)
		garbage_round(&hostile);
	tap_ret(raw_reset(&hostile.raw), 0, "reset after %u rounds of garbage", rounds);
	tap_ret(raw_irq(&hostile.raw, MVGPU_RAW_IRQ_MSIX), 0, "interrupts are set up");
	tap_ret(raw_start(&hostile.raw, 0, 4), 0, "a ring starts");
	tap_ret(raw_finish(&hostile.raw, 0), 0, "and works");
	return tap_done();
}
