"""Data disks: mounted by UUID, missing ones never in the way of a boot; formatted only where nothing can be lost."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.disks import ENDS, Disks, DisksState, Drive
from rigwright.operations import files
from rigwright.spec.base import Disk

MARK = "x-rigwright.disk="
"""Mount option that says which declared disk an fstab line is; every x- option is a comment to mount."""

GUARD = ("nofail", "x-systemd.device-timeout=90s")
"""A disk that is missing delays nothing of a boot but what needs it. One that is late, behind a controller that lets
drives spin up one after the other, is waited for: what has timed out is not mounted when the disk comes after all."""

VISIBLE = frozenset(
    "ro rw noatime nodiratime relatime lazytime nosuid nodev noexec sync dirsync discard".split()  # noqa: SIM905
)
"""Options that the kernel shows as they were given."""


@operation()
def formatted(disk_name: str, disk: Disk) -> Generator[str, None, None]:
    """Make the file system of a disk that is declared by serial number, if that one drive is empty.

    Refuses when there is no such drive, when two answer to the number, and when anything at all is on it other than a
    file system of the declared type on the whole drive. What was found is looked for again in the same command that
    formats.
    """
    assert disk.format is not None
    state = host.get_fact(Disks, targets=[disk.mount], serials=[disk.format])
    drive = _drive(state, disk_name, disk)
    if uuid_on(state, drive.path, disk.fs):
        host.noop(f"{drive.path} holds {disk.fs}")
        return
    if drive.holds:
        refuse(
            host,
            f"disk {disk_name}: the drive {disk.format} ({drive.path}, {drive.size / 1e9:.0f} GB) is not empty, and "
            "only an empty drive is ever formatted. "
            f"On it: {'; '.join(drive.holds)}. If that may go: {_emptied(drive)}",
        )
    because(f"{drive.path} ({disk.format}): empty, wanted {disk.fs}")
    path = shlex.quote(drive.path)
    yield (
        f"disk={path}; "
        f"found=$(wipefs -n {path} 2>&1; blkid -p {path} 2>&1; lsblk -no NAME {path} | tail -n +2; {ENDS}) && : ; "
        f'if [ -n "$found" ]; then echo "{path} is not empty:" >&2; echo "$found" >&2; exit 1; fi; '
        f"mkfs.{disk.fs} -q {path} </dev/null && {{ udevadm settle 2>/dev/null || :; }}"
    )


@operation()
def mounted(disks: Mapping[str, Disk]) -> Generator[StringCommand | str, None, None]:
    """Have all declared disks in fstab and mounted. Lines of ours that no declared disk needs go; all others stay."""
    state = host.get_fact(
        Disks,
        targets=[disk.mount for disk in disks.values()],
        serials=[disk.format for disk in disks.values() if disk.format],
    )
    lines = {name: fstab_line(name, disk, _uuid(state, name, disk)) for name, disk in disks.items()}
    fstab = with_lines(state.fstab, lines, disks)
    steps: list[tuple[str, StringCommand | str]] = []
    if fstab != state.fstab:
        written = files.written("/etc/fstab", fstab.encode("utf-8", "surrogateescape"), "644", "root", "root", None)
        steps += [("/etc/fstab: differs for a declared disk", written), ("", "systemctl daemon-reload")]
    for name, disk in sorted(disks.items(), key=lambda item: item[1].mount):  # what is above comes first
        steps += _mount_steps(state, name, disk)
    if not steps:
        host.noop("all disks are mounted as declared" if disks else "no disk is declared, and none of ours is in fstab")
        return
    because("; ".join(reason for reason, _ in steps if reason))
    for _, command in steps:
        yield command


def fstab_line(name: str, disk: Disk, uuid: str) -> str:
    """The line of /etc/fstab for a disk."""
    options = ",".join([*(disk.options or ["defaults"]), *GUARD, f"{MARK}{name}"])
    checked = 2 if disk.fs == "ext4" else 0  # the others check themselves when they are mounted
    return f"UUID={uuid} {disk.mount} {disk.fs} {options} 0 {checked}"


def with_lines(fstab: str, lines: Mapping[str, str], disks: Mapping[str, Disk]) -> str:
    """The text with these lines in the places of those they replace (ours of the same name, anybody's of the same
    mount point), or at the end; lines of ours for other names are gone; every other line is as it was."""
    left = dict(lines)
    targets = {disk.mount: name for name, disk in disks.items()}
    result = []
    for line in fstab.splitlines():
        fields = [] if line.lstrip().startswith("#") else line.split()
        marks = [option[len(MARK) :] for option in ",".join(fields[3:4]).split(",") if option.startswith(MARK)]
        name = marks[0] if marks else targets.get(fields[1]) if len(fields) > 1 else None
        if name is None:
            result.append(line)
        elif name in left:
            result.append(left.pop(name))
    result += left.values()
    return fstab if result == fstab.splitlines() else "".join(f"{line}\n" for line in result)


def uuid_on(state: DisksState, path: str, fs: str) -> str | None:
    """UUID of a file system of type ``fs`` on the whole device."""
    return next((found.uuid for found in state.filesystems if found.path == path and found.type == fs), None)


def _drive(state: DisksState, name: str, disk: Disk) -> Drive:
    drives = [drive for drive in state.drives if drive.serial == disk.format]
    if len(drives) != 1:
        there = ", ".join(f"{serial} ({path})" for path, serial in sorted(state.serials.items())) or "none that says"
        how_many = f"{len(drives)} drives have" if drives else "no drive has"
        refuse(host, f"disk {name}: {how_many} the serial number {disk.format}; the host's drives: {there}")
    return drives[0]


def _emptied(drive: Drive) -> str:
    """The commands after which it is empty."""
    last = drive.size - 2**20
    return f"wipefs -a {drive.path} && blkdiscard -z -l 1MiB {drive.path} && blkdiscard -z -o {last} {drive.path}"


def _uuid(state: DisksState, name: str, disk: Disk) -> str:
    if disk.uuid:
        found = state.filesystem(disk.uuid)
        there = ", ".join(f"{fs.uuid} ({fs.path}, {fs.type})" for fs in state.filesystems) or "none"
        if found is None:
            refuse(host, f"disk {name}: no file system has the UUID {disk.uuid}; the host's file systems: {there}")
        if found.type != disk.fs:
            refuse(host, f"disk {name}: {disk.uuid} ({found.path}) is {found.type}, declared {disk.fs}")
        return found.uuid
    drive = _drive(state, name, disk)
    uuid = uuid_on(state, drive.path, disk.fs)
    if uuid is None:
        refuse(host, f"disk {name}: there is no {disk.fs} on {drive.path} ({disk.format})")
    return uuid


def _mount_steps(state: DisksState, name: str, disk: Disk) -> list[tuple[str, StringCommand | str]]:
    target = shlex.quote(disk.mount)
    mount = state.mounted_at(disk.mount)
    if mount is None:
        if names := state.covered.get(disk.mount):
            refuse(
                host,
                f"disk {name}: {disk.mount} is not empty, and what is in it ({', '.join(names)}) would be out of sight "
                "under the disk. Move it away first, e.g. onto the disk, mounted elsewhere",
            )
        return [(f"{disk.mount}: not mounted", f"mkdir -p {target} && mount {target}")]
    uuid = _uuid(state, name, disk)
    if mount.source not in {fs.path for fs in state.filesystems if fs.uuid == uuid}:
        refuse(host, f"disk {name}: {mount.source} is mounted at {disk.mount}, declared {uuid}; unmount it first")
    missing = [option for option in disk.options if option in VISIBLE and option not in mount.options]
    if missing:
        return [(f"{disk.mount}: mounted without {','.join(missing)}", f"mount -o remount {target}")]
    return []
