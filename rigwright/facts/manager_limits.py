"""The limits that systemd gives to services which name none of their own."""

from __future__ import annotations

from pyinfra.api import FactBase

_PROPERTIES = ("DefaultLimitMEMLOCK", "DefaultLimitMEMLOCKSoft", "DefaultLimitNOFILE", "DefaultLimitNOFILESoft")


class ManagerLimits(FactBase[dict[str, str]]):
    """Property of systemd's manager → value ("infinity" or a number), as it runs now.

    Raw lines: ``DefaultLimitNOFILE=524288``.
    """

    def command(self) -> str:
        """Ask the manager."""
        return f"LC_ALL=C systemctl show {' '.join(f'-p {name}' for name in _PROPERTIES)} 2>/dev/null || true"

    @staticmethod
    def default() -> dict[str, str]:
        """There is no systemd."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Read key=value lines."""
        return dict(line.split("=", 1) for line in output if "=" in line)
