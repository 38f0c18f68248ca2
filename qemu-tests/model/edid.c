// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EDID: read back field by field, against timings that VESA publishes, and by edid-decode.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#define EDID_SIZE	128

static bool edid_get(u8 edid[EDID_SIZE], u32 width, u32 height)
{
	static _Alignas(4096) u8 shared[MVGPU_SHARED_SIZE];
	struct mvgpu_config config = {
		.num_rings = 1,
		.vram_size = MVGPU_VRAM_MAX, .mode_width = width, .mode_height = height,
	};
	struct host host = { 0 };
	struct mvgpu vgpu;

	if (mvgpu_init(&vgpu, &config, &host_ops, &host, shared))
		return false;
	mvgpu_image_read(&vgpu, MVGPU_IMAGE_REGS, MVGPU_EDID_OFFSET, edid, EDID_SIZE);
	mvgpu_fini(&vgpu);
	return true;
}

static bool checksum_holds(const u8 *edid)
{
	unsigned int i;
	u8 sum = 0;

	for (i = 0; i < EDID_SIZE; i++)
		sum += edid[i];
	return !sum;
}

struct timing {
	u32 width;
	u32 h_total;
	u32 height;
	u32 v_total;
	u32 clock;	/* 10 kHz */
	u32 v_sync;
};

static void timing_get(struct timing *timing, const u8 *edid)
{
	const u8 *dtd = edid + 54;

	timing->clock = dtd[0] | dtd[1] << 8;
	timing->width = dtd[2] | (dtd[4] & 0xf0) << 4;
	timing->h_total = timing->width + (dtd[3] | (dtd[4] & 0x0f) << 8);
	timing->height = dtd[5] | (dtd[7] & 0xf0) << 4;
	timing->v_total = timing->height + (dtd[6] | (dtd[7] & 0x0f) << 8);
	timing->v_sync = (dtd[10] & 0x0f) | (dtd[11] & 0x03) << 4;
}

/* The modes beside the preferred one: none larger, none twice. */
static bool others_fit(const u8 *edid, u32 width, u32 height)
{
	static const u8 ratios[4][2] = { { 16, 10 }, { 4, 3 }, { 5, 4 }, { 16, 9 } };
	unsigned int i;

	for (i = 38; i < 54; i += 2) {
		u32 across = 8 * (edid[i] + 31);
		u32 down = across * ratios[edid[i + 1] >> 6][1] / ratios[edid[i + 1] >> 6][0];

		if (edid[i] == 1 && edid[i + 1] == 1)
			continue;
		if (across > width || down > height || (across == width && down == height))
			return false;
	}
	return !((edid[36] & 0x08) && (width < 1024 || height < 768)) &&
	       !((edid[35] & 0x01) && (width < 800 || height < 600));
}

static void test_timings(void)
{
	/* CVT 1.1 reduced blanking, as VESA's generator and its DMT standard have them. */
	static const struct timing want[] = {
		{ 640, 800, 480, 494, 2350, 4 },
		{ 800, 960, 600, 618, 3550, 4 },
		{ 1024, 1184, 768, 790, 5600, 4 },
		{ 1280, 1440, 720, 741, 6400, 5 },
		{ 1280, 1440, 800, 823, 7100, 6 },
		{ 1280, 1440, 1024, 1054, 9100, 7 },
		{ 1400, 1560, 1050, 1080, 10100, 4 },
		{ 1440, 1600, 900, 926, 8875, 6 },
		{ 1600, 1760, 1200, 1235, 13025, 4 },
		{ 1680, 1840, 1050, 1080, 11900, 6 },
		{ 1920, 2080, 1080, 1111, 13850, 5 },
		{ 1920, 2080, 1200, 1235, 15400, 6 },
		{ 2560, 2720, 1600, 1646, 26850, 6 },
	};
	struct timing got;
	u8 edid[EDID_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		if (!edid_get(edid, want[i].width, want[i].height))
			tap_bail("no EDID for %ux%u", want[i].width, want[i].height);
		timing_get(&got, edid);
		if (!tap_ok(!memcmp(&got, &want[i], sizeof(got)), "timing of %ux%u",
			    want[i].width, want[i].height))
			tap_diag("%u of %u, %u of %u (sync %u), %u0 kHz", got.width, got.h_total,
				 got.height, got.v_total, got.v_sync, got.clock);
		tap_ok(others_fit(edid, want[i].width, want[i].height),
		       "the other modes are others, and no larger");
	}
}

