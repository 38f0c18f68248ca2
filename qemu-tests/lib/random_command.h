/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands at random, for a device and a reference.
 */
#ifndef RANDOM_COMMAND_H
#define RANDOM_COMMAND_H

#include <stdint.h>

#include "mvgpu_cmd.h"

#define ARENA_MIN_SIZE	(192u << 10)

/**
 * struct arena - where commands may work
 * @bases: address of the first byte in each of the memories, a multiple of 8
 * @size: bytes in each, ARENA_MIN_SIZE or more
 */
struct arena {
	uint64_t bases[MVGPU_NUM_MEMS];
	uint32_t size;
};

/*
 * A rectangle that is filled, copied or blended, a range that is copied, or a fence that is stored,
 * whose value is the caller's to put in.  Lines that may overlap are the same distance apart.
 */
struct mvgpu_cmd random_command(const struct arena *arena);

#endif /* RANDOM_COMMAND_H */
