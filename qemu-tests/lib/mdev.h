/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices through sysfs.  All calls return 0 or a negative errno.
 */
#ifndef MDEV_H
#define MDEV_H

#include <stddef.h>

#define MDEV_UUID_LEN	36

/* One write() of @text, as "echo -n" does it. */
int sysfs_write(const char *path, const char *text);

/* The file's text without its last newline. */
int sysfs_read(const char *path, char *buf, size_t size);

void mdev_uuid_random(char uuid[MDEV_UUID_LEN + 1]);
int mdev_create(const char *parent, const char *type, const char *uuid);
int mdev_remove(const char *uuid);

/* How many more of @type the parent can make, or a negative errno. */
int mdev_available(const char *parent, const char *type);

/* 1 if it is on the bus, 0 if not. */
int mdev_exists(const char *uuid);

#endif /* MDEV_H */
