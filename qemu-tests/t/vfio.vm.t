#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Debian's kernels clear all memory that they hand out: without that it is seen who
# else does.
exec "$LAB" run --kernel "$KERNEL" --name vfio --timeout 560 --append init_on_alloc=0 -- \
	qemu-tests/vfio/run.sh
