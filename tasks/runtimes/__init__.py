"""Layer `runtimes`: what serves models, each as one systemd unit, in a container or by itself."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Protocol

from pyinfra import host
from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release as ReleaseEntry
from rigwright.choice.runtimes import services
from rigwright.choice.runtimes.service import SECRETS, Service
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.release import Release
from rigwright.operations import apt, files, refusal, units
from rigwright.operations import runtimes as own
from rigwright.spec.rig import Rig
from tasks import unfinished
from tasks.runtimes import docker, native, podman


class Way(Protocol):
    """How a runtime is run: `docker`, `podman` or `native`."""

    def written(self, rig: Rig, service: Service) -> list[OperationMeta]:
        """Have what it is made of on disk."""

    def made_of(self, service: Service) -> str:
        """The file that only a restart takes up."""


_ENGINES = {"docker": docker, "podman": podman}
USERS = "/etc/sysusers.d/rigwright-runtimes.conf"
WATCH = "rigwright-health.timer"
WATCH_FILES = ("/etc/systemd/system/rigwright-health.service", f"/etc/systemd/system/{WATCH}")
DATA_MODE = "750"


@deploy("runtimes")
def runtimes(rig: Rig) -> None:
    """Have the declared runtimes run, and no other of ours."""
    wanted = services(rig, catalog())
    own.others_removed(name="Remove runtimes that are not declared", kept=[each.name for each in wanted])
    if not wanted:
        units.service(name="Look no more after runtimes", unit=WATCH, running=False, enabled=False)
        files.absent(name="Remove what all runtimes share", paths=[USERS, *WATCH_FILES])
        return
    with after(*unfinished.finished()):
        tools = apt.install(name="Install what asks runtimes whether they can serve", packages=["curl"])
    with after(tools, *changes_in("containers"), *changes_in("base")):
        accounts = own.users(
            name="Make the runtimes' users",
            dest=USERS,
            wanted={each.account: each.user for each in wanted if not each.root},
        )
        engine = _ENGINES[rig.containers.engine]
        if any(each.archive is None for each in wanted):
            _engine_can(rig, catalog().release(host.get_fact(Release).codename))
        contained = [each for each in wanted if each.archive is None]
        ready = engine.prepared(contained) if contained else []
        ran = [
            _one(rig, service, native if service.archive else engine, [tools, accounts, *ready]) for service in wanted
        ]
    with after(*ran):
        native.others_removed(wanted)
    _watched(wanted)


def _one(rig: Rig, service: Service, way: Way, before: list[OperationMeta]) -> OperationMeta:
    name = service.name
    written = [
        files.content(name=f"Write {file} of {name}", dest=f"{service.folder}/files/{file}", text=text)
        for file, text in service.files.items()
    ]
    if service.secrets:
        written.append(
            own.secret_environment(
                name=f"Write the secrets of {name}",
                dest=f"{service.folder}/{SECRETS}",
                secrets=service.secrets,
                whose=f"runtimes.services.{name}.secrets",
            )
        )
    else:
        files.absent(name=f"Remove secrets of {name}", paths=[f"{service.folder}/{SECRETS}"])
    with after(*before):
        written += _folders(rig, service)
    written += way.written(rig, service)
    with after(*before, *written, *changes_in("models")):
        ran: OperationMeta = units.service(
            name=f"Run {name}",
            unit=service.unit,
            told_lines=15,
            # What a quadlet is made into starts at boot because it is there.
            enabled=None if way is podman else True,
            files=[
                way.made_of(service),
                *(f"{service.folder}/files/{file}" for file in service.files),
                *([f"{service.folder}/{SECRETS}"] if service.secrets else []),
            ],
        )
    return ran


def _watched(services: Sequence[Service]) -> None:
    """Have somebody look whether they answer: one that hangs has not ended, and nobody would restart it."""
    written = [
        files.template(
            name=f"Write {posixpath.basename(path)}", src=f"{path[1:]}.j2", dest=path, context={"services": services}
        )
        for path in WATCH_FILES
    ]
    with after(*written):
        units.service(name="Look after runtimes", unit=WATCH, files=WATCH_FILES)


def _folders(rig: Rig, service: Service) -> list[OperationMeta]:
    """The folders that it may write to."""
    own_data = [f"{rig.runtimes.data}/{service.name}/{folder}" for folder in service.data]
    places = [*own_data, *(each.host for each in service.mounts if not each.read_only)]
    return [
        files.directory(
            name=f"Make the folder {place}", path=place, mode=DATA_MODE, user=service.account, group=service.account
        )
        for place in places
    ]


def _engine_can(rig: Rig, release: ReleaseEntry) -> None:
    """Refuse engines that know neither CDI nor the form in which runtimes are told to them."""
    declared = rig.containers
    podman = declared.engine == "podman"
    if declared.source == "vendor" or (release.podman_cdi if podman else release.docker_cdi):
        return
    version = release.podman if podman else release.docker
    instead = "containers.engine = 'docker' with source = 'vendor'" if podman else "containers.source = 'vendor'"
    refusal.refused(
        name="Check that the engine can run runtimes",
        text=f"{release.codename} has {declared.engine} {version}, which is too old for runtimes in containers (CDI, "
        f"{'quadlets' if podman else 'Docker Compose 2'}): declare {instead}, or how = 'native' where the kind can",
    )
