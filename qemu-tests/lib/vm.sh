# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For scripts that run in the host VM: TAP, our modules, the kernel log.
# $B is the build folder of the running kernel (the lab sets it).

tap_count=0
tap_failed=0

# tap_plan N
tap_plan() {
	echo "1..$1"
}

# tap_done: the plan, for a script that counted as it went; its exit status.
tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}

# ok NAME
ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# not_ok NAME
not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

# skip NAME REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# diag TEXT...: lines beside the results
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# check NAME COMMAND...: ok when the command succeeds; its output when it fails
check() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name"
		diag "failed ($?): $*"
		[ -z "$output" ] || diag "$output"
	fi
}

# bail REASON: nothing further makes sense
bail() {
	echo "Bail out! $1"
	exit 1
}

# load_stock MODULE...: modules of the distribution
load_stock() {
	local module
	for module; do
		modprobe "$module" || return
	done
}

# load_modules [PARAMETER=VALUE...]: our mdev.ko and mvgpu.ko, with what they need.
# The parameters go to mvgpu.
load_modules() {
	load_stock vfio vfio_iommu_type1 irqbypass kvm || return
	modprobe kvm_amd 2>/dev/null || modprobe kvm_intel || return
	insmod "$B/mdev.ko" && insmod "$B/mvgpu.ko" "$@"
}

# unload_modules: ours, in the order that their use asks for
unload_modules() {
	rmmod mvgpu && rmmod mdev
}

# klog_mark: what is in the kernel log so far does not count for klog_clean
klog_mark() {
	echo "mvgpu-test: mark" > /dev/kmsg
}

# klog_since_mark: the kernel log, raw ("<level>text"), since the last mark
klog_since_mark() {
	dmesg --raw | awk '/mvgpu-test: mark/ { n = 0; next } { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

# klog_clean: fails, and prints the lines, when the kernel log has a line of ours
# above "info" or any warning, bug or oops.  The loader's taint and signature
# notices are the kernel's, and so is a data race that none of our modules has a part
# in: KCSAN watches all of the kernel.
klog_clean() {
	! klog_since_mark | awk '
		/BUG: KCSAN/ { race = $0; ours = 0 }
		race && /\[(mdev|mvgpu)[_a-z]*\]/ { ours = 1 }
		race { if (/======/) { if (ours) print race; race = "" } next }
		{ level = $0; sub(/^</, "", level); sub(/>.*/, "", level); level %= 8 }
		/loading out-of-tree module|module verification failed|taints kernel/ { next }
		level < 6 && /mvgpu|mdev/ { print; next }
		/WARNING: |BUG: |Oops|general protection fault|Call Trace|use-after-free|refcount_t:/
	' | grep .
}
