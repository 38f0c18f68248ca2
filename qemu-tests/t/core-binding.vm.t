#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name core-binding --timeout 900 -- \
	qemu-tests/core/binding.sh
