/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sweeps: accesses of every width at every offset of a region whose content changes by
 * writes alone.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "vdev.h"

/* Widths swept: 1, 2, 4 and 8 bytes as a guest makes them, and the odd ones between and beyond. */
#define SWEEP_MAX_WIDTH	9

/**
 * struct sweep - a region to be swept
 * @vdev: the device
 * @region: the region's index
 * @name: for the test's lines
 * @size: bytes of the region
 * @image: what the region reads as now, @size bytes; kept up to date by the sweeps
 * @writable: bits that keep what is written, @size bytes; all others keep what they are
 * @avoid: bytes that are not zero are not written, @size bytes; may be NULL
 */
struct sweep {
	struct vdev *vdev;
	unsigned int region;
	const char *name;
	size_t size;
	uint8_t *image;
	uint8_t *writable;
	const uint8_t *avoid;
};

/* Allocates the images and reads the region's content: @writable starts as "nothing is". */
void sweep_init(struct sweep *sweep, struct vdev *vdev, unsigned int region, const char *name);
void sweep_fini(struct sweep *sweep);

/* Reads agree with the image; accesses across the end are cut short. */
void sweep_read(struct sweep *sweep);

/* Writes of what is there change nothing. */
void sweep_write_same(struct sweep *sweep);

/* Writes of random bytes change the writable bits of their bytes and nothing else. */
void sweep_write_random(struct sweep *sweep);

/* Accesses that begin at the region's end or further are refused; one that is too long is cut. */
void sweep_bounds(struct sweep *sweep);

/* One check: the region reads as the image. */
void sweep_unchanged(struct sweep *sweep, const char *why);

#endif /* SWEEP_H */
