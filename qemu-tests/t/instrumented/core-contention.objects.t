#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
exec "$LAB" run --kernel "$KERNEL" --name core-contention --timeout 1140 -- \
	qemu-tests/harness/watched qemu-tests/core/contention.sh
