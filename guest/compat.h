/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels.
 */
#ifndef MVGPU_GUEST_COMPAT_H
#define MVGPU_GUEST_COMPAT_H

#include <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#endif

#endif /* MVGPU_GUEST_COMPAT_H */
