#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The mdev core stopped, or made to fail, at each of its steps: mdev.ko built
# with MDEV_TEST=1. And what can be seen of it meanwhile: debugfs, tracepoints.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

use_driver testops

points=/sys/module/mdev/parameters
namespace=/sys/kernel/debug/mdev/devices
tracing=/sys/kernel/tracing

stop_at() {
	echo "$1" > "$points/test_stop_at"
}

go_on() {
	stop_at ""
}

fail_at() {
	echo "$1" > "$points/test_fail_at"
}

# stopped N: N of them wait
stopped() {
	[ "$(cat "$points/test_stopped")" = "$1" ]
}

# seen N: state, parent and type of mdev N in the namespace
seen() {
	sed -n "s/^$(uuid "$1") \([a-z]*\) refs=[0-9]* /\1 /p" "$namespace"
}

test_failures() {
	local point created

	created=$(knob created)
	for point in account name create add bind publish; do
		fail_at "$point"
		is "a create that fails at \"$point\"" "$(create 1 0 tied)" ENOMEM
		check "leaves no device" gone 1
		is "and no UUID" "$(seen 1)" ""
		is "and no instance" "$(available 0 plain) $(available 0 tied)" \
			"8 3"
		is "and no link" "$(ls "$(type_dir 0 tied)/devices")" ""
	done
	fail_at ""
	is "what was made of the vendor's was unmade" \
		"$(($(knob created) - created)) $(knob created)" \
		"3 $(knob destroyed)"
	is "create" "$(create 1 0 tied)" ok
	is "remove" "$(remove 1)" ok
}

test_namespace() {
	stop_at add
	create 2 0 plain > /dev/null &
	until_true stopped 1
	is "a UUID that is being created" "$(seen 2)" \
		"creating parent=mdev_testops0 type=mdev_testops-plain"
	go_on
	wait
	is "that is there" "$(seen 2)" \
		"active parent=mdev_testops0 type=mdev_testops-plain"
	stop_at claimed
	remove 2 > /dev/null &
	until_true stopped 1
	is "that is being removed" "$(seen 2)" \
		"removing parent=mdev_testops0 type=mdev_testops-plain"
	go_on
	wait
	is "that is gone" "$(seen 2)" ""
}

# The window in which "remove" is there and the mdev is not active yet
test_remove_too_early() {
	stop_at activate
	create 3 0 plain > /dev/null &
	until_true stopped 1
	is "remove before the mdev is active" "$(remove 3)" EAGAIN
	check "has not taken the attribute away" \
		[ -e "$mdevs/$(uuid 3)/remove" ]
	is "and again" "$(remove 3)" EAGAIN
	go_on
	wait
	is "remove when it is" "$(remove 3)" ok
}

# One has claimed the mdev, the other has "remove" open and still there
test_remove_too_late() {
	create 4 0 plain > /dev/null
	stop_at claimed
	remove 4 > /dev/null &
	until_true stopped 1
	is "a second remove" "$(remove 4)" EAGAIN
	check "has not taken the attribute away" \
		[ -e "$mdevs/$(uuid 4)/remove" ]
	is "bind after the claim" \
		"$(put /sys/bus/mdev/drivers/mdev_testops/bind "$(uuid 4)")" \
		ENODEV
	go_on
	wait
	check "the first has removed it" gone 4
}

test_unbind_during_create() {
	stop_at publish
	create 5 0 plain > /dev/null &
	until_true stopped 1
	is "unbind before the mdev is published" \
		"$(put /sys/bus/mdev/drivers/mdev_testops/unbind "$(uuid 5)")" ok
	is "it is not bound again" \
		"$(put /sys/bus/mdev/drivers/mdev_testops/bind "$(uuid 5)")" ENODEV
	go_on
	wait
	check "the create succeeds" exists 5
	is "and now it can be bound" \
		"$(put /sys/bus/mdev/drivers/mdev_testops/bind "$(uuid 5)")" ok
	is "remove" "$(remove 5)" ok
}

# unload_at POINT: unregister the parent while a create is stopped there
unload_at() {
	stop_at "$1"
	create 6 0 tied > "$work/created" &
	until_true stopped 1
	driver_unload &
	until_true [ ! -e /sys/class/mdev_bus/mdev_testops0 ]
	is "another create while unregister waits for \"$1\"" \
		"$(create 7 0 plain)" ENODEV
	go_on
	wait
	is "the create has ended" "$(cat "$work/created")" ok
	is "and no mdev is left" "$(ls "$mdevs")$(cat "$namespace")" ""
	check "load again" driver_load
}

test_unregister_during_create() {
	local point
	work=$(mktemp -d)
	for point in account create add bind publish activate; do
		unload_at $point
	done
}

test_tracepoints() {
	echo 1 > "$tracing/events/mdev/enable"
	echo > "$tracing/trace"
	create 8 0 plain > /dev/null
	fail_at bind
	create 9 0 plain > /dev/null
	fail_at ""
	remove 8 > /dev/null
	echo 0 > "$tracing/events/mdev/enable"
	is "the steps of a create" \
		"$(sed -n "s/.*mdev_step: uuid=$(uuid 8) parent=mdev_testops0 \
step=\([a-z]*\) undo=\([01]\) result=0 duration=[1-9][0-9]*$/\1\2/p" \
			"$tracing/trace" | paste -sd' ')" \
		"create0 add0 bind0 publish0 publish1 bind1 add1 create1"
	is "the steps of a create that fails" \
		"$(sed -n "s/.*mdev_step: uuid=$(uuid 9) .* step=\([a-z]*\) \
undo=\([01]\) result=\([-0-9]*\) .*/\1\2\3/p" "$tracing/trace" | paste -sd' ')" \
		"create00 add00 bind0-12 add10 create10"
	is "creates and removes" \
		"$(grep -o "mdev_\(create\|remove\): .*result=[-0-9]*" \
			"$tracing/trace" | sed 's/ uuid.*result//' | paste -sd' ')" \
		"mdev_create:=0 mdev_create:=-12 mdev_remove:=0"
}

core_name=ours
# Where the kernel has KUnit, that core has unit tests too: not here.
modprobe -q kunit enable=0
klog_mark
check "load the core, built for tests" insmod "$B/test/mdev.ko"
check "load the vendor's module" driver_load
test_failures
test_namespace
test_remove_too_early
test_remove_too_late
test_unbind_during_create
test_tracepoints
test_unregister_during_create
is "every call came in its turn" "$(knob disorders)" 0
check "unload the vendor's module" driver_unload
check "unload the core" core_unload
log_is_clean "points"
tap_done
