"""A service as podman's quadlet is told it: lines of podman-systemd.unit(5), quoted as systemd reads words."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from rigwright.choice.runtimes.service import INSIDE, LOOPBACK, Service

FOLDER = "/etc/containers/systemd"
NETWORK = "rigwright"
NETWORK_FILE = f"{FOLDER}/{NETWORK}.network"
_PLAIN = re.compile(r"^[A-Za-z0-9_./:,=+@-]+$")


def file_of(name: str) -> str:
    """The file that a runtime's unit is generated from."""
    return f"{FOLDER}/rig-{name}.container"


def word(text: str) -> str:
    """A word as systemd.syntax(7) has it, with nothing in it expanded."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if _PLAIN.match(text) else f'"{escaped}"'


def lines(service: Service, data: str) -> list[str]:
    """The section [Container]. ``data``: the folder of runtimes.data."""
    return list(_lines(service, data))


def _lines(service: Service, data: str) -> Iterator[str]:
    yield f"Image={service.image}"
    yield f"ContainerName=rig-{service.name}"
    # By this name the others call it, as under Docker.
    yield f"NetworkAlias={service.name}"
    yield f"Network={NETWORK}.network"
    yield "Pull=never"
    # As under Docker: what it says is the unit's output, and is there when the container is gone.
    yield "LogDriver=journald"
    yield f"PublishPort={LOOPBACK}:{service.port}:{service.listens}"
    if service.command:
        yield f"Exec={' '.join(map(word, service.command))}"
    for name, value in service.environment.items():
        yield f"Environment={word(f'{name}={value}')}"
    for name in service.secrets:  # from the unit's own environment, and so in no file that others read
        yield f"PodmanArgs=--env={name}"
    for name in service.files:
        source = posixpath.join(service.folder, "files", name)
        yield f"Volume={source}:{posixpath.join(INSIDE, name)}:ro"
    for each in service.mounts:
        yield f"Volume={each.host}:{each.inside}{':ro' if each.read_only else ''}"
    for name, inside in service.data.items():
        yield f"Volume={posixpath.join(data, service.name, name)}:{inside}"
    for device in service.devices:
        yield f"AddDevice={device}"
    if not service.root:
        yield f"User={service.user}"
        yield f"Group={service.user}"
        yield "DropCapability=all"
    if not service.writable:
        yield "ReadOnly=true"
    if service.ipc_host:  # with the host's /dev/shm, as large as that is
        yield "PodmanArgs=--ipc=host"
    elif service.shm_mb is not None:
        yield f"ShmSize={service.shm_mb}m"
    if service.memlock:
        yield "Ulimit=memlock=-1:-1"
    # The unit's own bound counts (TasksMax=); podman's would ask for a controller that not every host gives it.
    yield "PodmanArgs=--pids-limit=0"
    yield "NoNewPrivileges=true"
    yield "RunInit=true"
    yield f"Label=rigwright.runtime={service.name}"
