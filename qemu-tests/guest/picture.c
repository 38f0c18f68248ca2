// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every pixel of the background depends on the seed and on its place, so that a
 * wrong start, stride or channel order changes nearly all of them; gradients,
 * corners and frame let a human see what went wrong.
 */
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GLYPH_WIDTH	8
#define NOISE_MASK	0x070707
#define WHITE		0xffffff
#define BLACK		0x000000

#define PSF1_HEADER	4
#define PSF1_MODE_512	0x01
#define PSF1_MODE_TABLE	0x02
#define PSF1_SEPARATOR	0xffff
#define PSF1_SEQUENCE	0xfffe

int font_load(struct font *font, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t buffer[65536];
	size_t size;

	if (!file) {
		perror(path);
		return -1;
	}
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);

	if (size < PSF1_HEADER || buffer[0] != 0x36 || buffer[1] != 0x04 ||
	    !(buffer[2] & PSF1_MODE_TABLE) || !buffer[3]) {
		fprintf(stderr, "%s: no PSF1 font with a Unicode table\n", path);
		return -1;
	}
	font->glyphs = buffer[2] & PSF1_MODE_512 ? 512 : 256;
	font->rows = buffer[3];
	font->size = size;
	if (size < PSF1_HEADER + (size_t)font->glyphs * font->rows) {
		fprintf(stderr, "%s: cut short\n", path);
		return -1;
	}
	font->data = malloc(size);
	if (!font->data)
		return -1;
	memcpy(font->data, buffer, size);
	return 0;
}

void font_free(struct font *font)
{
	free(font->data);
	font->data = NULL;
}

/* The glyph's rows, or NULL: the table lists, glyph by glyph, what it stands for. */
static const uint8_t *font_glyph(const struct font *font, uint32_t character)
{
	const uint8_t *bitmaps = font->data + PSF1_HEADER;
	const uint8_t *table = bitmaps + (size_t)font->glyphs * font->rows;
	const uint8_t *end = font->data + font->size;
	unsigned int glyph = 0;
	int in_sequence = 0;

	for (; table + 1 < end && glyph < font->glyphs; table += 2) {
		unsigned int value = table[0] | table[1] << 8;

		if (value == PSF1_SEPARATOR) {
			glyph++;
			in_sequence = 0;
		} else if (value == PSF1_SEQUENCE) {
			in_sequence = 1;
		} else if (value == character && !in_sequence) {
			return bitmaps + (size_t)glyph * font->rows;
		}
	}
	return NULL;
}

/* Decodes one character of at most three bytes; what is malformed counts as '?'. */
static uint32_t utf8_next(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	unsigned int follow = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : 2;
	uint32_t character = at[0] < 0x80 ? at[0] : at[0] & (0x3f >> follow);

	(*text)++;
	while (follow--) {
		if (((uint8_t)**text & 0xc0) != 0x80)
			return '?';
		character = character << 6 | ((uint8_t)**text & 0x3f);
		(*text)++;
	}
	return character;
}

static uint32_t noise(uint64_t seed, unsigned int x, unsigned int y)
{
	uint64_t mixed = seed + (((uint64_t)y << 32) | x) * 0x9e3779b97f4a7c15;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
	return (mixed ^ (mixed >> 31)) & WHITE;
}

static void put(const struct surface *to, unsigned int x, unsigned int y, uint32_t color)
{
	if (x < to->width && y < to->height)
		memcpy(to->pixels + (size_t)y * to->pitch + (size_t)x * 4, &color, 4);
}

static void fill(const struct surface *to, unsigned int x, unsigned int y,
		 unsigned int width, unsigned int height, uint32_t color)
{
	for (unsigned int row = 0; row < height; row++)
		for (unsigned int column = 0; column < width; column++)
			put(to, x + column, y + row, color);
}

/* A gradient with noise in its low bits; the lowest eighth is noise alone. */
static void draw_background(const struct surface *to, uint64_t seed)
{
	unsigned int all_noise = to->height - to->height / 8;
	uint32_t blue = noise(seed, to->width, to->height) & 0xff;

	for (unsigned int y = 0; y < to->height; y++) {
		uint32_t green = 255 * y / to->height;

		for (unsigned int x = 0; x < to->width; x++) {
			uint32_t red = 255 * x / to->width;
			uint32_t color = noise(seed, x, y);

			if (y < all_noise)
				color = (red << 16 | green << 8 | blue) ^ (color & NOISE_MASK);
			put(to, x, y, color);
		}
	}
}

/* A frame of one pixel, and a corner of a colour of its own each. */
static void draw_frame(const struct surface *to)
{
	unsigned int side = to->height / 24 + 1;
	unsigned int right = to->width - side, bottom = to->height - side;

	fill(to, 0, 0, side, side, 0xff0000);
	fill(to, right, 0, side, side, 0x00ff00);
	fill(to, 0, bottom, side, side, 0x0000ff);
	fill(to, right, bottom, side, side, 0xffff00);
	fill(to, 0, 0, to->width, 1, WHITE);
	fill(to, 0, to->height - 1, to->width, 1, WHITE);
	fill(to, 0, 0, 1, to->height, WHITE);
	fill(to, to->width - 1, 0, 1, to->height, WHITE);
}

static void draw_glyph(const struct surface *to, const uint8_t *rows, unsigned int count,
		       unsigned int x, unsigned int y, unsigned int scale)
{
	for (unsigned int row = 0; row < count; row++)
		for (unsigned int bit = 0; bit < GLYPH_WIDTH; bit++)
			if (rows[row] & (0x80 >> bit))
				fill(to, x + bit * scale, y + row * scale, scale, scale, WHITE);
}

/* The text in a black box in the middle, as large as it fits in two thirds. */
static void draw_text(const struct surface *to, const struct font *font, const char *text)
{
	unsigned int count = 0, scale, width, height, x, y;
	const char *at = text;

	while (*at) {
		utf8_next(&at);
		count++;
	}
	if (!count)
		return;

	scale = to->width * 2 / 3 / (count * GLYPH_WIDTH);
	if (scale > to->height / 4 / font->rows)
		scale = to->height / 4 / font->rows;
	if (!scale)
		scale = 1;
	width = count * GLYPH_WIDTH * scale;
	height = font->rows * scale;
	x = width < to->width ? (to->width - width) / 2 : 0;
	y = height < to->height ? (to->height - height) / 2 : 0;

	fill(to, x, y, width, height, BLACK);
	for (at = text; *at; x += GLYPH_WIDTH * scale) {
		const uint8_t *rows = font_glyph(font, utf8_next(&at));

		if (!rows)
			rows = font_glyph(font, '?');
		if (rows)
			draw_glyph(to, rows, font->rows, x, y, scale);
	}
}

void picture_draw(const struct surface *to, const struct font *font, const char *text,
		  uint64_t seed)
{
	draw_background(to, seed);
	draw_frame(to);
	draw_text(to, font, text);
}
