"""Values that the kernel holds in files, in force now; what makes them last over a reboot is somebody else's file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.files import Contents
from rigwright.facts.kernel_values import KernelValue, KernelValues
from rigwright.facts.release import Release
from rigwright.operations import files

_SET = r"""set_value() {
    echo "$2" > "$1" || { echo "$1: the kernel refuses $2" >&2; exit 1; }
    have=$(tr -s '\t\n' '  ' < "$1")
    case " $have " in *" $2 "*|*"[$2]"*) ;; *) echo "$1: wrote $2, and the kernel holds $have" >&2; exit 1 ;; esac
}"""


@operation()
def in_force(wanted: Mapping[str, str], record: str) -> Generator[StringCommand | str, None, None]:
    """Have these values (path → value) in force, and give those that are no longer wanted their former value back.

    ``record``: a file on the host that remembers the former values. In a container the machine's values are left alone.
    Refuses a path that does not exist on a machine of its own.
    """
    container = host.get_fact(Release).container
    recorded = _recorded(host.get_fact(Contents, paths=[record])[record])
    found = host.get_fact(KernelValues, paths=sorted({*wanted, *recorded}))
    missing = sorted(set(wanted) - set(found))
    if missing and not container:
        refuse(
            host,
            f"{', '.join(map(said, missing))}: the kernel has no such setting, or its module is not loaded. Correct the"
            " name, or have the module loaded (its name in a file of /etc/modules-load.d, then `modprobe`), or leave it"
            " out of the declaration; then run again",
        )
    own = {path: value for path, value in found.items() if value.own(path, container)}
    changes = {path: value for path, value in wanted.items() if path in own and not _same(own[path], value)}
    back = {path: was for path, was in recorded.items() if path not in wanted and path in own}
    keep = {path: recorded.get(path, own[path].active) for path in wanted if path in own}
    returned = {path: was for path, was in back.items() if not _same(own[path], was)}
    if not changes and not returned and keep == recorded:
        host.noop("the values are in force")
        return
    for path, value in sorted(changes.items()):
        because(f"{said(path)}: {own[path].active}, wanted {value}")
    for path, was in sorted(returned.items()):
        because(f"{said(path)}: {own[path].active}, no longer declared, before us {was}")
    if not changes and not returned:
        because(f"{record}: does not yet remember what stood there before us")
    both = {**keep, **recorded}
    if both != recorded:
        yield _kept(record, both)
    if changes or returned:
        sets = [
            f"set_value {shlex.quote(path)} {shlex.quote(value)}"
            for path, value in [*sorted(returned.items()), *sorted(changes.items())]
        ]
        yield "\n".join([_SET, *sets])
    if not keep and recorded:
        yield f"rm -f -- {shlex.quote(record)}"
    elif keep != both:
        yield _kept(record, keep)


def said(path: str) -> str:
    """The setting as people call it: sysctl's name for files in /proc/sys."""
    if not path.startswith("/proc/sys/"):
        return path
    return path.removeprefix("/proc/sys/").translate(str.maketrans("/.", "./"))


def sysctl_path(name: str) -> str:
    """The file of a sysctl name; a dot in an interface's name is written as a slash there, as sysctl does."""
    return "/proc/sys/" + name.translate(str.maketrans("/.", "./"))


def _same(found: KernelValue, value: str) -> bool:
    return found.active == " ".join(value.split())


def _recorded(text: str | None) -> dict[str, str]:
    return dict(json.loads(text)) if text else {}


def _kept(record: str, values: Mapping[str, str]) -> StringCommand:
    text = json.dumps(dict(values), indent=1, sort_keys=True) + "\n"
    return files.written(record, text.encode(), "644", "root", "root", None)
