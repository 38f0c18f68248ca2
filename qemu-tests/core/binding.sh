#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the mdev core has beyond the kernel's: the vendor's half in two steps,
# limits by type, binding by hand, and who owns the DMA.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

use_driver testops

own=mdev_testops
host=mdev_testhost

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

test_two_steps() {
	is "create" "$(create 1 0 plain)" ok
	is "the vendor's half is made once" "$(knob created)" 1
	is "unbind" "$(unbind 1 $own) $(bound 1)" "ok none"
	is "the vendor's half stays" "$(knob destroyed)" 0
	is "bind" "$(bind 1 $own) $(bound 1)" "ok $own"
	is "it is not made again" "$(knob created)" 1
	is "remove" "$(remove 1)" ok
	is "the vendor's half is removed once" "$(knob destroyed)" 1
}

test_failures() {
	local made
	made=$(knob destroyed)

	set_knob fail_create 6
	is "create() fails" "$(create 2 0 plain)" ENXIO
	check "no device is left" gone 2
	is "one in a shared unit too" "$(create 2 0 tied)" ENXIO
	set_knob fail_create 0
	is "remove() is not called for it" "$(knob destroyed)" "$made"

	set_knob fail_probe 6
	is "probe fails" "$(create 2 0 tied)" ENXIO
	set_knob fail_probe 0
	check "no device is left" gone 2
	is "the vendor's half is removed" "$(knob destroyed)" $((made + 1))
	is "no instance is left" "$(available 0 plain) $(available 0 tied)" \
		"8 3"
	is "the name is free" "$(create 2 0 tied) $(remove 2)" "ok ok"
}

test_type_limit() {
	is "the type's limit" "$(available 0 tied)" 3
	is "three" "$(create 1 0 tied) $(create 2 0 tied) $(create 3 0 tied)" \
		"ok ok ok"
	is "the fourth" "$(create 4 0 tied)" EUSERS
	is "the other type has what the parent has left" \
		"$(available 0 tied) $(available 0 plain)" "0 5"
	is "and gives one" "$(create 4 0 plain)" ok
	is "remove all" "$(remove 1) $(remove 2) $(remove 3) $(remove 4)" \
		"ok ok ok ok"
	is "all are back" "$(available 0 tied) $(available 0 plain)" "3 8"
}

test_binding() {
	create 5 0 plain > /dev/null
	is "a driver that is not its own" "$(bind 5 $host)" ENODEV
	is "unbind" "$(unbind 5 $own)" ok
	is "still a driver that is not its own" "$(bind 5 $host)" ENODEV
	is "probe by the bus" \
		"$(put /sys/bus/mdev/drivers_probe "$(uuid 5)") $(bound 5)" \
		"ok $own"
	is "unbind" "$(unbind 5 $own)" ok
	is "override" "$(override 5 $host)" ok
	is "its own driver is not the one" "$(bind 5 $own)" ENODEV
	is "the other driver is" "$(bind 5 $host) $(bound 5)" "ok $host"
	is "a bound mdev takes no other" "$(override 5 $own) $(bind 5 $own)" \
		"ok EBUSY"
	is "remove while the other driver is bound" "$(remove 5)" ok
	is "that one was unbound" "$(knob hosted)" 0

	create 5 0 plain > /dev/null
	is "an mdev without driver" "$(unbind 5 $own) $(bound 5)" "ok none"
	is "can be removed" "$(remove 5)" ok
}

# A driver that knows only <linux/mdev.h> takes every mdev for its own.
test_foreign_driver() {
	insmod "$B/mdev_testdrv.ko"
	create 6 0 plain > /dev/null
	unbind 6 $own > /dev/null
	is "override with the driver of another vendor" \
		"$(override 6 mdev_testdrv)" ok
	is "does not bind it" "$(bind 6 mdev_testdrv) $(bound 6)" "ENODEV none"
	is "remove" "$(remove 6)" ok
	rmmod mdev_testdrv
}

test_bind_during_create() {
	set_knob block_probe 1
	create 7 0 plain > /dev/null &
	until_true waiting block_probe 1
	is "override during create" "$(override 7 $host)" ok
	is "bind during create" "$(bind 7 $host)" ENODEV
	set_knob block_probe 0
	wait
	is "the creator has bound its driver" "$(bound 7)" $own
	is "remove" "$(remove 7)" ok
}

# bind_host N: from its own driver to the other one
bind_host() {
	override "$1" $host > /dev/null
	bind "$1" $host
}

test_dma_of_one() {
	create 8 0 plain > /dev/null
	create 9 0 plain > /dev/null
	unbind 8 $own > /dev/null
	is "one of two separate mdevs goes to the host" \
		"$(bind_host 8) $(bound 8) $(bound 9)" "ok $host $own"
	is "remove both" "$(remove 8) $(remove 9)" "ok ok"
}

test_dma_of_a_unit() {
	create 8 0 tied > /dev/null
	create 9 0 tied > /dev/null
	unbind 9 $own > /dev/null
	is "one of two tied mdevs cannot go to the host" \
		"$(bind_host 9) $(bound 9)" "EBUSY none"
	unbind 8 $own > /dev/null
	is "when the other is free it can" "$(bind_host 9) $(bound 9)" \
		"ok $host"
	is "then the other cannot go back" "$(bind 8 $own) $(bound 8)" \
		"EBUSY none"
	is "nor can a third be created" "$(create 10 0 tied)" EBUSY
	check "which leaves nothing" gone 10
	is "but the other can follow it" "$(bind_host 8) $(knob hosted)" "ok 2"
	is "remove one" "$(remove 9)" ok
	is "the unit has an owner still" "$(create 10 0 tied)" EBUSY
	is "remove the other" "$(remove 8)" ok
	is "the unit is free" "$(create 10 0 tied) $(bound 10)" "ok $own"
	set_knob fail_probe 6
	is "a probe that fails" "$(create 11 0 tied)" ENXIO
	set_knob fail_probe 0
	unbind 10 $own > /dev/null
	is "owns nothing afterwards" "$(bind_host 10)" ok
	is "remove" "$(remove 10)" ok
}

test_event_keys() {
	local events
	events=$(mktemp)
	"$B/bin/uevents" > "$events" &
	until_true grep -q listening "$events"
	create 12 0 plain > /dev/null
	remove 12 > /dev/null
	until_true grep -q "^remove" "$events"
	kill %1
	wait
	is "add and remove tell type and parent" \
		"$(grep -E "^(add|remove)" "$events" |
			grep -c "MDEV_TYPE=mdev_testops-plain MDEV_PARENT=mdev_testops0")" \
		2
	rm "$events"
}

core_name=ours
klog_mark
check "load the core" core_load
check "load the vendor's module" driver_load
test_two_steps
test_failures
test_type_limit
test_binding
test_foreign_driver
test_bind_during_create
test_dma_of_one
test_dma_of_a_unit
test_event_keys
is "every call came in its turn" "$(knob disorders)" 0
is "what was made was unmade" "$(knob created)" "$(knob destroyed)"
create 1 0 tied > /dev/null
check "unload the vendor's module with an mdev" driver_unload
check "unload the core" core_unload
log_is_clean "binding"
tap_done
