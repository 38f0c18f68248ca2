/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMM's memory, behind locks that are taken as VFIO's type1 backend takes its own.
 */
#ifndef TYPE1_H
#define TYPE1_H

#include "kernel.h"

/* Mappings side by side, and two memories: each time that one is mapped it is the other. */
#define IOVA		0x40000000ull
#define MAPS		16
#define MAP_PAGES	64
#define MAP_SIZE	(MAP_PAGES * PAGE_SIZE)
#define TOTAL		(MAPS * MAP_SIZE)

/* Times that an unmap may find pages pinned before the kernel has a BUG(). */
#define RETRIES		10

void type1_init(struct vfio_device *vdev, unsigned int limit);
void type1_fini(void);
void type1_map(unsigned int n);

/* Takes mapping @n away, if it is there; where its memory was, which is the caller's now. */
char *type1_unmap(unsigned int n);

/* Pages that are pinned, and that have been */
unsigned int type1_pinned(void);
unsigned long type1_total(void);

/* Set while the thread has memory lent: it must not call VFIO then. */
extern __thread bool lent;

#endif /* TYPE1_H */
