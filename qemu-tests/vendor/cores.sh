# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# mvgpu.ko in two steps, on our mdev core, and in one, on either.  Sourced by run.sh.

test_two_steps() {
	local name
	name=$(uuid 1)

	check "two steps: load" load_modules
	is "create" "$(create 1)" ok
	is "its driver is bound" "$(bound 1)" mvgpu_mdev
	is "its room is taken" "$(available)" 63
	is "unbind" "$(unbind 1 mvgpu_mdev) $(bound 1)" "ok none"
	check "user space has lost it" [ ! -e "$mdevs/$name/iommu_group" ]
	is "its room stays taken" "$(available)" 63
	check "debugfs knows it still" grep -q vram_mib "$mvgpu_debugfs/$name/stats"
	is "bind again" "$(bind 1 mvgpu_mdev) $(bound 1)" "ok mvgpu_mdev"
	is "its room is taken once" "$(available)" 63
	run_program regs mvgpu-bochs-16m "uuid:$name"
	is "unbind again" "$(unbind 1 mvgpu_mdev)" ok
	is "remove it without a driver" "$(remove 1)" ok
	is "its room is free" "$(available)" 64
	check "debugfs has forgotten it" [ ! -e "$mvgpu_debugfs/$name" ]

	is "create two" "$(create 1) $(create 2)" "ok ok"
	unbind 1 mvgpu_mdev > /dev/null
	check "unload with one bound and one not" unload_modules
	check "the kernel log is clean" klog_clean
}

# test_one_step CORE PROGRAM...: one binary for both cores
test_one_step() {
	local core=$1 program file=mdev

	klog_mark
	if [ "$core" = kernel ]; then
		check "one step, the kernel's core: load" modprobe mdev
	else
		check "one step, our core: load" insmod "$B/mdev.ko"
		file=$B/mdev.ko
	fi
	is "it is that core" "$(cat /sys/module/mdev/srcversion)" "$(modinfo -F srcversion "$file")"
	check "load the driver" insmod "$B/kernel-mdev/mvgpu.ko"
	is "create" "$(create 1)" ok
	is "its room is taken" "$(available)" 63
	is "again" "$(create 1)" EEXIST
	is "remove" "$(remove 1)" ok
	is "its room is free" "$(available)" 64
	shift
	for program; do
		run_program "$program" mvgpu-bochs-16m
	done
	is "create one" "$(create 1)" ok
	check "unload with it" unload_modules
	check "the kernel log is clean" klog_clean
}
