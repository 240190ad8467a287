"""The declaration of one host."""

from __future__ import annotations

from rigwright.spec.access import Access
from rigwright.spec.base import Base
from rigwright.spec.containers import Containers
from rigwright.spec.cuda import Cuda
from rigwright.spec.driver import Driver
from rigwright.spec.hardware import Hardware
from rigwright.spec.model import Model, key
from rigwright.spec.tuning import Tuning

LAYERS = ("base", "access", "driver", "cuda", "containers", "tuning")
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
    base: Base = key(default_factory=Base, description="the distribution itself")
    access: Access = key(default_factory=Access, description="people, SSH, firewall")
    driver: Driver = key(default_factory=Driver, description="NVIDIA driver")
    cuda: Cuda = key(default_factory=Cuda, description="CUDA toolkits on the host")
    containers: Containers = key(default_factory=Containers, description="container engine and GPU access")
    tuning: Tuning = key(default_factory=Tuning, description="host settings that no BIOS holds")
