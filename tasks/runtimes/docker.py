"""Runtimes in Docker's containers: a Compose file and a unit each."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api.operation import OperationMeta

from rigwright.choice.runtimes import compose
from rigwright.choice.runtimes.service import Service
from rigwright.operations import files
from rigwright.operations import images as engine_images
from rigwright.spec.rig import Rig


def prepared(services: Sequence[Service]) -> list[OperationMeta]:
    """Have the images of all of them."""
    pulled: OperationMeta = engine_images.pulled(
        name="Pull images", engine="docker", images=[each.image for each in services if each.image is not None]
    )
    return [pulled]


def made_of(service: Service) -> str:
    """The file that only a restart takes up."""
    return f"{service.folder}/{compose.FILE}"


def written(rig: Rig, service: Service) -> list[OperationMeta]:
    """Have its Compose file and its unit on disk."""
    file = made_of(service)
    paths = {each.host for each in service.mounts} | ({rig.runtimes.data} if service.data else set())
    return [
        files.content(
            name=f"Write the Compose file of {service.name}",
            dest=file,
            text=compose.text(service, rig.runtimes.data),
            validate="docker compose -f {path} config --quiet",
        ),
        files.template(
            name=f"Write the unit of {service.name}",
            src="etc/systemd/system/rig-runtime.service.j2",
            dest=f"/etc/systemd/system/{service.unit}",
            context={
                "service": service,
                "compose": file,
                "network": compose.NETWORK,
                "paths": sorted(paths),
            },
        ),
    ]
