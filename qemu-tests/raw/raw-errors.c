// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest hears of its mistakes, and what a reset leaves of work that is under way.
 *
 *  raw-errors DEVICE
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"
#include "tap.h"

#define RING_ORDER	8
#define BUSY_SIZE	(1u << 20)
#define BUSY_COMMANDS	200
/* No guest here has so much memory, nor any BAR so high. */
#define NOWHERE		(1ull << 40)

static uint32_t ring_reg(const struct raw *raw, unsigned int ring, uint32_t reg)
{
	return raw_reg(raw, MVGPU_REG_RING(ring, reg));
}

static void start(struct raw *raw, unsigned int ring)
{
	if (raw_start(raw, ring, RING_ORDER))
		tap_bail("ring %u does not start", ring);
	while (raw_causes(raw, 0))
		;
}

/* A command that stops its ring: what is before it is done, nothing behind it. */
static void test_mistake(struct raw *raw, const char *name, struct mvgpu_cmd bad, uint32_t error,
			 uint64_t address)
{
	struct mvgpu_cmd cmds[] = { cmd_nop(), cmd_fence(1, 0), bad, cmd_fence(2, 0) };
	uint64_t told;

	start(raw, 0);
	raw_submit(raw, 0, cmds, 4);
	tap_ret(raw_wait(raw, 0, 2, 0), -EIO, "%s: the ring stops", name);
	tap_ret(raw_wait(raw, 0, 1, 0), 0, "%s: what was before it is done", name);
	tap_is(ring_reg(raw, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_ERROR, "%s: state", name);
	tap_is(ring_reg(raw, 0, MVGPU_RING_ERROR), error, "%s: error", name);
	tap_is(ring_reg(raw, 0, MVGPU_RING_ERROR_HEAD), 2, "%s: command", name);
	told = ring_reg(raw, 0, MVGPU_RING_ERROR_ADDR_LO) |
	       (uint64_t)ring_reg(raw, 0, MVGPU_RING_ERROR_ADDR_HI) << 32;
	tap_is_hex(told, address, "%s: address", name);
	tap_ok(raw_causes(raw, RAW_TIMEOUT_MS) & MVGPU_CAUSE_ERROR, "%s: interrupt", name);
}

static void test_mistakes(struct raw *raw)
{
	uint64_t end = raw->info.vram_size;
	struct place last = { .mem = MVGPU_MEM_VRAM, .address = end - 64, .stride = 64 };
	struct mvgpu_cmd reserved = cmd_nop();

	reserved.reserved[1] = 1;
	test_mistake(raw, "unknown command", (struct mvgpu_cmd){ .opcode = 99 },
		     MVGPU_ERROR_COMMAND, 0);
	test_mistake(raw, "reserved field", reserved, MVGPU_ERROR_COMMAND, 0);
	test_mistake(raw, "fill past the end of VRAM", cmd_fill(last, 64, 2, 0),
		     MVGPU_ERROR_RANGE, end - 64);
	test_mistake(raw, "copy from beyond VRAM",
		     cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, end, 1), MVGPU_ERROR_RANGE, end);
	test_mistake(raw, "copy from memory that is not there",
		     cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, NOWHERE, 64), MVGPU_ERROR_DMA,
		     NOWHERE);
	test_mistake(raw, "copy to memory that is not there",
		     cmd_copy(MVGPU_MEM_GUEST, NOWHERE, MVGPU_MEM_VRAM, 0, 1 << 20),
		     MVGPU_ERROR_DMA, NOWHERE);
	test_mistake(raw, "a GPU page that the GART does not have",
		     cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, 4096, 1), MVGPU_ERROR_GART, 4096);
}

static void test_bad_tail(struct raw *raw)
{
	start(raw, 0);
	raw_set_reg(raw, MVGPU_TAIL(0), 1 << RING_ORDER);
	raw_set_reg(raw, MVGPU_REG_RING(0, MVGPU_RING_KICK), 1);
	tap_ret(raw_wait(raw, 0, 1, 0), -EIO, "a tail outside of the ring stops it");
	tap_is(ring_reg(raw, 0, MVGPU_RING_ERROR), MVGPU_ERROR_TAIL, "for that");
}

