// SPDX-License-Identifier: GPL-2.0-only
/*
 * Draws the test picture: on a screen, by kernel mode setting, or into a file
 * for comparison.  On a screen it returns when the picture is up, and leaves a
 * child behind that keeps it there until it is killed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kms.h"
#include "picture.h"

#define MAX_SIDE	16384
#define MAX_FLIPS	1000
#define GARBAGE		0xa5

struct options {
	unsigned int width;
	unsigned int height;
	const char *text;
	uint64_t seed;
	const char *font;
	const char *device;
	const char *output;
	unsigned int offset_rows;
	unsigned int flips;
};

static const char usage[] =
"Usage: testcard --mode WIDTHxHEIGHT --font FILE [OPTION...]\n"
"  --text TEXT        what to write in the middle\n"
"  --seed N           what the noise depends on\n"
"  --output FILE      write a PPM picture instead of drawing on a screen\n"
"  --device FILE      the DRM device (/dev/dri/card0)\n"
"  --offset-rows N    let the framebuffer start N rows into its buffer\n"
"  --flips N          show another picture first and flip N times between both\n";

static int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || *value > max) {
		fprintf(stderr, "testcard: not a number from 0 to %llu: %s\n",
			(unsigned long long)max, text);
		return -1;
	}
	return 0;
}

static int parse_mode(const char *text, struct options *options)
{
	int used = 0;

	if (sscanf(text, "%5ux%5u%n", &options->width, &options->height, &used) != 2 ||
	    text[used] || !options->width || !options->height ||
	    options->width > MAX_SIDE || options->height > MAX_SIDE) {
		fprintf(stderr, "testcard: not a mode: %s\n", text);
		return -1;
	}
	return 0;
}

static int parse_option(int letter, const char *argument, struct options *options)
{
	uint64_t number;

	switch (letter) {
	case 'm':
		return parse_mode(argument, options);
	case 't':
		options->text = argument;
		return 0;
	case 's':
		return parse_number(argument, UINT64_MAX, &options->seed);
	case 'f':
		options->font = argument;
		return 0;
	case 'd':
		options->device = argument;
		return 0;
	case 'o':
		options->output = argument;
		return 0;
	case 'r':
		if (parse_number(argument, MAX_SIDE, &number))
			return -1;
		options->offset_rows = number;
		return 0;
	case 'p':
		if (parse_number(argument, MAX_FLIPS, &number))
			return -1;
		options->flips = number;
		return 0;
	default:
		fputs(usage, stderr);
		return -1;
	}
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "text", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 's' },
		{ "font", required_argument, NULL, 'f' },
		{ "device", required_argument, NULL, 'd' },
		{ "output", required_argument, NULL, 'o' },
		{ "offset-rows", required_argument, NULL, 'r' },
		{ "flips", required_argument, NULL, 'p' },
		{ }
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (parse_option(letter, optarg, options))
			return -1;
	if (optind != argc || !options->width || !options->font) {
		fputs(usage, stderr);
		return -1;
	}
	return 0;
}

static int write_ppm(const struct options *options, const struct font *font)
{
	struct surface to = {
		.pixels = calloc(options->height, options->width * 4ul),
		.width = options->width,
		.height = options->height,
		.pitch = options->width * 4,
	};
	FILE *file = fopen(options->output, "wb");
	int result;

	if (!to.pixels || !file) {
		perror(options->output);
		return 1;
	}
	picture_draw(&to, font, options->text, options->seed);
	fprintf(file, "P6\n%u %u\n255\n", to.width, to.height);
	for (size_t i = 0; i < (size_t)to.width * to.height; i++) {
		uint32_t pixel;

		memcpy(&pixel, to.pixels + i * 4, 4);
		putc(pixel >> 16 & 0xff, file);
		putc(pixel >> 8 & 0xff, file);
		putc(pixel & 0xff, file);
	}
	result = fclose(file);
	if (result)
		perror(options->output);
	free(to.pixels);
	return result ? 1 : 0;
}

static int draw(struct kms *kms, struct kms_buffer *buffer, const struct options *options,
		const struct font *font, uint64_t seed)
{
	struct surface to = {
		.width = kms->mode.hdisplay,
		.height = kms->mode.vdisplay,
	};

	if (kms_buffer_create(kms, buffer, options->offset_rows))
		return -1;
	memset(buffer->pixels, GARBAGE, buffer->size);
	to.pitch = buffer->pitch;
	to.pixels = buffer->pixels + (size_t)buffer->pitch * buffer->skipped;
	picture_draw(&to, font, options->text, seed);
	return 0;
}

/* With flips the other picture is up first, or in between; the right one is up last. */
static int show(struct kms *kms, const struct options *options, const struct font *font)
{
	struct kms_buffer buffers[2] = { };

	if (draw(kms, &buffers[0], options, font, options->seed))
		return -1;
	if (options->flips && draw(kms, &buffers[1], options, font, options->seed + 1))
		return -1;
	if (kms_show(kms, &buffers[options->flips % 2]))
		return -1;
	for (unsigned int left = options->flips; left--; )
		if (kms_flip(kms, &buffers[left % 2]))
			return -1;
	return 0;
}

/* The screen goes dark with the last user of the file: a child keeps it open. */
static int keep(void)
{
	pid_t child = fork();

	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child)
		return 0;
	setsid();
	fclose(stdin);
	fclose(stdout);
	fclose(stderr);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct options options = { .text = "", .device = "/dev/dri/card0" };
	struct font font;
	struct kms kms;
	int result;

	if (parse(argc, argv, &options))
		return 2;
	if (font_load(&font, options.font))
		return 1;
	if (options.output) {
		result = write_ppm(&options, &font);
		font_free(&font);
		return result;
	}
	if (kms_open(&kms, options.device, options.width, options.height) ||
	    show(&kms, &options, &font))
		return 1;
	printf("drawn %ux%u, %s mode\n", options.width, options.height,
	       kms.mode_listed ? "listed" : "made-up");
	fflush(stdout);
	return keep();
}
