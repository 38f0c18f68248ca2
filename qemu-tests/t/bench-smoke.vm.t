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
COUNTS = (1, 10, 20, 40)
SIZES = ("4k", "64k", "1m", "16m")
WANTED = {
    "reference": ["getppid", "pread-zero-4", "eventfd-write-read",
                  *(f"{what}-{size}" for what in ("memset", "memcpy", "memcpy-in")
                    for size in SIZES)],
    "null": ["container-open-close", "device-open-close", "reg-read-4", "reg-write-4",
             "reg-write-4-raise", "reg-write-4-ack", "config-read-4", "config-read-64",
             "get-info", "get-region-info", "set-irqs-trigger", "set-irqs-trigger-to-eventfd"],
}
WANTED["mvgpu"] = WANTED["null"] + [
    "query-gfx-plane", "intx-trigger-unmask", "intx-raise-to-eventfd-ack-unmask",
    "msi-raise-to-eventfd", "msi-raise-to-eventfd-ack", "vram-first-touch-2m",
    "vram-first-touch-4k", "vram-map-touch-2m", "vram-map-touch-4k", "vram-unmap-2m",
    "vram-unmap-2m-by-4k", "kick-nop-inline", "kick-copy-4k-inline", "kick-nop-thread",
    "kick-copy-4k-thread", "submit-awake", "nop-of-64",
    *(f"{what}-{size}" for what in ("fill", "copy", "dma-in") for size in SIZES)]


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


def check_core(tap, kernel, found):
    """A create is thousands of instructions on either core, and about as many on both.

    How many it is depends a little on what the allocator has at that moment: so all counts are
    taken together.
    """
    for what in ("create", "remove-newest", "remove-oldest"):
        theirs, ours = ([found.value(kernel, "instructions", f"{what}-{count}", core)
                         for count in COUNTS] for core in results.CORES)
        if tap.ok(all(theirs + ours), f"{what} has a figure on both cores for each count",
                  theirs, ours):
            tap.ok(10000 * len(COUNTS) < sum(ours) <= 1.1 * sum(theirs),
                   f"{what}: ours takes at most a tenth more", theirs, ours)


def measured(tap, what, *arguments):
    """The results of a run; None, and a check that failed, where there are none."""
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [os.path.join(TESTS, "bench", "bench"), "--kernels", os.environ["KERNEL"],
             "--windows", str(WINDOWS), "--no-plots", "--name", "bench-smoke", "--out", out,
             *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        tap.diag(done.stdout)
        if tap.ok(done.returncode == 0, f"the benchmarks of {what} run"):
            try:
                return results.Results(results.load(os.path.join(out, "results.jsonl")))
            except results.BadResult as error:
                tap.ok(False, "their results can be read", error)
    return None


def main():
    tap = Tap()
    kernel = os.environ["KERNEL"]
    found = measured(tap, "the devices", "--parts", "devices")
    if found:
        check_results(tap, kernel, found)
    found = measured(tap, "the core", "--parts", "core", "--units", "instructions",
                     "--counts", " ".join(map(str, COUNTS)))
    if found:
        check_core(tap, kernel, found)
    tap.done()


main()
