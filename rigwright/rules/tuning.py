"""Host settings that are what they seem to be, and break nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.rig import Rig

REPEATED = ("console", "module_blacklist", "modprobe.blacklist", "hugepagesz", "hugepages", "crashkernel", "memmap")
"""Words that the kernel takes more than once."""

OPTIONS = {
    "nvidia": "NVreg_",
    "nvidia_uvm": "uvm_",
}
"""Upstream's module → how the names of its options begin."""

FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """What does not hold of layer `tuning`."""
    yield from _cmdline(rig)
    yield from _modules(rig)
    if rig.containers.state == "present" and rig.containers.engine == "docker":
        for name in FORWARDING:
            if str(rig.tuning.sysctl.get(name, 1)) == "0":
                yield Finding(
                    "tuning.docker-forwarding",
                    f"tuning.sysctl.{name}",
                    rig.tuning.sysctl[name],
                    "1, or no such entry: without forwarding Docker's containers have no network",
                    "Remove it.",
                    rests_on=("containers.state", "containers.engine"),
                )


def _cmdline(rig: Rig) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, word in enumerate(rig.tuning.kernel_cmdline):
        key, name = f"tuning.kernel_cmdline.{index}", word.partition("=")[0]
        first = seen.setdefault(name, index)
        if first != index and name not in REPEATED:
            other = rig.tuning.kernel_cmdline[first]
            same = "is there already" if other == word else f"is there already, as {other!r}"
            yield Finding("tuning.cmdline-twice", key, word, f"each word once: {name!r} {same}", "Keep one of them.")
        if word == "pcie_aspm=off":
            yield Finding(
                "tuning.cmdline-aspm",
                key,
                word,
                "tuning.aspm: this word leaves what the firmware set, and disables nothing",
                "Remove it, and set tuning.aspm to 'off'.",
            )


def _modules(rig: Rig) -> Iterator[Finding]:
    for module, options in rig.tuning.module_options.items():
        plain = module.replace("-", "_")
        if plain.startswith("nvidia_current"):
            upstream = plain.replace("_current_open", "").replace("_current", "")
            yield Finding(
                "tuning.module-name",
                f"tuning.module_options.{module}",
                None,
                f"upstream's name, {upstream!r}: it is written under the name that the installed packages use",
                "Rename it.",
                repr(upstream),
            )
            continue
        begin = OPTIONS.get(plain)
        for option in options:
            if begin is not None and not option.startswith(begin):
                yield Finding(
                    "tuning.module-option",
                    f"tuning.module_options.{module}.{option}",
                    options[option],
                    f"an option of {module}: their names begin with {begin}",
                    "Correct the name: the module ignores options that it does not know.",
                    nearest(f"{begin}{option}", [f"{begin}{option}"]),
                )
