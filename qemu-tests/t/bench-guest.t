#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""A short run of the benchmark of a guest's accesses: each device has figures that can be."""

import os
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "bench"), os.path.join(TESTS, "guests")]

import paths  # noqa: E402  (needs the path above)
import results  # noqa: E402  (the same)
from host import Tap  # noqa: E402  (the same)

REGISTERS = ("guest-reg-read-4", "guest-reg-write-4")
MEMORY = ("guest-vram-read-4", "guest-vram-write-4")


def check(tap, found):
    here, kernel = found.kernels
    tap.ok(here == paths.MACHINE, "on this machine, and in a host VM", here, kernel)
    for place, devices in ((here, [name for name in paths.GUEST if name != "kernel-path"]),
                           (kernel, paths.GUEST)):
        missing = [f"{bench} {device}" for device in devices for bench in
                   (*REGISTERS, *(() if device == "edu" else MEMORY))
                   if not found.get(place, "ns", bench, device)]
        tap.ok(not missing, f"{place}: every device has its figures", *missing)
    for device in ("kernel-path", "user-path"):
        register, memory = (found.value(kernel, "ns", benches[0], device)
                            for benches in (REGISTERS, MEMORY))
        tap.ok(register > 10 * memory, f"{device}: a register is trapped, memory is not",
               register, memory)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [os.path.join(TESTS, "bench", "bench"), "--parts", "guest", "--windows", "1",
             "--no-plots", "--name", "bench-guest", "--out", out],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        tap.diag(done.stdout)
        if tap.ok(done.returncode == 0, "the benchmark runs"):
            check(tap, results.Results(results.load(os.path.join(out, "results.jsonl"))))
    tap.done()


main()
