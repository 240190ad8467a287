"""The declaration of one host."""

from __future__ import annotations

from pydantic import PrivateAttr

from rigwright.spec.access import Access
from rigwright.spec.backup import Backup
from rigwright.spec.base import Base
from rigwright.spec.clocks import Clocks
from rigwright.spec.containers import Containers
from rigwright.spec.cuda import Cuda
from rigwright.spec.driver import Driver
from rigwright.spec.fans import Fans
from rigwright.spec.gateway import Gateway
from rigwright.spec.hardware import Hardware
from rigwright.spec.install import Install
from rigwright.spec.locks import Locks
from rigwright.spec.model import Model, key
from rigwright.spec.models import Models
from rigwright.spec.power import Power
from rigwright.spec.rigd import Rigd
from rigwright.spec.runtimes import Runtimes
from rigwright.spec.tuning import Tuning

LAYERS = (
    "base",
    "access",
    "driver",
    "cuda",
    "containers",
    "tuning",
    "rigd",
    "models",
    "runtimes",
    "gateway",
    "backup",
)
"""The layers in the order in which they are applied."""


class Rig(Model):
    """One host, whole: validated, complete, offline. Everything else reads it and nothing repeats it."""

    name: str = key(description="the host's name in the inventory", unproved="names the connection")
    profiles: list[str] = key(
        default_factory=list,
        description="profiles in order; later ones win",
        form="a list of profile names",
        unproved="seen through the keys that they set",
    )
    hardware: Hardware = key(default_factory=Hardware, description="what the host is made of")
    install: Install | None = key(
        None,
        "how the host gets its system (`rig installer`); None: not by us",
        unproved="is of the next installation, not of the host that runs; what comes of it is proved by the layers",
    )
    base: Base = key(default_factory=Base, description="the distribution itself")
    access: Access = key(default_factory=Access, description="people, SSH, firewall")
    driver: Driver = key(default_factory=Driver, description="NVIDIA driver")
    cuda: Cuda = key(default_factory=Cuda, description="CUDA toolkits on the host")
    containers: Containers = key(default_factory=Containers, description="container engine and GPU access")
    tuning: Tuning = key(default_factory=Tuning, description="host settings that no BIOS holds")
    power: Power = key(default_factory=Power, description="power limits and budgets, kept by rigd")
    clocks: Clocks = key(default_factory=Clocks, description="clock locks, kept by rigd")
    fans: Fans = key(default_factory=Fans, description="fan curves, kept by rigd")
    rigd: Rigd = key(default_factory=Rigd, description="the keeper of power, clocks and fans")
    models: Models = key(default_factory=Models, description="models on the host's disk")
    runtimes: Runtimes = key(default_factory=Runtimes, description="programs that serve models")
    gateway: Gateway = key(default_factory=Gateway, description="the one door to them")
    backup: Backup = key(default_factory=Backup, description="what must survive a reinstall")

    _locks: Locks = PrivateAttr(default_factory=Locks)

    @property
    def locks(self) -> Locks:
        """What the project's lock files say; not declared, and so no key."""
        return self._locks

    def locked_by(self, locks: Locks) -> Rig:
        """The same declaration in a project with these locks."""
        self._locks = locks
        return self
