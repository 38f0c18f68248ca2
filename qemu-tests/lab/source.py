# SPDX-License-Identifier: GPL-2.0-only
"""Parts of Debian's kernel source, fetched once: what no other package has.

The source package of the very kernel in the rootfs is downloaded by this
machine's apt, with lists of its own, and the folders in PARTS are unpacked
into the cache.  Who compiles a kernel unpacks all of it elsewhere (fetch()).
"""

import glob
import os
import shutil
import tempfile

import rootfs as rootfs_module
import sandbox
from common import Fail, cache_dir, hash_files, locked, run, say

PARTS = ("scripts", "samples/vfio-mdev", "include/uapi")
SECONDS = 900


def version_of(rootfs, series):
    """The version of the kernel's packages, which the source package has too."""
    release = rootfs.release(series)
    with open(os.path.join(rootfs.tree, "etc", "packages"), encoding="utf-8") as lines:
        for line in lines:
            name, version = line.split()
            if name.split(":")[0] == "linux-image-" + release:
                return version
    raise Fail(f"the rootfs does not say which version linux-image-{release} has")


def _apt(rootfs, folder):
    """apt-get with lists and sources of its own, as any user."""
    keyring = os.path.join(rootfs.tree, "usr/share/keyrings/debian-archive-keyring.gpg")
    lists = os.path.join(folder, "lists")
    os.makedirs(os.path.join(lists, "partial"))
    with open(os.path.join(folder, "sources.list"), "w", encoding="utf-8") as sources:
        for suite in ("trixie", "trixie-backports"):
            sources.write(f"deb [signed-by={keyring}] {rootfs_module.mirror()} {suite} main\n")
    options = {"Dir::State::Lists": lists, "Dir::Cache": folder, "APT::Sandbox::User": "",
               "Dir::Etc::SourceList": os.path.join(folder, "sources.list"),
               "Dir::Etc::SourceParts": "/dev/null", "APT::Architecture": "amd64",
               "Acquire::Languages": "none", "Acquire::http::Timeout": "30",
               "Acquire::Retries": "2"}
    return ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]


def _unpack(rootfs, deb, series, target, parts):
    """Through the rootfs' programs, which know xz wherever this runs."""
    top = f"linux-source-{series}"
    code = ('dpkg-deb --fsys-tarfile "$1" | tar -xO "./usr/src/$2.tar.xz" |'
            ' tar -xJ --no-same-owner --strip-components=1 -C "$3" "${@:4}"')
    members = [os.path.join(top, part) for part in parts] or [top]
    run("unpacking the kernel source", sandbox.command(
        rootfs.tree, ["bash", "-o", "pipefail", "-c", code, "unpack", deb, top, target, *members],
        readable=[os.path.dirname(deb)], writable=[target]), target + ".log", SECONDS)


def fetch(rootfs, series, folder, target, parts=()):
    """Downloads the source package into `folder`, unpacks it, or parts of it, into `target`."""
    version = version_of(rootfs, series)
    say(f"source: fetching linux-source-{series} {version}")
    apt = _apt(rootfs, folder)
    log = os.path.join(cache_dir(), "source.log")
    run("reading package lists", [*apt, "update"], log, SECONDS)
    run("fetching the kernel source", [*apt, "download", f"linux-source-{series}={version}"],
        log, SECONDS, cwd=folder)
    say("source: unpacking")
    _unpack(rootfs, glob.glob(os.path.join(folder, "*.deb"))[0], series, target, parts)


def _make(rootfs, series, folder):
    target = os.path.join(folder, "source")
    os.mkdir(target)
    fetch(rootfs, series, folder, target, PARTS)
    return target


def ensure(rootfs, series):
    """The folder with PARTS of the source of the rootfs' kernel `series`."""
    version = version_of(rootfs, series)
    name = f"source-{series}-{version}-{hash_files([__file__])}".replace("~", "-")
    wanted = os.path.join(cache_dir(), name)
    if os.path.isdir(wanted):
        return wanted
    with locked(os.path.join(cache_dir(), "source.lock"), wait=SECONDS,
                what="another run that fetches the source"):
        if not os.path.isdir(wanted):
            for old in glob.glob(os.path.join(cache_dir(), f"source-{series}-*")):
                shutil.rmtree(old)
            folder = tempfile.mkdtemp(prefix="fetch-", dir=cache_dir())
            try:
                os.rename(_make(rootfs, series, folder), wanted)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return wanted
