# SPDX-License-Identifier: GPL-2.0-only
"""Results as pictures, SVG and PNG."""

import importlib.util
import os

from report import difference
from results import UNITS

COLOURS = {"reference": "#8a8a8a", "null": "#6baed6", "mvgpu": "#d95f0e"}
# The share of a row that its bars fill, and how much further the axis goes than they do.
BAR = 0.8
LABEL_ROOM = 4
LABELS = {"reference": "reference", "null": "empty driver", "mvgpu": "mvgpu"}


def _pyplot():
    import matplotlib
    matplotlib.use("Agg")
    # The same results give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "mvgpu"
    from matplotlib import pyplot
    return pyplot


def available():
    return importlib.util.find_spec("matplotlib") is not None


def _save(figure, folder, name):
    paths = []
    for suffix, metadata in (("svg", {"Date": None}), ("png", {})):
        path = os.path.join(folder, f"{name}.{suffix}")
        figure.savefig(path, metadata=metadata, bbox_inches="tight", dpi=120)
        paths.append(path)
    return paths


def _place(series, row):
    """Where the bars of one row go: each variant that has a figure, with its offset and height."""
    present = [variant for variant, values in series.items() if values[row] is not None]
    height = BAR / max(1, len(present))
    return {variant: ((place - (len(present) - 1) / 2) * height, height)
            for place, variant in enumerate(present)}


def _bars(axes, names, series):
    """Horizontal bars, a row for each name: `series` maps a variant to its figures."""
    places = [_place(series, row) for row in range(len(names))]
    for variant, values in series.items():
        rows = [row for row in range(len(names)) if variant in places[row]]
        if not rows:
            continue
        bars = axes.barh([row + places[row][variant][0] for row in rows],
                         [values[row] for row in rows],
                         [places[row][variant][1] for row in rows],
                         color=COLOURS[variant], label=LABELS[variant])
        axes.bar_label(bars, [f" {values[row]:,.0f}" for row in rows], fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _figure(pyplot, results, title, rows):
    """One column of axes a kernel."""
    count = len(results.kernels)
    figure, axes = pyplot.subplots(1, count, squeeze=False, layout="constrained",
                                   figsize=(7.5 * count, 1.2 + 0.36 * rows))
    figure.suptitle(title)
    for kernel, place in zip(results.kernels, axes[0]):
        place.set_title(f"Linux {results.release(kernel)}", fontsize=9)
    return figure, axes[0]


def _plot_costs(pyplot, results, unit, folder):
    rows = max(len(results.benches(kernel, *COLOURS)) for kernel in results.kernels)
    figure, places = _figure(pyplot, results, f"One operation, {unit} (minimum)", rows)
    for kernel, axes in zip(results.kernels, places):
        names = results.benches(kernel, *COLOURS)
        _bars(axes, names, {variant: [results.value(kernel, unit, name, variant)
                                      for name in names] for variant in COLOURS})
        axes.set_xscale("log")
        left, right = axes.get_xlim()
        axes.set_xlim(left, right * LABEL_ROOM)
        axes.set_xlabel(f"{unit}, logarithmic")
        axes.legend(fontsize=8, loc="upper right")
    return _save(figure, folder, f"cost-{unit}")


def _plot_differences(pyplot, results, folder):
    unit = "instructions"
    rows = max(len(results.benches(kernel, "null")) for kernel in results.kernels)
    figure, places = _figure(pyplot, results, "mvgpu above the empty driver, instructions", rows)
    for kernel, axes in zip(results.kernels, places):
        names = [name for name in results.benches(kernel, "null")
                 if difference(results, kernel, unit, name) is not None]
        _bars(axes, names, {"mvgpu": [difference(results, kernel, unit, name)
                                      for name in names]})
        axes.set_xscale("symlog", linthresh=100)
        left, right = axes.get_xlim()
        axes.set_xlim(left, max(1, right) * LABEL_ROOM)
        axes.set_xlabel(f"{unit}, logarithmic above 100")
    return _save(figure, folder, "difference")


def draw(results, folder):
    """Draws all there is to draw; returns the paths."""
    pyplot = _pyplot()
    paths = []
    units = {wanted[1] for wanted in results.keys() if wanted[3] in COLOURS}
    for unit in UNITS:
        if unit in units:
            paths += _plot_costs(pyplot, results, unit, folder)
    if "instructions" in units:
        paths += _plot_differences(pyplot, results, folder)
    pyplot.close("all")
    return paths
