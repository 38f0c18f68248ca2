#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""A short run of all benchmarks: they run, and their results are results."""

import os
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TESTS, "bench"), os.path.join(TESTS, "guests")]

import results  # noqa: E402
from host import Tap  # noqa: E402

WINDOWS = 5
WANTED = {
    "reference": ["getppid", "pread-zero-4", "eventfd-write-read"],
    "null": ["container-open-close", "device-open-close", "reg-read-4", "reg-write-4",
             "reg-write-4-raise", "reg-write-4-ack", "config-read-4", "config-read-64",
             "get-info", "get-region-info", "set-irqs-trigger", "set-irqs-trigger-to-eventfd"],
}
WANTED["mvgpu"] = WANTED["null"] + [
    "query-gfx-plane", "intx-trigger-unmask", "intx-raise-to-eventfd-ack-unmask",
    "msi-raise-to-eventfd", "msi-raise-to-eventfd-ack", "vram-first-touch-2m",
    "vram-first-touch-4k", "vram-map-touch-2m", "vram-map-touch-4k", "vram-unmap-2m",
    "vram-unmap-2m-by-4k"]


def check_results(tap, kernel, found):
    tap.ok(found.kernels == [kernel], f"they are of {kernel}", *found.kernels)
    missing = [f"{unit} {bench} {variant}" for unit in results.UNITS
               for variant, benches in WANTED.items() for bench in benches
               if found.value(kernel, unit, bench, variant) is None]
    tap.ok(not missing, "every bench has a figure in both units", *missing)

    # No system call takes less, none of these takes more, on any machine.
    count = found.value(kernel, "instructions", "getppid", "reference")
    tap.ok(100 < count < 2000, "getppid takes hundreds of instructions", count)
    empty = found.get(kernel, "instructions", "reg-read-4", "null")
    tap.ok(empty["median"] <= 1.1 * empty["value"],
           "instruction counts repeat", empty["value"], empty["median"])
    touch = found.get(kernel, "instructions", "vram-first-touch-2m", "mvgpu")
    tap.ok(touch["faults"] == 1, "one fault maps 2 MiB of VRAM", touch["faults"])
    tap.ok(touch["n"] == WINDOWS, f"{WINDOWS} windows were measured", touch["n"])


def main():
    tap = Tap()
    kernel = os.environ["KERNEL"]
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [os.path.join(TESTS, "bench", "bench"), "--kernels", kernel, "--windows",
             str(WINDOWS), "--no-plots", "--name", "bench-smoke", "--out", out],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        tap.diag(done.stdout)
        if tap.ok(done.returncode == 0, "the benchmarks run"):
            try:
                found = results.Results(results.load(os.path.join(out, "results.jsonl")))
            except results.BadResult as error:
                tap.ok(False, "their results can be read", error)
            else:
                check_results(tap, kernel, found)
    tap.done()


main()
