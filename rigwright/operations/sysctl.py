"""sysctl settings in a file of our own, so that the next boot sets them again."""

from __future__ import annotations

import posixpath
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import refuse
from rigwright.facts.sysctl import SysctlFiles
from rigwright.operations import files

FILE = "/etc/sysctl.d/60-rigwright.conf"


@operation()
def at_boot(values: Mapping[str, str]) -> Generator[StringCommand | str, None, None]:
    """Have exactly these settings (name → value) in our file; without any, no file.

    Refuses when a file that is read later sets one of them to something else: ours would be lost at every boot.
    """
    later = [
        f"{name} = {value} in {file}"
        for file, name, value in host.get_fact(SysctlFiles)
        if name in values and value != values[name] and posixpath.basename(file) > posixpath.basename(FILE)
    ]
    if later:
        refuse(host, f"{'; '.join(later)} is read after {FILE} and wins at boot: remove it there, or declare the same")
    if not values:
        yield from files.absent._inner(paths=[FILE])
        return
    lines = [f"{name} = {value}\n" for name, value in sorted(values.items())]
    yield from files.content._inner(dest=FILE, text="".join(["# Written by Rigwright.\n", *lines]))
