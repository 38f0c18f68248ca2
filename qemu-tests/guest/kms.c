// SPDX-License-Identifier: GPL-2.0-only
#include "kms.h"

#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_OBJECTS	16
#define MAX_MODES	256
#define REFRESH_HZ	60
#define RETRIES		400
#define RETRY_US	5000

static int kms_ioctl(struct kms *kms, unsigned long request, void *argument, const char *what)
{
	int result;

	do {
		result = ioctl(kms->fd, request, argument);
	} while (result && (errno == EINTR || errno == EAGAIN));
	if (result)
		fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return result;
}

/* Repeats while the answer is @busy, for two seconds at most. */
static int kms_retry(struct kms *kms, unsigned long request, void *argument, int busy,
		     const char *what)
{
	for (int i = 0; i < RETRIES; i++) {
		if (!ioctl(kms->fd, request, argument))
			return 0;
		if (errno != busy && errno != EINTR)
			break;
		usleep(RETRY_US);
	}
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return -1;
}

/* Blanking that any monitor of the last decades would take; the device ignores it. */
static void mode_make(struct drm_mode_modeinfo *mode, unsigned int width, unsigned int height)
{
	memset(mode, 0, sizeof(*mode));
	mode->hdisplay = width;
	mode->hsync_start = width + 48;
	mode->hsync_end = width + 80;
	mode->htotal = width + 160;
	mode->vdisplay = height;
	mode->vsync_start = height + 3;
	mode->vsync_end = height + 8;
	mode->vtotal = height + 30;
	mode->vrefresh = REFRESH_HZ;
	mode->clock = (uint32_t)mode->htotal * mode->vtotal * REFRESH_HZ / 1000;
	mode->type = DRM_MODE_TYPE_USERDEF;
	snprintf(mode->name, sizeof(mode->name), "%ux%u", width, height);
}

/* Takes the connector if something is plugged in; *found says so. */
static int connector_try(struct kms *kms, uint32_t id, unsigned int width, unsigned int height,
			 bool *found)
{
	struct drm_mode_modeinfo modes[MAX_MODES];
	struct drm_mode_get_connector get = { .connector_id = id };

	/* The first call, with room for nothing, makes the kernel probe. */
	if (kms_ioctl(kms, DRM_IOCTL_MODE_GETCONNECTOR, &get, "GETCONNECTOR"))
		return -1;
	get = (struct drm_mode_get_connector){
		.connector_id = id,
		.count_modes = get.count_modes < MAX_MODES ? get.count_modes : MAX_MODES,
		.modes_ptr = (uintptr_t)modes,
	};
	if (kms_ioctl(kms, DRM_IOCTL_MODE_GETCONNECTOR, &get, "GETCONNECTOR"))
		return -1;
	if (get.connection != 1)
		return 0;

	*found = true;
	kms->connector = id;
	mode_make(&kms->mode, width, height);
	for (uint32_t i = 0; i < get.count_modes && i < MAX_MODES; i++) {
		if (modes[i].hdisplay != width || modes[i].vdisplay != height)
			continue;
		kms->mode = modes[i];
		kms->mode_listed = true;
		break;
	}
	return 0;
}

int kms_open(struct kms *kms, const char *path, unsigned int width, unsigned int height)
{
	uint32_t crtcs[MAX_OBJECTS], connectors[MAX_OBJECTS];
	struct drm_mode_card_res resources = {
		.crtc_id_ptr = (uintptr_t)crtcs, .count_crtcs = MAX_OBJECTS,
		.connector_id_ptr = (uintptr_t)connectors, .count_connectors = MAX_OBJECTS,
	};
	bool found = false;

	memset(kms, 0, sizeof(*kms));
	kms->fd = open(path, O_RDWR | O_CLOEXEC);
	if (kms->fd < 0) {
		perror(path);
		return -1;
	}
	/* An earlier test card may still be giving the screen up. */
	if (kms_retry(kms, DRM_IOCTL_SET_MASTER, NULL, EBUSY, "SET_MASTER"))
		return -1;
	if (kms_ioctl(kms, DRM_IOCTL_MODE_GETRESOURCES, &resources, "GETRESOURCES"))
		return -1;
	for (uint32_t i = 0; i < resources.count_connectors && i < MAX_OBJECTS && !found; i++)
		if (connector_try(kms, connectors[i], width, height, &found))
			return -1;
	if (!found || !resources.count_crtcs) {
		fprintf(stderr, "%s: no connected screen\n", path);
		return -1;
	}
	kms->crtc = crtcs[0];
	return 0;
}

int kms_buffer_create(struct kms *kms, struct kms_buffer *buffer, unsigned int skipped_rows)
{
	struct drm_mode_create_dumb dumb = {
		.width = kms->mode.hdisplay,
		.height = kms->mode.vdisplay + skipped_rows,
		.bpp = 32,
	};
	struct drm_mode_map_dumb map = { 0 };
	struct drm_mode_fb_cmd2 fb = {
		.width = kms->mode.hdisplay,
		.height = kms->mode.vdisplay,
		.pixel_format = DRM_FORMAT_XRGB8888,
	};

	if (kms_ioctl(kms, DRM_IOCTL_MODE_CREATE_DUMB, &dumb, "CREATE_DUMB"))
		return -1;
	map.handle = dumb.handle;
	if (kms_ioctl(kms, DRM_IOCTL_MODE_MAP_DUMB, &map, "MAP_DUMB"))
		return -1;
	fb.handles[0] = dumb.handle;
	fb.pitches[0] = dumb.pitch;
	fb.offsets[0] = dumb.pitch * skipped_rows;
	if (kms_ioctl(kms, DRM_IOCTL_MODE_ADDFB2, &fb, "ADDFB2"))
		return -1;

	buffer->handle = dumb.handle;
	buffer->id = fb.fb_id;
	buffer->pitch = dumb.pitch;
	buffer->size = dumb.size;
	buffer->skipped = skipped_rows;
	buffer->pixels = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd,
			      map.offset);
	if (buffer->pixels == MAP_FAILED) {
		perror("mmap of a dumb buffer");
		return -1;
	}
	return 0;
}

int kms_show(struct kms *kms, const struct kms_buffer *buffer)
{
	struct drm_mode_crtc crtc = {
		.set_connectors_ptr = (uintptr_t)&kms->connector,
		.count_connectors = 1,
		.crtc_id = kms->crtc,
		.fb_id = buffer->id,
		.mode_valid = 1,
		.mode = kms->mode,
	};

	return kms_ioctl(kms, DRM_IOCTL_MODE_SETCRTC, &crtc, "SETCRTC");
}

int kms_flip(struct kms *kms, const struct kms_buffer *buffer)
{
	struct drm_mode_crtc_page_flip flip = { .crtc_id = kms->crtc, .fb_id = buffer->id };

	return kms_retry(kms, DRM_IOCTL_MODE_PAGE_FLIP, &flip, EBUSY, "PAGE_FLIP");
}
