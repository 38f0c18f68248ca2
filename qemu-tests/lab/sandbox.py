# SPDX-License-Identifier: GPL-2.0-only
"""Commands that run with the rootfs as their root, through bubblewrap.

The rootfs is mounted read-only and leaf by leaf, so that nothing is ever
written into the cached tree; only the folders that are asked for are writable.
"""

import functools
import os
import subprocess

from common import Fail


@functools.lru_cache(maxsize=None)
def _isolation():
    """The options for /proc and processes that work on this machine."""
    base = ["bwrap", "--die-with-parent", "--ro-bind", "/", "/"]
    reason = ""
    for options in (("--unshare-pid", "--proc", "/proc"), ("--ro-bind", "/proc", "/proc")):
        try:
            trial = subprocess.run([*base, *options, "/bin/true"], timeout=20,
                                   stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Fail(f"bubblewrap does not run: {error}") from None
        if trial.returncode == 0:
            return options
        reason = trial.stderr.decode(errors="replace").strip()
    raise Fail("bubblewrap cannot make a sandbox here (are unprivileged user namespaces "
               f"switched off, or is this a container without them?): {reason}")


def command(tree, argv, writable=(), readable=(), chdir="/", environment=None):
    """The argv that runs `argv` inside the rootfs at `tree`."""
    out = ["bwrap", "--die-with-parent", *_isolation(), "--dev-bind", "/dev", "/dev",
           "--tmpfs", "/tmp", "--tmpfs", "/run"]
    for name in sorted(os.listdir(tree)):
        path = os.path.join(tree, name)
        if os.path.islink(path):
            out += ["--symlink", os.readlink(path), "/" + name]
        elif name in ("boot", "etc", "usr", "var"):
            out += ["--ro-bind", path, "/" + name]
    for path in readable:
        out += ["--ro-bind", path, path]
    for path in writable:
        out += ["--bind", path, path]
    out += ["--clearenv", "--chdir", chdir]
    variables = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8"}
    variables.update(environment or {})
    for name, value in variables.items():
        out += ["--setenv", name, value]
    return out + list(argv)
