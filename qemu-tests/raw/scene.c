// SPDX-License-Identifier: GPL-2.0-only
/*
 * All in whole numbers: whoever computes a frame gets the same pixels.
 */
#include <endian.h>
#include <string.h>

#include "commands.h"
#include "scene.h"

#define BANDS		16u
#define FRIEZE_HEIGHT	32u
#define FRIEZE_TILE	64u
#define BALLS		7u
#define DIGITS		5u
#define DIGIT_WIDTH	24u
#define DIGIT_HEIGHT	44u
#define STROKE		6u
#define WHITE		0xffffffffu

struct canvas {
	const struct scene *scene;
	uint64_t target;
	struct mvgpu_cmd *cmds;
	unsigned int count;
};

static struct place at(const struct canvas *canvas, uint32_t x, uint32_t y)
{
	uint32_t stride = canvas->scene->width * SCENE_PIXEL;

	return (struct place){
		.mem = MVGPU_MEM_VRAM, .address = canvas->target + y * stride + x * SCENE_PIXEL,
		.stride = stride,
	};
}

static void add(struct canvas *canvas, struct mvgpu_cmd cmd)
{
	canvas->cmds[canvas->count++] = cmd;
}

static void box(struct canvas *canvas, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
		uint32_t colour)
{
	add(canvas, cmd_fill(at(canvas, x, y), width * SCENE_PIXEL, height, colour));
}

/* A colour of the scene, of a brightness from 0 to 255 */
static uint32_t colour(const struct scene *scene, unsigned int number, uint32_t brightness)
{
	uint32_t mixed = (scene->seed + number) * 0x9e3779b1u;
	uint32_t pixel = 0xff;
	unsigned int i;

	for (i = 0; i < 3; i++)
		pixel = pixel << 8 | (64 + (mixed >> 8 * i & 0x7f)) * brightness / 192;
	return pixel;
}

/* There and back again between 0 and @limit */
static uint32_t sway(uint32_t way, uint32_t limit)
{
	way %= 2 * limit;
	return way < limit ? way : 2 * limit - way;
}

void scene_ball(const struct scene *scene, uint32_t *pixels)
{
	const int radius = SCENE_BALL / 2;
	int x, y;

	for (y = -radius; y < radius; y++) {
		for (x = -radius; x < radius; x++) {
			int distance = (2 * x + 1) * (2 * x + 1) + (2 * y + 1) * (2 * y + 1);
			int alpha = 255 - 255 * distance / (4 * radius * radius);
			uint32_t pixel;

			if (alpha < 0)
				alpha = 0;
			pixel = colour(scene, 99, alpha) & 0xffffff;
			*pixels++ = htole32(pixel | (uint32_t)alpha << 24);
		}
	}
}

static void draw_background(struct canvas *canvas)
{
	uint32_t height = canvas->scene->height / BANDS;
	unsigned int i;

	for (i = 0; i < BANDS; i++) {
		uint32_t top = i * height;
		uint32_t bottom = i == BANDS - 1 ? canvas->scene->height : top + height;

		box(canvas, 0, top, canvas->scene->width, bottom - top,
		    colour(canvas->scene, 0, 40 + 8 * i));
	}
}

/* One tile, which is blitted beside itself, then both beside them, and so on. */
static void draw_frieze(struct canvas *canvas, uint32_t frame)
{
	uint32_t top = canvas->scene->height - FRIEZE_HEIGHT;
	uint32_t width = canvas->scene->width;
	uint32_t done = FRIEZE_TILE;
	unsigned int i;

	for (i = 0; i < 8; i++)
		box(canvas, (8 * i + 2 * frame) % FRIEZE_TILE & ~7u, top, 8, FRIEZE_HEIGHT,
		    colour(canvas->scene, 1, 60 + 24 * i));
	while (done < width) {
		uint32_t more = width - done < done ? width - done : done;

		add(canvas, cmd_blit(at(canvas, done, top), at(canvas, 0, top), more * SCENE_PIXEL,
				     FRIEZE_HEIGHT));
		done += more;
	}
}

static void draw_balls(struct canvas *canvas, uint32_t frame, uint64_t ball)
{
	struct place source = {
		.mem = MVGPU_MEM_VRAM, .address = ball, .stride = SCENE_BALL * SCENE_PIXEL,
	};
	const struct scene *scene = canvas->scene;
	unsigned int i;

	for (i = 0; i < BALLS; i++) {
		uint32_t x = sway(frame * (3 + i) + scene->seed % 997 + 71 * i,
				  scene->width - SCENE_BALL);
		uint32_t y = sway(frame * (2 + i % 3) + scene->seed % 499 + 43 * i,
				  scene->height - FRIEZE_HEIGHT - SCENE_BALL);

		add(canvas, cmd_blend(at(canvas, x, y), source, SCENE_BALL * SCENE_PIXEL,
				      SCENE_BALL, 255 - 20 * i,
				      i % 4 == 3 ? 0 : MVGPU_BLEND_PREMULTIPLIED));
	}
}

/* A digit of seven segments: bit n of its mask is for segment n. */
static void draw_digit(struct canvas *canvas, uint32_t x, uint32_t y, unsigned int digit)
{
	static const struct {
		uint32_t x, y, width, height;
	} segments[] = {
		{ 0, 0, DIGIT_WIDTH, STROKE },
		{ DIGIT_WIDTH - STROKE, 0, STROKE, DIGIT_HEIGHT / 2 },
		{ DIGIT_WIDTH - STROKE, DIGIT_HEIGHT / 2, STROKE, DIGIT_HEIGHT / 2 },
		{ 0, DIGIT_HEIGHT - STROKE, DIGIT_WIDTH, STROKE },
		{ 0, DIGIT_HEIGHT / 2, STROKE, DIGIT_HEIGHT / 2 },
		{ 0, 0, STROKE, DIGIT_HEIGHT / 2 },
		{ 0, (DIGIT_HEIGHT - STROKE) / 2, DIGIT_WIDTH, STROKE },
	};
	static const uint8_t masks[] = {
		0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f,
	};
	unsigned int i;

	for (i = 0; i < 7; i++)
		if (masks[digit] & 1 << i)
			box(canvas, x + segments[i].x, y + segments[i].y, segments[i].width,
			    segments[i].height, WHITE);
}

static void draw_counter(struct canvas *canvas, uint32_t frame)
{
	uint32_t step = DIGIT_WIDTH + 8;
	uint32_t x = sway(2 * frame, canvas->scene->width - DIGITS * step);
	uint32_t y = canvas->scene->height / 8 + sway(frame, canvas->scene->height / 8);
	unsigned int i;

	for (i = DIGITS; i--; frame /= 10)
		draw_digit(canvas, x + i * step, y, frame % 10);
}

unsigned int scene_frame(const struct scene *scene, uint32_t frame, uint64_t target, uint64_t ball,
			 struct mvgpu_cmd *cmds)
{
	struct canvas canvas = { .scene = scene, .target = target, .cmds = cmds };

	draw_background(&canvas);
	draw_frieze(&canvas, frame);
	draw_balls(&canvas, frame, ball);
	draw_counter(&canvas, frame);
	return canvas.count;
}
