#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 2400
exec "$LAB" run --kernel "$KERNEL" --name vfio --timeout 2340 -- \
	qemu-tests/harness/watched qemu-tests/vfio/run.sh stress lifetime gfx
