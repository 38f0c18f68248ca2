// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands in for vnc.c in a build without libvncserver.
 */
#include <errno.h>

#include "view.h"

/**
 * vu_vnc_start() - say that there is no VNC
 * @vnc: not used
 * @device: not used
 * @where: not used
 *
 * Return: -ENOTSUP.
 */
int vu_vnc_start(struct vu_vnc **vnc, struct vu_device *device, const char *where)
{
	(void)vnc;
	(void)device;
	(void)where;
	vu_error("--vnc: this mvgpu-server was built without libvncserver");
	return -ENOTSUP;
}

/**
 * vu_vnc_stop() - do nothing
 * @vnc: NULL
 */
void vu_vnc_stop(struct vu_vnc *vnc)
{
	(void)vnc;
}
