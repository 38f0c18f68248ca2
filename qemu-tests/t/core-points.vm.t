#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name core-points --timeout 900 -- \
	qemu-tests/core/points.sh
