# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# mvgpu_host, the other driver of vGPUs, and who owns the DMA.  Sourced by run.sh.

# to_host N: from no driver
to_host() {
	override "$1" mvgpu_host > /dev/null
	bind "$1" mvgpu_host
}

to_vfio() {
	override "$1" mvgpu_mdev > /dev/null
	bind "$1" mvgpu_mdev
}

has_vram() {
	[ -e "$mdevs/$(uuid "$1")/vram" ]
}

test_host() {
	klog_mark
	check "load" load_modules
	is "create two" "$(create 1) $(create 2)" "ok ok"
	is "the host's driver takes no vGPU unasked" \
		"$(unbind 1 mvgpu_mdev) $(bind 1 mvgpu_host) $(bound 1)" "ok ENODEV none"
	is "back to VFIO" "$(bind 1 mvgpu_mdev)" ok
	merge "host" < <(timeout -s KILL "$program_timeout" "$B/bin/host-vram" "$(uuid 1)" 2>&1)
	is "one is the host's, the other VFIO's" "$(bound 1) $(bound 2)" "mvgpu_host mvgpu_mdev"
	run_program regs mvgpu-bochs-16m "uuid:$(uuid 2)"
	is "what the host has can be removed" "$(remove 1)" ok
	is "the other too" "$(remove 2)" ok
	is "all room is free" "$(available)" 64

	is "create" "$(create 1)" ok
	is "give it to the host" "$(unbind 1 mvgpu_mdev) $(to_host 1)" "ok ok"
	exec 9<> "$mdevs/$(uuid 1)/vram"
	check "unload while the host has its file open" unload_modules
	exec 9>&-

	insmod "$B/mdev.ko" && insmod "$B/mdev_testdrv.ko" && insmod "$B/mvgpu.ko"
	put "/sys/class/mdev_testdrv/mdev_testdrv0/mdev_supported_types/mdev_testdrv-small/create" \
		"$(uuid 1)" > /dev/null
	unbind 1 mdev_testdrv > /dev/null
	is "another vendor's mdev is not taken" "$(to_host 1) $(bound 1)" "ENODEV none"
	rmmod mdev_testdrv
	check "unload" unload_modules
	check "the kernel log is clean" klog_clean
}

# With isolated=0 a card's vGPUs are one isolation unit.
test_ownership() {
	local opened holder

	klog_mark
	check "load with isolated=0" load_modules isolated=0
	is "create two" "$(create 1) $(create 2)" "ok ok"
	coproc "$B/bin/host-vram" "$(uuid 1)" hold
	holder=$COPROC_PID
	read -r opened <&"${COPROC[0]}"
	is "a user opens the first through VFIO" "$opened" open
	is "the second cannot be the host's" "$(unbind 2 mvgpu_mdev) $(to_host 2) $(bound 2)" \
		"ok EBUSY none"
	check "the host's driver has not seen it" [ ! -e "$mdevs/$(uuid 2)/vram" ]
	is "it can be VFIO's again" "$(to_vfio 2) $(unbind 2 mvgpu_mdev)" "ok ok"
	eval "exec ${COPROC[1]}>&-"
	wait "$holder"
	is "the first has worked all the time" $? 0

	is "once the first is nobody's, the second can" "$(unbind 1 mvgpu_mdev) $(to_host 2)" "ok ok"
	check "the host has it" has_vram 2
	is "then the first cannot be VFIO's" "$(bind 1 mvgpu_mdev) $(bound 1)" "EBUSY none"
	is "nor a third" "$(create 3)" EBUSY
	check "which is not there" [ ! -e "$mdevs/$(uuid 3)" ]
	is "but the first can be the host's too" "$(to_host 1)" ok
	is "remove both" "$(remove 1) $(remove 2)" "ok ok"
	is "the unit is free" "$(create 3) $(bound 3)" "ok mvgpu_mdev"
	check "unload" unload_modules
	check "the kernel log is clean" klog_clean
}
