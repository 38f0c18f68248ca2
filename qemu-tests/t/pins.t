#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# How mvgpu.ko pins guest memory, in a process, with the compiler of the lab's rootfs.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck disable=SC2016 # for the inner shell
exec "${LAB:-qemu-tests/lab/lab}" exec -- sh -c 'mkdir -p build/pins
	make -s -C qemu-tests/pins "O=$PWD/build/pins" > build/pins/build.log 2>&1 || {
		sed "s/^/# /" build/pins/build.log
		echo "Bail out! it does not build"
		exit 1
	}
	exec timeout 300 build/pins/pins'
