/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Just enough kernel mode setting for one screen: dumb buffers, one connector,
 * one CRTC, by the DRM ioctls themselves.
 *
 * All calls return 0, or -1 with a message on stderr.
 */
#ifndef KMS_H
#define KMS_H

#include <stdbool.h>
#include <stdint.h>

#include <drm/drm_mode.h>

struct kms {
	int fd;
	uint32_t connector;
	uint32_t crtc;
	struct drm_mode_modeinfo mode;
	bool mode_listed;
};

/* A dumb buffer that is a framebuffer from row @skipped on. */
struct kms_buffer {
	uint32_t handle;
	uint32_t id;
	uint32_t pitch;
	uint64_t size;
	uint8_t *pixels;
	unsigned int skipped;
};

/* The first connected screen, with the mode of that size: one that it lists, or one made up. */
int kms_open(struct kms *kms, const char *path, unsigned int width, unsigned int height);
int kms_buffer_create(struct kms *kms, struct kms_buffer *buffer, unsigned int skipped_rows);
int kms_show(struct kms *kms, const struct kms_buffer *buffer);
int kms_flip(struct kms *kms, const struct kms_buffer *buffer);

#endif /* KMS_H */
