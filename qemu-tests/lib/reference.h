/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands of the engine are to do, written as plainly as can be: byte by byte, pixel by
 * pixel, without a thought for speed.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdint.h>

#include "mvgpu_cmd.h"

/*
 * The memories of a device: where the byte at an address of MVGPU_MEM_* is.  Bytes of which none is
 * asked for need not be there.
 */
struct reference {
	uint8_t *(*at)(void *context, unsigned int mem, uint64_t address);
	void *context;
};

/*
 * Does what a valid command does to memory.
 *
 * The source is read before anything is written: so does the device, if lines that overlap are the
 * same distance apart on both sides.  Where the destination's lines overlap one another the last one
 * wins, or, where the destination begins inside of the source, the first one.
 */
void reference_run(const struct reference *ref, const struct mvgpu_cmd *cmd);

#endif /* REFERENCE_H */
