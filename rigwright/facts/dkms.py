"""Modules that DKMS builds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyinfra.api import FactBase

# dkms 3: "nvidia-current/550.163.01, 6.12.117+deb13-amd64, x86_64: installed"
# dkms 2: "nvidia, 580.95.05, 5.15.0-25-generic, x86_64: installed"
_LINE = re.compile(
    r"^(?P<module>[^/,\s]+)(?:/|, )(?P<version>[^,:\s]+)(?:, (?P<kernel>[^,\s]+), [^:\s]+)?:"
    r" (?P<status>[a-z]+)(?P<rest>.*)$"
)


@dataclass(frozen=True)
class DkmsModule:
    """One module in DKMS's tree: ``kernels``: kernel → added, built, installed … (empty: known, built for none)."""

    name: str
    version: str
    kernels: dict[str, str]
    differs: frozenset[str] = frozenset()
    """Kernels whose installed file is not the one that DKMS built."""


class Dkms(FactBase[dict[str, list[DkmsModule]]]):
    """Module name → its versions. Raw: output of ``dkms status``, of either generation."""

    def command(self) -> str:
        """Ask dkms, where there is one; its complaints about broken folders go to standard error."""
        return "LC_ALL=C; export LC_ALL; if command -v dkms >/dev/null; then dkms status 2>/dev/null; fi; true"

    @staticmethod
    def default() -> dict[str, list[DkmsModule]]:
        """No dkms."""
        return {}

    def process(self, output: list[str]) -> dict[str, list[DkmsModule]]:
        """Gather lines by module and version."""
        kernels: dict[tuple[str, str], dict[str, str]] = {}
        differs: dict[tuple[str, str], set[str]] = {}
        for line in output:
            match = _LINE.match(line.strip())
            if match is None:
                continue
            key = (match["module"], match["version"])
            known = kernels.setdefault(key, {})
            if match["kernel"]:
                known[match["kernel"]] = match["status"]
                if "Diff" in match["rest"] or "Differences" in match["rest"]:
                    differs.setdefault(key, set()).add(match["kernel"])
        found: dict[str, list[DkmsModule]] = {}
        for (name, version), by_kernel in kernels.items():
            module = DkmsModule(name, version, by_kernel, frozenset(differs.get((name, version), ())))
            found.setdefault(name, []).append(module)
        return found
