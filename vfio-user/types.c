// SPDX-License-Identifier: GPL-2.0-only
/*
 * The types of vGPU: those of the kernel's mvgpu, by the same names.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

/* How mdev names them: the driver's name before the type's. */
#define VU_TYPE_PREFIX	"mvgpu-"

static const struct vu_type {
	const char *name;
	struct mvgpu_config config;
} vu_types[] = {
	{ "bochs-16m", { .vram_size = 16 << 20, .mode_width = 1024, .mode_height = 768 } },
	{ "bochs-64m", { .vram_size = 64 << 20, .mode_width = 1920, .mode_height = 1080 } },
	{ "bochs-256m", { .vram_size = 256 << 20, .mode_width = 2560, .mode_height = 1440 } },
};

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
	for (i = 0; i < ARRAY_SIZE(vu_types); i++) {
		if (!strcmp(name, vu_types[i].name)) {
			*config = vu_types[i].config;
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

	for (i = 0; i < ARRAY_SIZE(vu_types); i++)
		printf("  %-12s %4u MiB VRAM, prefers %ux%u%s\n", vu_types[i].name,
		       vu_types[i].config.vram_size >> 20, vu_types[i].config.mode_width,
		       vu_types[i].config.mode_height, i ? "" : " (default)");
}
