// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture through VFIO_DEVICE_QUERY_GFX_PLANE: what a VMM is told, and that what it
 * then reads and maps is pixel for pixel what is in VRAM.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define PRIMARY		1
#define XRGB8888	0x34325258u	/* fourcc "XR24" */
#define PAGE		4096ul
#define ROUNDS		60

/* How much of VRAM the tests' pictures fill, and how many lines of a page each at its end. */
#define PAINTED		(12ul << 20)
#define LAST_LINES	16

static size_t vram_size;
static uint8_t *shadow;			/* what is in VRAM */
static const uint8_t *windows[2];	/* the two scan-out regions, mapped once as QEMU does */

static int query(struct vdev *vdev, uint32_t type, struct vfio_device_gfx_plane_info *plane)
{
	memset(plane, 0x5a, sizeof(*plane));
	plane->argsz = sizeof(*plane);
	plane->flags = VFIO_GFX_PLANE_TYPE_REGION;
	plane->drm_plane_type = type;
	return vdev->ops->query_plane(vdev, plane);
}

static bool is_off(struct vdev *vdev)
{
	struct vfio_device_gfx_plane_info plane;

	return !query(vdev, PRIMARY, &plane) && !plane.drm_format && !plane.size && !plane.width &&
	       !plane.height;
}

static size_t bytes_of(const struct vfio_device_gfx_plane_info *plane)
{
	return (size_t)plane->stride * plane->height;
}

static size_t offset_of(const struct mv_mode *mode)
{
	size_t pitch = mode->virt_width > mode->width ? mode->virt_width : mode->width;

	return 4 * (mode->y * pitch + mode->x);
}

/* New random pixels where pictures are: at the beginning of VRAM and at its very end. */
static void paint(struct vdev *vdev)
{
	const size_t tail = vram_size - LAST_LINES * PAGE;

	rnd_fill(shadow, PAINTED);
	vdev_must_write(vdev, VRAM, shadow, PAINTED, 0);
	rnd_fill(shadow + tail, LAST_LINES * PAGE);
	vdev_must_write(vdev, VRAM, shadow + tail, LAST_LINES * PAGE, tail);
}

/* Reads the picture and looks at the mapping: both must show VRAM from @offset on. */
static bool shows(struct vdev *vdev, const struct vfio_device_gfx_plane_info *plane, size_t offset)
{
	const uint8_t *window = windows[plane->region_index - VFIO_PCI_NUM_REGIONS];
	size_t bytes = bytes_of(plane);
	uint8_t *picture = malloc(bytes);
	bool read_right, map_right;

	vdev_must_read(vdev, plane->region_index, picture, bytes, 0);
	read_right = !memcmp(picture, shadow + offset, bytes);
	map_right = !memcmp(window, shadow + offset, bytes);
	free(picture);
	if (!read_right || !map_right)
		tap_diag("%ux%u stride %u offset %#zx: read %s, mapping %s", plane->width,
			 plane->height, plane->stride, offset, read_right ? "right" : "wrong",
			 map_right ? "right" : "wrong");
	return read_right && map_right;
}

static bool region_is_good(uint32_t index)
{
	return index == VFIO_PCI_NUM_REGIONS || index == VFIO_PCI_NUM_REGIONS + 1;
}

/* Sets a mode, asks, and compares all that the answer says and all that it leads to. */
static bool mode_is_right(struct vdev *vdev, const struct mv_mode *mode,
			  struct vfio_device_gfx_plane_info *plane)
{
	size_t pitch = mode->virt_width > mode->width ? mode->virt_width : mode->width;

