# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# vGPUs and the VMs that they are tied to.  Sourced by run.sh.

tracing=/sys/kernel/tracing

# kvm_reference PART: by group, and by cdev on kernels that have it
kvm_reference() {
	local path paths=(group)

	[ -e /dev/iommu ] && paths+=(cdev)
	for path in "${paths[@]}"; do
		merge "kvm $1 by $path" < <(timeout -s KILL "$program_timeout" \
			"$B/bin/kvm-reference" "$path" "$1" 2>&1)
	done
}

# traced EVENT PATTERN: how many there were
traced() {
	grep "mvgpu_$1: " "$tracing/trace" | grep -c -- "$2"
}

test_kvm() {
	klog_mark
	check "load" load_modules
	echo 1 > "$tracing/events/mvgpu/enable"
	echo > "$tracing/trace"
	kvm_reference turns
	echo 0 > "$tracing/events/mvgpu/enable"
	is "each open that was traced was closed" "$(traced open "result=0")" "$(traced close "result=0")"
	check "opens without a VM were traced" [ "$(traced open "kvm=00* result=0")" -gt 0 ]
	check "opens with one were traced" [ "$(traced open "kvm=0*[1-9a-f][0-9a-f]* result=0")" -gt 0 ]
	check "opens that were refused were traced" [ "$(traced open "kvm=00* result=-3")" -gt 0 ]
	check "the refusal is explained in the kernel log" \
		grep -q "mvgpu.*KVM must know the device before it is opened" <(klog_since_mark)
	kvm_reference races
	check "the kernel log is clean" klog_clean
	check "unload" unload_modules
}
