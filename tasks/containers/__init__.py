"""Layer `containers`: an engine, its data where it is declared to be, and the GPUs in it."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release as ReleaseEntry
from rigwright.engine.reasons import after
from rigwright.facts.release import Release
from rigwright.operations import files
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig
from tasks import unfinished
from tasks.containers import docker, gpus, podman, toolkit

_ENGINES = {"docker": docker, "podman": podman}


@deploy("containers")
def containers(rig: Rig) -> None:
    """Bring engine and toolkit to the declared state, or take back what we made of them."""
    declared = rig.containers
    release = catalog().release(host.get_fact(Release).codename)
    present = declared.state == "present"
    finished = unfinished.finished()
    others_removed(rig, release)
    for name, engine in _ENGINES.items():
        if not present or name != declared.engine:
            engine.absent(release, whole=not present and name == declared.engine)
    if not present or declared.toolkit.state == "absent":
        gpus.absent()
        toolkit.absent()
    _repositories_removed(declared)
    if not present:
        return
    with after(*finished):
        has_toolkit = toolkit.present(declared.toolkit) if declared.toolkit.state == "present" else None
        engine_ready = _ENGINES[declared.engine].present(rig, release)
    if declared.toolkit.state == "present":
        gpus.present(has_toolkit)
    gpus.probe(declared.engine, engine_ready)


def others_removed(rig: Rig, release: ReleaseEntry) -> list[OperationMeta]:
    """No second list of any repository that this layer declares."""
    declared = rig.containers
    removed: list[OperationMeta] = []
    if declared.state == "absent":
        return removed
    if declared.toolkit.state == "present":
        removed.append(toolkit.others_removed(declared.toolkit))
    if declared.engine == "docker" and declared.source == "vendor":
        removed.append(docker.others_removed(declared, release))
    return removed


def _repositories_removed(declared: Containers) -> None:
    """Take back our sources."""
    present = declared.state == "present"
    known = catalog().containers.toolkit
    gone = []
    if not present or declared.engine != "docker" or declared.source != "vendor":
        gone.append(docker.SOURCE)
    if not present or declared.toolkit.state == "absent":
        gone += [toolkit.SOURCE, known.keyring, *known.old_sources]
    if gone:
        files.absent(name="Remove repositories that are no longer declared", paths=gone)
