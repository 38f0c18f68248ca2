// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for libFuzzer where there is none: messages made at random, most of them nearly right.
 *
 * Argument: how many sessions.  The environment variable SEED brings a run back.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/tap.h"
#include "../lib/util.h"
#include "../../vfio-user/protocol.h"
#include "fuzz.h"
#include "mvgpu_cmd.h"

#define MAX_INPUT	4096
#define MAX_MESSAGES	24
#define MAX_COMMANDS	8

/* Numbers at which something ends or begins somewhere. */
static uint64_t interesting(void)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 20, 24, 32, 64, 0x1000, 0x2000, 0x100000,
		0x1000000, UINT32_MAX, 1ull << 32, UINT64_MAX, UINT64_MAX - 0xfff, INT64_MAX,
	};

	return rnd_below(4) ? numbers[rnd_below(ARRAY_SIZE(numbers))] : rnd();
}

/* The size that a command's payload most often has. */
static size_t usual_size(unsigned int command)
{
	switch (command) {
	case VU_DMA_MAP:
	case VU_DEVICE_GET_REGION_INFO:
		return 32;
	case VU_DMA_UNMAP:
		return 24;
	case VU_DEVICE_SET_IRQS:
		return 20 + (rnd_below(2) ? rnd_below(10) : 0);
	case VU_REGION_WRITE:
		return 16 + rnd_below(70);
	case VU_REGION_WRITE_MULTI:
		return 8 + 24 * rnd_below(5);
	case VU_DEVICE_RESET:
		return 0;
	default:
		return 16;
	}
}

/* Fields are 4 bytes, or 8 where two of them are one. */
static void fill(uint8_t *payload, size_t size)
{
	size_t at;

	for (at = 0; at + 4 <= size; at += 4) {
		uint32_t word = rnd_below(3) ? rnd_below(40) : interesting();

		memcpy(payload + at, &word, sizeof(word));
	}
	for (at = 0; at + 8 <= size; at += 8) {
		uint64_t number = interesting();

		if (!rnd_below(3))
			memcpy(payload + at, &number, sizeof(number));
	}
}

/* One action, one kind of data, an index that there may be. */
static void fill_irqs(uint8_t *payload, size_t size, uint8_t *select)
{
	uint32_t fields[5] = {
		size, 1u << rnd_below(3) | 8u << rnd_below(3), rnd_below(6), rnd_below(10),
		rnd_below(10),
	};

	if (!rnd_below(4))
		fields[3 + rnd_below(2)] = interesting();
	if (rnd_below(3))
		fields[4] = *select % 4;
	/* Eventfds, mostly */
	if (rnd_below(3))
		*select &= 0x13;
	if (size >= sizeof(fields))
		memcpy(payload, fields, sizeof(fields));
}

static size_t make_message(uint8_t *to)
{
	unsigned int command = rnd_below(VU_NUM_COMMANDS + 2);
	size_t size = rnd_below(8) ? usual_size(command) : rnd_below(120);
	uint32_t argsz = size;

	to[0] = command;
	to[1] = rnd_below(4) ? rnd_below(0x20) : rnd();
	to[2] = size;
	to[3] = 0;
	fill(to + 4, size);
	/* What begins with its own size does not get far with another one. */
	if (size >= sizeof(argsz) && command >= VU_DMA_MAP && command <= VU_DEVICE_SET_IRQS &&
	    rnd_below(8))
		memcpy(to + 4, &argsz, sizeof(argsz));
	if (command == VU_DEVICE_SET_IRQS && rnd_below(8))
		fill_irqs(to + 4, size, &to[1]);
	return 4 + size;
}

/* What a command does not use is 0, most often. */
static struct mvgpu_cmd make_command(void)
{
	struct mvgpu_cmd cmd;

	rnd_fill(&cmd, sizeof(cmd));
	if (!rnd_below(8))
		return cmd;
	cmd.opcode = MVGPU_CMD_FILL + rnd_below(MVGPU_CMD_WAIT - MVGPU_CMD_FILL);
	cmd.flags = 0;
	cmd.arg = cmd.opcode == MVGPU_CMD_COPY ? htole64(rnd_below(1 << 19)) : 0;
	if (cmd.opcode != MVGPU_CMD_FILL)
		cmd.value = cmd.opcode == MVGPU_CMD_BLEND ? htole32(rnd_below(256)) : 0;
	if (cmd.opcode == MVGPU_CMD_FILL) {
		cmd.src = 0;
		cmd.src_mem = 0;
		cmd.src_stride = 0;
	}
	if (cmd.opcode == MVGPU_CMD_COPY) {
		cmd.dst_stride = 0;
		cmd.src_stride = 0;
		cmd.width = 0;
		cmd.height = 0;
	}
	return cmd;
}

static size_t make_commands(uint8_t *to)
{
	unsigned int i, count = rnd_below(MAX_COMMANDS);
	struct mvgpu_cmd cmd;

	to[0] = count;
	for (i = 0; i < count; i++) {
		cmd = make_command();
		memcpy(to + 1 + i * sizeof(cmd), &cmd, sizeof(cmd));
	}
	return 1 + count * sizeof(cmd);
}

int main(int argc, char **argv)
{
	unsigned long sessions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, i;
	uint8_t input[MAX_INPUT];

	rnd_init();
	for (i = 0; i < sessions; i++) {
		unsigned int left = rnd_below(MAX_MESSAGES);
		size_t size = 1;

		input[0] = rnd();
		if (input[0] & 0x20)
			size += make_commands(input + size);
		while (left--)
			size += make_message(input + size);
		LLVMFuzzerTestOneInput(input, size);
	}
	tap_ok(true, "%lu sessions of random messages leave the server unharmed", sessions);
	return tap_done();
}
