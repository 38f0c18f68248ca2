/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device as its driver uses it: causes of interrupts, MSI-X masks, display modes.
 */
#ifndef MVREGS_H
#define MVREGS_H

#include <stdbool.h>
#include <stdint.h>

#include "vdev.h"

void mv_enable_causes(struct vdev *vdev, uint32_t causes);
void mv_raise(struct vdev *vdev, uint32_t causes);
void mv_ack(struct vdev *vdev, uint32_t causes);
uint32_t mv_pending(struct vdev *vdev);

/* Sets and clears bits of a 16-bit register in config space. */
void mv_config_bits(struct vdev *vdev, unsigned int offset, uint16_t set, uint16_t clear);

void mv_msix_mask(struct vdev *vdev, unsigned int vector, bool masked);
void mv_msix_mask_all(struct vdev *vdev, bool masked);
uint32_t mv_msix_pba(struct vdev *vdev);

/**
 * struct mv_mode - what the display registers are set to
 * @width: pixels a line
 * @height: lines
 * @virt_width: pixels from one line to the next; 0: @width
 * @x: pixels from the line's start to the picture's
 * @y: lines from VRAM's start to the picture's
 */
struct mv_mode {
	uint16_t width;
	uint16_t height;
	uint16_t virt_width;
	uint16_t x;
	uint16_t y;
};

/* As the bochs driver does: off, then all registers, then on. */
void mv_set_mode(struct vdev *vdev, const struct mv_mode *mode);
void mv_display_off(struct vdev *vdev);

#endif /* MVREGS_H */
