// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture over VNC, to look at: nothing that a viewer does reaches the
 * guest.
 *
 * A thread for each device asks where the picture is, copies the rows that have
 * changed and lets the library send them.  Without a viewer it copies nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <rfb/rfb.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

#define VU_VNC_FRAME_US		40000
#define VU_VNC_CLIENT_WAIT_MS	500
#define VU_VNC_PIXEL		4
#define VU_VNC_FIRST_PORT	5900
#define VU_VNC_LAST_PORT	5999

/* What there is to see without a picture: nothing, of this size. */
#define VU_VNC_EMPTY_WIDTH	640
#define VU_VNC_EMPTY_HEIGHT	480

/**
 * struct vu_vnc - the view of one device; its thread's, but for @stopping
 * @device: the device
 * @screen: the library's
 * @thread: serves the viewers
 * @stopping: set by another thread: end
 */
struct vu_vnc {
	struct vu_device *device;
	rfbScreenInfoPtr screen;
	pthread_t thread;
	atomic_bool stopping;
};

/* XRGB8888, which the library does not expect. */
static void vu_vnc_format(rfbScreenInfoPtr screen)
{
	rfbClientIteratorPtr iterator = rfbGetClientIterator(screen);
	rfbClientPtr client;

	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
	while ((client = rfbClientIteratorNext(iterator)))
		screen->setTranslateFunction(client);
	rfbReleaseClientIterator(iterator);
}

static bool vu_vnc_resize(struct vu_vnc *vnc, __u32 width, __u32 height)
{
	char *old = vnc->screen->frameBuffer;
	char *pixels = calloc(height, (size_t)width * VU_VNC_PIXEL);

	if (!pixels)
		return false;
	rfbNewFramebuffer(vnc->screen, pixels, width, height, 8, 3, VU_VNC_PIXEL);
	vu_vnc_format(vnc->screen);
	free(old);
	return true;
}

static void vu_vnc_copy(struct vu_vnc *vnc, const struct vu_gpu *gpu,
			const struct mvgpu_scanout *scanout)
{
	size_t bytes = (size_t)scanout->width * VU_VNC_PIXEL;
	__u32 y;

	for (y = 0; y < scanout->height; y++) {
		const __u8 *from = gpu->vram.data + scanout->offset + (size_t)y * scanout->stride;
		char *to = vnc->screen->frameBuffer + y * bytes;

		if (!memcmp(to, from, bytes))
			continue;
		memcpy(to, from, bytes);
		rfbMarkRectAsModified(vnc->screen, 0, y, scanout->width, y + 1);
	}
}

static void vu_vnc_update(struct vu_vnc *vnc)
{
	struct mvgpu_scanout scanout = {
		.width = VU_VNC_EMPTY_WIDTH,
		.height = VU_VNC_EMPTY_HEIGHT,
	};
	struct vu_gpu *gpu = vu_device_look(vnc->device);
	bool shown = gpu && mvgpu_scanout_get(&gpu->model, &scanout);

	if ((vnc->screen->width == (int)scanout.width &&
	     vnc->screen->height == (int)scanout.height) ||
	    vu_vnc_resize(vnc, scanout.width, scanout.height)) {
		if (shown)
			vu_vnc_copy(vnc, gpu, &scanout);
	}
	if (gpu)
		vu_gpu_put(gpu);
}

static void *vu_vnc_thread(void *data)
{
	struct vu_vnc *vnc = data;

	while (!atomic_load(&vnc->stopping)) {
		if (vnc->screen->clientHead)
			vu_vnc_update(vnc);
		rfbProcessEvents(vnc->screen, VU_VNC_FRAME_US);
	}
	return NULL;
}

