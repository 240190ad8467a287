"""Media for one host, from its declaration: keys are found or made, files are written, and it is said how to go on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rigwright.catalog import Catalog
from rigwright.choice.install.layout import layout_of
from rigwright.installer.archive import Archive, Progress, no_progress
from rigwright.installer.autoinstall import kernel_command_line, meta_data, user_data
from rigwright.installer.host_key import HostKey, KeyUnusable, host_key, new_host_key
from rigwright.installer.iso import debian_iso, seed_iso
from rigwright.installer.mok import MokPair, mok_pair
from rigwright.installer.netboot import append, netboot
from rigwright.installer.payload import Order
from rigwright.installer.places import private_folder, written
from rigwright.installer.preseed import debian_files
from rigwright.secrets import read_secret
from rigwright.spec.connection import Connection
from rigwright.spec.install import Install
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret

Format = Literal["iso", "netboot", "files"]
FORMATS: tuple[Format, ...] = ("iso", "netboot", "files")
SEED_PLACE = "http://SERVER/"
"""Stands for the address that the owner serves the folder at."""


@dataclass(frozen=True)
class Media:
    """What was made. ``known_hosts``: the lines by which the host is known; ``kernel``, ``initrd``, ``append``: for
    whoever boots it himself (`qemu -kernel … -initrd … -append …`), where there are such."""

    order: Order
    folder: Path
    files: tuple[Path, ...]
    known_hosts: str
    host_key_from: str
    """'install.host_key', or the file beside the media that keeps it."""
    erased: str
    """What happens to which disk, in plain words."""
    kernel: Path | None = None
    initrd: Path | None = None
    append: str | None = None


def known_hosts(rig: Rig, connection: Connection, key: HostKey) -> str:
    """The lines for known_hosts: at ssh's own port, where a bare system answers, and at the declared ones."""
    address = connection.ssh_hostname or rig.name
    ports = sorted({22, rig.access.ssh.port, *([connection.ssh_port] if connection.ssh_port else [])})
    return "".join(key.known_hosts(address, port) for port in ports)


def kept_host_key(install: Install, folder: Path) -> tuple[HostKey, str]:
    """The host's key and where it is kept: as declared; else in the folder, where it is made once.

    Raises `KeyUnusable` and `SecretUnreadable`.
    """
    if install.host_key is not None:
        return host_key(read_secret(install.host_key), "install.host_key"), "install.host_key"
    file = private_folder(folder) / "ssh_host_ed25519_key"
    if not file.exists():
        written(folder, {file.name: new_host_key().private})
    try:
        return host_key(read_secret(Secret(file=str(file))), str(file)), str(file)
    except KeyUnusable as error:
        raise KeyUnusable(f"{error}. Remove it, and a new one is made") from error


def declared_mok(install: Install) -> MokPair | None:
    """The key pair for Secure Boot; None: none is declared. Raises as `kept_host_key`."""
    if install.mok is None:
        return None
    return mok_pair(read_secret(install.mok.private_key), read_secret(install.mok.certificate))


def ordered(rig: Rig, connection: Connection, catalog: Catalog, folder: Path, *, wipe: bool) -> tuple[Order, str]:
    """What is to be installed, and where its host key is kept. Raises as `kept_host_key`."""
    assert rig.install is not None, "asked for by whoever installs"
    key, whence = kept_host_key(rig.install, folder)
    mark = f"rig-{secrets.token_hex(4)}"
    release = catalog.release(rig.install.release)
    return Order(rig, release, connection.ssh_user, key, mark, declared_mok(rig.install), wipe), whence


def make(
    rig: Rig,
    connection: Connection,
    catalog: Catalog,
    form: Format,
    folder: Path,
    cache: Path,
    *,
    wipe: bool = False,
    progress: Progress = no_progress,
) -> Media:
    """Make media in the folder, which becomes its owner's alone, as are all files in it.

    ``cache``: a folder for packages of the archive. Raises `ArchiveError`, `KeyUnusable`, `SecretUnreadable`,
    `ProgramMissing`, `ProgramFailed`.
    """
    private_folder(folder)
    order, whence = ordered(rig, connection, catalog, folder, wipe=wipe)
    lines = known_hosts(rig, connection, order.host_key)
    made = written(folder, {"known_hosts": lines.encode()})
    media = Media(order, folder, (), lines, whence, erased(order))
    if order.release.id == "ubuntu":
        made += _of_ubuntu(order, form, folder)
        line = kernel_command_line(order, f"{SEED_PLACE}{rig.name}/")
        return replace(media, files=tuple(made), append=line)
    assert rig.install is not None and rig.install.mirror is not None, "ordered, and a rule of section install"
    archive = Archive(rig.install.mirror.rstrip("/"), order.release.codename, cache, progress)
    made += _of_debian(order, form, folder, archive)
    media = replace(media, files=tuple(made), append=append(order))
    if form != "netboot":
        return media
    return replace(media, kernel=folder / form / "linux", initrd=folder / form / "initrd.gz")


def _of_ubuntu(order: Order, form: Format, folder: Path) -> list[Path]:
    seed = {"user-data": user_data(order).encode(), "meta-data": meta_data(order).encode(), "vendor-data": b""}
    if form == "iso":
        return seed_iso(seed, folder / f"{order.rig.name}-seed.iso")
    return written(folder / form, seed)


def _of_debian(order: Order, form: Format, folder: Path, archive: Archive) -> list[Path]:
    if form == "files":
        return written(folder / form, {name: each.data for name, each in debian_files(order).items()})
    if form == "iso":
        return debian_iso(order, archive, folder / f"{order.rig.name}.iso")
    return netboot(order, archive, folder / form)


def erased(order: Order) -> str:
    """What happens to which disk, in plain words."""
    layout = layout_of(order.rig)
    parts = [
        f"{each.mount or each.name} ({'the rest' if each.size_mib is None else f'{each.size_mib} MiB'})"
        for each in layout.partitions
    ]
    also = (
        " Also where it is in use by an array, a volume group or a mount: --wipe."
        if order.wipe
        else " Where it is in use by an array, a volume group or a mount, nothing is done (--wipe: all the same)."
    )
    return (
        f"The disk with serial number {layout.serial} is erased, all of it, without a question, and gets "
        f"{', '.join(parts)}.{also} No other disk is written to. Where no disk has that serial number, or several "
        "have, or it is a declared data disk, the installer says so and stops."
    )
