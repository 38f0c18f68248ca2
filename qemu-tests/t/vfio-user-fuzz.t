#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Random sessions with mvgpu-server, under ASan and UBSan.
cd "$(dirname "$0")/../.." || exit 1
exec "${LAB:-qemu-tests/lab/lab}" exec -- env ${SEED:+SEED="$SEED"} \
	${FUZZ_SECONDS:+FUZZ_SECONDS="$FUZZ_SECONDS"} qemu-tests/vfio-user/run fuzz
