"""What the driver's operations run as scripts."""

from __future__ import annotations

from collections.abc import Iterable

from pyinfra.api import StringCommand

from rigwright.operations.apt import APT, WAIT
from rigwright.operations.scripts import script

_OPTIONS = ("--purge", "--no-install-recommends", "--allow-downgrades", "--allow-change-held-packages")


def transaction(packages: Iterable[str], movable: Iterable[str] = (), pins: str = "") -> StringCommand:
    """One apt transaction that either succeeds or is put back.

    ``packages``: as apt-get takes them ("a=1.2", "b-"); ``movable``: held ones that may move or go along with them;
    ``pins``: preferences for this transaction alone, for what comes along without being named.
    """
    files = ("dkms_report.sh", "driver/transaction.sh")
    return script(files, {"APT": APT, "WAIT": WAIT, "PINS": pins}, (" ".join(movable), *_OPTIONS, *packages))


def build(module: str, version: str, kernel: str) -> StringCommand:
    """Build and install one DKMS module for one kernel."""
    return script(("dkms_report.sh", "driver/build.sh"), {}, (module, version, kernel))
