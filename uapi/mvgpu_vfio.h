/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a VFIO user may want to know of the device beyond PCI.
 */
#ifndef MVGPU_VFIO_H
#define MVGPU_VFIO_H

#include "mvgpu_pci.h"

/*
 * The two scan-out regions, behind VFIO's own: windows on the picture.
 * VFIO_DEVICE_QUERY_GFX_PLANE says which of them shows it.  Their type
 * capability has VFIO_REGION_TYPE_PCI_VENDOR_TYPE with the vendor ID, and this
 * subtype.
 */
#define MVGPU_VFIO_SUBTYPE_SCANOUT	1
#define MVGPU_VFIO_NUM_SCANOUTS		2

#endif /* MVGPU_VFIO_H */
