#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""The runner of the benchmarks, with a lab that is a script of ours in place of VMs."""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHECKOUT = os.path.dirname(TESTS)
sys.path[:0] = [os.path.join(TESTS, "bench"), os.path.join(TESTS, "guests")]

import plots  # noqa: E402
import results  # noqa: E402
from host import Tap  # noqa: E402

RUNNER = os.path.join(TESTS, "bench", "bench")
NAME = f"bench-runner-{os.getpid()}"
CONDITIONS = {"release": "7.2.0-test", "cpus": 1, "cpu": "none", "clocksource": "tsc",
              "accel": "tcg"}
LINES = [
    {"bench": "getppid", "variant": "reference", "value": 362.0, "median": 363.0,
     "n": 5, "ops": 400},
    {"bench": "reg-read-4", "variant": "null", "value": 695.0, "median": 695.0,
     "n": 5, "ops": 200},
    {"bench": "reg-read-4", "variant": "mvgpu", "value": 740.0, "median": 741.0,
     "n": 5, "ops": 200},
    {"bench": "vram-first-touch-2m", "variant": "mvgpu", "value": 280000.0,
     "median": 280001.0, "n": 5, "ops": 1, "faults": 1.0},
]

CORE_LINES = [
    {"bench": "create-1", "variant": "core-kernel", "value": 70000.0, "median": 70001.0,
     "n": 5, "ops": 1},
    {"bench": "create-1", "variant": "core-ours", "value": 73500.0, "median": 73500.0,
     "n": 5, "ops": 1},
    {"bench": "memory", "variant": "core-kernel", "unit": "bytes", "value": 4000.0,
     "median": 4000.0, "n": 1, "ops": 9},
    {"bench": "memory", "variant": "core-ours", "unit": "bytes", "value": 4200.0,
     "median": 4200.0, "n": 1, "ops": 9},
]

# What the benches of vfio-user leave, on this machine.
SOCKET_LINES = [
    {"bench": "socket-read-4-1cpu", "variant": variant, "value": value, "median": value + 500,
     "p99": value + 9000, "n": 5, "ops": 1}
    for variant, value in (("plain", 4000), ("server", 4250))]

GUEST_LINES = [
    {"bench": "guest-reg-read-4", "variant": variant, "value": value, "median": value,
     "p99": value, "n": 5, "ops": 1}
    for variant, value in (("bochs-display", 200.5), ("user-path", 9000.0))]

# The same in a VM.
NESTED_LINES = [
    {"bench": "guest-reg-read-4", "variant": variant, "value": value, "median": value,
     "p99": value, "n": 5, "ops": 1}
    for variant, value in (("bochs-display", 100000.0), ("kernel-path", 93000.0),
                           ("user-path", 600000.0))]

# Takes the lab's place: $1 is its verb.  What a VM would leave comes from $FAKE.
FAKE_LAB = """#!/bin/sh
if [ "$1" = exec ]; then
	cp "$FAKE/$4.jsonl" "$5"
	exit "${FAKE_BUILD:-0}"
fi
[ "$1" = run ] || exit "${FAKE_BUILD:-0}"
while [ "$1" != -- ]; do
	case $1 in
	--name) name=$2;;
	--kernel) kernel=$2;;
	esac
	shift
done
mkdir -p "$FAKE_RUN/$name-$kernel"
cp "$FAKE"/* "$FAKE_RUN/$name-$kernel/"
exit "${FAKE_STATUS:-0}"
"""


