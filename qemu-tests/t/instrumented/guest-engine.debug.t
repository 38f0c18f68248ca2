#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 1200
# The guests' kernel is a stock one, and so is what their driver is built for.
"$LAB" build 7.2 &&
	exec "$LAB" run --kernel "$KERNEL" --name guest-engine --timeout 900 -- \
		qemu-tests/harness/watched qemu-tests/guests/engine.py
