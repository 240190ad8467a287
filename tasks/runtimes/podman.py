"""Runtimes in podman's containers: a quadlet each, of which systemd makes the unit."""

from __future__ import annotations

from collections.abc import Sequence

from pyinfra.api.operation import OperationMeta

from rigwright.choice.runtimes import quadlet
from rigwright.choice.runtimes.service import Service
from rigwright.operations import apt, files
from rigwright.operations import images as engine_images
from rigwright.spec.rig import Rig

GENERATOR = "/usr/libexec/podman/quadlet"
VALIDATE = (
    "{{{{ aside=$(mktemp -d) && cp {{path}} $aside/x{end} && cp {network} $aside &&"
    " said=$(QUADLET_UNIT_DIRS=$aside {generator} -dryrun 2>&1);"
    ' status=$?; rm -r $aside; [ $status = 0 ] || {{{{ echo "$said" | tail -n 2 >&2; false; }}}}; }}}}'
)


def prepared(services: Sequence[Service]) -> list[OperationMeta]:
    """Have their images, and the network that they are on."""
    pulled: OperationMeta = engine_images.pulled(
        name="Pull images", engine="podman", images=[each.image for each in services if each.image is not None]
    )
    network: OperationMeta = files.template(
        name="Write the network of runtimes",
        src=f"{quadlet.NETWORK_FILE[1:]}.j2",
        dest=quadlet.NETWORK_FILE,
        context={},
    )
    init: OperationMeta = apt.install(name="Install what reaps processes in containers", packages=["catatonit"])
    return [pulled, network, init]


def made_of(service: Service) -> str:
    """The file that only a restart takes up."""
    return quadlet.file_of(service.name)


def written(rig: Rig, service: Service) -> list[OperationMeta]:
    """Have its quadlet on disk."""
    file = quadlet.file_of(service.name)
    paths = {each.host for each in service.mounts} | ({rig.runtimes.data} if service.data else set())
    return [
        files.template(
            name=f"Write the quadlet of {service.name}",
            src="etc/containers/systemd/rig-runtime.container.j2",
            dest=file,
            context={
                "service": service,
                "lines": quadlet.lines(service, rig.runtimes.data),
                "paths": sorted(paths),
            },
            validate=VALIDATE.format(generator=GENERATOR, end=".container", network=quadlet.NETWORK_FILE),
        )
    ]