class Folder:
    """A scratch folder with a fake lab in it, and the runner's calls."""

    def __init__(self, path):
        self.path = path
        self.out = os.path.join(path, "out")
        self.fake = os.path.join(path, "fake")
        os.mkdir(self.fake)
        self.lab = self.write("lab", FAKE_LAB)
        os.chmod(self.lab, 0o755)
        self.leave(LINES)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def leave(self, lines, conditions=CONDITIONS):
        """What the fake VM will leave."""
        self.write("fake/results.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        self.write("fake/conditions.json", json.dumps(conditions))

    def run(self, *arguments, **environment):
        environment = {**os.environ, "LAB": self.lab, "FAKE": self.fake,
                       "FAKE_RUN": os.path.join(CHECKOUT, "build", "run"), **environment}
        return subprocess.run([RUNNER, "--out", self.out, "--name", NAME, "--parts", "devices",
                               *arguments],
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120, check=False)

    def saved(self):
        return os.path.join(self.out, "results.jsonl")


def complete():
    """Results as the runner saves them."""
    return [{**line, "unit": unit, "kernel": "7.2",
             "conditions": {**CONDITIONS, "icount": unit == "instructions"}}
            for unit in results.UNITS for line in LINES]


def as_lines(found):
    return "".join(json.dumps(result) + "\n" for result in found)


def content(path):
    with open(path, "rb") as data:
        return data.read()


def why(done):
    return f"status {done.returncode}", done.stdout, done.stderr


def refused(tap, done, name, *words):
    """One line of reason that has the words, no traceback, status 1 or 2."""
    good = done.returncode in (1, 2) and "Traceback" not in done.stderr and \
        all(word in done.stderr for word in words)
    tap.ok(good, name, *why(done))


def test_run(tap, folder):
    done = folder.run("--kernels", "7.2", "--no-plots")
    tap.ok(done.returncode == 0, "a run succeeds", *why(done))
    tap.ok(results.load(folder.saved()) == complete(), "its results are saved as they came",
           *why(done))
    for words in ("getppid", "+45", "280,000"):
        tap.ok(words in done.stdout, f"its table has {words}", done.stdout)


def test_core(tap, folder):
    folder.leave(CORE_LINES)
    done = folder.run("--kernels", "7.2", "--no-plots", "--parts", "core",
                      "--units", "instructions")
    tap.ok(done.returncode == 0, "a run for the core succeeds", *why(done))
    for words in ("73,500  1.050", "4,200  1.050"):
        tap.ok(words in done.stdout, f"its table has {words}", done.stdout)
    folder.leave(LINES)


def test_broken_runs(tap, folder):
    refused(tap, folder.run("--kernels", "7.2", "--no-plots", FAKE_STATUS="124"),
            "a VM that times out ends the run", "124")
    refused(tap, folder.run("--kernels", "7.2", "--no-plots", FAKE_BUILD="1"),
            "so does a build that fails", "build")
    refused(tap, folder.run("--kernels", "7.2", "--no-plots", LAB="/nonexistent/lab"),
            "so does a lab that is not there", "/nonexistent/lab")
    for lines, what in ([1], "a number"), ([{"bench": "x"}], "half a result"):
        folder.leave(lines)
        refused(tap, folder.run("--kernels", "7.2", "--no-plots"),
                f"so does a VM that leaves {what}", "7.2")
    folder.leave(LINES, conditions=[])
    refused(tap, folder.run("--kernels", "7.2", "--no-plots"),
            "so does a VM that leaves no conditions", "7.2")
    folder.leave(LINES)
    tap.ok(results.load(folder.saved()) == complete(), "and the earlier results stay")


def test_paths(tap, folder):
    folder.write("fake/bench.jsonl", as_lines(SOCKET_LINES))
    folder.write("fake/accesses.jsonl", as_lines(GUEST_LINES))
    folder.leave(NESTED_LINES)
    done = folder.run("--parts", "socket guest", "--no-plots")
    tap.ok(done.returncode == 0, "vfio-user is measured", *why(done))
    found = results.Results(results.load(folder.saved()))
    tap.ok(found.kernels == ["machine", "7.2"], "on the machine, and a guest in a VM",
           *found.kernels)
    tap.ok(not found.benches("7.2", "server"), "but the socket")
    got = found.get("machine", "ns", "socket-read-4-1cpu", "server")
    tap.ok(got and got["p99"] == 13250, "with its 99th percentile", got)
    for words in ("socket-read-4-1cpu, server", "1.06", "13,250", "guest-reg-read-4, user-path",
                  "44.89", "guest-reg-read-4, kernel-path", "0.93"):
        tap.ok(words in done.stdout, f"its table has {words}", done.stdout)
    if plots.available():
        done = folder.run("--from", folder.saved())
        drawn = sorted(name for name in os.listdir(folder.out) if name.endswith(".svg"))
        tap.ok(done.returncode == 0 and drawn == ["guest.svg", "socket.svg"],
               "and its plots, no others", *drawn, *why(done))
        shutil.rmtree(folder.out)
    refused(tap, folder.run("--parts", "socket", "--no-plots", FAKE_BUILD="1"),
            "a bench of the socket that fails ends the run", "socket")


def test_arguments(tap, folder):
    for arguments, words in (
            (["--kernels", "5.0"], ["--kernels", "5.0"]),
            (["--kernels", ""], ["--kernels"]),
            (["--units", "miles"], ["--units", "miles"]),
            (["--parts", "screws"], ["--parts", "screws"]),
            (["--windows", "0"], ["--windows"]),
            (["--windows", "many"], ["--windows"]),
            (["--colour"], ["--colour"]),
            (["--compare", "/nonexistent"], ["/nonexistent", "No such file"]),
            (["--from", "/nonexistent"], ["/nonexistent", "No such file"])):
        refused(tap, folder.run("--no-plots", *arguments), " ".join(arguments) + " is refused",
                *words)


def test_broken_files(tap, folder):
    good = complete()
    broken = {
        "not JSON": ("{", ["not JSON"]),
        "a list": ("[]\n", ["not a JSON object"]),
        "nothing": ("", ["no results"]),
        "a second result": (as_lines(good[:1] * 2), [":2:", "second result"]),
        "no value": (as_lines([{**good[0], "value": None}]), [":1:", "'value'"]),
        "NaN": (as_lines([{**good[0], "value": float("nan")}]), [":1:"]),
        "a truth for a number": (as_lines([{**good[0], "n": True}]), ["'n'"]),
        "an unknown field": (as_lines([good[0], {**good[1], "date": 1}]), [":2:", "'date'"]),
        "an unknown unit": (as_lines([{**good[0], "unit": "miles"}]), ["'miles'"]),
        "a median below the minimum": (as_lines([{**good[0], "median": 1}]), ["median"]),
        "a percentile below it": (as_lines([{**good[0], "p99": 1}]), ["99th"]),
    }
    for what, (text, words) in broken.items():
        path = folder.write("broken.jsonl", text)
        refused(tap, folder.run("--no-plots", "--from", path), f"a file with {what} is refused",
                path, *words)
    with open(path, "wb") as out:
        out.write(b"\xff\xfe\x00")
    refused(tap, folder.run("--no-plots", "--from", path), "a binary file is refused", path)


def test_compare(tap, folder):
    old = folder.write("old.jsonl", as_lines(complete()))
    changed = copy.deepcopy(complete())
    for result in changed:
        result["value"] *= 1.1 if result["bench"] == "reg-read-4" else 1.04
        result["median"] = result["value"]
    new = folder.write("new.jsonl", as_lines(changed[1:]))
    done = folder.run("--no-plots", "--from", old, "--compare", old)
    tap.ok(done.returncode == 0 and "\n0 instruction counts differ" in done.stdout,
           "a run compared with itself has no differences", *why(done))
    done = folder.run("--no-plots", "--from", new, "--compare", old)
    marked = [line for line in done.stdout.splitlines() if line.endswith("CHANGED")]
    tap.ok(len(marked) == 2 and all("instructions" in line and "reg-read-4" in line and
                                    "1.100" in line for line in marked),
           "instruction counts 10 % apart are marked, 4 % and times are not", *why(done))
    tap.ok("\n2 instruction counts differ" in done.stdout, "and counted", *why(done))
    tap.ok(any(line.endswith("gone") and "getppid" in line for line in done.stdout.splitlines()),
           "a bench that is gone is named", *why(done))
    done = folder.run("--no-plots", "--from", old, "--compare", new)
    tap.ok(any(line.endswith("new") and "getppid" in line for line in done.stdout.splitlines()),
           "a bench that is new is named", *why(done))


def test_plots(tap, folder):
    names = [f"{name}.{suffix}" for name in ("cost-instructions", "cost-ns", "difference")
             for suffix in ("svg", "png")]
    if not plots.available():
        tap.skip("plots are drawn", "python3-matplotlib is not installed")
        return
    saved = folder.write("plots.jsonl", as_lines(complete()))
    drawn = []
    for _ in range(2):
        done = folder.run("--from", saved)
        tap.ok(done.returncode == 0, "plots are drawn", *why(done))
        drawn.append({name: content(os.path.join(folder.out, name))
                      for name in os.listdir(folder.out) if name != "results.jsonl"})
    tap.ok(sorted(drawn[0]) == sorted(names), "all that are wanted, as SVG and PNG",
           *sorted(drawn[0]))
    tap.ok(b"<svg" in drawn[0].get("cost-ns.svg", b""), "the SVG is one")
    tap.ok(drawn[0].get("cost-ns.png", b"").startswith(b"\x89PNG"), "the PNG is one")
    tap.ok(drawn[0] == drawn[1], "the same results give the same files")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as path:
        folder = Folder(path)
        for test in (test_core, test_run, test_broken_runs, test_arguments, test_broken_files,
                     test_compare, test_paths, test_plots):
            test(tap, folder)
    for name in f"{NAME}-socket", f"{NAME}-guest", f"{NAME}-guest-7.2":
        shutil.rmtree(os.path.join(CHECKOUT, "build", "run", name), ignore_errors=True)
    for unit in results.UNITS:
        for name in f"{NAME}-{unit}-7.2", f"{NAME}-core-{unit}-7.2":
            shutil.rmtree(os.path.join(CHECKOUT, "build", "run", name), ignore_errors=True)
    tap.done()


main()
