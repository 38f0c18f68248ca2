/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test picture: a pure function of size, text and seed, so that the guest
 * and whoever checks its screen draw the same pixels without talking.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Pixels are XRGB8888 in the machine's byte order; @pitch is in bytes. */
struct surface {
	uint8_t *pixels;
	unsigned int width;
	unsigned int height;
	unsigned int pitch;
};

/* A PC screen font of version 1: 8 pixels wide, a byte a row. */
struct font {
	uint8_t *data;
	size_t size;
	unsigned int glyphs;
	unsigned int rows;
};

/* Returns 0, or -1 with a message on stderr. */
int font_load(struct font *font, const char *path);
void font_free(struct font *font);

/* @text is UTF-8; a character that the font lacks is drawn as a question mark. */
void picture_draw(const struct surface *to, const struct font *font, const char *text,
		  uint64_t seed);

#endif /* PICTURE_H */
