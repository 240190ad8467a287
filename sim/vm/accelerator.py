"""Whether QEMU may use the processor's own virtualization: found out by booting, not by a device file's presence."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from sim.cache import locked
from sim.host.record import RUN, machine_boot
from sim.host.root import bare_root
from sim.vm.tools import RELEASE, Tools, tools

EMULATION = ("-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max")
KVM = ("-accel", "kvm", "-cpu", "host")

_PATIENCE_S = 20
# What a kernel says that has come all the way to looking for its root file system, and was given none.
_BOOTED = "Unable to mount root fs"


@cache
def accelerator() -> tuple[str, ...]:
    """QEMU's arguments: KVM where a kernel boots with it, software emulation otherwise. Tried once a boot of this
    machine.
    """
    file = RUN / f"kvm-{machine_boot()}"
    with locked(RUN / "kvm.lock"):
        if not file.exists():
            for old in RUN.glob("kvm-*"):
                old.unlink()
            file.write_text("works" if Path("/dev/kvm").exists() and _boots(tools()) else "does not work")
        return KVM if file.read_text() == "works" else EMULATION


def _boots(with_tools: Tools) -> bool:
    kernel = max((bare_root(RELEASE).layers[0] / "fs/boot").glob("vmlinuz-*"))
    words = ["qemu-system-x86_64", "-machine", "q35", *KVM, "-smp", "2", "-m", "512", "-nodefaults", "-display", "none"]
    words += ["-serial", "stdio", "-no-reboot", "-kernel", with_tools.at(kernel)]
    words += ["-append", "console=ttyS0 panic=-1"]
    child = subprocess.Popen(
        with_tools.argv(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        said, _ = child.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return False
    return _BOOTED in said.decode(errors="replace")
