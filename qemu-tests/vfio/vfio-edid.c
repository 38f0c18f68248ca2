// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EDID: VESA E-EDID Standard, release A, section 3.
 */
#include <stdio.h>
#include <string.h>

#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define BLOCK		128
#define DETAILED	54
#define DESCRIPTOR	18
#define TAG_NAME	0xfc
#define TAG_RANGE	0xfd

/* The mode that each type's EDID prefers, by its VRAM. */
static const struct {
	unsigned int vram_mib, width, height;
} modes[] = {
	{ 16, 1024, 768 },
	{ 64, 1920, 1080 },
	{ 256, 2560, 1440 },
	{ 1024, 3840, 2160 },
};

static unsigned int sum(const uint8_t *block)
{
	unsigned int i, total = 0;

	for (i = 0; i < BLOCK; i++)
		total += block[i];
	return total & 0xff;
}

static void test_blocks(const uint8_t *edid)
{
	static const uint8_t header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	unsigned int i, extensions = edid[126], end = (1 + extensions) * BLOCK, bad = 0;

	tap_ok(!memcmp(edid, header, sizeof(header)), "header");
	tap_ok(edid[18] == 1 && (edid[19] == 3 || edid[19] == 4), "version 1.3 or 1.4");
	tap_is(sum(edid), 0, "checksum of the base block");
	tap_ok(end <= MVGPU_EDID_MAX, "the extensions, %u of them, fit the window", extensions);
	for (i = 1; i <= extensions && (i + 1) * BLOCK <= MVGPU_EDID_MAX; i++)
		bad += sum(edid + i * BLOCK) != 0;
	tap_is(bad, 0, "checksums of the extensions");
	bad = 0;
	for (i = end; i < MVGPU_EDID_MAX; i++)
		bad += edid[i] != 0;
	tap_is(bad, 0, "nothing behind the last block");
}

static void test_maker(const uint8_t *edid)
{
	unsigned int maker = edid[8] << 8 | edid[9], i, letters = 0;

	for (i = 0; i < 3; i++, maker >>= 5)
		letters += (maker & 0x1f) >= 1 && (maker & 0x1f) <= 26;
	tap_is(letters, 3, "the maker is three letters");
	tap_ok(edid[20] & 0x80, "a digital display");
	tap_ok((edid[24] & 0x02) || edid[19] >= 4,
	       "the first detailed timing is the preferred one");
}

static void test_timing(const uint8_t *t, unsigned int vram_mib)
{
	unsigned int clock = (t[0] | t[1] << 8) * 10;
	unsigned int width = t[2] | (t[4] & 0xf0) << 4, hblank = t[3] | (t[4] & 0x0f) << 8;
	unsigned int height = t[5] | (t[7] & 0xf0) << 4, vblank = t[6] | (t[7] & 0x0f) << 8;
	unsigned int hfront = t[8] | (t[11] & 0xc0) << 2, hsync = t[9] | (t[11] & 0x30) << 4;
	unsigned int vfront = t[10] >> 4 | (t[11] & 0x0c) << 2;
	unsigned int vsync = (t[10] & 0x0f) | (t[11] & 0x03) << 4;
	unsigned int i, hertz;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (modes[i].vram_mib != vram_mib)
			continue;
		tap_is(width, modes[i].width, "width of the preferred mode");
		tap_is(height, modes[i].height, "height of the preferred mode");
	}
	tap_ok((uint64_t)width * height * 4 <= (uint64_t)vram_mib << 20, "it fits VRAM");
	tap_ok(hsync && vsync && hfront + hsync <= hblank && vfront + vsync <= vblank,
	       "the sync pulses lie inside the blanking");
	if (!tap_ok(clock && hblank && vblank, "the timing is a timing"))
		return;
	hertz = clock * 1000u / ((width + hblank) * (height + vblank));
	tap_ok(hertz >= 50 && hertz <= 80, "refresh rate %u Hz", hertz);
	tap_ok(!(t[17] & 0x80), "not interlaced");
}

/* Descriptors that are no timings are three zeros, a tag, a zero. */
static void test_descriptors(const uint8_t *edid)
{
	unsigned int i, names = 0, limits = 0, bad = 0;

	for (i = 1; i < 4; i++) {
		const uint8_t *d = edid + DETAILED + i * DESCRIPTOR;

		if (d[0] || d[1])
			continue;
		bad += d[2] || (d[4] && d[3] != TAG_RANGE);
		names += d[3] == TAG_NAME;
		limits += d[3] == TAG_RANGE;
	}
	tap_is(bad, 0, "descriptors are well formed");
	tap_is(names, 1, "the display has a name");
	tap_ok(limits <= 1, "at most one descriptor of range limits");
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	unsigned int vram_mib = vdev_region_size(vdev, VFIO_PCI_BAR0_REGION_INDEX) >> 20;
	uint8_t edid[MVGPU_EDID_MAX];

	vdev_must_read(vdev, REGS, edid, sizeof(edid), MVGPU_EDID_OFFSET);
	test_blocks(edid);
	test_maker(edid);
	test_timing(edid + DETAILED, vram_mib);
	test_descriptors(edid);
	vdev_close(vdev);
	return tap_done();
}