static void test_block(void)
{
	static const u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	u8 edid[EDID_SIZE];

	edid_get(edid, 1920, 1080);
	tap_ok(!memcmp(edid, header, sizeof(header)), "header");
	tap_is(edid[18] << 8 | edid[19], 0x0104, "version 1.4");
	tap_ok(checksum_holds(edid), "checksum");
	tap_is(edid[126], 0, "no extension");
	tap_ok(edid[24] & 0x02, "the first timing is the native one");
	tap_ok(!memcmp(edid + 72, "\0\0\0\xfc\0mvgpu\n       ", 18), "product name");
	tap_is(edid[21], 51, "width in cm");
	tap_is(edid[22], 29, "height in cm");
	tap_is(edid[66] | (edid[68] & 0xf0) << 4, 508, "width in mm");
	tap_is(edid[67] | (edid[68] & 0x0f) << 8, 285, "height in mm");
}

/* Every width with some heights. */
static void test_all(void)
{
	bool valid = true, exact = true, fit = true;
	unsigned int modes = 0;
	u8 edid[EDID_SIZE];
	struct timing got;
	u32 width, height;

	for (width = 640; width <= 4088; width += 8) {
		for (height = 480; height <= 4095; height += 1 + rnd_below(999)) {
			if (!edid_get(edid, width, height))
				continue;
			timing_get(&got, edid);
			valid &= checksum_holds(edid);
			exact &= got.width == width && got.height == height &&
				 got.h_total == width + 160 &&
				 got.v_total > height + 3 + got.v_sync;
			/* CVT rounds the pixel clock down to 250 kHz: no more than 60 Hz. */
			exact &= got.clock * 10000ull <= 60ull * got.h_total * got.v_total &&
				 got.clock * 10000ull + 250000 > 60ull * got.h_total * got.v_total;
			/* 460 microseconds of vertical blanking */
			exact &= (got.v_total - height) * got.h_total * 100ull >=
				 460ull * got.clock;
			fit &= others_fit(edid, width, height);
			modes++;
		}
	}
	tap_ok(modes > 1000, "%u modes", modes);
	tap_ok(valid, "all checksums");
	tap_ok(exact, "all timings: resolution, blanking, 60 Hz");
	tap_ok(fit, "no other mode is larger than the preferred one");
}

static void check_with_tool(u32 width, u32 height)
{
	u8 edid[EDID_SIZE];
	int status;
	FILE *pipe;

	edid_get(edid, width, height);
	fflush(stdout);
	pipe = popen("edid-decode --check >/dev/null", "w");
	if (!pipe)
		tap_bail("popen");
	fwrite(edid, 1, EDID_SIZE, pipe);
	status = pclose(pipe);
	tap_ok(WIFEXITED(status) && !WEXITSTATUS(status), "edid-decode --check, %ux%u", width,
	       height);
}

static void test_decode(void)
{
	if (system("command -v edid-decode >/dev/null")) {
		tap_skip("edid-decode is not installed", "edid-decode --check");
		return;
	}
	check_with_tool(640, 480);
	check_with_tool(1024, 768);
	check_with_tool(1920, 1080);
	check_with_tool(2560, 1600);
	check_with_tool(3840, 2160);
}

int main(void)
{
	rnd_init();
	test_block();
	test_timings();
	test_all();
	test_decode();
	return tap_done();
}