	mv_set_mode(vdev, mode);
	if (query(vdev, PRIMARY, plane) || !region_is_good(plane->region_index)) {
		tap_diag("%ux%u: no picture", mode->width, mode->height);
		return false;
	}
	if (plane->drm_format != XRGB8888 || plane->drm_format_mod ||
	    plane->width != mode->width || plane->height != mode->height ||
	    plane->stride != 4 * pitch || plane->size < bytes_of(plane)) {
		tap_diag("%ux%u pitch %zu: format %#x, %ux%u, stride %u, size %u", mode->width,
			 mode->height, pitch, plane->drm_format, plane->width, plane->height,
			 plane->stride, plane->size);
		return false;
	}
	return shows(vdev, plane, offset_of(mode));
}

static void test_calls(struct vdev *vdev)
{
	static const struct {
		uint32_t flags;
		int want;
		const char *name;
	} calls[] = {
		{ VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION, 0, "probe region" },
		{ VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_DMABUF, -EINVAL, "probe dmabuf" },
		{ VFIO_GFX_PLANE_TYPE_PROBE, -EINVAL, "probe nothing" },
		{ VFIO_GFX_PLANE_TYPE_DMABUF, -EINVAL, "ask for a dmabuf" },
		{ VFIO_GFX_PLANE_TYPE_REGION | VFIO_GFX_PLANE_TYPE_DMABUF, -EINVAL,
		  "ask for both" },
		{ VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION |
		  VFIO_GFX_PLANE_TYPE_DMABUF, -EINVAL, "probe both" },
		{ VFIO_GFX_PLANE_TYPE_REGION | 0x80000000, -EINVAL, "a flag that is not there" },
		{ 0, -EINVAL, "no flags" },
	};
	struct vfio_device_gfx_plane_info plane;
	uint32_t argsz, refused = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		memset(&plane, 0, sizeof(plane));
		plane.argsz = sizeof(plane);
		plane.flags = calls[i].flags;
		plane.drm_plane_type = PRIMARY;
		tap_ret(vdev->ops->query_plane(vdev, &plane), calls[i].want, "%s", calls[i].name);
	}
	for (argsz = 0; argsz < offsetof(struct vfio_device_gfx_plane_info, reserved); argsz++) {
		plane.argsz = argsz;
		plane.flags = VFIO_GFX_PLANE_TYPE_REGION;
		refused += vdev->ops->query_plane(vdev, &plane) == -EINVAL;
	}
	tap_is(refused, argsz, "argsz below the minimum is refused");
	tap_ret(query(vdev, 3, &plane), -EINVAL, "a type of plane that there is not");
	tap_ret(query(vdev, UINT32_MAX, &plane), -EINVAL, "nor that");
}

static void test_off(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 640, .height = 480 };

	tap_ok(is_off(vdev), "no picture at first");
	mv_set_mode(vdev, &mode);
	tap_ok(!is_off(vdev), "a picture when a mode is set");
	mv_display_off(vdev);
	tap_ok(is_off(vdev), "none when the display is off");
	vdev->ops->reset(vdev);
	tap_ok(is_off(vdev), "none after a reset");
}

static void test_first(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 640, .height = 480 };
	struct vfio_device_gfx_plane_info plane, other;

	paint(vdev);
	tap_ok(mode_is_right(vdev, &mode, &plane), "640x480 is shown right");
	tap_is(plane.size % PAGE, 0, "the size is in whole pages");
	tap_ok(plane.x_hot == UINT32_MAX && plane.y_hot == UINT32_MAX, "there is no hot spot");
	mode.width = 800;
	mode.height = 599;
	tap_ok(mode_is_right(vdev, &mode, &plane), "800x599 is shown right");
	tap_is(plane.size % PAGE, 0, "the size is in whole pages");
	query(vdev, PRIMARY, &other);
	tap_ok(!memcmp(&plane, &other, sizeof(plane)), "asked again, it says the same");
	query(vdev, 0, &other);
	other.drm_plane_type = PRIMARY;
	tap_ok(!memcmp(&plane, &other, sizeof(plane)), "asked with type 0, as QEMU does, too");
}

