"""What a runtime comes to, whichever engine runs it: a program, its files, what it may see, when it can serve."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rigwright.spec.rig import Rig
from rigwright.spec.runtimes import Archive, Runtime
from rigwright.spec.secret import Secret

FOLDER = "/etc/rigwright/runtimes"
"""One folder a runtime: its configuration, and what its engine is told."""
SECRETS = "secrets.env"
"""Beside it: variables that are secret."""
PROGRAMS = "/opt/rigwright"
INSIDE = "/etc/runtime"
"""Where a container finds its configuration."""
LOOPBACK = "127.0.0.1"
_FIRST_UID, _UIDS = 70_000, 10_000


class NoImage(LookupError):
    """An image has no digest in images.lock, which a sound declaration has."""


@dataclass(frozen=True)
class Mount:
    """A folder of the host in a container."""

    host: str
    inside: str
    read_only: bool = True


@dataclass(frozen=True)
class Service:
    """One runtime, ready to be written down.

    ``command``: the image's command, or a native program with its arguments; ``port``: on loopback; ``listens``: in its
    container; ``files``: name → text, under `FOLDER`; ``data``: folder of its own on the host → where it is inside;
    ``devices``: CDI names; ``root``: whether it runs as root in its container; ``writable``: whether its root file
    system is; ``archive``: what a native one comes in, ``program``: the program's name in it.
    """

    name: str
    kind: str
    image: str | None
    command: Sequence[str]
    port: int
    listens: int
    health: str
    start_s: int
    models: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    devices: Sequence[str] = ()
    after: Sequence[str] = ()
    shm_mb: int | None = None
    ipc_host: bool = False
    memlock: bool = False
    archive: Archive | None = None
    program: str = ""
    root: bool = False
    writable: bool = False

    @property
    def unit(self) -> str:
        """Its systemd unit."""
        return unit_of(self.name)

    @property
    def folder(self) -> str:
        """Where its configuration is on the host."""
        return posixpath.join(FOLDER, self.name)

    @property
    def account(self) -> str:
        """The name of its user and group."""
        return "root" if self.root else f"rig-{self.name}"

    @property
    def programs_folder(self) -> str:
        """Where versions of a native program lie beside one another."""
        return posixpath.join(PROGRAMS, self.kind)

    @property
    def program_folder(self) -> str:
        """Where the declared one lies."""
        return posixpath.join(self.programs_folder, self.archive.version if self.archive else "")

    @property
    def user(self) -> int:
        """The number of its user and group, 0 where it has to be root."""
        return 0 if self.root else uid_of(self.name)

    @property
    def health_url(self) -> str:
        """What answers 200 when it can serve."""
        return f"http://{LOOPBACK}:{self.port}{self.health}"

    @property
    def revision(self) -> str:
        """Stands for all that the container is made of: another one means another container."""
        told = {name: value for name, value in vars(self).items() if name not in ("secrets", "start_s")}
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=vars).encode()).hexdigest()[:16]


def pinned(rig: Rig, image: str) -> str:
    """The image by its digest. Raises `NoImage`."""
    digest = rig.locks.images.get(image)
    if digest is None:
        raise NoImage(f"{image} is not in images.lock")
    return f"{image.rpartition(':')[0]}@{digest}"


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` over ``below``, mappings key by key: declared options over a configuration of ours."""
    found = dict(below)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(found.get(name), Mapping)
        found[name] = merged(found[name], value) if both else value
    return found


def unit_of(name: str) -> str:
    """The unit of a runtime of this name."""
    return f"rig-{name}.service"


def state_of(name: str) -> str:
    """Where a native one of this name keeps what is to last."""
    return f"/var/lib/rig-{name}"


def uid_of(name: str) -> int:
    """Of the same name always the same number, above those that Debian and systemd give away (70000 to 79999)."""
    return _FIRST_UID + int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % _UIDS


def devices(rig: Rig, runtime: Runtime, computes: bool) -> list[str]:
    """The cards that it sees, as CDI names. Without a toolkit, or without cards, it sees none."""
    if rig.containers.toolkit.state == "absent" or rig.driver.source == "none" or rig.driver.state == "absent":
        return []
    if runtime.gpus is None:
        return ["nvidia.com/gpu=all"] if computes and rig.hardware.gpus else []
    return [f"nvidia.com/gpu={uuid_of(rig, name) or name}" for name in runtime.gpus]


def uuid_of(rig: Rig, name: str) -> str | None:
    """The UUID of a card by its name in the declaration; None: it is not known."""
    if name.startswith("GPU-"):
        return name
    found = next((gpu for gpu in rig.hardware.gpus if name in (gpu.slot, gpu.pci)), None)
    return found.uuid if found is not None else None


def options(args: Mapping[str, Any]) -> list[str]:
    """Options as a command line has them: True alone, a list once for each entry, a mapping as JSON."""
    words: list[str] = []
    for name, value in args.items():
        for each in value if isinstance(value, list) else [value]:
            words += [f"--{name}"] if each is True else [f"--{name}", text(each)]
    return words


def text(value: Any) -> str:
    """A value in one word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
