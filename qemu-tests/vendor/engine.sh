# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The card's engines.  Sourced by run.sh.

# engine PROGRAM
engine() {
	local start=$EPOCHREALTIME
	merge "${1#engine-}" < <(timeout -s KILL "$program_timeout" "$B/bin/$1" 2>&1)
	diag "${1#engine-}: $(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
}

# Has an engine work for vGPU 1 for ever; sets $holder, who lets go of it on request.
begin_work() {
	local state

	is "create" "$(create 1 native-64m)" ok
	coproc "$B/bin/engine-run" "$(uuid 1)"
	holder=$COPROC_PID
	read -r state <&"${COPROC[0]}"
	is "an engine is at work" "$state" busy
}

end_work() {
	local status
	wait "$holder"
	status=$?
	is "its user was asked to let go" $status 0
}

test_engine() {
	local holder

	klog_mark
	check "load" load_modules
	engine engine-run
	engine engine-shares
	engine engine-blocked
	begin_work
	is "unbind it meanwhile" "$(unbind 1 mvgpu_mdev)" ok
	end_work
	is "remove it then" "$(remove 1)" ok
	begin_work
	is "remove it meanwhile" "$(remove 1)" ok
	end_work
	begin_work
	check "the module stays as long as it is open" [ "$(rmmod mvgpu 2>&1 | grep -c "in use")" = 1 ]
	kill -KILL "$holder"
	wait "$holder" 2> /dev/null
	check "unload when its user was killed" unload_modules
	check "load with four engines" load_modules engines=4
	engine engine-run
	check "the kernel log is clean" klog_clean
	check "unload" unload_modules
}
