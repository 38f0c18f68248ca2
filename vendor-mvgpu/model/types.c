// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The types of vGPU that there are, whichever transport offers them.
 */
#include "types.h"

#define MVGPU_BOCHS_TYPE(_mb, _width, _height) {		\
	.name = "bochs-" #_mb "m",				\
	.pretty_name = "mvgpu bochs-display, " #_mb " MiB",	\
	.config = {						\
		.vram_size = (_mb) << 20,			\
		.mode_width = (_width),				\
		.mode_height = (_height),			\
	},							\
}

const struct mvgpu_type_desc mvgpu_types[MVGPU_NUM_TYPES] = {
	MVGPU_BOCHS_TYPE(16, 1024, 768),
	MVGPU_BOCHS_TYPE(64, 1920, 1080),
	MVGPU_BOCHS_TYPE(256, 2560, 1440),
};
