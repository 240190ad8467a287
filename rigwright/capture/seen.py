"""All that is asked of a host: in two round trips, the second for what only the first tells the names of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyinfra.api.host import Host

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.engine.together import Wish, together
from rigwright.facts.accounts import Account, Accounts
from rigwright.facts.card_limits import CardLimit, CardLimits
from rigwright.facts.chosen_packages import ChosenPackages, ChosenState
from rigwright.facts.cuda import CudaState, CudaToolkits
from rigwright.facts.daemon_settings import DaemonConfig, DaemonSettings
from rigwright.facts.disks import Disks, DisksState
from rigwright.facts.driver import DriverPackage, DriverPackages, Offer, Offers
from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import Contents, Files
from rigwright.facts.firewalls import Firewalls, FirewallsState
from rigwright.facts.gpus import Gpus, PciGpu
from rigwright.facts.hand_made import HandMade, HandMadeState
from rigwright.facts.kernel_values import KernelValue, KernelValues
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.machine import Machine, MachineState
from rigwright.facts.model_stores import ModelStores, StoredModel
from rigwright.facts.module_config import ModuleConfig, ModuleConfigState
from rigwright.facts.modules import Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.people import People, Person
from rigwright.facts.release import Release as ReleaseFact
from rigwright.facts.release import ReleaseState
from rigwright.facts.runtimes import OwnRuntimes
from rigwright.facts.served import Served, ServedState
from rigwright.facts.settings import Settings, SettingsState
from rigwright.facts.smi import Card, Smi
from rigwright.facts.sources import Sources, SourcesState
from rigwright.facts.sshd import Sshd, SshdState
from rigwright.facts.swap import Swap, SwapState
from rigwright.facts.sysctl import SysctlFiles
from rigwright.facts.units import Units, UnitState

DAEMON_JSON = "/etc/docker/daemon.json"
RIGD_JSON = "/etc/rigd/rigd.json"
GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
UNITS = (
    "systemd-timesyncd.service", "chrony.service", "ntpsec.service", "ntp.service", "openntpd.service",
    "smartmontools.service", "nvidia-persistenced.service", "docker.service", "rigd.service",
    "rigwright-gpu-links.service", "rigwright-cpu-governor.service", "rigwright-gateway.service",
    "rigwright-backup.timer", "swapfile.swap",
)  # fmt: skip
PROFILE = "/etc/profile.d/rigwright-cuda.sh"
"""Ours where a default toolkit is declared."""
_SIGNED_BY = re.compile(r"signed-by\s*[:=]\s*(/[^\s\],]+)", re.IGNORECASE)


class UnknownRelease(Exception):
    """The host runs a distribution that nothing is known of here."""


@dataclass(frozen=True)
class Seen:
    """A host, as its facts tell of it."""

    release: Release
    system: ReleaseState
    machine: MachineState = field(default_factory=MachineState)
    gpus: list[PciGpu] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    limits: list[CardLimit] = field(default_factory=list)
    packages: PackagesState = field(default_factory=PackagesState)
    chosen: ChosenState = field(default_factory=ChosenState)
    sources: SourcesState = field(default_factory=SourcesState)
    settings: SettingsState = field(
        default_factory=lambda: SettingsState("", "", (), "", (), frozenset(), None, "", None, True)
    )
    daemons: DaemonSettings = field(default_factory=DaemonSettings)
    swap: SwapState = field(default_factory=lambda: SwapState((), "", None, False, ()))
    sysctl: list[tuple[str, str, str]] = field(default_factory=list)
    module_config: ModuleConfigState = field(default_factory=ModuleConfigState)
    modules: ModulesState = field(default_factory=ModulesState)
    hand: HandMadeState = field(default_factory=HandMadeState)
    driver_packages: dict[str, DriverPackage] = field(default_factory=dict)
    cuda: CudaState = field(default_factory=CudaState)
    docker: EngineState = field(default_factory=EngineState)
    podman: EngineState = field(default_factory=EngineState)
    daemon_json: str | None = None
    rigd_json: str | None = None
    served: ServedState = field(default_factory=ServedState)
    own_runtimes: frozenset[str] = frozenset()
    units: dict[str, UnitState] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    sshd: SshdState = field(default_factory=SshdState)
    firewalls: FirewallsState = field(default_factory=FirewallsState)
    stores: list[StoredModel] = field(default_factory=list)
    governors: dict[str, KernelValue] = field(default_factory=dict)
    cuda_profile: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    disks: DisksState = field(default_factory=DisksState)
    keyrings: dict[str, list[str]] = field(default_factory=dict)

    def enabled(self, unit: str) -> bool:
        """Whether a unit starts at boot."""
        state = self.units.get(unit)
        return state is not None and state.enabled == "enabled"


_FIRST: dict[str, Wish] = {
    "system": (ReleaseFact, {}),
    "machine": (Machine, {}),
    "gpus": (Gpus, {}),
    "cards": (Smi, {}),
    "limits": (CardLimits, {}),
    "packages": (Packages, {}),
    "chosen": (ChosenPackages, {}),
    "sources": (Sources, {}),
    "settings": (Settings, {"zone": "Etc/UTC"}),
    "daemons": (DaemonConfig, {}),
    "swap": (Swap, {}),
    "sysctl": (SysctlFiles, {}),
    "module_config": (ModuleConfig, {}),
    "modules": (Modules, {}),
    "hand": (HandMade, {}),
    "driver_packages": (DriverPackages, {}),
    "cuda": (CudaToolkits, {}),
    "docker": (Engine, {"engine": "docker"}),
    "podman": (Engine, {"engine": "podman"}),
    "contents": (Contents, {"paths": [DAEMON_JSON, RIGD_JSON]}),
    "files": (Files, {"paths": [PROFILE]}),
    "served": (Served, {}),
    "own_runtimes": (OwnRuntimes, {}),
    "units": (Units, {"names": list(UNITS)}),
    "people": (People, {}),
    "sshd": (Sshd, {"user": "root"}),
    "firewalls": (Firewalls, {}),
    "stores": (ModelStores, {}),
    "governors": (KernelValues, {"paths": [GOVERNORS]}),
}
"""Field of `Seen` → what is read for it first; the rest is asked for by names that these tell."""


def look(host: Host) -> Seen:
    """Read all of it; nothing on the host is changed. Raises `UnknownRelease`, and what `Host.get_fact` raises."""
    first = dict(zip(_FIRST, together(host, list(_FIRST.values())), strict=True))
    system: ReleaseState = first["system"]
    if system.codename not in catalog().releases:
        raise UnknownRelease(
            f"it runs {system.id} {system.version_id} ({system.codename or 'no codename'}); known are "
            f"{', '.join(catalog().releases)}"
        )
    texts = [file.text for file in first["sources"].files.values()]
    accounts, offers, disks, keyrings = together(
        host,
        [
            (Accounts, {"users": [person.name for person in first["people"]], "shells": []}),
            (Offers, {"names": sorted({*first["driver_packages"], *first["chosen"].chosen, *_OF_VENDORS})}),
            (Disks, {"targets": mount_points(first["swap"].fstab), "serials": []}),
            (Keyrings, {"paths": sorted({path for text in texts for path in _SIGNED_BY.findall(text)})}),
        ],
    )
    contents, files = first.pop("contents"), first.pop("files")
    return Seen(
        release=catalog().release(system.codename),
        **first,
        daemon_json=contents[DAEMON_JSON],
        rigd_json=contents[RIGD_JSON],
        cuda_profile=files[PROFILE] is not None,
        accounts=accounts.accounts,
        offers=offers,
        disks=disks,
        keyrings=keyrings,
    )


_OF_VENDORS = ("docker-ce", "nvidia-container-toolkit")


def mount_points(fstab: str) -> list[str]:
    """Where fstab mounts something."""
    fields = [line.split() for line in fstab.splitlines() if not line.lstrip().startswith("#")]
    return [each[1] for each in fields if len(each) >= 4 and each[1].startswith("/")]


def key_of(seen: Seen, url: str) -> str | None:
    """Fingerprint of the one key that apt trusts for the repository at this address; None: none, or several."""
    for path, file in seen.sources.files.items():
        for stanza in re.split(r"\n\s*\n" if path.endswith(".sources") else r"\n", file.text):
            ring = _SIGNED_BY.search(stanza)
            if url in stanza and ring:
                keys = seen.keyrings.get(ring[1], [])
                return keys[0] if len(keys) == 1 else None
    return None
