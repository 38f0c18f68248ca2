#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SOAK_SECONDS=3600 is a long one, SEED=... repeats the events of an earlier one.
# timeout: 100000
seconds=${SOAK_SECONDS:-60}
exec "$LAB" run --kernel "$KERNEL" --name soak --timeout $((seconds + 500)) -- \
	qemu-tests/core/soak.sh "$seconds" "${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"
