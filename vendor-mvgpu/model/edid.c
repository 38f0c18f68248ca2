// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The EDID: a base block of VESA E-EDID 1.4, made from the mode that the vGPU's type prefers.
 *
 * The mode's timings are those of VESA CVT 1.1 with reduced blanking, at 60 Hz; nothing is clocked
 * by them, but a guest's tools reject a mode that makes no sense.  Common smaller modes are listed
 * beside it.
 */
#include "fields.h"

#define MVGPU_EDID_DPI			96
#define MVGPU_EDID_MODEL_YEAR		2025
#define MVGPU_EDID_PRODUCT		0x0001

/* CVT 1.1, section 5.2: constants of reduced blanking */
#define MVGPU_CVT_HZ			60
#define MVGPU_CVT_H_BLANK		160	/* pixels */
#define MVGPU_CVT_H_FRONT		48
#define MVGPU_CVT_H_SYNC		32
#define MVGPU_CVT_V_FRONT		3	/* lines */
#define MVGPU_CVT_V_BACK_MIN		6
#define MVGPU_CVT_V_BLANK_MIN_US	460
#define MVGPU_CVT_CLOCK_STEP		250	/* kHz */

#define MVGPU_EDID_CLOCK_UNIT		10	/* kHz */
#define MVGPU_EDID_DESCRIPTOR_SIZE	18
#define MVGPU_EDID_TEXT_SIZE		13

struct mvgpu_timing {
	u32 clock;	/* kHz */
	u32 width;
	u32 height;
	u32 v_blank;
	u32 v_sync;
};

struct mvgpu_mode {
	u16 width;
	u16 height;
};

/* Aspect ratios in the order of their two bits in a standard timing (E-EDID 1.4, 3.9). */
static const struct mvgpu_mode mvgpu_edid_aspects[] = {
	{ 16, 10 }, { 4, 3 }, { 5, 4 }, { 16, 9 },
};

/* As many as there are standard timings; multiples of 8 pixels, with one of the ratios above. */
static const struct mvgpu_mode mvgpu_edid_standard[] = {
	{ 1920, 1200 }, { 1920, 1080 }, { 1680, 1050 }, { 1600, 1200 },
	{ 1440, 900 }, { 1280, 1024 }, { 1280, 800 }, { 1280, 720 },
};

static const struct {
	struct mvgpu_mode mode;
	u8 byte;
	u8 bit;
} mvgpu_edid_established[] = {
	{ { 640, 480 }, 35, 5 },
	{ { 800, 600 }, 35, 0 },
	{ { 1024, 768 }, 36, 3 },
};

/* CVT tells modes of different aspect ratio by the width of their vertical sync. */
static u32 mvgpu_cvt_v_sync(u32 width, u32 height)
{
	static const struct {
		u8 across;
		u8 down;
		u8 lines;
	} ratios[] = {
		{ 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ratios); i++)
		if (width * ratios[i].down == height * ratios[i].across)
			return ratios[i].lines;
	return 10;
}

static void mvgpu_cvt_timing(struct mvgpu_timing *timing, u32 width, u32 height)
{
	u32 blank_us = MVGPU_CVT_V_BLANK_MIN_US * MVGPU_CVT_HZ;	/* in a second */
	u32 v_blank, v_blank_min, clock;

	/* The lines that it takes to be blank for the minimum time, rounded up. */
	v_blank = blank_us * height / (1000000 - blank_us) + 1;

	timing->v_sync = mvgpu_cvt_v_sync(width, height);
	v_blank_min = MVGPU_CVT_V_FRONT + timing->v_sync + MVGPU_CVT_V_BACK_MIN;
	timing->v_blank = max(v_blank, v_blank_min);

	clock = (width + MVGPU_CVT_H_BLANK) * (height + timing->v_blank) * MVGPU_CVT_HZ / 1000;
	timing->clock = clock / MVGPU_CVT_CLOCK_STEP * MVGPU_CVT_CLOCK_STEP;
	timing->width = width;
	timing->height = height;
}

/**
 * mvgpu_edid_mode_valid() - whether an EDID can have a mode
 * @width: pixels a line
 * @height: lines
 *
 * Return: whether the mode is within MVGPU_MODE_MIN_WIDTH and its like, is a multiple of 8 pixels
 * wide, as CVT asks, and has a pixel clock that a detailed timing can tell.
 */
bool mvgpu_edid_mode_valid(u32 width, u32 height)
{
	struct mvgpu_timing timing;

	if (width < MVGPU_MODE_MIN_WIDTH || width > MVGPU_MODE_MAX_WIDTH || width % 8 ||
	    height < MVGPU_MODE_MIN_HEIGHT || height > MVGPU_MODE_MAX_HEIGHT)
		return false;

	mvgpu_cvt_timing(&timing, width, height);
	return timing.clock / MVGPU_EDID_CLOCK_UNIT <= U16_MAX;
}

static u32 mvgpu_edid_mm(u32 pixels)
{
	return pixels * 254 / (10 * MVGPU_EDID_DPI);
}

static void mvgpu_edid_identity(u8 *edid)
{
	static const u8 header[8] = { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 };
	u32 vendor = ('M' - '@') << 10 | ('V' - '@') << 5 | ('G' - '@');

	memcpy(edid, header, sizeof(header));
	edid[8] = vendor >> 8;
	edid[9] = vendor & 0xff;
	edid[10] = MVGPU_EDID_PRODUCT & 0xff;
	edid[11] = MVGPU_EDID_PRODUCT >> 8;
	edid[16] = 0xff;	/* the next byte is a model year */
	edid[17] = MVGPU_EDID_MODEL_YEAR - 1990;
	edid[18] = 1;
	edid[19] = 4;
}

