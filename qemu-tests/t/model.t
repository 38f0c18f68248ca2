#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The unit tests of the device model, with the compiler and the tools of the lab's rootfs.
cd "$(dirname "$0")/../.." || exit 1
exec "${LAB:-qemu-tests/lab/lab}" exec -- env ${SEED:+SEED="$SEED"} qemu-tests/model/run
