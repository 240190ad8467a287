"""What rigd is told is about cards that are there, and somebody keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from rigwright.catalog import Catalog
from rigwright.choice.rigd import IDENTITY, is_known, kept, names_of
from rigwright.rules.finding import Finding, nearest
from rigwright.spec.hardware import Gpu
from rigwright.spec.rig import Rig

_TABLES = ("power", "clocks", "fans")


def find(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    """Names of cards that mean none or two, settings that nobody keeps, a critical temperature that comes too late."""
    for table in _TABLES:
        yield from _names(rig, table)
    yield from _unkept(rig)
    yield from _critical(rig, catalog)
    listen = rig.rigd.metrics.listen
    if listen is not None and not 1024 <= int(listen.rpartition(":")[2]) <= 65535:
        yield Finding(
            "rigd.port",
            "rigd.metrics.listen",
            listen,
            "a port from 1024 to 65535: lower ones need rights that rigd does without",
            "Choose another, such as 127.0.0.1:9452.",
        )


def _names(rig: Rig, table: str) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name in getattr(rig, table).cards:
        key = f"{table}.cards.{name}"
        gpus = [gpu for gpu in rig.hardware.gpus if name in names_of(gpu)]
        if not gpus:
            if _is_slot(name):
                slots = [gpu.slot for gpu in rig.hardware.gpus]
                yield Finding(
                    "rigd.no-such-card",
                    key,
                    None,
                    f"a slot of hardware.gpus ({', '.join(slots) or 'none'}), a UUID, a PCI address, or an index",
                    "Correct the name.",
                    nearest(name, slots),
                    rests_on=IDENTITY,
                )
            continue
        gpu = gpus[0]
        if gpu.slot in seen:
            yield Finding(
                "rigd.card-twice",
                key,
                None,
                f"each card once: {seen[gpu.slot]} is the same one",
                "Put the two together.",
                rests_on=IDENTITY,
            )
        seen.setdefault(gpu.slot, name)
        if name == gpu.slot and not is_known(rig, gpu):
            yield Finding(
                "rigd.which-card",
                key,
                None,
                f"hardware.gpus.{_index(rig, gpu)} to have a uuid or pci: a driver does not know slots",
                "Add one of the two (`nvidia-smi -L`, `lspci -D`).",
                rests_on=IDENTITY,
            )


def _index(rig: Rig, gpu: Gpu) -> int:
    return next(index for index, each in enumerate(rig.hardware.gpus) if each is gpu)


def _is_slot(name: str) -> bool:
    return not (name.startswith("GPU-") or ":" in name or name.isdigit())


def _unkept(rig: Rig) -> Iterator[Finding]:
    if kept(rig):
        return
    why = "driver.state is 'absent'" if rig.driver.state == "absent" else "rigd.state is 'absent'"
    for table in _TABLES:
        if getattr(rig, table) != type(getattr(rig, table))() and not (table == "power" and _only_counted(rig)):
            yield Finding(
                "rigd.unkept",
                table,
                None,
                f"rigd on the host, to keep it: {why}, and so it is not in force",
                "Have driver and rigd present, or take it out of the declaration.",
                severity="warning",
                rests_on=("rigd.state", "driver.state"),
            )


def _only_counted(rig: Rig) -> bool:
    """Whether of power only that is declared what rules count with, and ``shared``, of which another rule speaks."""
    kept_keys = ("limit_w", "least_w", "priority", "raise_w_per_s", "cards")
    return all(getattr(rig.power, name) == getattr(type(rig.power)(), name) for name in kept_keys)


def _critical(rig: Rig, catalog: Catalog) -> Iterator[Finding]:
    critical = rig.rigd.critical
    if critical.command and critical.temperature_c is None:
        yield Finding(
            "rigd.critical-unset",
            "rigd.critical.command",
            list(critical.command),
            "a temperature_c beside it, at which it is run",
            "Add rigd.critical.temperature_c.",
            rests_on=("rigd.critical.temperature_c",),
        )
    if critical.command and not critical.command[0].startswith("/"):
        yield Finding(
            "rigd.critical-command",
            "rigd.critical.command.0",
            critical.command[0],
            "a program's whole path: there is no shell and no PATH",
            "Write where it is, such as /usr/bin/systemctl.",
        )
    for gpu in rig.hardware.gpus:
        model = catalog.gpus.get(gpu.model)
        slowdown = model.slowdown_c if model is not None else None
        if critical.temperature_c is not None and slowdown is not None and critical.temperature_c > slowdown:
            yield Finding(
                "rigd.critical-late",
                "rigd.critical.temperature_c",
                critical.temperature_c,
                f"at most {slowdown} °C, where a {gpu.model}'s own hardware acts (the card in {gpu.slot})",
                "Lower it.",
                rests_on=("hardware.gpus.*.model",),
            )
            return
