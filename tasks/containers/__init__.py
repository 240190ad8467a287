"""Layer `containers`: an engine, its data where it is declared to be, and the GPUs in it."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.facts.release import Release
from rigwright.spec.rig import Rig
from tasks.containers import docker, gpus, podman, toolkit

_ENGINES = {"docker": docker, "podman": podman}


@deploy("containers")
def containers(rig: Rig) -> None:
    """Bring engine and toolkit to the declared state, or take back what we made of them."""
    declared = rig.containers
    release = catalog().release(host.get_fact(Release).codename)
    present = declared.state == "present"
    for name, engine in _ENGINES.items():
        if not present or name != declared.engine:
            engine.absent(release, whole=not present and name == declared.engine)
    if not present or declared.toolkit.state == "absent":
        gpus.absent()
        toolkit.absent()
    if not present:
        return
    has_toolkit = toolkit.present(declared.toolkit) if declared.toolkit.state == "present" else None
    engine_ready = _ENGINES[declared.engine].present(rig, release)
    if declared.toolkit.state == "present":
        gpus.present(has_toolkit)
    gpus.probe(declared.engine, engine_ready)
