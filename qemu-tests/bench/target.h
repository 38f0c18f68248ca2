/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device that the benches of one variant work on.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "measure.h"
#include "vdev.h"

/**
 * struct target - a device to measure
 * @variant: what the results call it
 * @uuid: its mdev
 * @full: it is a whole vGPU: benches that need more than an answer are run
 * @vdev: the open device, or NULL
 * @fd: its file
 * @regs: offset in it of the register BAR
 * @config: offset in it of config space
 * @event: an eventfd, non-blocking
 * @vram_size: bytes of VRAM
 * @vram_used: bytes of it, from the start, that a bench has touched
 * @map: what is mapped of it
 * @map_size: bytes that @map has
 */
struct target {
	const char *variant;
	const char *uuid;
	bool full;
	struct vdev *vdev;
	int fd;
	uint64_t regs;
	uint64_t config;
	int event;
	uint64_t vram_size;
	uint64_t vram_used;
	uint8_t *map;
	uint64_t map_size;
};

bool target_open(struct target *target);
void target_close(struct target *target);

static inline bool target_write_reg(const struct target *target, uint64_t reg,
				    uint32_t value)
{
	return pwrite(target->fd, &value, sizeof(value), target->regs + reg) ==
	       sizeof(value);
}

/* The open benches want the device closed, all others want it open. */
bool bench_references(void);
bool bench_opens(struct target *target);
bool bench_accesses(struct target *target);
bool bench_interrupts(struct target *target);
bool bench_vram(struct target *target);
bool bench_engine(struct target *target);

#endif /* BENCH_TARGET_H */
