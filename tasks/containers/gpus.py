"""GPUs in containers: a CDI specification that describes the driver as it is, and an image that proves it."""

from __future__ import annotations

from typing import Literal

from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import cdi, files, probe_image, units
from tasks.driver import PACKAGE_STEPS

SERVICE = "rigwright-cdi.service"
PATH = "rigwright-cdi.path"
_UNITS = "/etc/systemd/system"
_BEFORE_1_18 = ["/etc/cdi/nvidia.yaml", "/etc/cdi/nvidia.json"]
"""Written by hand after older instructions; never refreshed, and read beside the specification that is."""


def present(toolkit: OperationMeta | None) -> None:
    """Write the specification now, at boot before the engine, and whenever the driver changes."""
    spec = catalog().containers.toolkit.cdi_spec
    files.absent(name="Remove CDI specifications that nobody refreshes", paths=_BEFORE_1_18)
    written = [
        files.template(
            name=f"Write {unit}", src=f"{_UNITS[1:]}/{unit}.j2", dest=f"{_UNITS}/{unit}", context={"spec": spec}
        )
        for unit in (SERVICE, PATH)
    ]
    with after(*written):
        units.service(name="Write the CDI specification at boot", unit=SERVICE, running=False)
        units.service(name="Write the CDI specification when the driver changes", unit=PATH)
    with after(toolkit, *written, *changes_in("driver", *PACKAGE_STEPS)):
        cdi.current(name="Describe the driver and the GPUs to containers", spec=spec, unit=SERVICE)


def absent() -> None:
    """Remove the specification and what writes it."""
    for unit in (SERVICE, PATH):
        units.service(name=f"Disable {unit}", unit=unit, running=False, enabled=False)
    files.absent(
        name="Remove the CDI specification and its units",
        paths=[*(f"{_UNITS}/{unit}" for unit in (SERVICE, PATH)), catalog().containers.toolkit.cdi_spec],
    )


def probe(engine: Literal["docker", "podman"], ready: OperationMeta) -> None:
    """Have the image by which tests/host sees the GPUs from inside a container."""
    with after(ready):
        probe_image.present(name="Make the probe image", engine=engine)
