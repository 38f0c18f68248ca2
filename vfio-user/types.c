// SPDX-License-Identifier: GPL-2.0-only
/*
 * The types of vGPU, by name.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "types.h"

/* How mdev names them: the driver's name before the type's. */
#define VU_TYPE_PREFIX	"mvgpu-"

/**
 * vu_type_find() - look a type up
 * @name: its name, with or without mdev's prefix
 * @config: set to what the type says
 *
 * Return: whether there is such a type.
 */
bool vu_type_find(const char *name, struct mvgpu_config *config)
{
	unsigned int i;

	if (!strncmp(name, VU_TYPE_PREFIX, strlen(VU_TYPE_PREFIX)))
		name += strlen(VU_TYPE_PREFIX);
	for (i = 0; i < MVGPU_NUM_TYPES; i++) {
		if (!strcmp(name, mvgpu_types[i].name)) {
			*config = mvgpu_types[i].config;
			return true;
		}
	}
	return false;
}

/**
 * vu_types_print() - list the types on standard output
 */
void vu_types_print(void)
{
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_TYPES; i++)
		printf("  %-12s %4u MiB VRAM, rings: %u, prefers %ux%u%s\n", mvgpu_types[i].name,
		       mvgpu_types[i].config.vram_size >> 20, mvgpu_types[i].config.num_rings,
		       mvgpu_types[i].config.mode_width, mvgpu_types[i].config.mode_height,
		       i ? "" : " (default)");
}
