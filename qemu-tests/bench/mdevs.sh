#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the host VM: what creating and removing mdevs takes, on the kernel's own core
# and on ours, with one binary of a driver that does nothing for them.  Leaves
# results.jsonl and conditions.json in /out.
# Usage: mdevs.sh WINDOWS COUNT...|two-cpus
set -eu
# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh
# shellcheck source=qemu-tests/bench/conditions.sh
. /mvgpu/qemu-tests/bench/conditions.sh

# What is free goes, so that memory is counted from the same state for both.
settle() {
	local cache
	sleep 5
	echo 3 > /proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 > "$cache"
	done
}

: > /out/results.jsonl
for core_name in kernel ours; do
	core_load
	driver_load max_instances=100000
	settle
	"$B/bin/mdevs" "core-$core_name" "$@" >> /out/results.jsonl
	driver_unload
	core_unload
done
