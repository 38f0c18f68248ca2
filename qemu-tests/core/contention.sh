#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two CPUs create and remove mdevs on one parent, each with UUIDs of its own: which
# locks do they meet at?  On a kernel with LOCK_STAT, which counts the waits for each
# lock, and the places where somebody waited.  (The kernel's own core waits for its list
# of devices there, and then dies of mdevs that are released after their parent.)

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

lock_stat=/proc/lock_stat
pairs=400

# churn CPU: creates mdevs, and removes them, there
churn() {
	local create number name
	create=$(type_dir 0 small)/create

	taskset -pc "$1" "$BASHPID" > /dev/null || return
	for ((number = 0; number < pairs; number++)); do
		printf -v name 'c0de0000-0000-4000-%04x-%012x' "$1" $number
		echo "$name" > "$create" && echo 1 > "$mdevs/$name/remove" ||
			return
	done
}

churn_on_both() {
	local first

	churn 0 &
	first=$!
	churn 1 && wait $first
}

# Locks that somebody has waited for: how often, and their names
contended() {
	sed -n 's/^ *\([^ ].*\): *[0-9]* *\([0-9]*\) .*/\2 \1/p' $lock_stat |
		grep -v '^0 ' | sort -rn
}

# Places in the core where somebody has waited for a lock, whosever it is
waits_in_core() {
	grep '\[<.*\[mdev\]' $lock_stat
}

[ -e $lock_stat ] || bail "this kernel has no LOCK_STAT"
core_name=ours
# What boot has let go of is gone four seconds later.  Block devices are freed too early
# then, and the kernel says so: before our modules are there.
sleep 6
klog_mark
check "load the core" core_load
check "load the vendor's module" driver_load max_instances=1000
echo 0 > $lock_stat
check "$pairs creates and removes on each of two CPUs" churn_on_both
diag "waits for each lock:"
diag "$(contended | head -n 12)"
check "they have waited for each other in the driver core" \
	grep -q kernfs <(contended)
is "and not once in the mdev core" "$(waits_in_core)" ""
check "unload the vendor's module" driver_unload
check "unload the core" core_unload
log_is_clean "contention"
tap_done
