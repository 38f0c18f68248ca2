#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name guest-irq --timeout 900 -- qemu-tests/guests/irq.py
