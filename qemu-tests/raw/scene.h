/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small animation, drawn by commands alone: a background, a frieze that scrolls, balls that move
 * and shine through, and a frame counter that wanders about.
 */
#ifndef SCENE_H
#define SCENE_H

#include <stdint.h>

#include "mvgpu_cmd.h"

#define SCENE_PIXEL		4u
#define SCENE_BALL		64u	/* pixels a side */
#define SCENE_BALL_SIZE		(SCENE_BALL * SCENE_BALL * SCENE_PIXEL)
#define SCENE_MAX_COMMANDS	128u

struct scene {
	uint32_t width;		/* at least 320 */
	uint32_t height;	/* at least 200 */
	uint32_t seed;		/* colours, and ways that the balls go */
};

/* The picture of a ball, with transparency: its colours are multiplied by it already. */
void scene_ball(const struct scene *scene, uint32_t *pixels);

/*
 * What draws frame @frame at @target, with the ball's picture at @ball, both in VRAM: the number of
 * commands that were put into @cmds, at most SCENE_MAX_COMMANDS.
 */
unsigned int scene_frame(const struct scene *scene, uint32_t frame, uint64_t target, uint64_t ball,
			 struct mvgpu_cmd *cmds);

#endif /* SCENE_H */
