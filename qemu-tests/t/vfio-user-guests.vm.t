#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Guests of the kernel on mvgpu-server; no VM stands for the host.
cd "$(dirname "$0")/../.." || exit 1
exec "$LAB" exec -- qemu-tests/vfio-user/run guests "$PWD/build/$KERNEL"