/* A ring that has stopped leaves the others alone, and starts again. */
static void test_others(struct raw *raw)
{
	struct mvgpu_cmd bad = { .opcode = 99 };
	unsigned int last = raw->info.num_rings - 1;

	if (last) {
		start(raw, last);
		start(raw, 0);
		raw_submit(raw, 0, &bad, 1);
		tap_ret(raw_wait(raw, 0, 1, 0), -EIO, "a ring stops");
		tap_ret(raw_finish(raw, last), 0, "another one goes on");
	}
	start(raw, 0);
	tap_ret(raw_finish(raw, 0), 0, "started again it works");
}

/* Give a ring much to do: copies of guest memory. */
static void make_busy(const struct raw *raw, unsigned int ring, const struct raw_memory *memory)
{
	struct mvgpu_cmd cmds[BUSY_COMMANDS];
	unsigned int i;

	for (i = 0; i < BUSY_COMMANDS; i++)
		cmds[i] = cmd_copy(MVGPU_MEM_GUEST, memory->address + BUSY_SIZE, MVGPU_MEM_GUEST,
				   memory->address, BUSY_SIZE);
	raw_submit(raw, ring, cmds, BUSY_COMMANDS);
}

/* Fills the target of the copies with what they do not copy, and sees whether it stays. */
static void expect_quiet(struct raw_memory *memory, const char *when)
{
	uint8_t *target = memory->bytes + BUSY_SIZE;

	memset(target, 0xbb, BUSY_SIZE);
	usleep(50000);
	tap_ok(target[0] == 0xbb && !memcmp(target, target + 1, BUSY_SIZE - 1),
	       "%s nothing is written to memory any more", when);
}

static void test_stop(struct raw *raw, struct raw_memory *memory)
{
	start(raw, 0);
	make_busy(raw, 0, memory);
	raw_stop(raw, 0);
	tap_is(ring_reg(raw, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF, "a busy ring is stopped");
	expect_quiet(memory, "after it");
}

static void test_reset(struct raw *raw, struct raw_memory *memory)
{
	unsigned int ring;

	for (ring = 0; ring < raw->info.num_rings; ring++) {
		start(raw, ring);
		make_busy(raw, ring, memory);
	}
	raw_set_reg(raw, MVGPU_REG_SCRATCH, 0x5eed);
	tap_ret(raw_reset(raw), 0, "a function-level reset of a busy device");
	expect_quiet(memory, "after it");
	tap_is(raw_reg(raw, MVGPU_REG_SCRATCH), 0, "registers are reset");
	for (ring = 0; ring < raw->info.num_rings; ring++) {
		tap_is(ring_reg(raw, ring, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF,
		       "ring %u is off", ring);
		tap_ret(raw_wait(raw, ring, ~0ull >> 1, 0), -EIO, "who waits for it is told");
		start(raw, ring);
		tap_ret(raw_finish(raw, ring), 0, "it starts again, and interrupts");
	}
}

/* A program that ends with work under way: the next one finds the device in order. */
static void test_left_busy(unsigned int device)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		struct raw_memory memory;
		struct raw raw;

		raw_open(&raw, device);
		memory = raw_alloc(&raw, 2 * BUSY_SIZE);
		start(&raw, 0);
		make_busy(&raw, 0, &memory);
		_exit(0);
	}
	waitpid(child, &status, 0);
	tap_is(status, 0, "a program leaves the device busy");
}

int main(int argc, char **argv)
{
	struct raw_memory memory;
	unsigned int device;
	struct raw raw;

	if (argc != 2)
		tap_bail("usage: raw-errors DEVICE");
	device = atoi(argv[1]);
	test_left_busy(device);
	raw_open(&raw, device);
	tap_is(ring_reg(&raw, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF, "its ring is off");
	memory = raw_alloc(&raw, 2 * BUSY_SIZE);
	memset(memory.bytes, 0xaa, memory.size);
	test_mistakes(&raw);
	test_bad_tail(&raw);
	test_others(&raw);
	test_stop(&raw, &memory);
	test_reset(&raw, &memory);
	return tap_done();
}
