"""apt's preferences for the driver's packages: one source, one branch or version."""

from __future__ import annotations

from typing import NamedTuple

from rigwright.catalog.driver import NvidiaRepositoryRules
from rigwright.choice.driver import Wanted

NVIDIA_RELEASE = "release l=NVIDIA CUDA"
"""How NVIDIA's repository names itself (its own cuda-*.pin files select it so)."""

_SHUT_OUT = -1


class Pin(NamedTuple):
    """One entry of a preferences file; the first that fits a version decides about it."""

    packages: str
    pin: str
    priority: int


def driver_pins(wanted: Wanted, rules: NvidiaRepositoryRules) -> list[Pin]:
    """The declared source alone may serve the driver, and only the declared branch or version of it."""
    if wanted.source == "distribution":
        # Priority 1000 and more lets apt go back from a newer version of NVIDIA's to the archive's.
        archive = f"release o={wanted.release.id.capitalize()}"
        return [*vendor_shut_out(rules), Pin(rules.pin_packages, archive, rules.pin_priority)]
    exact = f"{wanted.version}*" if wanted.version else f"{wanted.branch}.*"
    return [
        Pin(rules.archive_packages, f"release o={wanted.release.id.capitalize()}", _SHUT_OUT),
        Pin(rules.pin_packages, f"version {exact}", rules.pin_priority),
    ]


def vendor_shut_out(rules: NvidiaRepositoryRules) -> list[Pin]:
    """NVIDIA's repository may serve toolkits, but no driver."""
    return [Pin(rules.pin_packages, NVIDIA_RELEASE, _SHUT_OUT)]
