# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the tests of the mdev core: which core is loaded, and the test driver's
# knobs.  A test that shows a defect of the kernel's own core runs on it too.

# shellcheck source=qemu-tests/lib/vm.sh
. /mvgpu/qemu-tests/lib/vm.sh

mdevs=/sys/bus/mdev/devices

# use_driver testdrv|testops: which of the test drivers the rest is about
use_driver() {
	driver=mdev_$1
	knobs=/sys/module/$driver/parameters
}

use_driver testdrv

# A name for each mdev of a test: uuid 1, uuid 2, ...
uuid() {
	printf 'c0de0000-0000-4000-8000-%012x\n' "$1"
}

parent() {
	echo "/sys/class/$driver/$driver$1"
}

# type_dir PARENT TYPE
type_dir() {
	echo "$(parent "$1")/mdev_supported_types/$driver-$2"
}

# core_load: the core that core_name tells, "kernel" or "ours"
core_load() {
	case $core_name in
	kernel) modprobe mdev ;;
	ours) insmod "$B/mdev.ko" ;;
	esac
}

core_unload() {
	rmmod mdev
}

# driver_load [PARAMETER=VALUE...]
driver_load() {
	insmod "$B/$driver.ko" "$@"
}

driver_unload() {
	rmmod "$driver"
}

set_knob() {
	echo "$2" > "$knobs/$1"
}

knob() {
	cat "$knobs/$1"
}

# put FILE TEXT: write, and tell the result as the name of the error, or "ok"
put() {
	"$B/bin/sysfs-write" "$1" "$2"
}

# create N [PARENT [TYPE]]
create() {
	put "$(type_dir "${2:-0}" "${3:-small}")/create" "$(uuid "$1")"
}

remove() {
	put "$mdevs/$(uuid "$1")/remove" 1
}

available() {
	cat "$(type_dir "${1:-0}" "${2:-small}")/available_instances"
}

exists() {
	[ -e "$mdevs/$(uuid "$1")" ]
}

gone() {
	! exists "$1"
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "got \"$2\", wanted \"$3\""
	fi
}

# until_true COMMAND...: waits, for at most a minute
until_true() {
	local i
	for ((i = 0; i < 1200; i++)); do
		"$@" && return
		sleep 0.05
	done
	diag "never came true: $*"
	return 1
}

# waiting KNOB N: N callbacks stand at that gate
waiting() {
	[ "$(knob "$1")" = "$2" ]
}

# log_is_clean: see klog_clean; a new mark for the next one
log_is_clean() {
	check "$core_name: $1: the kernel log is clean" klog_clean
	klog_mark
}
