#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
qemu-tests/core/build-samples || exit 1
exec "$LAB" run --kernel "$KERNEL" --name samples --timeout 500 -- \
	qemu-tests/core/samples.sh
