"""A service as Docker Compose is told it: a document in JSON, which is YAML too, so that no quoting can go wrong."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from rigwright.choice.runtimes.service import INSIDE, LOOPBACK, Service

NETWORK = "rigwright"
"""The bridge that all runtimes are on: they call one another by their names."""
FILE = "compose.json"


def document(service: Service, data: str) -> dict[str, Any]:
    """The Compose file. ``data``: the folder of runtimes.data."""
    found: dict[str, Any] = {
        "image": service.image,
        "container_name": f"rig-{service.name}",
        "command": list(service.command) or None,
        "environment": {**service.environment, **dict.fromkeys(service.secrets)},
        "ports": [f"{LOOPBACK}:{service.port}:{service.listens}"],
        "volumes": _volumes(service, data),
        "networks": [NETWORK],
        "init": True,
        "restart": "no",  # systemd does that, and says so
        "labels": {"rigwright.runtime": service.name, "rigwright.revision": service.revision},
        "security_opt": ["no-new-privileges:true"],
    }
    if not service.root:
        found |= {"user": f"{service.user}:{service.user}", "cap_drop": ["ALL"]}
    if not service.writable:
        found |= {"read_only": True, "tmpfs": ["/tmp"]}  # in a container
    if service.ipc_host:  # with the host's /dev/shm, as large as that is
        found["ipc"] = "host"
    elif service.shm_mb is not None:
        found["shm_size"] = f"{service.shm_mb}m"
    if service.memlock:
        found["ulimits"] = {"memlock": -1}
    if service.devices:
        cards = {"driver": "cdi", "device_ids": list(service.devices), "capabilities": ["gpu"]}
        found["deploy"] = {"resources": {"reservations": {"devices": [cards]}}}
    return {
        "name": f"rig-{service.name}",
        "services": {service.name: {name: value for name, value in found.items() if value not in (None, [], {})}},
        "networks": {NETWORK: {"name": NETWORK, "external": True}},
    }


def text(service: Service, data: str) -> str:
    """The same as it stands in the file: nothing in it is a variable of Compose's."""
    return json.dumps(document(service, data), indent=2).replace("$", "$$") + "\n"


def _volumes(service: Service, data: str) -> list[dict[str, Any]]:
    files = [
        _bind(posixpath.join(service.folder, "files", name), posixpath.join(INSIDE, name), True)
        for name in service.files
    ]
    mounts = [_bind(each.host, each.inside, each.read_only) for each in service.mounts]
    own = [_bind(posixpath.join(data, service.name, name), inside, False) for name, inside in service.data.items()]
    return [*files, *mounts, *own]


def _bind(source: str, target: str, read_only: bool) -> dict[str, Any]:
    # A source that is missing is an error, and no folder made by root.
    return {
        "type": "bind",
        "source": source,
        "target": target,
        "read_only": read_only,
        "bind": {"create_host_path": False},
    }
