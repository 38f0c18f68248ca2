# SPDX-License-Identifier: GPL-2.0-only
"""What is shown beside what: messages beside plain ones, a guest's accesses to the vGPU beside
those to QEMU's devices, the engine time that a vGPU has had beside its due."""

import os

# A round trip over the socket: the plain ping-pong, and mvgpu-server.
SOCKET = ("plain", "server", "plain-polling", "server-polling", "both-polling")
# A command and its fence, in mapped pages.
FENCE = ("engine-asleep", "engine-awake")
# An access by a guest, to devices inside QEMU, through the kernel and over vfio-user.
GUEST = ("bochs-display", "edu", "kernel-path", "user-path")
# Engine time of a vGPU among others.
SHARES = ("share-due", "share-had")
# Takes a kernel's place in results of the machine itself.
MACHINE = "machine"


def _first_line(path, begin=""):
    """What stands behind the beginning of the first line that has it."""
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith(begin):
                    return line[len(begin):].strip(" \t\n:")
    except OSError:
        pass
    return "unknown"


def conditions():
    """What the results depend on, where this runs."""
    hypervisor = os.path.isdir("/sys/hypervisor/properties") or \
        " hypervisor " in _first_line("/proc/cpuinfo", "flags") + " "
    return {
        "release": os.uname().release,
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _first_line("/proc/cpuinfo", "model name"),
        "clocksource": _first_line(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "accel": "virtual" if hypervisor else "none",
    }


def _ratio(value, base):
    return "" if not value or not base else f"{value / base:.2f}"


def _rows(results, kernel, variants, figure):
    for bench in results.benches(kernel, *variants):
        base = results.get(kernel, "ns", bench, variants[0])
        for variant in variants:
            found = results.get(kernel, "ns", bench, variant)
            if found:
                yield [f"{bench}, {variant}", *(figure(found.get(name)) for name in
                                                ("value", "median", "p99")),
                       _ratio(found["median"], base and base["median"])]


def tables(results, kernel, figure, lines):
    """The lines of the tables, where there are results."""
    for variants, what in ((SOCKET, "A round trip over the socket"),
                           (FENCE, "A command and its fence over vfio-user"),
                           (GUEST, "An access from inside a guest"),
                           (SHARES, "Engine time of vGPUs that share an engine")):
        rows = list(_rows(results, kernel, variants, figure))
        if rows:
            yield f"{what}: ns, and the median beside {variants[0]}'s"
            yield ""
            yield from lines(["", "fastest", "median", "p99", "ratio"], rows)
            yield ""
