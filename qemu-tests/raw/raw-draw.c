// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shows an animation that the engine draws, or computes what a frame of it has to look like.
 *
 *  raw-draw show DEVICE WIDTH HEIGHT SEED FIRST COUNT  draw so many frames and show each
 *  raw-draw ppm WIDTH HEIGHT SEED FRAME                write that frame, by the reference
 *
 * The next frame is drawn behind the picture, which then changes by one register.  Frame 0 sets the
 * mode.  The last one stays.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"
#include "reference.h"
#include "scene.h"
#include "tap.h"

#define RING_ORDER	7
#define NUM_FRAMES	2	/* in VRAM, one behind the other */

static uint64_t frame_size(const struct scene *scene)
{
	return (uint64_t)scene->width * scene->height * SCENE_PIXEL;
}

static void set_dispi(const struct raw *raw, enum mvgpu_dispi index, uint16_t value)
{
	*(volatile uint16_t *)(raw->regs + MVGPU_DISPI_REG(index)) = htole16(value);
}

static void set_mode(const struct raw *raw, const struct scene *scene)
{
	set_dispi(raw, MVGPU_DISPI_ENABLE, 0);
	set_dispi(raw, MVGPU_DISPI_BPP, 32);
	set_dispi(raw, MVGPU_DISPI_XRES, scene->width);
	set_dispi(raw, MVGPU_DISPI_YRES, scene->height);
	set_dispi(raw, MVGPU_DISPI_VIRT_WIDTH, scene->width);
	set_dispi(raw, MVGPU_DISPI_X_OFFSET, 0);
	set_dispi(raw, MVGPU_DISPI_Y_OFFSET, 0);
	set_dispi(raw, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED | MVGPU_DISPI_LFB_ENABLED);
}

static void draw(struct raw *raw, const struct scene *scene, uint32_t frame)
{
	struct mvgpu_cmd cmds[SCENE_MAX_COMMANDS];
	uint32_t place = frame % NUM_FRAMES;
	unsigned int count;

	count = scene_frame(scene, frame, place * frame_size(scene), NUM_FRAMES * frame_size(scene),
			    cmds);
	if (raw_submit(raw, 0, cmds, count) || raw_finish(raw, 0))
		tap_bail("frame %u is not drawn: error %u", frame,
			 raw_reg(raw, MVGPU_REG_RING(0, MVGPU_RING_ERROR)));
	set_dispi(raw, MVGPU_DISPI_Y_OFFSET, place * scene->height);
}

static void show(unsigned int device, const struct scene *scene, uint32_t first, uint32_t count)
{
	struct raw_memory ball;
	struct mvgpu_cmd copy;
	struct raw raw;
	uint32_t i;

	raw_open(&raw, device);
	ball = raw_alloc(&raw, SCENE_BALL_SIZE);
	scene_ball(scene, (uint32_t *)ball.bytes);
	copy = cmd_copy(MVGPU_MEM_VRAM, NUM_FRAMES * frame_size(scene), MVGPU_MEM_GUEST,
			ball.address, SCENE_BALL_SIZE);
	if (raw_start(&raw, 0, RING_ORDER) || raw_submit(&raw, 0, &copy, 1))
		tap_bail("the ring does not start");
	if (first == 0)
		set_mode(&raw, scene);
	for (i = first; i < first + count; i++)
		draw(&raw, scene, i);
	raw_close(&raw);
	printf("%u frames\n", count);
}

static uint8_t *byte_at(void *context, unsigned int mem, uint64_t address)
{
	return mem == MVGPU_MEM_VRAM ? (uint8_t *)context + address : NULL;
}

static void print_ppm(const struct scene *scene, uint32_t frame)
{
	uint8_t *vram = calloc(1, frame_size(scene) + SCENE_BALL_SIZE);
	struct reference reference = { .at = byte_at, .context = vram };
	struct mvgpu_cmd cmds[SCENE_MAX_COMMANDS];
	unsigned int count, i;

	if (!vram)
		tap_bail("no memory for a frame");
	scene_ball(scene, (uint32_t *)(vram + frame_size(scene)));
	count = scene_frame(scene, frame, 0, frame_size(scene), cmds);
	for (i = 0; i < count; i++)
		reference_run(&reference, &cmds[i]);
	printf("P6\n%u %u\n255\n", scene->width, scene->height);
	for (i = 0; i < frame_size(scene); i += SCENE_PIXEL) {
		putchar(vram[i + 2]);
		putchar(vram[i + 1]);
		putchar(vram[i]);
	}
	free(vram);
}

static struct scene scene_of(char **arg)
{
	return (struct scene){
		.width = atoi(arg[0]), .height = atoi(arg[1]), .seed = strtoul(arg[2], NULL, 0),
	};
}

int main(int argc, char **argv)
{
	struct scene scene;

	if (argc == 8 && !strcmp(argv[1], "show")) {
		scene = scene_of(argv + 3);
		show(atoi(argv[2]), &scene, atoi(argv[6]), atoi(argv[7]));
	} else if (argc == 6 && !strcmp(argv[1], "ppm")) {
		scene = scene_of(argv + 2);
		print_ppm(&scene, atoi(argv[5]));
	} else {
		tap_bail("usage: raw-draw show DEVICE WIDTH HEIGHT SEED FIRST COUNT | "
			 "ppm WIDTH HEIGHT SEED FRAME");
	}
	return fflush(stdout) ? 1 : 0;
}
