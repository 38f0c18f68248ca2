#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The mdev core: what happens when two things happen at once, and in which order
# user space hears of them. The gates of the test driver hold one side where the
# other meets it. What the kernel's own core does wrong is shown on it.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

work=$(mktemp -d)
events=$work/events

# background NAME COMMAND...: result NAME tells its output, once it has ended
background() {
	local name=$1
	shift
	{
		"$@" > "$work/$name.part" 2>&1
		mv "$work/$name.part" "$work/$name"
	} &
}

result() {
	until_true [ -e "$work/$1" ]
	cat "$work/$1"
	rm "$work/$1"
}

listen() {
	"$B/bin/uevents" > "$events" &
	listener=$!
	until_true grep -q listening "$events"
}

# marked N: more than N marks have come through
marked() {
	[ "$(grep -c mark "$events")" -gt "$1" ]
}

# heard N: the events of mdev N so far, as "ACTION COMPLETE,..."
heard() {
	local marks
	marks=$(grep -c mark "$events")
	echo change > "$(parent 0)/uevent"
	until_true marked "$marks" || return
	awk -v name="$(uuid "$1")" '$2 == name { print $1, $3 }' "$events" |
		paste -sd,
}

stop_listening() {
	echo offline > "$(parent 0)/uevent"
	wait $listener
}

test_remove_during_create() {
	set_knob block_probe 1
	background creator create 1
	until_true waiting block_probe 1
	if [ "$core_name" = kernel ]; then
		is "kernel: remove during create" "$(remove 1)" EAGAIN
		set_knob block_probe 0
		is "kernel: the create" "$(result creator)" ok
		is "kernel: its defect: the mdev has no \"remove\" any more" \
			"$(remove 1)" ENOENT
		return
	fi
	is "ours: there is no \"remove\" during create" "$(remove 1)" ENOENT
	set_knob block_probe 0
	is "ours: the create" "$(result creator)" ok
	is "ours: the mdev can be removed" "$(remove 1)" ok
}

test_same_uuid_during_create() {
	set_knob block_probe 1
	background creator create 2
	until_true waiting block_probe 1
	is "$core_name: same UUID during create" "$(create 2)" EEXIST
	is "$core_name: and on another parent" "$(create 2 1)" EEXIST
	set_knob block_probe 0
	is "$core_name: the first create" "$(result creator)" ok
	is "$core_name: remove" "$(remove 2)" ok
}

# "remove" is opened by both before one of them writes.
test_remove_twice() {
	local fd
	create 3 > /dev/null
	exec {fd}> "$mdevs/$(uuid 3)/remove"
	set_knob block_remove 1
	background remover remove 3
	until_true waiting block_remove 1
	check "$core_name: a second remove fails" \
		eval "! echo 1 2> /dev/null >&$fd"
	is "$core_name: the UUID is taken until it is gone" "$(create 3 1)" \
		EEXIST
	set_knob block_remove 0
	is "$core_name: the first remove" "$(result remover)" ok
	exec {fd}>&-
	is "$core_name: the UUID is free" "$(create 3 1)$(remove 3)" okok
}

# Two writers at a time, started by one read of a pipe each
test_remove_race() {
	local i winners removed
	removed=$(knob removed)
	for ((i = 0; i < 40; i++)); do
		create 4 > /dev/null
		background first remove 4
		background second remove 4
		winners+=$(result first)
		winners+=$(result second)
		gone 4 || break
	done
	is "$core_name: 40 races of two removes: each has a winner" $i 40
	is "$core_name: and each mdev is removed once" \
		$(($(knob removed) - removed)) 40
	is "$core_name: as many writers are told so" \
		"$(grep -o ok <<< "$winners" | wc -l)" 40
}

test_events() {
	listen
	set_knob block_probe 1
	background creator create 5
	until_true waiting block_probe 1
	if [ "$core_name" = kernel ]; then
		is "kernel: its defect: add before the mdev is complete" \
			"$(heard 5)" "add incomplete"
	else
		is "ours: no event during create" "$(heard 5)" ""
	fi
	set_knob block_probe 0
	result creator > /dev/null
	if [ "$core_name" = ours ]; then
		is "ours: add and bind of a complete mdev" "$(heard 5)" \
			"add complete,bind complete"
	fi
	remove 5 > /dev/null
	is "$core_name: unbind and remove" \
		"$(heard 5 | tr , '\n' | cut -d' ' -f1 | tail -n 2 | paste -sd,)" \
		unbind,remove

	set_knob fail_probe 6
	create 6 > /dev/null
	set_knob fail_probe 0
	if [ "$core_name" = kernel ]; then
		is "kernel: its defect: a create that failed is announced" \
			"$(heard 6)" "add incomplete,remove incomplete"
	else
		is "ours: nothing is heard of a create that failed" \
			"$(heard 6)" ""
	fi
	stop_listening
}

unregister() {
	put "$(parent "$1")/registered" 0
}

register() {
	put "$(parent "$1")/registered" 1
}

