#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""What a guest's accesses cost: to the vGPU of mvgpu-server, and to devices inside QEMU.

All of them are in one guest, which runs by TCG on this machine.  Arguments: FILE for the
results, WINDOWS.
"""

import contextlib
import json
import os
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "guests"), os.path.join(TESTS, "vfio-user")]

from machine import BUILD, Server, UserGuest, device  # noqa: E402  (needs the path above)
from nested import initrd  # noqa: E402

SCRATCH = 0x1008
# A register: variant, slot, BAR, offset, a value that may be written there.
REGISTERS = [
    ("edu", 0x12, 0, 4, 1),
    ("bochs-display", 0x13, 2, 0x604, 0x1e1e1e1e),
    ("user-path", 0x11, 2, SCRATCH, 1),
]
MAPPED = [("bochs-display", 0x13, 0, 0, 1), ("user-path", 0x11, 0, 0, 1)]
# Of memory and of what QEMU does by itself, in one window: a clock cannot see fewer.
OPS = {"edu": 100, "bochs-display": 100, "user-path": 1}
MAPPED_OPS = 1000


def measure(guest, what, devices, windows):
    """The results of one kind of access, each device in turn."""
    for variant, slot, bar, offset, value in devices:
        path = f"/sys/bus/pci/devices/0000:00:{slot:02x}.0"
        ops = MAPPED_OPS if what == "vram" else OPS[variant]
        guest.sh(f"echo 1 > {path}/enable")
        for kind, written in (("read", ""), ("write", value)):
            found = guest.sh(f"mmiocost {path}/resource{bar} {offset} {windows} {ops} {written}")
            yield {"bench": f"guest-{what}-{kind}-4", "variant": variant, **json.loads(found)}


def run(windows):
    files = {"bin/mmiocost": os.path.join(BUILD, "bin/mmiocost")}
    with tempfile.TemporaryDirectory() as folder, \
            Server(folder, "--log-level", "warning") as server:
        guest = UserGuest("bench", folder, initrd=initrd("bench", files), devices=[
            device(server, addr="0x11"), {"driver": "edu", "addr": "0x12"},
            {"driver": "bochs-display", "addr": "0x13"}], append="mvgpu.drivers=no")
        with contextlib.closing(guest):
            guest.boot()
            return [*measure(guest, "reg", REGISTERS, windows),
                    *measure(guest, "vram", MAPPED, windows)]


def main():
    path, windows = sys.argv[1], int(sys.argv[2])
    found = run(windows)
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(result) + "\n" for result in found)


if __name__ == "__main__":
    main()
