/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that listen. */
#ifndef VU_LISTEN_H
#define VU_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct vu_listener - a socket that listens
 * @fd: non-blocking; -1 if there is none
 * @path: of the file to remove at the end, NULL for an inherited socket
 * @device: where that file is, as stat() has it
 * @inode: likewise
 */
struct vu_listener {
	int fd;
	const char *path;
	dev_t device;
	ino_t inode;
};

int vu_listen(struct vu_listener *listener, const char *path);
int vu_listen_adopt(struct vu_listener *listener, int fd);
unsigned int vu_listen_activated(int *first);
void vu_listen_close(struct vu_listener *listener);
int vu_connect(const char *path);

#endif /* VU_LISTEN_H */