/* "PORT" or "ADDRESS:PORT", IPv4; this machine alone if no address is given. */
static bool vu_vnc_where(const char *where, in_addr_t *address, int *port)
{
	const char *colon = strrchr(where, ':');
	char host[INET_ADDRSTRLEN] = "127.0.0.1";
	unsigned long number;
	struct in_addr in;
	char *end;

	if (colon) {
		if ((size_t)(colon - where) >= sizeof(host))
			return false;
		memcpy(host, where, colon - where);
		host[colon - where] = '\0';
		where = colon + 1;
	}
	number = strtoul(where, &end, 10);
	if (*where < '0' || *where > '9' || *end || number > USHRT_MAX ||
	    inet_pton(AF_INET, host, &in) != 1)
		return false;
	*address = in.s_addr;
	*port = number;
	return true;
}

static void vu_vnc_screen_free(rfbScreenInfoPtr screen)
{
	char *pixels = screen->frameBuffer;

	rfbShutdownServer(screen, TRUE);
	rfbScreenCleanup(screen);
	free(pixels);
}

/* A screen that listens, or NULL. */
static rfbScreenInfoPtr vu_vnc_screen(const char *name, in_addr_t address, int port)
{
	rfbScreenInfoPtr screen = rfbGetScreen(NULL, NULL, VU_VNC_EMPTY_WIDTH, VU_VNC_EMPTY_HEIGHT,
					       8, 3, VU_VNC_PIXEL);

	if (!screen)
		return NULL;
	screen->desktopName = name;
	screen->listenInterface = address;
	screen->port = port;
	/* None: the library would let anybody in there. */
	screen->ipv6port = 0;
	screen->alwaysShared = TRUE;
	screen->cursor = NULL;
	screen->maxClientWait = VU_VNC_CLIENT_WAIT_MS;
	screen->frameBuffer = calloc(VU_VNC_EMPTY_HEIGHT, VU_VNC_EMPTY_WIDTH * VU_VNC_PIXEL);
	if (screen->frameBuffer)
		rfbInitServer(screen);
	vu_vnc_format(screen);
	if (!screen->frameBuffer || screen->listenSock == RFB_INVALID_SOCKET) {
		vu_vnc_screen_free(screen);
		return NULL;
	}
	return screen;
}

/* The library has a search of its own, which listens on IPv6 too. */
static rfbScreenInfoPtr vu_vnc_screen_anywhere(const char *name, in_addr_t address)
{
	rfbScreenInfoPtr screen = NULL;
	int port;

	for (port = VU_VNC_FIRST_PORT; !screen && port <= VU_VNC_LAST_PORT; port++)
		screen = vu_vnc_screen(name, address, port);
	return screen;
}

/**
 * vu_vnc_start() - let people look at a device
 * @vnc: set to the view
 * @device: the device; must stay as long as the view
 * @where: "PORT" or "ADDRESS:PORT"; port 0 for one that is free, from
 *	VU_VNC_FIRST_PORT to VU_VNC_LAST_PORT
 *
 * Return: 0; -EINVAL where @where is not that, -EADDRINUSE where the library
 * cannot listen, -ENOMEM, -EAGAIN.
 */
int vu_vnc_start(struct vu_vnc **vnc, struct vu_device *device, const char *where)
{
	struct vu_vnc *new;
	in_addr_t address;
	int port, ret;

	if (!vu_vnc_where(where, &address, &port))
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	rfbLogEnable(vu_log_max >= VU_LOG_DEBUG);
	new->device = device;
	atomic_init(&new->stopping, false);
	if (port)
		new->screen = vu_vnc_screen(device->name, address, port);
	else
		new->screen = vu_vnc_screen_anywhere(device->name, address);
	if (!new->screen) {
		free(new);
		return -EADDRINUSE;
	}
	ret = -pthread_create(&new->thread, NULL, vu_vnc_thread, new);
	if (ret) {
		vu_vnc_screen_free(new->screen);
		free(new);
		return ret;
	}
	vu_info("%s: VNC on port %d", device->name, new->screen->port);
	*vnc = new;
	return 0;
}

/**
 * vu_vnc_stop() - send the viewers away
 * @vnc: the view, or NULL
 */
void vu_vnc_stop(struct vu_vnc *vnc)
{
	if (!vnc)
		return;
	atomic_store(&vnc->stopping, true);
	pthread_join(vnc->thread, NULL);
	vu_vnc_screen_free(vnc->screen);
	free(vnc);
}
