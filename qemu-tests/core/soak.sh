#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything that can happen to mdevs, at random, on all CPUs; and whether anything
# is left of it.  Usage: soak.sh SECONDS SEED

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

namespace=/sys/kernel/debug/mdev/devices

# all_available PARENT: its types, and how many of each there can be
all_available() {
	grep -r . "/sys/class/mdev_bus/$1/mdev_supported_types/" \
		--include=available_instances | sed 's/.*_types.//' | sort
}

test_soak() {
	local before output
	before=$(for parent in mdev_testdrv0 mdev_testdrv1 mdev_testops0 mvgpu.0; do
		all_available $parent
	done)
	if output=$("$B/bin/soak" "$@"); then
		ok "$1 s of it: each event does what it may do"
	else
		not_ok "$1 s of it: each event does what it may do"
	fi
	diag "${output//# /}"
	is "no mdev is left" "$(ls "$mdevs")" ""
	check "no UUID is left" until_true [ -z "$(cat "$namespace")" ]
	is "all instances are back" \
		"$(for parent in mdev_testdrv0 mdev_testdrv1 mdev_testops0 mvgpu.0; do
			all_available $parent
		done)" "$before"
	is "no link is left" \
		"$(find /sys/class/mdev_bus/*/mdev_supported_types/*/devices/ -type l)" ""
	use_driver testops
	is "the vendor's calls came in their turn" "$(knob disorders)" 0
	is "what was made was unmade" "$(knob created)" "$(knob destroyed)"
	is "nothing is bound" "$(knob hosted)" 0
}

core_name=ours
load_stock vfio vfio_iommu_type1 irqbypass kvm
klog_mark
check "load the core, built for tests" insmod "$B/test/mdev.ko"
for module in mdev_testdrv mdev_testops mvgpu; do
	check "load $module" insmod "$B/$module.ko"
done
test_soak "$@"
check "unload all" rmmod mvgpu mdev_testops mdev_testdrv mdev
log_is_clean "soak"
tap_done