test_unregister() {
	local i
	for i in 11 12 13 14; do
		create $i > /dev/null
	done
	set_knob block_remove 1
	background unregister unregister 0
	if [ "$core_name" = kernel ]; then
		until_true waiting block_remove 1
		set_knob block_remove 0
		is "kernel: unregister with four mdevs" "$(result unregister)" ok
	else
		check "ours: all four removes run at once" \
			until_true waiting block_remove 4
		is "ours: create meanwhile" "$(create 15)" ENODEV
		is "ours: there is no \"remove\" meanwhile" "$(remove 11)" ENOENT
		is "ours: a UUID is taken meanwhile" "$(create 11 1)" EEXIST
		is "ours: create on the other parent meanwhile" \
			"$(create 15 1)" ok
		set_knob block_remove 0
		is "ours: unregister" "$(result unregister)" ok
		is "ours: remove on the other parent" "$(remove 15)" ok
	fi
	is "$core_name: no mdev is left" "$(ls "$mdevs")" ""
	check "$core_name: no type is left" \
		[ ! -e "$(parent 0)/mdev_supported_types" ]
	check "$core_name: the parent is no parent any more" \
		[ ! -e /sys/class/mdev_bus/mdev_testdrv0 ]
	is "$core_name: register again" "$(register 0)" ok
	is "$core_name: create again" "$(create 11)$(remove 11)" okok
}

test_unregister_during_create() {
	create 21 > /dev/null
	set_knob block_probe 1
	background creator create 22
	until_true waiting block_probe 1
	background unregister unregister 0
	check "ours: what exists goes while a create is under way" \
		until_true gone 21
	is "ours: another create" "$(create 23)" ENODEV
	set_knob block_probe 0
	is "ours: the create succeeds" "$(result creator)" ok
	is "ours: unregister" "$(result unregister)" ok
	is "ours: no mdev is left" "$(ls "$mdevs")" ""
	is "ours: register again" "$(register 0)" ok
	is "ours: all instances are there" "$(available)" 8
}

test_unregister_during_remove() {
	create 24 > /dev/null
	create 25 > /dev/null
	set_knob block_remove 1
	background remover remove 24
	until_true waiting block_remove 1
	background unregister unregister 0
	check "ours: the other mdev does not wait for the one in use" \
		until_true waiting block_remove 2
	set_knob block_remove 0
	is "ours: the remove succeeds" "$(result remover)" ok
	is "ours: unregister" "$(result unregister)" ok
	is "ours: no mdev is left" "$(ls "$mdevs")" ""
	is "ours: register again" "$(register 0)" ok
}

# The test driver overwrites the parent and its types when it unregisters. The
# kernel's core looks into them at the last put, and dies of it.
test_reference_over_unregister() {
	set_knob hold_refs 1
	create 31 > /dev/null
	set_knob hold_refs 0
	is "ours: unregister while somebody holds a reference" \
		"$(unregister 0)" ok
	is "ours: the UUID is reserved" "$(create 31 1)" EEXIST
	set_knob drop_refs 1
	is "ours: the UUID is free after the last put" "$(create 31 1)" ok
	is "ours: remove" "$(remove 31)" ok
	is "ours: register again" "$(register 0)" ok
}

# GVT-g registers its parents before its driver, and unregisters them after it.
# The kernel's core dies of a create without the driver.
test_driver_last() {
	local attribute
	attribute=$(parent 0)/driver_registered

	check "ours: load, parents before the driver" driver_load parents_first=1
	is "ours: create without a driver" "$(create 41)" ENODEV
	is "ours: the driver registers" "$(put "$attribute" 1)" ok
	is "ours: create" "$(create 41)" ok

	set_knob block_probe 1
	background creator create 42
	until_true waiting block_probe 1
	log_is_clean "parents before the driver"
	background driver put "$attribute" 0
	set_knob block_probe 0
	is "ours: a create beside a driver that goes" "$(result creator)" ok
	is "ours: the driver goes" "$(result driver)" ok
	is "ours: create without it" "$(create 43)" ENODEV
	check "ours: its mdevs are there, without it" \
		[ -e "$mdevs/$(uuid 41)" -a ! -e "$mdevs/$(uuid 41)/driver" ]
	is "ours: the log tells of the parents that it leaves" \
		"$(klog_since_mark | grep -c "unregistered before its parents")" 1
	klog_mark

	is "ours: it comes again" "$(put "$attribute" 1)" ok
	check "ours: and finds its mdevs" [ -e "$mdevs/$(uuid 42)/driver" ]
	is "ours: remove one" "$(remove 41)" ok
	is "ours: it goes for good" "$(put "$attribute" 0)" ok
	klog_mark
	is "ours: remove without a driver" "$(remove 42)" ok
	check "ours: unload, the driver before the parents" driver_unload
}

test_instances_survive() {
	is "$core_name: all instances are there at the end" \
		"$(available 0) $(available 1)" "8 8"
}

run_all() {
	core_name=$1
	klog_mark
	check "$1: load the core" core_load
	check "$1: load the vendor's module" driver_load
	test_remove_during_create
	if [ "$1" = kernel ]; then
		check "$1: unload, to get rid of it" driver_unload
		check "$1: load" driver_load
	fi
	test_same_uuid_during_create
	test_remove_twice
	test_events
	test_unregister
	if [ "$1" = ours ]; then
		test_remove_race
		test_unregister_during_create
		test_unregister_during_remove
		test_reference_over_unregister
	fi
	test_instances_survive
	check "$1: unload the vendor's module" driver_unload
	[ "$1" = kernel ] || test_driver_last
	check "$1: unload the core" core_unload
	log_is_clean "order"
}

# A kernel built for debugging may have no core of its own.
for core in ${CORES:-kernel ours}; do
	run_all "$core"
done
tap_done
