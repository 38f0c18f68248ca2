#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# mvgpu-server's protocol, on this machine, with the compiler of the lab's rootfs.
cd "$(dirname "$0")/../.." || exit 1
exec "${LAB:-qemu-tests/lab/lab}" exec -- env ${SEED:+SEED="$SEED"} qemu-tests/vfio-user/run protocol
