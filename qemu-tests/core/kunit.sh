#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The unit tests of the mdev core, which run when it is loaded.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

results=/sys/kernel/debug/kunit

# pass_on SUITE: the suite's checks, cases and their parameters alike
pass_on() {
	local suite=$1 line name checks=0
	while IFS= read -r line; do
		name=${line#*ok } name=${name#* }
		checks=$((checks + 1))
		if [[ $line =~ ^\ *ok ]]; then
			ok "$suite: $name"
		else
			not_ok "$suite: $name"
			diag "$(cat "$results/$suite/results")"
		fi
	done < <(grep -E '^ *(not )?ok [0-9]+ ' "$results/$suite/results")
	check "$suite has run" [ $checks -gt 2 ]
}

klog_mark
modprobe kunit enable=1 autorun=1 || bail "this kernel has no KUnit"
check "load the core, built for tests" insmod "$B/test/mdev.ko"
for suite in mdev_uuid mdev_instances mdev_dma; do
	pass_on $suite
done
check "unload it" rmmod mdev
check "the kernel has no warning" eval "! klog_since_mark | grep -E 'WARNING: |BUG: '"
tap_done
