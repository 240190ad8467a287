"""An engine's data: what would be out of its sight, or out of anybody's reach, when its place or the engine changes."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Literal

from pydantic import JsonValue
from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because, refuse, remark
from rigwright.facts.engine import Engine
from rigwright.facts.files import Contents, RealPaths
from rigwright.operations import json_merge
from rigwright.operations.podman_storage import STORAGE, graph_root_after

EngineName = Literal["docker", "podman"]

DEFAULT_ROOTS: Mapping[EngineName, str] = {"docker": "/var/lib/docker", "podman": "/var/lib/containers/storage"}
_STOP: Mapping[EngineName, str] = {
    "docker": "`docker ps -q | xargs -r docker stop` and `systemctl stop docker.socket docker.service`",
    "podman": "`podman stop --all`",
}
_REMAPPED = re.compile(r"/\d+\.\d+$")
"""Docker with userns-remap adds the first user's and group's numbers to the place."""


@operation()
def docker_stays_in_sight(
    keys: Mapping[str, JsonValue], dest: str, record: str, options_of: Mapping[str, str]
) -> Generator[str, None, None]:
    """Refuse to have Docker look elsewhere while containers run; say what it will not see. As `json_merge.merged`."""
    document = json_merge.outcome(dest, keys, record, options_of)
    wanted = document.get("data-root") or document.get("graph")
    place = host.get_fact(Engine, engine="docker").started_with
    if place is not None and wanted is not None:
        refuse(
            host,
            f"docker.service is started with its data in {place} (systemctl cat docker.service shows where), and "
            f"{wanted} is declared (containers.data_root): Docker does not start with both. Remove the option there, "
            "or the declaration",
        )
    _in_sight("docker", str(place or wanted or DEFAULT_ROOTS["docker"]))
    yield from ()


@operation()
def podman_stays_in_sight(path: str | None) -> Generator[str, None, None]:
    """The same for podman; ``path`` as for `podman_storage.graph_root`."""
    found = host.get_fact(Contents, paths=[STORAGE])[STORAGE]
    _in_sight("podman", graph_root_after(found, path) or DEFAULT_ROOTS["podman"])
    yield from ()


@operation()
def containers_stopped(engine: EngineName) -> Generator[str, None, None]:
    """Stop what runs, before the engine goes: without one it would run on, with its GPUs and ports, unreachable."""
    running = host.get_fact(Engine, engine=engine).running
    if not running:
        host.noop("no container is running")
        return
    because(f"containers of {engine}: {running} running, and the engine is to go")
    yield f"{engine} ps -q | xargs -r {engine} stop"


def _in_sight(engine: EngineName, wanted: str) -> None:
    state = host.get_fact(Engine, engine=engine)
    root = _REMAPPED.sub("", state.root or wanted)
    if root == wanted or _leads_to_the_same(root, wanted):
        host.noop(f"{engine} keeps its data where it did")
        return
    move = f"{_STOP[engine]}, then `rsync -aHAX --numeric-ids {root}/ {wanted}/`"
    if state.running:
        refuse(
            host,
            f"{engine} is to keep its data in {wanted} (containers.data_root), keeps it in {root} now, and containers"
            f" are running ({state.running}): it would not know them any more, and they would run on with their GPUs"
            f" and ports. Stop them, and take along what is to be kept: {move}; then run again",
        )
    if state.kept:
        remark(
            f"{engine} will not see the images, containers and volumes in {root} any more ({state.kept}): they stay"
            f" there. To take them along, first: {move}"
        )
    host.noop("nothing is running")


def _leads_to_the_same(root: str, wanted: str) -> bool:
    real = host.get_fact(RealPaths, paths=[root, wanted])
    return real[root] == real[wanted]
