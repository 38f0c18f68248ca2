// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The types of vGPU that there are, whichever transport offers them.
 */
#include "types.h"

#define MVGPU_BOCHS_TYPE(_mb, _width, _height) {		\
	.name = "bochs-" #_mb "m",				\
	.pretty_name = "mvgpu bochs-display, " #_mb " MiB",	\
	.config = {						\
		.num_rings = 1,					\
		.vram_size = (_mb) << 20,			\
		.mode_width = (_width),				\
		.mode_height = (_height),			\
	},							\
	.weight = 100,						\
}

#define MVGPU_NATIVE_TYPE(_mb, _rings, _weight, _width, _height) {	\
	.name = "native-" #_mb "m",					\
	.pretty_name = "mvgpu, " #_mb " MiB, rings: " #_rings,		\
	.config = {							\
		.native = true,						\
		.num_rings = (_rings),					\
		.vram_size = (_mb) << 20,				\
		.mode_width = (_width),					\
		.mode_height = (_height),				\
	},								\
	.weight = (_weight),						\
}

const struct mvgpu_type_desc mvgpu_types[MVGPU_NUM_TYPES] = {
	MVGPU_BOCHS_TYPE(16, 1024, 768),
	MVGPU_BOCHS_TYPE(64, 1920, 1080),
	MVGPU_BOCHS_TYPE(256, 2560, 1440),
	MVGPU_NATIVE_TYPE(64, 2, 100, 1920, 1080),
	MVGPU_NATIVE_TYPE(256, 4, 200, 2560, 1440),
	MVGPU_NATIVE_TYPE(1024, 4, 400, 3840, 2160),
};
