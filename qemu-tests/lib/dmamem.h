/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that a device can be given over any transport: it is in a file, which a vfio-user server
 * maps.
 */
#ifndef DMAMEM_H
#define DMAMEM_H

#include <stddef.h>
#include <stdint.h>

/* @size bytes, whole pages, zero, shared with whoever maps the file; bails out without. */
void *dmamem_alloc(size_t size);
void dmamem_free(void *memory);

/* The file that @address is in, and where in it; -1 if it is not dmamem_alloc()'s. */
int dmamem_file(const void *address, uint64_t *offset);

#endif /* DMAMEM_H */
