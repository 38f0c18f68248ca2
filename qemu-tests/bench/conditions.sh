# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the scripts of the benchmarks: says in /out/conditions.json what they ran on.

accel=tcg
if dmesg | grep -q "Hypervisor detected: KVM"; then
	accel=kvm
fi
cat > /out/conditions.json <<EOT
{"release": "$(uname -r)", "cpus": $(nproc), "accel": "$accel",
 "cpu": "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)",
 "clocksource": "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"}
EOT
