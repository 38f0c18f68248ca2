#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Only a slab cache with checks counts its objects one by one.
exec "$LAB" run --kernel "$KERNEL" --name core-basic --timeout 900 \
	--append slab_debug=F -- qemu-tests/core/basic.sh
