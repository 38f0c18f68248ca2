/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring as its driver uses it, over any transport.
 */
#ifndef MVRING_H
#define MVRING_H

#include <stdbool.h>
#include <stdint.h>

#include "commands.h"
#include "mvgpu_cmd.h"
#include "mvgpu_regs.h"
#include "vdev.h"

/* Longer than any command of a test takes, on any machine. */
#define MVRING_PATIENCE_S	120

/**
 * struct mvring - a ring
 * @vdev: the device
 * @n: its number
 * @memory: the commands, as the program sees them
 * @entries: how many there is room for
 * @tail: index behind the last one
 * @fence: value of the last fence
 * @shared: pages 2 and 3 of BAR 2, mapped
 */
struct mvring {
	struct vdev *vdev;
	unsigned int n;
	struct mvgpu_cmd *memory;
	uint32_t entries;
	uint32_t tail;
	uint64_t fence;
	uint8_t *shared;
};

/* Maps what the device shares with its driver; bails out if it cannot. */
void mvring_init(struct mvring *ring, struct vdev *vdev, unsigned int n);
void mvring_fini(struct mvring *ring);

/* Bus Master Enable: without it no ring is worked on. */
void mvring_set_master(struct vdev *vdev, bool master);

/*
 * Enables it, of 2^@order commands, and bus mastering; @memory is where @base of memory @mem is
 * mapped.
 */
void mvring_enable(struct mvring *ring, uint8_t mem, uint64_t base, void *memory,
		   unsigned int order);

/* Returns when the device is done with it. */
void mvring_disable(struct mvring *ring);

/*
 * Puts a command behind the last one, of which the device does not know yet; waits for
 * room.  Whether there was some before the ring stopped.
 */
bool mvring_put(struct mvring *ring, const struct mvgpu_cmd *cmd);

/* Tells the device of what was put there; whether that took a kick. */
bool mvring_publish(struct mvring *ring);

/* Whether it would take one. */
bool mvring_is_asleep(struct mvring *ring);

/* Both. */
void mvring_submit(struct mvring *ring, const struct mvgpu_cmd *cmd);

/* A fence; its value. */
uint64_t mvring_submit_fence(struct mvring *ring, uint8_t flags);

/* Waits until a fence has passed, or the ring has stopped: MVGPU_ERROR_*. */
uint32_t mvring_wait(struct mvring *ring, uint64_t fence);

/* A command and a fence, to their end: MVGPU_ERROR_*. */
uint32_t mvring_run(struct mvring *ring, const struct mvgpu_cmd *cmd);

uint32_t mvring_reg(struct mvring *ring, uint32_t reg);
uint64_t mvring_error_address(struct mvring *ring);

/* What the status page has */
uint64_t mvring_fence(struct mvring *ring);
uint32_t mvring_head(struct mvring *ring);

#endif /* MVRING_H */
