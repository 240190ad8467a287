"""Kernel modules that settings need: loaded now, and at boot before systemd sets them."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.sysctl_modules import modules_for
from rigwright.engine.reasons import because
from rigwright.facts.files import Contents
from rigwright.facts.kernel_values import KernelValues
from rigwright.facts.release import Release
from rigwright.operations import files
from rigwright.operations.kernel_values import said

FILE = "/etc/modules-load.d/rigwright.conf"


@operation()
def for_settings(paths: Iterable[str]) -> Generator[StringCommand | str, None, None]:
    """Have the modules loaded that bring these settings (paths in /proc/sys); where none is needed, no file of ours.

    In a container nothing is loaded: its kernel is the machine's.
    """
    modules = modules_for(paths)
    text = "".join(f"{line}\n" for line in ["# Written by Rigwright.", *modules]) if modules else None
    written = host.get_fact(Contents, paths=[FILE])[FILE]
    asked = sorted(path for each in modules.values() for path in each)
    found = host.get_fact(KernelValues, paths=asked) if asked else {}
    missing = {} if host.get_fact(Release).container else modules_for(set(asked) - set(found))
    if written == text and not missing:
        host.noop("no module is missing")
        return
    if written != text:
        because(f"{FILE}: {'missing' if written is None else 'content differs' if text else 'present, wanted absent'}")
    for module, settings in missing.items():
        because(f"module {module}: not loaded, and {', '.join(map(said, settings))} comes with it")
    if text is None:
        yield f"rm -f -- {FILE}"
    elif written != text:
        yield files.written(FILE, text.encode(), "644", "root", "root", None)
    for module in missing:
        yield f"modprobe {module}"
