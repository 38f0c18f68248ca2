#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The lab when things go wrong: an end within its time, the reason, the console's
# tail, and a status that says whose fault it was.
cd "$(dirname "$0")/../.." || exit 1

lab=${LAB:-qemu-tests/lab/lab}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

# ok NAME: the last command's status is 0, or what it said is shown
ok() {
	local status=$?
	count=$((count + 1))
	if [ "$status" = 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		sed 's/^/# /' "$scratch/stdout" "$scratch/stderr"
	fi
}

# gives STATUS COMMAND...: ends so
gives() {
	local wanted=$1 status=0
	shift
	"$@" > "$scratch/stdout" 2> "$scratch/stderr" || status=$?
	echo "status $status, expected $wanted" >> "$scratch/stderr"
	[ "$status" = "$wanted" ]
}

says() {
	grep -q -e "$1" "$scratch/stderr"
}

# in_vm TIMEOUT ARGUMENT...: what misbehave does, in a host VM
in_vm() {
	local seconds=$1
	shift
	"$lab" run --name lab-test --timeout "$seconds" -- qemu-tests/harness/misbehave "$@"
}

gives 7 in_vm 60 status 7
ok "a command's status comes out of the VM"
[ "$(cat "$scratch/stdout")" = "to stdout" ] && says "^to stderr$"
ok "and so does what it printed"
gives 124 in_vm 25 hang
ok "a command that hangs ends with the VM"
says "no end within 25 s" && says "mvgpu-test: hanging"
ok "with the reason and the console's tail"
gives 125 in_vm 60 panic
ok "a kernel that panics is no status"
says "without a status" && says "sysrq_handle_crash"
ok "with the reason and the console's tail"
gives 125 in_vm 60 poweroff
ok "nor is a VM that goes off by itself"

gives 1 "$lab" run -- qemu-tests/harness/no-such-script
says "no-such-script: no such script"
ok "no such script"
gives 2 "$lab" run
says "no command named"
ok "no command"
gives 2 "$lab" run --kernel 2.6 -- qemu-tests/harness/misbehave
says "2.6"
ok "no such kernel"
gives 2 env KERNELS="7.2 2.6" qemu-tests/harness/check
says "no kernel 2.6; there are: 6.12 7.2"
ok "make check for no such kernel"
gives 2 env T=no-such-test KERNELS=7.2 qemu-tests/harness/check
says "no test is called no-such-test"
ok "make check of no such test"

gives 1 env DEBIAN_MIRROR=http://127.0.0.1:9 XDG_CACHE_HOME="$scratch/none" "$lab" setup
says "making the rootfs"
ok "no network"
[ -z "$(find "$scratch/none/mvgpu" -name 'new-*' -o -name 'rootfs-*' -type d)" ]
ok "leaves no rootfs behind"
gives 1 bwrap --dev-bind / / --size 100000000 --tmpfs /mnt \
	env XDG_CACHE_HOME=/mnt "$lab" setup
says "the rootfs needs .* MiB in /mnt/mvgpu, .* are free"
ok "no space"
gives 1 env XDG_CACHE_HOME=/proc/none "$lab" setup
says "the cache folder cannot be made"
ok "no place for a cache"
gives 1 env CI=true setpriv --reuid 65534 --clear-groups -- \
	sh -s no-such-command:no-such-package < qemu-tests/lab/host-packages
says "missing packages: no-such-package (not installed in CI); as root: apt-get install"
ok "a missing tool"

for wrong in "--type a/b" "--mode 0x600" "--mode wide" "--seed -1"; do
	# shellcheck disable=SC2086 # option and value
	gives 2 "$lab" demo $wrong
	says "${wrong#* }"
	ok "no demo with $wrong"
done
gives 1 "$lab" demo --type mvgpu-none
says "no type mvgpu-none; there are: mvgpu-bochs-16m, "
ok "nor with a type that the card has not"
gives 2 env ACCEL=warp "$lab" run -- qemu-tests/harness/misbehave status 0
says "ACCEL=warp: neither tcg nor kvm"
ok "no such accelerator"
echo "1..$count"
