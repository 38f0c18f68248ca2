/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The types of vGPU that there are, whichever transport offers them.
 */
#ifndef MVGPU_MODEL_TYPES_H
#define MVGPU_MODEL_TYPES_H

#include "vgpu.h"

#define MVGPU_NUM_TYPES	6

/**
 * struct mvgpu_type_desc - what a type is
 * @name: of the type; mdev puts the driver's and a hyphen before it
 * @pretty_name: the same for people
 * @config: the constants of its instances
 * @weight: its instances' share of an engine, against that of others
 */
struct mvgpu_type_desc {
	const char *name;
	const char *pretty_name;
	struct mvgpu_config config;
	u32 weight;
};

extern const struct mvgpu_type_desc mvgpu_types[MVGPU_NUM_TYPES];

#endif /* MVGPU_MODEL_TYPES_H */
