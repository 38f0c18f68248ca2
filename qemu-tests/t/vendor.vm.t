#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name vendor --timeout 560 -- qemu-tests/vendor/run.sh
