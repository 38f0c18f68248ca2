# SPDX-License-Identifier: GPL-2.0-only
"""Results as pictures, SVG and PNG."""

import importlib.util
import os

from paths import FENCE, GUEST, SOCKET
from report import difference
from results import UNITS

COLOURS = {"reference": "#8a8a8a", "null": "#6baed6", "mvgpu": "#d95f0e"}
PATH_COLOURS = {"plain": "#8a8a8a", "server": "#2c7fb8", "plain-polling": "#bdbdbd",
                "server-polling": "#7fcdbb", "both-polling": "#41b6c4",
                "engine-asleep": "#8a8a8a", "engine-awake": "#2c7fb8",
                "edu": "#8a8a8a", "bochs-display": "#bdbdbd", "kernel-path": "#d95f0e",
                "user-path": "#2c7fb8"}
# The share of a row that its bars fill, and how much further the axis goes than they do.
BAR = 0.8
LABEL_ROOM = 4
LABELS = {"reference": "reference", "null": "empty driver", "mvgpu": "mvgpu",
          **{variant: variant for variant in PATH_COLOURS}}
ALL_COLOURS = {**COLOURS, **PATH_COLOURS}


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
                         color=ALL_COLOURS[variant], label=LABELS[variant])
        axes.bar_label(bars, [f" {values[row]:,.0f}" for row in rows], fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _kernels(results, unit, *variants):
    """The kernels that have figures of these."""
    return [kernel for kernel in results.kernels if unit in results.units(kernel)
            and results.benches(kernel, *variants)]


def _figure(pyplot, results, title, kernels, rows):
    """One column of axes a kernel."""
    count = len(kernels)
    figure, axes = pyplot.subplots(1, count, squeeze=False, layout="constrained",
                                   figsize=(7.5 * count, 1.2 + 0.36 * rows))
    figure.suptitle(title)
    for kernel, place in zip(kernels, axes[0]):
        place.set_title(f"Linux {results.release(kernel)}", fontsize=9)
    return figure, axes[0]


def _plot(pyplot, results, unit, variants, title, path):
    """The fastest of each bench that these variants have, a bar for each."""
    kernels = _kernels(results, unit, *variants)
    if not kernels:
        return []
    rows = max(len(results.benches(kernel, *variants)) for kernel in kernels)
    figure, places = _figure(pyplot, results, f"{title}, {unit} (minimum)", kernels, rows)
    for kernel, axes in zip(kernels, places):
        names = results.benches(kernel, *variants)
        _bars(axes, names, {variant: [results.value(kernel, unit, name, variant)
                                      for name in names] for variant in variants})
        axes.set_xscale("log")
        left, right = axes.get_xlim()
        axes.set_xlim(left, right * LABEL_ROOM)
        axes.set_xlabel(f"{unit}, logarithmic")
        axes.legend(fontsize=8, loc="upper right")
    return _save(figure, *os.path.split(path))


def _plot_differences(pyplot, results, folder):
    unit = "instructions"
    kernels = _kernels(results, unit, "null")
    if not kernels:
        return []
    rows = max(len(results.benches(kernel, "null")) for kernel in kernels)
    figure, places = _figure(pyplot, results, "mvgpu above the empty driver, instructions",
                             kernels, rows)
    for kernel, axes in zip(kernels, places):
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
    for unit in UNITS:
        paths += _plot(pyplot, results, unit, list(COLOURS), "One operation",
                       os.path.join(folder, f"cost-{unit}"))
    paths += _plot_differences(pyplot, results, folder)
    paths += _plot(pyplot, results, "ns", SOCKET, "A round trip over the socket",
                   os.path.join(folder, "socket"))
    paths += _plot(pyplot, results, "ns", FENCE, "A command and its fence over vfio-user",
                   os.path.join(folder, "fence"))
    paths += _plot(pyplot, results, "ns", GUEST, "An access from inside a guest",
                   os.path.join(folder, "guest"))
    pyplot.close("all")
    return paths
