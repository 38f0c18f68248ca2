# SPDX-License-Identifier: GPL-2.0-only
"""The result format of the benchmarks: one JSON object a line; docs/bench.md explains it."""

import json
import os

import paths

# What the clock of a VM counts; and memory, which every clock is good for.
UNITS = ("instructions", "ns")
BYTES = "bytes"
CORES = ("core-kernel", "core-ours")
VARIANTS = ("reference", "null", "mvgpu", *CORES, *paths.SOCKET, *paths.FENCE,
            *paths.GUEST, *paths.SHARES)

NUMBER = (int, float)
FIELDS = {
    "bench": str,
    "variant": str,
    "unit": str,
    "value": NUMBER,
    "median": NUMBER,
    "n": int,
    "ops": int,
    "kernel": str,
    "conditions": dict,
}
OPTIONAL = {"faults": NUMBER, "p99": NUMBER}
CONDITIONS = {
    "release": str,
    "cpus": int,
    "cpu": str,
    "clocksource": str,
    "accel": str,
    "icount": bool,
}


class BadResult(Exception):
    """Text that is not a result, with the reason."""


def _has_type(value, kind):
    """isinstance(), but True and False are not numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _check_fields(fields, wanted, optional, what):
    for name, kind in wanted.items():
        if name not in fields:
            raise BadResult(f"{what} lacks {name!r}")
        if not _has_type(fields[name], kind):
            raise BadResult(f"{name!r} is {fields[name]!r}")
    for name, value in fields.items():
        if name in wanted:
            continue
        if name not in optional:
            raise BadResult(f"{what} has an unknown field {name!r}")
        if not _has_type(value, optional[name]):
            raise BadResult(f"{name!r} is {value!r}")


def check(result):
    """Returns the result if it is one, or raises BadResult."""
    if not isinstance(result, dict):
        raise BadResult("not a JSON object")
    _check_fields(result, FIELDS, OPTIONAL, "the result")
    _check_fields(result["conditions"], CONDITIONS, {}, "'conditions'")
    if result["unit"] not in (*UNITS, BYTES):
        raise BadResult(f"unknown unit {result['unit']!r}")
    if result["variant"] not in VARIANTS:
        raise BadResult(f"unknown variant {result['variant']!r}")
    if not 0 <= result["value"] <= result["median"] < float("inf"):
        raise BadResult("the value is not between 0 and the median")
    if result.get("p99", result["median"]) < result["median"]:
        raise BadResult("the 99th percentile is below the median")
    if result["n"] < 1 or result["ops"] < 1:
        raise BadResult("'n' and 'ops' are at least 1")
    return result


def key(result):
    """What two runs have in common about the same measurement."""
    return result["kernel"], result["unit"], result["bench"], result["variant"]


def parse_line(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadResult(f"not JSON: {error}") from None


def load(path):
    """The results of a file; BadResult says which line is wrong, and why."""
    found = {}
    try:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    result = check(parse_line(line))
                    if key(result) in found:
                        raise BadResult("a second result for " + " ".join(key(result)))
                except BadResult as error:
                    raise BadResult(f"{path}:{number}: {error}") from None
                found[key(result)] = result
    except UnicodeDecodeError:
        raise BadResult(f"{path}: not a text file") from None
    except OSError as error:
        raise BadResult(f"{path}: {error.strerror}") from None
    if not found:
        raise BadResult(f"{path}: no results in it")
    return list(found.values())


def save(path, results):
    """Writes beside and renames, so that a broken run leaves the old file."""
    with open(path + ".new", "w", encoding="utf-8") as out:
        for result in results:
            out.write(json.dumps(result) + "\n")
    os.rename(path + ".new", path)


class Results:
    """Results to look up by what they measure."""

    def __init__(self, results):
        self._by_key = {key(result): result for result in results}
        self.kernels = list(dict.fromkeys(result["kernel"] for result in results))

    def get(self, kernel, unit, bench, variant):
        return self._by_key.get((kernel, unit, bench, variant))

    def value(self, kernel, unit, bench, variant):
        """The figure, or None where there is none."""
        result = self.get(kernel, unit, bench, variant)
        return result and result["value"]

    def keys(self):
        return list(self._by_key)

    def benches(self, kernel, *variants):
        """Names of the benches that one of the variants has, in the order they were run."""
        return list(dict.fromkeys(name for series, _, name, variant in self._by_key
                                  if series == kernel and variant in variants))

    def units(self, kernel):
        """The units that the kernel was measured in."""
        return [unit for unit in UNITS
                if any(wanted[:2] == (kernel, unit) for wanted in self._by_key)]

    def release(self, kernel):
        return next(result["conditions"]["release"] for wanted, result in self._by_key.items()
                    if wanted[0] == kernel)
