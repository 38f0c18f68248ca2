#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The device model under libFuzzer, with ASan and UBSan: FUZZ_SECONDS=3600 for a long run,
# whose end is its own.
# timeout: 100000
cd "$(dirname "$0")/../.." || exit 1
exec "${LAB:-qemu-tests/lab/lab}" exec -- env ${SEED:+SEED="$SEED"} \
	${FUZZ_SECONDS:+FUZZ_SECONDS="$FUZZ_SECONDS"} qemu-tests/model/run fuzz
