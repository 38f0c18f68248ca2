#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts of two vGPUs in one guest: from eventfd straight to KVM, and through QEMU."""

import contextlib

from host import Tap, Vgpu, shell
from irqtest import FILES, FULL, PAST_KVM, IrqDevice, attempt_all
from nested import Guest, initrd

NO_KVM = ",x-no-kvm-intx=on,x-no-kvm-msi=on,x-no-kvm-msix=on"

tap = Tap()


def prepare(guest, devices):
    guest.boot()
    for number, device in enumerate(devices.values()):
        device.bind(number)


def main():
    shell("klog_mark; load_modules")
    with Vgpu() as first, Vgpu() as second:
        guest = Guest("irq", first, initrd("irq", FILES), append="mvgpu.drivers=no",
                      properties=",addr=0x10", options=[
                          "-device", f"vfio-pci,sysfsdev={second.path},addr=0x11{NO_KVM}"])
        devices = {"KVM": IrqDevice(guest), "QEMU": IrqDevice(guest)}
        with contextlib.closing(guest):
            if tap.attempt("guest boots, test driver bound", prepare, guest, devices,
                           guests=[guest]):
                attempt_all(tap, "through KVM", devices["KVM"], FULL)
                attempt_all(tap, "through QEMU", devices["QEMU"], PAST_KVM)
    tap.attempt("modules unload", shell, "unload_modules")
    tap.attempt("no message of ours in the kernel log", shell, "klog_clean")
    tap.done()


if __name__ == "__main__":
    main()
