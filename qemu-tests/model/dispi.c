// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bochs-display window as its drivers use it, and what makes a picture.
 */
#include "host.h"

#define VRAM		((u64)host_config.vram_size)

static u32 dispi_read(struct host *host, enum mvgpu_dispi index)
{
	return host_read(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(index), 2);
}

static void dispi_write(struct host *host, enum mvgpu_dispi index, u32 value)
{
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(index), 2, value);
}

struct mode {
	u32 width;
	u32 height;
	u32 virt_width;
	u32 x;
	u32 y;
};

static void set_mode(struct host *host, const struct mode *mode)
{
	dispi_write(host, MVGPU_DISPI_ENABLE, 0);
	dispi_write(host, MVGPU_DISPI_BPP, 32);
	dispi_write(host, MVGPU_DISPI_XRES, mode->width);
	dispi_write(host, MVGPU_DISPI_YRES, mode->height);
	dispi_write(host, MVGPU_DISPI_VIRT_WIDTH, mode->virt_width);
	dispi_write(host, MVGPU_DISPI_X_OFFSET, mode->x);
	dispi_write(host, MVGPU_DISPI_Y_OFFSET, mode->y);
	dispi_write(host, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED | MVGPU_DISPI_LFB_ENABLED);
}

static void test_window(struct host *host)
{
	u32 offset;
	bool zero = true;

	tap_is_hex(dispi_read(host, MVGPU_DISPI_ID), 0xb0c5, "dispi ID");
	tap_is(dispi_read(host, MVGPU_DISPI_VIDEO_MEMORY_64K), VRAM / 65536, "VRAM in 64 KiB");
	dispi_write(host, MVGPU_DISPI_ID, 0xb0c0);
	dispi_write(host, MVGPU_DISPI_VIDEO_MEMORY_64K, 0);
	tap_is_hex(dispi_read(host, MVGPU_DISPI_ID), 0xb0c5, "the ID is read only");
	tap_is(dispi_read(host, MVGPU_DISPI_VIDEO_MEMORY_64K), VRAM / 65536, "and so is the size");

	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_X_OFFSET), 4, 0x00020001);
	tap_is(dispi_read(host, MVGPU_DISPI_X_OFFSET), 1, "32 bits write two registers: the one");
	tap_is(dispi_read(host, MVGPU_DISPI_Y_OFFSET), 2, "and the other");
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_X_OFFSET) + 1, 1, 0x80);
	tap_is_hex(dispi_read(host, MVGPU_DISPI_X_OFFSET), 0x8001, "a byte of a register");

	tap_is(reg_read(host, MVGPU_QEXT_SIZE), 8, "the extension has 8 bytes");
	reg_write(host, MVGPU_QEXT_ENDIAN, MVGPU_QEXT_ENDIAN_BIG);
	tap_is_hex(reg_read(host, MVGPU_QEXT_ENDIAN), MVGPU_QEXT_ENDIAN_LITTLE,
		   "pixels are little endian and stay so");

	for (offset = MVGPU_VGA_OFFSET; offset < MVGPU_VGA_OFFSET + 0x20; offset++) {
		host_write(host, MVGPU_IMAGE_REGS, offset, 1, 0xff);
		zero &= !host_read(host, MVGPU_IMAGE_REGS, offset, 1);
	}
	tap_ok(zero, "no VGA behind the VGA ports");
}

static bool scanout_is(struct host *host, u64 offset, u32 width, u32 height, u32 stride)
{
	struct mvgpu_scanout scanout;

	return mvgpu_scanout_get(host->vgpu, &scanout) && scanout.offset == offset &&
	       scanout.width == width && scanout.height == height && scanout.stride == stride;
}

static bool no_scanout(struct host *host)
{
	struct mvgpu_scanout scanout;

	return !mvgpu_scanout_get(host->vgpu, &scanout);
}

