/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways to look at the devices from outside: pictures, VNC, memory and the control socket. */
#ifndef VU_VIEW_H
#define VU_VIEW_H

#include "server.h"

struct vu_server;
struct vu_vnc;

/* picture.c */
int vu_picture_save(struct vu_device *device, const char *path);

/* memory.c */
int vu_memory_save(struct vu_device *device, __u64 address, __u64 size, const char *path);
int vu_memory_load(struct vu_device *device, __u64 address, const char *path);

/* vnc.c, or vnc-none.c */
int vu_vnc_start(struct vu_vnc **vnc, struct vu_device *device, const char *where);
void vu_vnc_stop(struct vu_vnc *vnc);

/* control.c */
int vu_control_accept(struct vu_server *server, int fd);
int vu_control_tell(const char *path, const char *command);

#endif /* VU_VIEW_H */