static void test_flip(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 1024, .height = 768 };
	struct vfio_device_gfx_plane_info front, back;

	tap_ok(mode_is_right(vdev, &mode, &front), "the front page is shown right");
	mode.y = 768;
	tap_ok(mode_is_right(vdev, &mode, &back), "the back page is shown right");
	tap_is(back.region_index, front.region_index, "a flip keeps the region");
	mode.y = 0;
	tap_ok(mode_is_right(vdev, &mode, &front), "the front page is again");
	mode.y = 1;
	tap_ok(mode_is_right(vdev, &mode, &back), "so is one line further");
	tap_is(back.region_index, front.region_index, "scrolling keeps the region");
}

static void test_shapes(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 640, .height = 480 };
	struct vfio_device_gfx_plane_info before, after;

	mode_is_right(vdev, &mode, &before);
	mode.virt_width = 1024;
	tap_ok(mode_is_right(vdev, &mode, &after), "a longer stride is shown right");
	tap_ok(after.region_index != before.region_index, "another stride is another region");
	before = after;
	mode.virt_width = 0;
	mode.height = 400;
	tap_ok(mode_is_right(vdev, &mode, &after), "another height is shown right");
	tap_ok(after.region_index != before.region_index, "another height is another region");
	mode.virt_width = 16;
	tap_ok(mode_is_right(vdev, &mode, &after), "a stride shorter than a line is the line's");
}

/* A picture that does not begin at a page: a copy, as of the last query. */
static void test_unaligned(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 640, .height = 480, .x = 1 };
	struct vfio_device_gfx_plane_info plane;
	uint8_t before[4];

	tap_ok(mode_is_right(vdev, &mode, &plane), "one pixel into the line is shown right");
	paint(vdev);
	tap_ok(!query(vdev, PRIMARY, &plane) && shows(vdev, &plane, 4),
	       "so is what was drawn since, when asked again");
	mode.y = 3;
	mode.x = 17;
	tap_ok(mode_is_right(vdev, &mode, &plane), "some pixels and lines are shown right");
	mode.y = 0;
	mode.x = 0;
	tap_ok(mode_is_right(vdev, &mode, &plane), "back at the beginning it is");

	mode.x = 1;
	mode_is_right(vdev, &mode, &plane);
	memcpy(before, shadow + 4, sizeof(before));
	vdev->ops->reset(vdev);
	memset(shadow, 0, vram_size);
	if (vdev->ops->read(vdev, plane.region_index, before, 4, 0) < 0)
		memset(before, 0, sizeof(before));
	tap_ok(!memcmp(before, shadow, sizeof(before)), "after a reset nothing shows the old copy");
	paint(vdev);
}

static void test_impossible(struct vdev *vdev)
{
	static const struct {
		struct mv_mode mode;
		const char *name;
	} modes[] = {
		{ { .width = 65535, .height = 65535 }, "larger than VRAM" },
		{ { .width = 1024, .height = 480, .y = 65535 }, "behind the end of VRAM" },
		{ { .width = 640, .height = 480, .virt_width = 65535, .y = 480 },
		  "with a stride that is too long" },
		{ { .width = 0, .height = 480 }, "without width" },
		{ { .width = 640, .height = 0 }, "without height" },
	};
	struct mv_mode last = { .width = 1024, .height = 1 };
	struct vfio_device_gfx_plane_info plane;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		/* What is too large for one type may fit a larger one. */
		size_t bytes = offset_of(&modes[i].mode) + 4ul * modes[i].mode.height *
			       (modes[i].mode.virt_width ?: modes[i].mode.width);

		mv_set_mode(vdev, &modes[i].mode);
		if (bytes && modes[i].mode.width && modes[i].mode.height && bytes <= vram_size)
			continue;
		tap_ok(is_off(vdev), "no picture %s", modes[i].name);
	}
	last.y = vram_size / PAGE - 1;
	tap_ok(mode_is_right(vdev, &last, &plane), "VRAM's last line is shown right");
	mv_set_mode(vdev, &last);
	vdev_write16(vdev, REGS, MVGPU_DISPI_REG(MVGPU_DISPI_BPP), 16);
	tap_ok(is_off(vdev), "no picture with 16 bits a pixel");
}

