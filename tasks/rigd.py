"""Layer `rigd`: the program that keeps fans, power limits and clocks, its configuration, its unit."""

from __future__ import annotations

import posixpath

from pyinfra.api.deploy import deploy

from rigd import pack
from rigwright.catalog import catalog
from rigwright.choice.rigd import configuration_text, kept
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import apt, files, units
from rigwright.operations import rigd as keeper
from rigwright.spec.rig import Rig
from tasks import unfinished

PROGRAM = "/opt/rigd/rigd.pyz"
CONFIGURATION = "/etc/rigd/rigd.json"
UNIT = "rigd.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"

CHECK = (
    f"{{{{ timeout -k 5 60 python3 -I {PROGRAM} --config {{path}} check; case $? in 0|3) ;; "
    "124|137) echo 'the driver did not answer in 60 s' >&2; false;; *) false;; esac; }}"
)
"""3: no NVML to ask, before the driver is loaded, say. rigd itself looks again, and `rig verify` at what came of it."""


@deploy("rigd")
def rigd(rig: Rig) -> None:
    """Have rigd keep what is declared; or have it gone, and nothing of what it set in force."""
    if not kept(rig):
        keeper.removed(
            name="Take rigd away", program=PROGRAM, unit=UNIT, paths=[CONFIGURATION, f"{CONFIGURATION}.new", UNIT_FILE]
        )
        return
    with after(*unfinished.finished()):
        python = apt.install(name="Install what rigd runs on", packages=["python3"])
    program = files.content(name="Put rigd in place", dest=PROGRAM, text=pack.build(), mode="755")
    with after(python, program, *changes_in("driver")):
        configuration = files.content(
            name="Write rigd's configuration",
            dest=CONFIGURATION,
            text=configuration_text(rig, catalog()),
            validate=CHECK,
        )
    metrics = rig.rigd.metrics
    unit = files.template(
        name="Write rigd's unit",
        src=f"{UNIT_FILE[1:]}.j2",
        dest=UNIT_FILE,
        context={
            "listens": metrics.listen is not None,
            "writable": [posixpath.dirname(metrics.textfile)] if metrics.textfile else [],
        },
    )
    with after(python, program, configuration, unit):
        units.service(name="Run rigd", unit=UNIT, files=[PROGRAM, CONFIGURATION])
