# SPDX-License-Identifier: GPL-2.0-only
"""Results as text: the table of one run, and the comparison of two."""

import paths
from results import BYTES, CORES

# Instruction counts repeat to a fraction of a percent: what differs more has a cause.
FLAG_ABOVE = 0.05


def _figure(value, sign=""):
    if value is None:
        return "-"
    return f"{value:{sign},.0f}"


def _lines(header, rows):
    """Columns as wide as they must be: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  ".join(cells).rstrip()


def difference(results, kernel, unit, bench):
    """What mvgpu takes more than the empty driver, or None."""
    mvgpu = results.value(kernel, unit, bench, "mvgpu")
    null = results.value(kernel, unit, bench, "null")
    return None if mvgpu is None or null is None else mvgpu - null


def _reference_rows(results, kernel, units):
    for bench in results.benches(kernel, "reference"):
        yield [bench, *(_figure(results.value(kernel, unit, bench, "reference"))
                        for unit in units)]


def _device_rows(results, kernel, units):
    for bench in results.benches(kernel, "null", "mvgpu"):
        row = [bench]
        for unit in units:
            row += [_figure(results.value(kernel, unit, bench, "null")),
                    _figure(results.value(kernel, unit, bench, "mvgpu")),
                    _figure(difference(results, kernel, unit, bench), "+")]
        faults = (results.get(kernel, units[0], bench, "mvgpu") or {}).get("faults")
        row.append("" if faults is None else f"{faults:.4g}")
        yield row


def _core_rows(results, kernel):
    for unit in (*results.units(kernel), BYTES):
        for bench in results.benches(kernel, *CORES):
            theirs, ours = (results.value(kernel, unit, bench, core) for core in CORES)
            if theirs and ours:
                yield [bench, unit, _figure(theirs), _figure(ours), f"{ours / theirs:.3f}"]


def _core_table(results, kernel):
    rows = list(_core_rows(results, kernel))
    if rows:
        yield from _lines(["mdev core", "unit", "kernel's", "ours", "ratio"], rows)
        yield ""


def _device_table(results, kernel):
    units = results.units(kernel)
    above = [""] + [word for unit in units for word in (f"{unit}:", "", "")] + [""]
    header = ["device"] + ["empty", "mvgpu", "more"] * len(units) + ["faults"]
    references = list(_reference_rows(results, kernel, units))
    if references:
        yield from _lines(["reference", *units], references)
        yield ""
        yield from _lines(above, [header, *_device_rows(results, kernel, units)])
        yield ""


def table(results):
    """The lines of the table of a run."""
    for kernel in results.kernels:
        yield f"Linux {results.release(kernel)}: minimum for one operation"
        yield ""
        yield from _device_table(results, kernel)
        yield from _core_table(results, kernel)
        yield from paths.tables(results, kernel, _figure, _lines)


def compare(old, new, name):
    """The lines of a comparison, and how many instruction counts are flagged."""
    rows, flagged = [], 0
    for kernel, unit, bench, variant in new.keys():
        before = old.value(kernel, unit, bench, variant)
        now = new.value(kernel, unit, bench, variant)
        mark = ""
        if before is None:
            ratio, mark = "", "new"
        elif before == 0:
            ratio = "" if now else "1.000"
        else:
            ratio = f"{now / before:.3f}"
            if unit == "instructions" and abs(now / before - 1) > FLAG_ABOVE:
                mark = "CHANGED"
                flagged += 1
        rows.append([kernel, unit, bench, variant, _figure(before), _figure(now), ratio, mark])
    known = set(new.keys())
    rows += [[*wanted, _figure(old.value(*wanted)), "-", "", "gone"]
             for wanted in old.keys() if wanted not in known and wanted[0] in new.kernels]
    header = ["kernel", "unit", "bench", "variant", "then", "now", "ratio", ""]
    lines = [f"Compared with {name}:", "", *_compare_lines(header, rows), "",
             f"{flagged} instruction counts differ by more than {FLAG_ABOVE:.0%}"]
    return lines, flagged


def _compare_lines(header, rows):
    """Words to the left, figures to the right."""
    words = 4
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    for row in [header, *rows]:
        cells = [cell.ljust(width) if column < words else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        yield "  ".join(cells).rstrip()
