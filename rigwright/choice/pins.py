"""apt's preferences for the driver's packages: one source, one branch or version."""

from __future__ import annotations

from collections.abc import Iterable
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


def driver_pins(wanted: Wanted, rules: NvidiaRepositoryRules, version: str | None = None) -> list[Pin]:
    """The declared source alone may serve the driver, and only the declared branch or version of it.

    ``version``: that very one, as decided, where a branch is declared.
    """
    # Priority 1000 and more lets apt go back from a newer version; one more than it wins over the rest of the branch.
    priority = rules.pin_priority
    version = version or wanted.version
    exact = [Pin(rules.pin_packages, f"version {version}*", priority + 1)] if version else []
    archive = f"release o={wanted.release.id.capitalize()}"
    if wanted.source == "distribution":
        return [*vendor_shut_out(rules), *exact, Pin(rules.pin_packages, archive, priority)]
    branch = [] if wanted.version else [Pin(rules.pin_packages, f"version {wanted.branch}.*", priority)]
    return [Pin(rules.archive_packages, archive, _SHUT_OUT), *exact, *branch]


def preferences(pins: Iterable[Pin]) -> str:
    """The pins as a file of apt's preferences has them."""
    return "".join(f"Package: {pin.packages}\nPin: {pin.pin}\nPin-Priority: {pin.priority}\n\n" for pin in pins)


def vendor_shut_out(rules: NvidiaRepositoryRules) -> list[Pin]:
    """NVIDIA's repository may serve toolkits, but no driver."""
    return [Pin(rules.pin_packages, NVIDIA_RELEASE, _SHUT_OUT)]
