// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture, saved as PNG.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view.h"

#define VU_PICTURE_MODE		0644
#define VU_RGB			3

static __u8 *vu_picture_rgb(const struct vu_gpu *gpu, const struct mvgpu_scanout *scanout)
{
	__u8 *rgb = malloc((size_t)scanout->width * scanout->height * VU_RGB);
	__u8 *to = rgb;
	__u32 x, y;

	if (!rgb)
		return NULL;
	for (y = 0; y < scanout->height; y++) {
		const __u8 *from = gpu->vram.data + scanout->offset + (size_t)y * scanout->stride;

		/* XRGB8888, little endian */
		for (x = 0; x < scanout->width; x++, from += 4) {
			*to++ = from[2];
			*to++ = from[1];
			*to++ = from[0];
		}
	}
	return rgb;
}

static int vu_picture_write(const char *path, const struct mvgpu_scanout *scanout,
			    const __u8 *rgb)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = scanout->width,
		.height = scanout->height,
		.format = PNG_FORMAT_RGB,
		.flags = PNG_IMAGE_FLAG_FAST,
	};
	char temporary[PATH_MAX];
	FILE *file;
	int fd;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "wb");
	if (!file) {
		close(fd);
		goto err_unlink;
	}
	if (!png_image_write_to_stdio(&image, file, 0, rgb, 0, NULL) ||
	    fchmod(fd, VU_PICTURE_MODE)) {
		fclose(file);
		goto err_unlink;
	}
	if (fclose(file) || rename(temporary, path))
		goto err_unlink;
	return 0;

err_unlink:
	unlink(temporary);
	return -EIO;
}

/**
 * vu_picture_save() - save what a device shows
 * @device: the device
 * @path: of the file, which appears when it is complete
 *
 * Context: any thread that may wait for the device's client.
 * Return: 0; -ENODATA where there is no picture: no client, or its display is
 * off; -ENOMEM, -ENAMETOOLONG, -EIO or another errno where there is no file.
 */
int vu_picture_save(struct vu_device *device, const char *path)
{
	struct vu_gpu *gpu = vu_device_look(device);
	struct mvgpu_scanout scanout;
	__u8 *rgb;
	int ret;

	if (!gpu)
		return -ENODATA;
	/* The client may have let a thread wait that has locked the model. */
	vu_device_interrupt(device);
	if (!mvgpu_scanout_get(&gpu->model, &scanout)) {
		vu_gpu_put(gpu);
		return -ENODATA;
	}
	rgb = vu_picture_rgb(gpu, &scanout);
	vu_gpu_put(gpu);
	if (!rgb)
		return -ENOMEM;
	ret = vu_picture_write(path, &scanout, rgb);
	free(rgb);
	return ret;
}
