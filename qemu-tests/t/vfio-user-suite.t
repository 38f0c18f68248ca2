#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The conformance suite that vfio.vm.t runs through the kernel, through mvgpu-server.
cd "$(dirname "$0")/../.." || exit 1
exec "${LAB:-qemu-tests/lab/lab}" exec -- env ${SEED:+SEED="$SEED"} \
	qemu-tests/vfio-user/run suite "$PWD/build/7.2"