/* Chromaticities are fractions of 1024; two low bits of each go four to a byte. */
static void mvgpu_edid_colour(u8 *edid)
{
	/* sRGB (IEC 61966-2-1): x and y of red, green, blue and white, in units of 0.0001 */
	static const u16 srgb[8] = { 6400, 3300, 3000, 6000, 1500, 600, 3127, 3290 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(srgb); i++) {
		u32 value = (srgb[i] * 1024u + 5000) / 10000;

		edid[27 + i] = value >> 2;
		edid[25 + i / 4] |= (value & 3) << (6 - 2 * (i % 4));
	}
}

static void mvgpu_edid_display(u8 *edid, u32 width, u32 height)
{
	edid[20] = 0xa0;	/* digital, 8 bits a colour, interface not defined */
	edid[21] = (mvgpu_edid_mm(width) + 5) / 10;
	edid[22] = (mvgpu_edid_mm(height) + 5) / 10;
	edid[23] = 220 - 100;	/* gamma 2.2 */
	edid[24] = 0x06;	/* RGB only, sRGB is the default, the first timing is native */
	mvgpu_edid_colour(edid);
}

static u8 mvgpu_edid_aspect(const struct mvgpu_mode *mode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mvgpu_edid_aspects) - 1; i++) {
		if (mode->width * mvgpu_edid_aspects[i].height ==
		    mode->height * mvgpu_edid_aspects[i].width)
			break;
	}
	return i;
}

/* The modes beside the preferred one: those that are no larger in either direction. */
static void mvgpu_edid_modes(u8 *edid, u32 width, u32 height)
{
	unsigned int i, n = 38;

	for (i = 0; i < ARRAY_SIZE(mvgpu_edid_established); i++) {
		const struct mvgpu_mode *mode = &mvgpu_edid_established[i].mode;

		if (mode->width <= width && mode->height <= height)
			edid[mvgpu_edid_established[i].byte] |= BIT(mvgpu_edid_established[i].bit);
	}

	memset(edid + n, 0x01, 16);	/* unused */
	for (i = 0; i < ARRAY_SIZE(mvgpu_edid_standard); i++) {
		const struct mvgpu_mode *mode = &mvgpu_edid_standard[i];

		if (mode->width > width || mode->height > height ||
		    (mode->width == width && mode->height == height))
			continue;
		edid[n++] = mode->width / 8 - 31;
		edid[n++] = mvgpu_edid_aspect(mode) << 6 | (MVGPU_CVT_HZ - 60);
	}
}

static void mvgpu_edid_timing(u8 *block, const struct mvgpu_timing *timing)
{
	u32 mm_width = mvgpu_edid_mm(timing->width);
	u32 mm_height = mvgpu_edid_mm(timing->height);
	u32 clock = timing->clock / MVGPU_EDID_CLOCK_UNIT;

	block[0] = clock & 0xff;
	block[1] = clock >> 8;
	block[2] = timing->width & 0xff;
	block[3] = MVGPU_CVT_H_BLANK;
	block[4] = timing->width >> 8 << 4;
	block[5] = timing->height & 0xff;
	block[6] = timing->v_blank & 0xff;
	block[7] = timing->height >> 8 << 4 | timing->v_blank >> 8;
	block[8] = MVGPU_CVT_H_FRONT;
	block[9] = MVGPU_CVT_H_SYNC;
	block[10] = MVGPU_CVT_V_FRONT << 4 | timing->v_sync;
	block[12] = mm_width & 0xff;
	block[13] = mm_height & 0xff;
	block[14] = mm_width >> 8 << 4 | mm_height >> 8;
	block[17] = 0x1a;	/* separate digital syncs, horizontal positive, vertical negative */
}

static void mvgpu_edid_text(u8 *block, u8 tag, const char *text)
{
	size_t len = strlen(text);

	block[3] = tag;
	memset(block + 5, ' ', MVGPU_EDID_TEXT_SIZE);
	memcpy(block + 5, text, len);
	if (len < MVGPU_EDID_TEXT_SIZE)
		block[5 + len] = '\n';
}

/**
 * mvgpu_edid_build() - make the EDID of a display
 * @edid: where it goes, zeroed
 * @width: of the preferred mode, valid
 * @height: of the preferred mode, valid
 *
 * Context: any.
 */
void mvgpu_edid_build(u8 edid[MVGPU_EDID_SIZE], u32 width, u32 height)
{
	u8 *block = edid + 54;
	struct mvgpu_timing timing;
	unsigned int i;
	u8 sum = 0;

	mvgpu_edid_identity(edid);
	mvgpu_edid_display(edid, width, height);
	mvgpu_edid_modes(edid, width, height);

	mvgpu_cvt_timing(&timing, width, height);
	mvgpu_edid_timing(block, &timing);
	block += MVGPU_EDID_DESCRIPTOR_SIZE;
	mvgpu_edid_text(block, 0xfc, "mvgpu");	/* product name */
	block += MVGPU_EDID_DESCRIPTOR_SIZE;
	block[3] = 0x10;	/* dummy */
	block += MVGPU_EDID_DESCRIPTOR_SIZE;
	block[3] = 0x10;

	for (i = 0; i < MVGPU_EDID_SIZE - 1; i++)
		sum += edid[i];
	edid[MVGPU_EDID_SIZE - 1] = -sum;
}
