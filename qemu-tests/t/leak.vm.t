#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Only a slab cache with checks counts its objects one by one: else those of a whole
# slab count as used as long as some CPU allocates from it.
exec "$LAB" run --kernel "$KERNEL" --name leak --timeout 580 --append slab_debug=F -- \
	qemu-tests/guests/leak.py
