# SPDX-License-Identifier: GPL-2.0-only
"""The Debian root file system of the lab: made once, cached by its recipe.

The cache holds `rootfs-KEY/` with `tree/` (for bubblewrap: compilers, QEMU) and
`root.ext4` (the same content as the disk of the host VM), where KEY names the
content of the files in rootfs/.
"""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import tempfile

import sandbox
from common import LAB, Fail, cache_dir, check_space, hash_files, locked, run, say

RECIPE = os.path.join(LAB, "rootfs")
NEEDED_MIB = 5500
BOOTSTRAP_SECONDS = 1500
UNPACK_SECONDS = 400


class Rootfs:
    def __init__(self, path):
        self.path = path
        self.tree = os.path.join(path, "tree")
        self.image = os.path.join(path, "root.ext4")
        # Kernels that are not in the rootfs, by the name that stands for a series
        self.instrumented = {}

    def release(self, series):
        """The full release of the kernel series, as `uname -r` says it."""
        if series in self.instrumented:
            return self.instrumented[series].release
        found = glob.glob(os.path.join(self.tree, "usr/lib/modules", series + ".*"))
        if not found:
            raise Fail(f"the rootfs has no kernel {series}")
        return os.path.basename(max(found, key=lambda path: [
            int(number) for number in re.findall(r"\d+", os.path.basename(path))]))

    def kernel(self, series):
        if series in self.instrumented:
            return self.instrumented[series].image
        return os.path.join(self.tree, "boot", "vmlinuz-" + self.release(series))

    def modules(self, series):
        if series in self.instrumented:
            return self.instrumented[series].modules
        return os.path.join(self.tree, "usr/lib/modules", self.release(series))

    def headers(self, series):
        """What modules from outside are built against; a path in the sandbox."""
        if series in self.instrumented:
            return self.instrumented[series].headers
        return os.path.join("/usr/src", "linux-headers-" + self.release(series))

    def kernel_paths(self):
        """Where the kernels are that are not in the rootfs."""
        return [kernel.path for kernel in self.instrumented.values()]

    @contextlib.contextmanager
    def in_use(self):
        """Keeps another run from dropping this rootfs, and its kernels, as old ones."""
        with contextlib.ExitStack() as stack:
            for path in [self.path, *self.kernel_paths()]:
                stack.enter_context(locked(path + ".lock", shared=True))
            yield


def key():
    return hash_files(sorted(glob.glob(os.path.join(RECIPE, "*"))))


def mirror():
    """The Debian mirror: DEBIAN_MIRROR, or the one that this machine's apt uses.

    apt knows a repository's origin only once it has its lists, so repositories
    without any count by their name.
    """
    if os.environ.get("DEBIAN_MIRROR"):
        return os.environ["DEBIAN_MIRROR"]
    for wanted in (["Origin: Debian"], ["--no-release-info"]):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            sites = subprocess.run(
                ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)",
                 "Created-By: Packages", "Component: main", *wanted],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
            for line in sites.stdout.splitlines():
                site, _, release = line.partition(" ")
                if re.search(r"/debian/?$", site) and not re.search("security|updates", release):
                    return site
    raise Fail("this machine's apt has no Debian mirror; name one: DEBIAN_MIRROR=URL")


def _proxies():
    """apt's proxy settings, handed on to the apt that fills the rootfs."""
    for name in ("Acquire::http::Proxy", "Acquire::https::Proxy"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            value = subprocess.run(["apt-config", "shell", "V", name], capture_output=True,
                                   text=True, timeout=30, check=False).stdout
            found = re.search(r"V='(.+)'", value)
            if found:
                yield f'--aptopt={name} "{found[1]}"'


def _check_user():
    """An ordinary user makes the rootfs in a user namespace with many ids."""
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=False).stdout.strip()
    for path in ("/etc/subuid", "/etc/subgid"):
        with contextlib.suppress(OSError):
            with open(path, encoding="utf-8") as lines:
                if any(line.split(":")[0] in (name, str(os.getuid())) for line in lines):
                    continue
        raise Fail(f"{path} has no entry for {name}, so the rootfs cannot be made without root; "
                   f"as root: usermod --add-subuids 100000-165535 "
                   f"--add-subgids 100000-165535 {name}")


