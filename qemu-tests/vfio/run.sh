#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the VFIO test programs on our modules, in the host VM, and makes one TAP
# stream of theirs.  Arguments: the programs to run, without their "vfio-" (all);
# before them, --cdev: open the device by its character device and iommufd.

# shellcheck source=qemu-tests/lib/vm.sh
. /mvgpu/qemu-tests/lib/vm.sh
# shellcheck source=qemu-tests/vfio/programs.sh
. /mvgpu/qemu-tests/vfio/programs.sh
# shellcheck source=qemu-tests/vfio/params.sh
. /mvgpu/qemu-tests/vfio/params.sh

types=(mvgpu-bochs-16m mvgpu-bochs-64m mvgpu-bochs-256m)
native_types=(mvgpu-native-64m mvgpu-native-256m mvgpu-native-1024m)

# What follows the device's type in identity or mode runs on every type, what fills its
# VRAM only where that is small enough for a test.
each_type=(info edid config)
each_bochs_type=(vram gfx)
first_type=(regs caps msix intx msi irqbad reset req access map lifetime stress)

if [ "$1" = --cdev ]; then
	transport=cdev
	first_type+=(cdev)
	shift
fi

wanted() {
	local name=$1 program
	shift
	[ $# = 0 ] && return
	for program; do
		[ "$program" = "$name" ] && return
	done
	return 1
}

# run_wanted PROGRAM "TYPES" [WANTED...]
run_wanted() {
	local program=$1 wanted_types=$2 type
	shift 2
	wanted "$program" "$@" || return
	for type in $wanted_types; do
		run_program "$program" "$type"
	done
}

klog_no_warning() {
	! klog_since_mark | grep -E 'WARNING: |BUG: |Oops'
}

wanted params "$@" && test_parameters
klog_mark
# shellcheck disable=SC2119
load_modules || bail "our modules do not load"
# On a slow machine a good command may take any time.
echo 0 > /sys/module/mvgpu/parameters/watchdog_ms

for program in "${each_type[@]}"; do
	run_wanted "$program" "${types[*]} ${native_types[*]}" "$@"
done
for program in "${each_bochs_type[@]}"; do
	run_wanted "$program" "${types[*]}" "$@"
done
run_wanted engine "${types[0]} ${native_types[0]}" "$@"
for program in "${first_type[@]}"; do
	run_wanted "$program" "${types[0]}" "$@"
done

# An unmap of pinned memory shows lockdep an inversion of type1's own (docs/locking.md).
dma_transport=$transport
[ -e /proc/lockdep ] && dma_transport=cdev
transport=$dma_transport run_wanted dma "${types[0]}" "$@"

check "the kernel log is clean" klog_clean

# A cgroup without memory has the kernel kill, and say so with a call trace.
if wanted memcg "$@"; then
	klog_mark
	run_program memcg "${types[0]}"
	check "the kernel log has no warning" klog_no_warning
	klog_mark
fi

check "the modules unload" unload_modules
check "the kernel log is clean after that" klog_clean
tap_done
