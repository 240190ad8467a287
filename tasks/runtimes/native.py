"""Runtimes as services by themselves: their makers' archive, and a unit."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api.operation import OperationMeta

from rigwright.choice.runtimes.quadlet import word
from rigwright.choice.runtimes.service import Service
from rigwright.engine.reasons import after
from rigwright.facts.archives import MARK
from rigwright.operations import apt, archives, files
from rigwright.spec.rig import Rig

UNPACKERS = {".zst": "zstd", ".xz": "xz-utils"}


def made_of(service: Service) -> str:
    """The file that only a restart takes up, beside the unit."""
    return f"{service.program_folder}/{MARK}"


def written(rig: Rig, service: Service) -> list[OperationMeta]:
    """Have its program and its unit on disk."""
    archive = service.archive
    assert archive is not None
    unpacker = next((name for end, name in UNPACKERS.items() if archive.url.endswith(end)), None)
    needed = [apt.install(name=f"Install what unpacks {service.name}", packages=[unpacker])] if unpacker else []
    with after(*needed):
        unpacked = archives.unpacked(
            name=f"Unpack the program of {service.name}",
            dest=service.program_folder,
            url=archive.url,
            sha256=archive.sha256,
            program=service.program,
        )
    unit = files.template(
        name=f"Write the unit of {service.name}",
        src="etc/systemd/system/rig-native.service.j2",
        dest=f"/etc/systemd/system/{service.unit}",
        context={
            "service": service,
            "words": [word(each) for each in (f"{service.program_folder}/.program", *service.command)],
            "paths": sorted({each.host for each in service.mounts}),
        },
    )
    return [unpacked, unit]


def others_removed(services: Sequence[Service]) -> None:
    """Remove programs that no runtime of a kind uses any more, once all of them run with theirs."""
    kinds = {each.programs_folder: each.kind for each in services if each.archive is not None}
    for folder, kind in kinds.items():
        kept = [each.archive.version for each in services if each.archive is not None and each.kind == kind]
        archives.others_removed(name=f"Remove other versions of {kind}", folder=folder, kept=kept)