def _progress(line):
    """mmdebstrap's steps that take time, its errors, and the kernels chosen."""
    found = re.match(r"E: .*|I: ((running apt|downlo|extract|install|creat|kernel ).*)", line)
    return found and f"rootfs: {found[1] or line}"


def _make_tar(path, log, site):
    options, environment = list(_proxies()), dict(os.environ, LC_ALL="C.UTF-8")
    command = [os.path.join(RECIPE, "make-tar")]
    if os.geteuid() == 0:
        mode = "root"
        environment["TMPDIR"] = os.path.dirname(path)
        # Whatever happens, its mounts and processes end with it: what is left of a
        # broken run is removed, and must not have this machine's /sys in it.
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                   *command]
    else:
        mode = "unshare"
        _check_user()
        check_space("/var/tmp", 2000, "unpacking the rootfs")
        environment["TMPDIR"] = "/var/tmp"
    with open(path, "wb") as output:
        run(f"making the rootfs from {site}", [*command, mode, site, *options], log,
            BOOTSTRAP_SECONDS, _progress, stdout=output, env=environment)


def _make(folder, logs):
    tar, tree = os.path.join(folder, "root.tar"), os.path.join(folder, "tree")
    site = mirror()
    say(f"rootfs: none cached for this recipe; Debian trixie from {site}")
    _make_tar(tar, os.path.join(logs, "rootfs.log"), site)
    os.mkdir(tree)
    say("rootfs: unpacking")
    run("unpacking the rootfs", ["tar", "-xpf", tar, "--no-same-owner", "--exclude=./dev/*",
                                 "-C", tree], os.path.join(logs, "unpack.log"), UNPACK_SECONDS)
    say("rootfs: making the disk image")
    image = os.path.join(folder, "root.ext4")
    # The rootfs' own mke2fs reads the archive, so that owners need no privileges.
    run("making the disk image", sandbox.command(
        tree, ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal",
               "-E", "root_owner=0:0,lazy_itable_init=1", "-d", tar, image, "4G"],
        writable=[folder]), os.path.join(logs, "image.log"), UNPACK_SECONDS)
    os.remove(tar)


def _drop_old(cache, keep):
    """Removes other recipes' roots that nobody uses, and leftovers of broken runs."""
    found = [glob.glob(os.path.join(cache, name)) for name in ("rootfs-*", "new-*")]
    for path in [*found[0], *found[1]]:
        if path == keep or path == keep + ".lock" or not os.path.isdir(path):
            continue
        with contextlib.suppress(Fail), locked(path + ".lock", wait=0):
            say(f"cache: dropping {os.path.basename(path)}")
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                os.remove(path + ".lock")


def drop():
    """Removes the cache of every recipe; fails where one is in use."""
    cache = cache_dir()
    if not os.path.isdir(cache):
        return
    with contextlib.ExitStack() as stack:
        for path in glob.glob(os.path.join(cache, "rootfs-*.lock")):
            stack.enter_context(locked(path, wait=0, what="a running lab"))
        stack.enter_context(locked(os.path.join(cache, "setup.lock"), wait=0,
                                   what="a running setup"))
        shutil.rmtree(cache)


def ensure():
    """The rootfs of the current recipe, made if the cache has none."""
    cache = cache_dir()
    wanted = Rootfs(os.path.join(cache, "rootfs-" + key()))
    if os.path.isdir(wanted.path):
        return wanted
    try:
        os.makedirs(cache, exist_ok=True)
    except OSError as error:
        raise Fail(f"the cache folder cannot be made: {error}") from None
    with locked(os.path.join(cache, "setup.lock"), wait=BOOTSTRAP_SECONDS,
                what="another run that makes the rootfs"):
        if os.path.isdir(wanted.path):
            return wanted
        _drop_old(cache, wanted.path)
        check_space(cache, NEEDED_MIB, "the rootfs")
        folder = tempfile.mkdtemp(prefix="new-", dir=cache)
        os.chmod(folder, 0o755)
        try:
            _make(folder, cache)
            os.rename(folder, wanted.path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    say("rootfs: ready")
    return wanted