/* The line at VRAM's end: what is behind it in the region shows nothing. */
static void test_behind_end(struct vdev *vdev)
{
	struct mv_mode mode = { .width = 1024, .height = LAST_LINES };
	struct vfio_device_gfx_plane_info plane;
	uint8_t buf[64];
	size_t end = LAST_LINES * PAGE;
	ssize_t got;
	int raised;

	mode.y = vram_size / PAGE - LAST_LINES;
	if (!tap_ok(mode_is_right(vdev, &mode, &plane), "VRAM's last lines are shown right"))
		return;
	got = vdev->ops->read(vdev, plane.region_index, buf, sizeof(buf), end);
	tap_ok(got == -EINVAL, "a read behind them is refused");
	got = vdev->ops->read(vdev, plane.region_index, buf, sizeof(buf), end - 32);
	tap_ok(got == 32 || got == -EINVAL, "a read across their end is cut or refused");
	raised = touch_read(windows[plane.region_index - VFIO_PCI_NUM_REGIONS] + end);
	tap_ok(raised != 0, "a mapping shows nothing behind them");
}

static void test_random(struct vdev *vdev)
{
	struct vfio_device_gfx_plane_info plane;
	unsigned int i, wrong = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct mv_mode mode = {
			.width = 1 + rnd_below(1400),
			.height = 1 + rnd_below(900),
			.virt_width = rnd_below(3) ? 0 : rnd_below(1500),
			.x = rnd_below(3) ? 0 : rnd_below(100),
			.y = rnd_below(3) ? 0 : rnd_below(1000),
		};
		size_t pitch = mode.virt_width > mode.width ? mode.virt_width : mode.width;

		if (offset_of(&mode) + 4 * pitch * mode.height > PAINTED)
			continue;
		wrong += !mode_is_right(vdev, &mode, &plane);
	}
	tap_is(wrong, 0, "random modes are shown right");
}

static void map_windows(struct vdev *vdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		windows[i] = vdev->ops->map(vdev, VFIO_PCI_NUM_REGIONS + i, NULL, vram_size,
					    PROT_READ, MAP_SHARED, 0);
		tap_ok(windows[i] != MAP_FAILED, "region %u can be mapped as a whole",
		       VFIO_PCI_NUM_REGIONS + i);
		if (windows[i] == MAP_FAILED)
			tap_bail("no picture without a mapping");
		touch_read(windows[i]);
		touch_read(windows[i] + vram_size - 1);
		tap_ok(mprotect((void *)windows[i], PAGE, PROT_READ | PROT_WRITE) &&
		       errno == EACCES,
		       "it cannot be made writable");
		tap_ok(vdev->ops->map(vdev, VFIO_PCI_NUM_REGIONS + i, NULL, PAGE,
				      PROT_READ | PROT_WRITE, MAP_SHARED, 0) == MAP_FAILED,
		       "nor mapped so");
	}
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	unsigned int i;

	if (vdev_fd(vdev) < 0)
		tap_skip_all("%s has no display plane", vdev->ops->name);
	rnd_init();
	vram_size = vdev_region_size(vdev, VRAM);
	shadow = calloc(1, vram_size);
	if (!shadow)
		tap_bail("no memory for a copy of VRAM");
	map_windows(vdev);
	test_calls(vdev);
	test_off(vdev);
	test_first(vdev);
	test_flip(vdev);
	test_shapes(vdev);
	test_unaligned(vdev);
	test_impossible(vdev);
	test_behind_end(vdev);
	test_random(vdev);
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		munmap((void *)windows[i], vram_size);
	free(shadow);
	vdev_close(vdev);
	return tap_done();
}
