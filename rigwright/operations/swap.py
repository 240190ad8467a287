"""Swap: exactly the declared kind.

In a container the swap in use is the machine's, and no container may change it: there, only files are written.
"""

from __future__ import annotations

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because
from rigwright.facts.files import Files
from rigwright.facts.release import Release
from rigwright.facts.swap import SWAPFILE, ActiveSwap, Swap
from rigwright.operations import files

ZRAM = "/dev/zram0"
GIB_KIB = 1024 * 1024
_MARK = "# swap turned off by rigwright: "


@operation()
def only(path: str | None) -> Generator[StringCommand | str, None, None]:
    """Turn off every swap but ``path`` (None: every swap), now and at boot. Swap files of others stay on disk."""
    state = host.get_fact(Swap)
    in_container = host.get_fact(Release).container is not None
    others = [] if in_container else [swap for swap in state.active if swap.path != path]
    fstab = _without_swap(state.fstab)
    automatic = [] if in_container else list(state.automatic)
    if not others and fstab == state.fstab and not automatic:
        host.noop("there is no other swap")
        return
    reasons = [f"{swap.path}: swap in use, wanted off" for swap in others]
    if fstab != state.fstab:
        reasons.append("/etc/fstab: turns on swap that is not declared")
    reasons += [f"{unit}: turned on by systemd at boot, wanted masked" for unit in automatic]
    because("; ".join(reasons))
    if fstab != state.fstab:
        yield files.written("/etc/fstab", fstab.encode("utf-8", "surrogateescape"), "644", "root", "root", None)
        yield "systemctl daemon-reload"
    for unit in automatic:
        yield f"systemctl mask {shlex.quote(unit)}"
    for swap in others:
        yield f"swapoff {shlex.quote(swap.path)}"


@operation()
def file(size_gib: int) -> Generator[str, None, None]:
    """Have /swapfile of this size, ready for its unit; an old one of another size is replaced."""
    state = host.get_fact(Swap)
    size = size_gib * GIB_KIB * 1024
    if state.file_size == size and state.file_ready:
        host.noop(f"{SWAPFILE} is as declared")
        return
    found = "missing" if state.file_size is None else f"{state.file_size / 1024**3:.1f} GiB"
    because(f"{SWAPFILE}: {found}{'' if state.file_size != size else ' without signature'}, wanted {size_gib} GiB")
    off = f"swapoff {SWAPFILE} && " if any(swap.path == SWAPFILE for swap in state.active) else ""
    new = f"{SWAPFILE}.rigwright"
    # On btrfs a swap file must not be copied on write, which can be said of an empty file only.
    yield (
        f"umask 077; rm -f {new}; : > {new} && {{ chattr +C {new} 2>/dev/null; fallocate -l {size} {new} "
        f"&& mkswap -q {new} && {off}mv -fT {new} {SWAPFILE}; }} || {{ status=$?; rm -f {new}; exit $status; }}"
    )


@operation()
def no_file(unit_file: str) -> Generator[str, None, None]:
    """Take our swap file away, with its unit. A file of that name without our unit is somebody else's, and stays."""
    if host.get_fact(Files, paths=[unit_file])[unit_file] is None:
        host.noop("there is no swap file of ours")
        return
    because(f"{SWAPFILE}: present, wanted absent")
    unit = unit_file.rpartition("/")[2]
    off = f"if grep -q '^{SWAPFILE} ' /proc/swaps; then swapoff {SWAPFILE}; fi"
    # The unit's file goes last: as long as it is there, running again goes on here.
    yield f"systemctl disable {unit}; {off} && rm -f {SWAPFILE} && rm -f {unit_file} && systemctl daemon-reload"


@operation()
def zram(size_gib: int) -> Generator[str, None, None]:
    """Have compressed memory of this size in use, as systemd's zram generator is configured to make it."""
    if host.get_fact(Release).container is not None:
        host.noop("a container has no swap of its own")
        return
    active = _find(host.get_fact(Swap).active, ZRAM)
    wanted = size_gib * GIB_KIB
    if active and abs(active.size_kib - wanted) <= wanted // 100:
        host.noop(f"{ZRAM} is as declared")
        return
    because(f"{ZRAM}: {f'{active.size_kib // 1024} MiB' if active else 'not in use'}, wanted {size_gib} GiB")
    off = f"swapoff {ZRAM} && " if active else ""
    start = "systemctl restart systemd-zram-setup@zram0.service && systemctl start dev-zram0.swap"
    yield f"systemctl daemon-reload && {off}{start}"


def _find(active: tuple[ActiveSwap, ...], path: str) -> ActiveSwap | None:
    return next((swap for swap in active if swap.path == path), None)


def _without_swap(fstab: str) -> str:
    """The text with its swap lines commented out."""
    return "\n".join(_MARK + line if line.split()[2:3] == ["swap"] and not line.lstrip().startswith("#") else line
                     for line in fstab.split("\n"))  # fmt: skip
