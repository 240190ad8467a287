"""What the driver's operations run as scripts."""

from __future__ import annotations

from collections.abc import Iterable

from pyinfra.api import StringCommand

from rigwright.facts.driver_change import ARCHIVES, LIST
from rigwright.operations.apt import APT, WAIT
from rigwright.operations.scripts import script

_OPTIONS = ("--purge", "--no-install-recommends", "--allow-downgrades", "--allow-change-held-packages")


def transaction(packages: Iterable[str], movable: Iterable[str] = (), pins: str = "", kept: str = "") -> StringCommand:
    """One apt transaction that either succeeds or is put back.

    ``packages``: as apt-get takes them ("a=1.2", "b-"); ``movable``: held ones that may move or go along with them;
    ``pins``: preferences for this transaction alone, for what comes along without being named; ``kept``: a folder of
    package files: what is in it is put back from there.
    """
    files = ("dkms_report.sh", "driver/transaction.sh")
    blanks = {"APT": APT, "WAIT": WAIT, "PINS": pins, "KEPT": kept}
    return script(files, blanks, (" ".join(movable), *_OPTIONS, *packages))


def download(packages: Iterable[str], pins: str) -> StringCommand:
    """Fetch what `transaction` would install, and change nothing."""
    return script(("driver/download.sh",), {"APT": APT, "PINS": pins}, (*_OPTIONS, *packages))


def keep(folder: str, packages: Iterable[str], some_may_lack: bool) -> StringCommand:
    """Keep the files of these installed packages, each proved; ``some_may_lack``: one less is no error."""
    blanks = {"APT": APT, "ARCHIVES": ARCHIVES, "LIST": LIST}
    return script(("driver/keep.sh",), blanks, (folder, "some" if some_may_lack else "all", *packages))


def back(arguments: Iterable[str]) -> StringCommand:
    """Install these package files and remove these packages ("name-"), without a network."""
    return script(("dkms_report.sh", "driver/back.sh"), {"APT": APT, "WAIT": WAIT}, arguments)


def build(module: str, version: str, kernel: str) -> StringCommand:
    """Build and install one DKMS module for one kernel."""
    return script(("dkms_report.sh", "driver/build.sh"), {}, (module, version, kernel))
