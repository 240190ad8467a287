"""Initial RAM file systems: rebuilt when module configuration is newer than they are, and not otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.kernels import Kernels

_COMMANDS = {
    "update-initramfs": "update-initramfs -u -k {kernel}",
    "dracut": "dracut --quiet --force --kver {kernel}",
}


@operation()
def current() -> Generator[str, None, None]:
    """Rebuild what was built before /etc/modprobe.d last changed: it carries a copy of it, and acts on that copy."""
    state = host.get_fact(Kernels)
    stale = [
        kernel
        for kernel, found in state.installed.items()
        if found.initrd is not None and found.initrd < state.modprobe_changed
    ]
    if not stale or state.initrd_tool is None:
        host.noop("the initial RAM file systems are as new as the module configuration")
        return
    because(f"initial RAM file system of {', '.join(stale)}: older than the files in /etc/modprobe.d")
    for kernel in stale:
        yield _COMMANDS[state.initrd_tool].format(kernel=shlex.quote(kernel))