/* As firmware and the kernel's driver set modes. */
static void test_modes(struct host *host)
{
	struct mode mode = { .width = 1024, .height = 768, .virt_width = 1024 };

	mvgpu_reset(host->vgpu);
	tap_ok(no_scanout(host), "no picture after a reset");
	set_mode(host, &mode);
	tap_ok(scanout_is(host, 0, 1024, 768, 4096), "a mode");
	mode.y = 768;
	set_mode(host, &mode);
	tap_ok(scanout_is(host, 768 * 4096, 1024, 768, 4096), "the page below it");
	mode.x = 100;
	mode.virt_width = 1280;
	set_mode(host, &mode);
	tap_ok(scanout_is(host, 768 * 5120 + 400, 1024, 768, 5120), "part of a wider picture");
	mode.virt_width = 1000;
	set_mode(host, &mode);
	tap_ok(scanout_is(host, 768 * 4096 + 400, 1024, 768, 4096),
	       "a stride is no shorter than a line");

	dispi_write(host, MVGPU_DISPI_ENABLE, MVGPU_DISPI_LFB_ENABLED);
	tap_ok(no_scanout(host), "disabled: no picture");
	dispi_write(host, MVGPU_DISPI_ENABLE, MVGPU_DISPI_ENABLED);
	tap_ok(!no_scanout(host), "enabled");
	dispi_write(host, MVGPU_DISPI_BPP, 16);
	tap_ok(no_scanout(host), "16 bits a pixel: no picture");
	dispi_write(host, MVGPU_DISPI_BPP, 24);
	tap_ok(no_scanout(host), "nor 24");
	dispi_write(host, MVGPU_DISPI_BPP, 32);
	dispi_write(host, MVGPU_DISPI_XRES, 0);
	tap_ok(no_scanout(host), "no width: no picture");
	dispi_write(host, MVGPU_DISPI_XRES, 1024);
	dispi_write(host, MVGPU_DISPI_YRES, 0);
	tap_ok(no_scanout(host), "no height: no picture");
	dispi_write(host, MVGPU_DISPI_YRES, 768);
	tap_ok(!no_scanout(host), "the picture is back");
	mvgpu_reset(host->vgpu);
	tap_ok(no_scanout(host), "a reset ends it");
}

static bool mode_agrees(struct host *host, const struct mode *mode)
{
	u64 pitch = mode->width > mode->virt_width ? mode->width : mode->virt_width;
	u64 first = mode->y * pitch + mode->x;
	bool fits = mode->width && mode->height && first + mode->height * pitch <= VRAM / 4;
	bool agrees;

	set_mode(host, mode);
	agrees = fits ? scanout_is(host, 4 * first, mode->width, mode->height, 4 * pitch) :
		 no_scanout(host);
	if (!agrees)
		tap_diag("%ux%u, virtual width %u, at %u, %u", mode->width, mode->height,
			 mode->virt_width, mode->x, mode->y);
	return agrees;
}

/* For each pitch the last lines that fit, shifted to the last pixel that fits, and one more. */
static void test_edges(struct host *host)
{
	bool agrees = true;
	u32 pitch;

	for (pitch = 1; agrees && pitch <= 0xffff; pitch += 1 + rnd_below(7)) {
		u32 lines = VRAM / 4 / pitch;
		u32 rest = VRAM / 4 % pitch;
		u32 height = 1 + rnd_below(lines < 0xffff ? lines : 0xffff);
		struct mode mode = {
			.width = 1 + rnd_below(pitch), .height = height, .virt_width = pitch,
			.x = rest, .y = lines - height,
		};

		/* Each has 16 bits: what does not fit is another mode, which must agree too. */
		mode.y &= 0xffff;
		agrees = mode_agrees(host, &mode);
		mode.x = (mode.x + 1) & 0xffff;
		agrees &= mode_agrees(host, &mode);
		mode.x = rest;
		mode.height = mode.height == 0xffff ? 0xffff : mode.height + 1;
		agrees &= mode_agrees(host, &mode);
		mode.height = height;
		mode.y = (mode.y + 1) & 0xffff;
		agrees &= mode_agrees(host, &mode);
	}
	tap_ok(agrees, "pictures that end with the VRAM, and one pixel or line behind it");
}

static void test_extremes(struct host *host)
{
	static const u16 values[] = { 0, 1, 2, 0x7fff, 0x8000, 0xfffe, 0xffff };
	const unsigned int n = ARRAY_SIZE(values);
	bool agrees = true;
	unsigned int i;

	for (i = 0; i < n * n * n * n * n; i++) {
		struct mode mode = {
			.width = values[i % n], .height = values[i / n % n],
			.virt_width = values[i / n / n % n], .x = values[i / n / n / n % n],
			.y = values[i / n / n / n / n],
		};

		agrees &= mode_agrees(host, &mode);
	}
	tap_ok(agrees, "all combinations of extreme values");
}

static void test_random(struct host *host)
{
	bool agrees = true;
	unsigned int i;

	for (i = 0; i < 50000; i++) {
		struct mode mode = {
			.width = rnd_below(0x10000) >> rnd_below(16),
			.height = rnd_below(0x10000) >> rnd_below(16),
			.virt_width = rnd_below(0x10000) >> rnd_below(16),
			.x = rnd_below(0x10000) >> rnd_below(16),
			.y = rnd_below(0x10000) >> rnd_below(16),
		};

		agrees &= mode_agrees(host, &mode);
	}
	tap_ok(agrees, "50000 random modes");
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	test_window(&host);
	test_modes(&host);
	test_edges(&host);
	test_extremes(&host);
	test_random(&host);
	host_fini(&host);
	return tap_done();
}
