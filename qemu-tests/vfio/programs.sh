# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Runs the VFIO test programs, and makes TAP of ours from theirs.  Sourced, after vm.sh.

program_timeout=300
# How a program opens a vGPU of its own: mdev, by its group, or cdev (lib/vdev.h)
transport=mdev

# Passes a program's lines on with numbers and names of our own; what it says of
# itself beyond the checks (plan, bail-out) is judged here.
merge() {
	local name=$1 line planned=- seen=0
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			seen=$((seen + 1))
			if [[ $line == ok* ]]; then
				ok "$name: ${line#* - }"
			else
				not_ok "$name: ${line#* - }"
			fi
			;;
		1..*)
			planned=${line#1..}
			[[ $line == "1..0 "* ]] && skip "$name" "${line#*SKIP }"
			;;
		*)
			diag "${line#\# }"
			;;
		esac
	done
	if [ "${planned%% *}" != "$seen" ]; then
		not_ok "$name: runs to its end (plan $planned, $seen checks)"
	fi
}

left_over() {
	local device
	for device in /sys/bus/mdev/devices/*; do
		[ -e "$device" ] || continue
		basename "$device"
		timeout 10 tee "$device/remove" <<< 1 > /dev/null
	done
}

# run_program NAME TYPE [VDEV]: on a vGPU of its own, or on the one named so
run_program() {
	local left start=$EPOCHREALTIME
	merge "$1 ${2#mvgpu-}" < <(VDEV=${3:-$transport:mvgpu.0/$2} timeout -s KILL \
		$program_timeout "$B/bin/vfio-$1" 2>&1)
	diag "$1 ${2#mvgpu-}: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
	[ -n "$3" ] && return
	left=$(left_over)
	if [ -n "$left" ]; then
		not_ok "$1: leaves no mdev behind"
		diag "$left"
	fi
}
