#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""What a guest's accesses cost: to a vGPU, over either transport, and to devices inside QEMU.

All of them are in one guest, so that they can be compared.  Arguments: FILE for the results, WINDOWS, QEMU's ACCELERATOR,
VARIANT...: the devices.  "kernel-path" needs a host VM.
"""

import contextlib
import json
import os
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "guests"), os.path.join(TESTS, "vfio-user")]

from host import Vgpu, shell  # noqa: E402  (needs the path above)
from machine import BUILD, Server, UserGuest, device  # noqa: E402  (the same)
from nested import initrd  # noqa: E402  (the same)

SCRATCH = 0x1008
SLOTS = {"edu": 0x11, "bochs-display": 0x12, "kernel-path": 0x13, "user-path": 0x14}
# A register: BAR, offset, a value that may be written there.
REGISTERS = {
    "edu": (0, 4, 1),
    "bochs-display": (2, 0x604, 0x1e1e1e1e),
    "kernel-path": (2, SCRATCH, 1),
    "user-path": (2, SCRATCH, 1),
}
MAPPED = {variant: (0, 0, 1) for variant in REGISTERS if variant != "edu"}
# In one window: where QEMU emulates the processor too, what it does by itself is a call, and a clock
# cannot see fewer; nor of memory.
TCG_OPS = {"edu": 100, "bochs-display": 100}
MAPPED_OPS = 1000
SECONDS = 300


def measure(guest, what, places, windows, ops):
    """The results of one kind of access, each device in turn."""
    for variant, (bar, offset, value) in places.items():
        if variant not in ops:
            continue
        path = f"/sys/bus/pci/devices/0000:00:{SLOTS[variant]:02x}.0"
        guest.sh(f"echo 1 > {path}/enable")
        for kind, written in (("read", ""), ("write", value)):
            found = guest.sh(f"mmiocost {path}/resource{bar} {offset} {windows} {ops[variant]}"
                             f" {written}", SECONDS)
            yield {"bench": f"guest-{what}-{kind}-4", "variant": variant, **json.loads(found)}


@contextlib.contextmanager
def qemu_device(variant, folder):
    """A device as QEMU's -device takes it."""
    if variant == "user-path":
        with Server(folder, "--log-level", "warning") as server:
            yield device(server)
    elif variant == "kernel-path":
        shell("load_modules")
        with Vgpu() as vgpu:
            yield {"driver": "vfio-pci", "sysfsdev": vgpu.path}
        shell("unload_modules")
    else:
        yield {"driver": variant}


def run(windows, accel, variants):
    files = {"bin/mmiocost": os.path.join(BUILD, "bin/mmiocost")}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        devices = [{**stack.enter_context(qemu_device(variant, folder)),
                    "addr": hex(SLOTS[variant])} for variant in variants]
        guest = UserGuest("bench", folder, initrd=initrd("bench", files), devices=devices,
                          accel=accel, append="mvgpu.drivers=no")
        stack.callback(guest.close)
        try:
            guest.boot()
            ops = {variant: TCG_OPS.get(variant, 1) if accel == "tcg" else 1
                   for variant in variants}
            return [*measure(guest, "reg", REGISTERS, windows, ops),
                    *measure(guest, "vram", MAPPED, windows, dict.fromkeys(variants, MAPPED_OPS))]
        except Exception:
            print(*guest.tail(), sep="\n", file=sys.stderr)
            raise


def main():
    path, windows, accel, *variants = sys.argv[1:]
    found = run(int(windows), accel, variants)
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(result) + "\n" for result in found)


if __name__ == "__main__":
    main()
