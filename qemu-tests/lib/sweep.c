// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sweep.h"
#include "tap.h"
#include "util.h"

/*
 * After a write this many bytes before and behind it are compared, the whole region now
 * and then.
 */
#define WINDOW		32
#define WHOLE_EVERY	256

void sweep_init(struct sweep *sweep, struct vdev *vdev, unsigned int region, const char *name)
{
	memset(sweep, 0, sizeof(*sweep));
	sweep->vdev = vdev;
	sweep->region = region;
	sweep->name = name;
	sweep->size = vdev_region_size(vdev, region);
	sweep->image = malloc(sweep->size);
	sweep->writable = calloc(1, sweep->size);
	if (!sweep->image || !sweep->writable)
		tap_bail("no memory for %zu bytes of %s", sweep->size, name);
	vdev_must_read(vdev, region, sweep->image, sweep->size, 0);
}

void sweep_fini(struct sweep *sweep)
{
	free(sweep->image);
	free(sweep->writable);
}

/* How much of an access the region answers. */
static ssize_t cut(const struct sweep *sweep, size_t offset, size_t len)
{
	return len < sweep->size - offset ? len : sweep->size - offset;
}

void sweep_read(struct sweep *sweep)
{
	uint8_t buf[SWEEP_MAX_WIDTH];
	unsigned int bad = 0;
	size_t offset, width;

	for (width = 1; width <= SWEEP_MAX_WIDTH; width++) {
		for (offset = 0; offset < sweep->size; offset++) {
			ssize_t want = cut(sweep, offset, width);
			ssize_t got = sweep->vdev->ops->read(sweep->vdev, sweep->region, buf, width,
							     offset);

			if (got == want && !memcmp(buf, sweep->image + offset, want))
				continue;
			if (!bad++)
				tap_diag("first at %#zx, width %zu: %zd", offset, width, got);
		}
	}
	tap_is(bad, 0, "%s: reads of 1 to %d bytes at every offset agree with the whole",
	       sweep->name, SWEEP_MAX_WIDTH);
}

/* Compares what is around [offset, offset + width) with the image; true if it agrees. */
static bool sweep_agrees(struct sweep *sweep, size_t offset, size_t width)
{
	uint8_t buf[2 * WINDOW + SWEEP_MAX_WIDTH];
	size_t start = offset > WINDOW ? offset - WINDOW : 0;
	size_t len = cut(sweep, start, offset - start + width + WINDOW);

	vdev_must_read(sweep->vdev, sweep->region, buf, len, start);
	return !memcmp(buf, sweep->image + start, len);
}

static bool sweep_agrees_whole(struct sweep *sweep)
{
	uint8_t *now = malloc(sweep->size);
	bool agrees;

	if (!now)
		tap_bail("no memory");
	vdev_must_read(sweep->vdev, sweep->region, now, sweep->size, 0);
	agrees = !memcmp(now, sweep->image, sweep->size);
	free(now);
	return agrees;
}

static bool is_avoided(const struct sweep *sweep, size_t offset, size_t width)
{
	return sweep->avoid && memchr(sweep->avoid + offset, 1, width);
}

/*
 * One write of @data and its effect on the image.  A region that does not agree
 * afterwards is read anew, so that one defect is reported once.
 */
static bool sweep_write_one(struct sweep *sweep, size_t offset, size_t width, const uint8_t *data)
{
	ssize_t want = cut(sweep, offset, width);
	ssize_t got, i;

	got = sweep->vdev->ops->write(sweep->vdev, sweep->region, data, width, offset);
	for (i = 0; i < want; i++) {
		uint8_t writable = sweep->writable[offset + i];
		uint8_t *byte = &sweep->image[offset + i];

		*byte = (*byte & ~writable) | (data[i] & writable);
	}
	if (got == want && sweep_agrees(sweep, offset, width) &&
	    (offset % WHOLE_EVERY || sweep_agrees_whole(sweep)))
		return true;
	vdev_must_read(sweep->vdev, sweep->region, sweep->image, sweep->size, 0);
	return false;
}

static unsigned int sweep_write(struct sweep *sweep, bool same)
{
	uint8_t data[SWEEP_MAX_WIDTH];
	unsigned int bad = 0;
	size_t offset, width, len;

	for (width = 1; width <= SWEEP_MAX_WIDTH; width++) {
		for (offset = 0; offset < sweep->size; offset++) {
			len = cut(sweep, offset, width);
			if (is_avoided(sweep, offset, len))
				continue;
			rnd_fill(data, sizeof(data));
			if (same)
				memcpy(data, sweep->image + offset, len);
			if (!sweep_write_one(sweep, offset, width, data) && !bad++)
				tap_diag("first at %#zx, width %zu", offset, width);
		}
	}
	return bad + !sweep_agrees_whole(sweep);
}

void sweep_write_same(struct sweep *sweep)
{
	tap_is(sweep_write(sweep, true), 0, "%s: writing what is there changes nothing",
	       sweep->name);
}

void sweep_write_random(struct sweep *sweep)
{
	tap_is(sweep_write(sweep, false), 0,
	       "%s: writes of 1 to %d bytes at every offset change their own bits only",
	       sweep->name, SWEEP_MAX_WIDTH);
}

void sweep_bounds(struct sweep *sweep)
{
	const uint64_t beyond[] = { sweep->size, sweep->size + 1, 2 * sweep->size, 0x80000000,
				    0xffffffff, 0x100000000, 0xffffffff00 };
	size_t more = sweep->size + 4096;
	uint8_t *buf = malloc(more);
	unsigned int i, bad = 0;

	if (!buf)
		tap_bail("no memory");
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		if (beyond[i] < sweep->size)
			continue;
		bad += sweep->vdev->ops->read(sweep->vdev, sweep->region, buf, 4, beyond[i]) !=
		       -EINVAL;
		bad += sweep->vdev->ops->write(sweep->vdev, sweep->region, buf, 4, beyond[i]) !=
		       -EINVAL;
	}
	tap_is(bad, 0, "%s: accesses that begin past the end are refused", sweep->name);
	tap_is(sweep->vdev->ops->read(sweep->vdev, sweep->region, buf, more, 0), sweep->size,
	       "%s: a read that is too long is cut short", sweep->name);
	tap_ok(!memcmp(buf, sweep->image, sweep->size), "%s: and brings what is there",
	       sweep->name);
	free(buf);
}

void sweep_unchanged(struct sweep *sweep, const char *why)
{
	tap_ok(sweep_agrees_whole(sweep), "%s: %s", sweep->name, why);
}
