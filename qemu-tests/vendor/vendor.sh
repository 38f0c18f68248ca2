# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the tests of mvgpu.ko as a vendor driver: vGPUs through sysfs.  Sourced, after vm.sh.

mdevs=/sys/bus/mdev/devices
mvgpu_debugfs=/sys/kernel/debug/mvgpu

# A name for each vGPU of a test: uuid 1, uuid 2, ...
uuid() {
	printf 'c0de0000-0000-4000-8000-%012x\n' "$1"
}

type_dir() {
	echo "/sys/class/mdev_bus/mvgpu.0/mdev_supported_types/mvgpu-$1"
}

# put FILE TEXT: write, and tell the result as the name of the error, or "ok"
put() {
	"$B/bin/sysfs-write" "$1" "$2"
}

# create N [TYPE]
create() {
	put "$(type_dir "${2:-bochs-16m}")/create" "$(uuid "$1")"
}

remove() {
	put "$mdevs/$(uuid "$1")/remove" 1
}

# available [TYPE]
available() {
	cat "$(type_dir "${1:-bochs-16m}")/available_instances"
}

# bind N DRIVER, unbind N DRIVER, override N DRIVER
bind() {
	put "/sys/bus/mdev/drivers/$2/bind" "$(uuid "$1")"
}

unbind() {
	put "/sys/bus/mdev/drivers/$2/unbind" "$(uuid "$1")"
}

override() {
	put "$mdevs/$(uuid "$1")/driver_override" "$2"
}

# bound N: the name of the driver, or "none"
bound() {
	if [ -e "$mdevs/$(uuid "$1")/driver" ]; then
		basename "$(realpath "$mdevs/$(uuid "$1")/driver")"
	else
		echo none
	fi
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
