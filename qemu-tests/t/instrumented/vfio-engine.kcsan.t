#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
# By cdev, for the reason that vfio-cdev.debug.t has.
exec "$LAB" run --kernel "$KERNEL" --name vfio-engine --timeout 1140 -- \
	qemu-tests/harness/watched qemu-tests/vfio/run.sh --cdev engine dma
