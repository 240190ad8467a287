"""Options of kernel modules, in a file of our own, under the names that the modules have on this host's disk."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.choice.module_options import not_in_force
from rigwright.facts.files import Contents
from rigwright.facts.module_config import ModuleConfig
from rigwright.facts.module_parameters import ModuleParameters
from rigwright.operations import files

FILE = "/etc/modprobe.d/rigwright-options.conf"


@operation()
def declared(
    options: Mapping[str, Mapping[str, str | int]], main_module: str = "nvidia"
) -> Generator[StringCommand | str, None, None]:
    """Have exactly these options (module → name → value) in our file; without any, no file.

    Modules are named as upstream names them. Debian's own packages call `nvidia` something else on disk, and options
    under any other name are ignored without a word: the name is taken from modprobe's configuration, or, while no
    driver is installed, from ``main_module``, the name on disk of what is declared.
    """
    if not any(options.values()):
        yield from files.absent._inner(paths=[FILE])
        return
    state = host.get_fact(ModuleConfig)
    has_driver = state.name_of("nvidia") is not None
    lines = ["# Written by Rigwright.\n"]
    for module, values in sorted(options.items()):
        real = state.name_of(module) or (module if has_driver else on_disk(module, main_module))
        lines += [f"options {real} {name}={_written(value)}\n" for name, value in sorted(values.items())]
    yield from files.content._inner(dest=FILE, text="".join(lines))


def waiting(options: Mapping[str, Mapping[str, str | int]]) -> list[str]:
    """For operations: which of these options are written, and not what the loaded modules run with; a line each."""
    if not any(options.values()):
        return []
    written = (host.get_fact(Contents, paths=[FILE])[FILE] or "").splitlines()
    there = {words[2] for line in written if len(words := line.split(maxsplit=2)) == 3 and words[0] == "options"}
    wanted = {
        module: {name: value for name, value in values.items() if f"{name}={_written(value)}" in there}
        for module, values in options.items()
    }
    parameters = host.get_fact(ModuleParameters, modules=sorted(options))
    return not_in_force(wanted, parameters)


def on_disk(module: str, main_module: str) -> str:
    """The name on disk of upstream's ``nvidia``, ``nvidia_uvm`` … where `nvidia` is called ``main_module``."""
    name = module.replace("_", "-")
    if main_module == "nvidia" or not (name == "nvidia" or name.startswith("nvidia-")):
        return module
    return main_module + name.removeprefix("nvidia")


def _written(value: str | int) -> str:
    return f'"{value}"' if any(character.isspace() for character in str(value)) else str(value)
