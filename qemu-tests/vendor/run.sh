#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mvgpu.ko as a driver of the mdev core.  Arguments: the parts to run (all).

# shellcheck source=qemu-tests/lib/vm.sh
. /mvgpu/qemu-tests/lib/vm.sh
# shellcheck source=qemu-tests/vfio/programs.sh
. /mvgpu/qemu-tests/vfio/programs.sh
# shellcheck source=qemu-tests/vendor/vendor.sh
. /mvgpu/qemu-tests/vendor/vendor.sh
# shellcheck source=qemu-tests/vendor/cores.sh
. /mvgpu/qemu-tests/vendor/cores.sh
# shellcheck source=qemu-tests/vendor/engine.sh
. /mvgpu/qemu-tests/vendor/engine.sh
# shellcheck source=qemu-tests/vendor/kvm.sh
. /mvgpu/qemu-tests/vendor/kvm.sh
# shellcheck source=qemu-tests/vendor/host.sh
. /mvgpu/qemu-tests/vendor/host.sh

wanted() {
	local name=$1 part
	shift
	[ $# = 0 ] && return
	for part; do
		[ "$part" = "$name" ] && return
	done
	return 1
}

if wanted cores "$@"; then
	test_two_steps
	test_one_step kernel info regs msi req map
	test_one_step ours regs
fi
wanted kvm "$@" && test_kvm
wanted engine "$@" && test_engine
if wanted host "$@"; then
	test_host
	test_ownership
fi
tap_done
