#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The mdev core on a kernel that frees no kobject at once (DEBUG_KOBJECT_RELEASE: one
# to four seconds after the last put), and that binds, unbinds and binds again at
# each bind (DEBUG_TEST_DRIVER_REMOVE).

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

namespace=/sys/kernel/debug/mdev/devices

# created_again N [PARENT]: create, as soon as the UUID is free
created_again() {
	[ "$(create "$@")" = ok ]
}

# names_left N: so many UUIDs are reserved
names_left() {
	[ "$(wc -l < "$namespace")" = "$1" ]
}

test_create_remove() {
	local i
	for i in 1 2 3 4; do
		is "create $i" "$(create $i)" ok
	done
	is "four instances are taken" "$(available 0)" 4
	for i in 1 2 3 4; do
		is "remove $i" "$(remove $i)" ok
	done
	is "the instances are back at once" "$(available 0)" 8
	check "the mdevs are gone from the bus" [ -z "$(ls "$mdevs")" ]
	is "nothing of a parent is left in what waits" \
		"$(grep -vc 'parent=- type=-' "$namespace")" 0
	check "a UUID comes back" until_true created_again 4 1
	is "remove it" "$(remove 4)" ok
}

test_failed_probe() {
	set_knob fail_probe 6
	is "probe fails" "$(create 5)" ENXIO
	set_knob fail_probe 0
	is "no instance is left" "$(available 0)" 8
	check "the UUID comes back" until_true created_again 5
	is "remove" "$(remove 5)" ok
}

# The test driver overwrites the parent and its types as soon as it is unregistered.
test_unregister() {
	create 6 > /dev/null
	create 7 0 large > /dev/null
	is "unregister a parent with two mdevs" \
		"$(put "$(parent 0)/registered" 0)" ok
	check "nothing of it is left in sysfs" \
		[ ! -e "$(parent 0)/mdev_supported_types" ]
	is "register it again at once" "$(put "$(parent 0)/registered" 1)" ok
	is "create" "$(create 8)" ok
}

# Each bind is three calls: bind, unbind, bind.
test_binding() {
	use_driver testops
	check "load the driver of two steps" driver_load
	is "create" "$(create 9 0 tied)" ok
	is "the vendor's half is made once" "$(knob created)" 1
	is "unbind" \
		"$(put "/sys/bus/mdev/drivers/$driver/unbind" "$(uuid 9)")" ok
	is "bind" "$(put "/sys/bus/mdev/drivers/$driver/bind" "$(uuid 9)")" ok
	is "remove" "$(remove 9)" ok
	is "the vendor's half is unmade once" "$(knob destroyed)" 1
	create 10 0 tied > /dev/null
	is "every call came in its turn" "$(knob disorders)" 0
	check "unload it, with an mdev" driver_unload
	use_driver testdrv
}

core_name=ours
# What boot has let go of is gone four seconds later.  Block devices are freed too early
# then, and the kernel says so: before our modules are there.
sleep 6
klog_mark
check "load the core" core_load
check "load the vendor's module" driver_load
test_create_remove
test_failed_probe
test_unregister
test_binding
check "unload the vendor's module, with an mdev" driver_unload
check "what is left frees itself" until_true names_left 0
check "unload the core" core_unload
log_is_clean "objects"
tap_done
