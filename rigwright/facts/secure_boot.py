"""Secure Boot: whether the firmware's helper knows the key that modules built on the host are signed with."""

from __future__ import annotations

from pyinfra.api import FactBase


class KeyEnrolled(FactBase[bool | None]):
    """Whether shim has this key (a DER file): True, False, or None where nobody can tell.

    Raw: ``/var/lib/dkms/mok.pub is not enrolled``, ``… is already enrolled``, or nothing (no mokutil, no key yet).
    """

    def command(self, path: str) -> str:
        """Ask mokutil."""
        return f"LC_ALL=C mokutil --test-key {path} 2>/dev/null; true"

    @staticmethod
    def default() -> bool | None:
        """Nobody can tell."""
        return None

    def process(self, output: list[str]) -> bool | None:
        """Read mokutil's sentence."""
        said = " ".join(output)
        if "is not enrolled" in said:
            return False
        return True if "is already enrolled" in said else None
