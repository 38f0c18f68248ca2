#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name clients --timeout 580 -- qemu-tests/guests/clients.py
