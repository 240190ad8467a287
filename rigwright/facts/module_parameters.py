"""What loaded modules run with, as far as they show it."""

from __future__ import annotations

from pyinfra.api import FactBase

_COMMAND = r"""
for m in {modules}; do
    for f in /sys/module/$m/parameters/*; do [ -r "$f" ] && echo "$m ${{f##*/}} $(head -n 1 "$f" 2>/dev/null)"; done
done
sed -n 's/^\([A-Za-z0-9_]*\): /nvidia NVreg_\1 /p' /proc/driver/nvidia/params 2>/dev/null
true
"""


class ModuleParameters(FactBase[dict[tuple[str, str], str]]):
    """(module, parameter) → value; a module that is not loaded has none. `nvidia` shows most of its own in /proc alone.

    Raw lines: ``nvidia_uvm uvm_disable_hmm Y``, ``nvidia NVreg_PreserveVideoMemoryAllocations 1``.
    """

    def command(self, modules: list[str]) -> str:
        """Read those of ``modules``, and `nvidia`'s."""
        return _COMMAND.format(modules=" ".join(sorted({module.replace("-", "_") for module in modules})))

    @staticmethod
    def default() -> dict[tuple[str, str], str]:
        """Nothing is loaded."""
        return {}

    def process(self, output: list[str]) -> dict[tuple[str, str], str]:
        """Read one parameter a line; a value may be empty."""
        found = {}
        for line in output:
            module, name, *value = line.split(" ", 2)
            found[module, name] = value[0].strip() if value else ""
        return found
