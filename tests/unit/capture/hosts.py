"""Hosts as facts tell of them, for what is captured of them."""

from __future__ import annotations

from typing import Any

from rigwright.capture.part import Part
from rigwright.capture.seen import Seen
from rigwright.catalog import catalog
from rigwright.facts.accounts import Account
from rigwright.facts.driver import DriverPackage, Offer, Place, upstream_version
from rigwright.facts.gpus import PciGpu
from rigwright.facts.hand_made import HandMadeState, SettingsFile
from rigwright.facts.kernel_values import KernelValue
from rigwright.facts.modules import Module, ModulesState
from rigwright.facts.packages import PackagesState
from rigwright.facts.settings import SettingsState
from rigwright.facts.smi import Card
from rigwright.facts.sshd import SshdState
from rigwright.facts.units import UnitState
from tests.unit.operations.releases import release

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUiLzxJVmNwfYqXpLG+y9jl8v8MGSYzQE1aZ3SBjpuo anna@test"
UUID = "GPU-32bb2102-d972-5c46-a144-df4dec79ba7a"
OTHER_UUID = "GPU-3c970bb9-0df3-5dab-b83b-3f5f069dd287"
FS_UUID = "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"
ENABLED = UnitState("loaded", "active", "running", "enabled", 1, 1.0, 0.0, False, "success", True)


def seen(codename: str = "trixie", container: str | None = None, **more: Any) -> Seen:
    """A host of this release of which nothing else is known; ``more``: what is."""
    return Seen(catalog().release(codename), release(codename, container=container), **more)


def settings(**more: Any) -> SettingsState:
    given: dict[str, Any] = {
        "hostname": "attic", "kernel_name": "attic", "hosts": (), "locale_file": "/etc/locale.conf",
        "locale_lines": ("LANG=de_AT.UTF-8",), "locales": frozenset(), "locale_gen": None,
        "localtime": "/usr/share/zoneinfo/Europe/Vienna", "timezone": None, "zone_exists": True,
    }  # fmt: skip
    return SettingsState(**{**given, **more})


def card(address: str = "0000:03:00.0", device: str = "0x2204", width: int | None = 16) -> PciGpu:
    return PciGpu(address, device, width, 16, "GA102 [GeForce RTX 3090]", "ampere")


def smi(address: str = "0000:03:00.0", uuid: str = UUID, persistence: bool | None = True) -> Card:
    return Card(0, "NVIDIA GeForce RTX 3090", uuid, address, "580.105.08", persistence, 16)


def hand(changed: tuple[str, ...] = (), packaged: dict[str, str] | None = None, **more: Any) -> HandMadeState:
    """Files that somebody made: ``texts``, by path; those that packages brought: ``packaged``."""
    texts: dict[str, str] = more.pop("texts", {})
    files = {path: SettingsFile(text, packaged=False) for path, text in texts.items()}
    files |= {path: SettingsFile(text, packaged=True) for path, text in (packaged or {}).items()}
    return HandMadeState(settings=files, changed=changed, **more)


def account(
    keys: str | None = KEY, groups: frozenset[str] = frozenset(), home: str = "/home/anna", **more: Any
) -> Account:
    return Account(
        **{"uid": 1000, "home": home, "shell": "/bin/bash", "groups": groups, "password": "", "keys": keys, **more}
    )


def installed(*names: str, held: tuple[str, ...] = (), **versions: str) -> PackagesState:
    return PackagesState(installed={**dict.fromkeys(names, "1"), **versions}, held=frozenset(held))


def driver(version: str, *names: str, places: tuple[Place, ...], held: bool = True) -> dict[str, Any]:
    """The facts of a driver of this version, from there."""
    packages = {name: DriverPackage(name, version, upstream_version(version), "ii") for name in names}
    offers = {name: Offer(version, version, {version: places}) for name in names}
    return {
        "driver_packages": packages,
        "offers": offers,
        "packages": PackagesState(installed=dict.fromkeys(names, version), held=frozenset(names if held else ())),
    }


def modules(open_: bool, version: str = "580.105.08") -> ModulesState:
    module = Module("nvidia", "/lib/modules/6.12/updates/dkms/nvidia.ko", version, open_, signed=False)
    return ModulesState(on_disk={"6.12": (module,)})


def governor(value: str) -> dict[str, KernelValue]:
    path = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
    return {path: KernelValue(value, "sysfs", writable=True)}


def sshd(*ports: int, **more: str) -> SshdState:
    usual = {"passwordauthentication": "no", "permitrootlogin": "without-password", "maxauthtries": "4"}
    return SshdState(settings={**usual, **more}, ports=ports or (22,))


def said(part: Part) -> list[str]:
    """The ids of what no key says."""
    return [note.id for note in part.notes]
