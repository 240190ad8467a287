"""What modprobe makes of its configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyinfra.api import FactBase

_INSTALL = re.compile(r"^install (\S+) .*\bmodprobe -i (\S+)")


@dataclass(frozen=True)
class ModuleConfigState:
    """``real``: module as it is called for → its name on disk, where they differ; ``options``: module → its options."""

    real: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)

    def name_of(self, module: str) -> str | None:
        """The name on disk, None where modprobe's configuration has none."""
        return self.real.get(module.replace("_", "-"))


class ModuleConfig(FactBase[ModuleConfigState]):
    """modprobe's own view of all its files.

    Raw lines of ``modprobe --showconfig``: ``install nvidia modprobe -i nvidia-current $CMDLINE_OPTS``,
    ``options nvidia_current NVreg_EnableGpuFirmware=0``.
    """

    def command(self) -> str:
        """Ask modprobe."""
        return "LC_ALL=C modprobe --showconfig 2>/dev/null | grep -E '^(install|options) ' || true"

    @staticmethod
    def default() -> ModuleConfigState:
        """Nothing is configured."""
        return ModuleConfigState()

    def process(self, output: list[str]) -> ModuleConfigState:
        """Names with "-", as Debian writes them; modprobe takes "_" for the same."""
        state = ModuleConfigState()
        for line in output:
            if match := _INSTALL.match(line):
                state.real[match[1].replace("_", "-")] = match[2]
            elif line.startswith("options "):
                _, module, *settings = line.split()
                values = state.options.setdefault(module.replace("_", "-"), {})
                values.update(setting.partition("=")[::2] for setting in settings)
        return state
