"""What each rule refuses, and the like of it that is sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Parts = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One rule: the finding that is expected of ``wrong``; ``right`` has none."""

    finding: str
    key: str
    wrong: Parts
    right: Parts
    note: str = ""

    @property
    def id(self) -> str:
        return f"{self.finding}{f' ({self.note})' if self.note else ''}"


REFERENCE = {"board": "ASRock X99 WS-E", "cpu": "Xeon E5-2680 v4"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOWNKEYOfTheseTestsWhichNobodyHoldsTheOtherH me"
EXAMPLE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEReplaceThisWithYourOwnPublicKeyPleas me"
UUID = "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"


def card(slot: str = "PCIE1", model: str = "GeForce RTX 3090", **more: Any) -> Parts:
    """One card; fed by two 8-pin plugs of the supply `main`."""
    return {"model": model, "slot": slot, "cables": ["8-pin", "8-pin"], "supply": "main", **more}


def machine(*gpus: Parts, watts: int = 1300, psus: Parts | None = None, **more: Any) -> Parts:
    """Hardware with these cards and a supply."""
    return {"hardware": {"psus": psus or {"main": {"rated_w": watts}}, "gpus": list(gpus), **more}}


def p40(**driver: Any) -> Parts:
    return {**machine(card(model="Tesla P40", cables=["EPS"])), "driver": {"branch": 580, **driver}}


def rtx5090(**driver: Any) -> Parts:
    return {**machine(card(model="GeForce RTX 5090", cables=["12V-2x6"]), watts=1600), "driver": driver}


GT = {"main": {"model": "EVGA SuperNOVA 1300 GT"}}
TWO = {"main": {"rated_w": 1300}, "second": {"rated_w": 1000}}
THREE_PLUGS = ["8-pin", "8-pin", "8-pin"]

HARDWARE = [
    Case("models.unknown-board", "hardware.board", machine(board="ASRock X99"), machine(board="ASRock X99 WS-E")),
    Case("models.unknown-processor", "hardware.cpu", machine(cpu="E5-2680"), machine(cpu="Xeon E5-2680 v4")),
    Case(
        "models.unknown-card",
        "hardware.gpus.0.model",
        machine(card(model="RTX 3090")),
        machine(card(model="GeForce RTX 3090")),
    ),
    Case(
        "models.unknown-power-supply",
        "hardware.psus.main.model",
        machine(psus={"main": {"model": "x"}}),
        machine(psus=GT),
    ),
    Case("models.supply-unrated", "hardware.psus.main", machine(psus={"main": {}}), machine(psus=GT)),
    Case("models.no-supply", "hardware.gpus.0.supply", machine(card(supply="second")), machine(card())),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(card("PCIE1"), card("PCIE3"), card("PCIE5"), psus=GT, **REFERENCE),
        machine(card("PCIE1"), card("PCIE5"), psus=GT, **REFERENCE),
        "a third 350 W card",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(card("PCIE1", cables=THREE_PLUGS), card("PCIE5", cables=THREE_PLUGS), psus=GT, **REFERENCE),
        machine(card("PCIE1"), card("PCIE5", cables=THREE_PLUGS), psus=GT, **REFERENCE),
        "partner cards count with their own limit",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.second",
        machine(*(card(f"PCIE{n}", supply="second") for n in (1, 3, 5)), psus=TWO, **REFERENCE),
        machine(card("PCIE1"), *(card(f"PCIE{n}", supply="second") for n in (3, 5)), psus=TWO, **REFERENCE),
        "second supply",
    ),
    Case(
        "power.supply-overloaded",
        "hardware.psus.main",
        machine(
            *(card(f"PCIE{n}") for n in (1, 3)),
            *(card(f"PCIE{n}", supply="second") for n in (5, 7)),
            psus={"main": {"rated_w": 1300}, "second": {"rated_w": 1300}},
            **REFERENCE,
        ),
        machine(
            *(card(f"PCIE{n}") for n in (1, 3)),
            *(card(f"PCIE{n}", supply="second", riser="usb") for n in (5, 7)),
            psus={"main": {"rated_w": 1300}, "second": {"rated_w": 1300}},
            **REFERENCE,
        ),
        "slots feed cards of other supplies, but not through USB risers",
    ),
    Case(
        "power.rating",
        "hardware.psus.main.rated_w",
        machine(psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "rated_w": 1600}}),
        machine(psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "rated_w": 1200}}),
    ),
    Case("cables.card", "hardware.gpus.0.cables", machine(card(cables=["8-pin"])), machine(card(cables=THREE_PLUGS))),
    Case(
        "cables.supply",
        "hardware.psus.main",
        machine(card("A"), card("B"), psus={"main": {"rated_w": 1300, "connectors": {"8-pin": 3}}}),
        machine(card("A"), card("B"), psus={"main": {"rated_w": 1300, "connectors": {"8-pin": 4}}}),
    ),
    Case(
        "cables.supply",
        "hardware.psus.main",
        machine(
            *(card(f"PCIE{n}", "GeForce RTX 2080 SUPER") for n in (1, 3)),
            card("PCIE5", cables=THREE_PLUGS),
            psus={"main": {"model": "EVGA SuperNOVA 1300 GT", "connectors": {"8-pin": 6}}},
        ),
        machine(
            *(card(f"PCIE{n}", "GeForce RTX 2080 SUPER") for n in (1, 3)), card("PCIE5", cables=THREE_PLUGS), psus=GT
        ),
        "what is declared goes before the catalogue",
    ),
    Case(
        "pcie.no-slot",
        "hardware.gpus.0.slot",
        machine(card("PCIE8"), board="ASRock X99 WS-E"),
        machine(card("PCIE7"), board="ASRock X99 WS-E"),
    ),
    Case("pcie.slot-twice", "hardware.gpus.1.slot", machine(card("A"), card("A")), machine(card("A"), card("B"))),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card("PCIE2", pcie_width=16), board="ASRock X99 WS-E"),
        machine(card("PCIE1", pcie_width=16), board="ASRock X99 WS-E"),
        "slot",
    ),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card("PCIE3", pcie_width=16), card("PCIE2", pcie_width=8), board="ASRock X99 WS-E"),
        machine(card("PCIE3", pcie_width=16), card("PCIE4", pcie_width=8), board="ASRock X99 WS-E"),
        "neighbour",
    ),
    Case(
        "pcie.width",
        "hardware.gpus.0.pcie_width",
        machine(card(riser="usb", pcie_width=16)),
        machine(card(riser="usb", pcie_width=1)),
        "usb riser",
    ),
    Case("pcie.width", "hardware.gpus.0.pcie_width", machine(card(pcie_width=6)), machine(card(pcie_width=4)), "odd"),
]

BASE = [
    Case(
        "base.timezone",
        "base.timezone",
        {"base": {"timezone": "Europe/Berln"}},
        {"base": {"timezone": "Europe/Berlin"}},
    ),
    Case(
        "base.swap-size",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "file"}}},
        {"base": {"swap": {"kind": "keep"}}},
    ),
    Case(
        "base.swap-size",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "none", "size_gib": 4}}},
        {"base": {"swap": {"kind": "file", "size_gib": 4}}},
        "size of nothing",
    ),
    Case(
        "base.swap-zram",
        "base.swap.size_gib",
        {"base": {"swap": {"kind": "zram", "size_gib": 65}}, **machine(ram_gib=32)},
        {"base": {"swap": {"kind": "zram", "size_gib": 64}}, **machine(ram_gib=32)},
    ),
    Case(
        "base.disk-identity",
        "base.disks.data",
        {"base": {"disks": {"data": {"mount": "/srv", "uuid": UUID, "format": "S1"}}}},
        {"base": {"disks": {"data": {"mount": "/srv", "format": "S1"}}}},
    ),
    Case(
        "base.disk-mount",
        "base.disks.data.mount",
        {"base": {"disks": {"data": {"mount": "/var", "uuid": UUID}}}},
        {"base": {"disks": {"data": {"mount": "/var/lib/docker", "uuid": UUID}}}},
    ),
    Case(
        "base.disk-serial",
        "base.disks.data.format",
        {
            "base": {"disks": {"data": {"mount": "/srv", "format": "S1"}}},
            **machine(storage={"data": {"model": "x", "size_gb": 1, "serial": "S2"}}),
        },
        {
            "base": {"disks": {"data": {"mount": "/srv", "format": "S2"}}},
            **machine(storage={"data": {"model": "x", "size_gb": 1, "serial": "S2"}}),
        },
    ),
    Case(
        "base.disk-uuid-twice",
        "base.disks.b.uuid",
        {"base": {"disks": {"a": {"mount": "/a", "uuid": UUID}, "b": {"mount": "/b", "uuid": UUID}}}},
        {"base": {"disks": {"a": {"mount": "/a", "uuid": UUID}, "b": {"mount": "/a/b", "uuid": f"{UUID[:-1]}8"}}}},
    ),
    Case(
        "base.package-of-a-layer",
        "base.packages.docker.io",
        {"base": {"packages": {"docker.io": True}}},
        {"base": {"packages": {"nvtop": True, "podracer": True}}},
    ),
    Case(
        "base.never-pattern",
        "base.unattended_upgrades.never.0",
        {"base": {"unattended_upgrades": {"never": ["("]}}},
        {"base": {"unattended_upgrades": {"never": ["^foo-"]}}},
    ),
    Case(
        "base.ntp-unused",
        "base.ntp_servers",
        {"base": {"time_sync": False, "ntp_servers": ["a.example"]}},
        {"base": {"ntp_servers": ["a.example"]}},
    ),
]


def people(**users: Any) -> Parts:
    return {"access": {"users": users}}


def doors(**firewall: Any) -> Parts:
    return {"access": {"firewall": firewall}}


ACCESS = [
    Case(
        "access.nobody",
        "access.ssh.root_login",
        {"access": {"ssh": {"root_login": "no"}, "users": {"me": {"state": "absent", "keys": [KEY]}}}},
        {"access": {"ssh": {"root_login": "no"}, "users": {"me": {"keys": [KEY]}}}},
    ),
    Case(
        "access.root-absent", "access.users.root.state", people(root={"state": "absent"}), people(root={"keys": [KEY]})
    ),
    Case(
        "access.key",
        "access.users.me.keys.0",
        people(me={"keys": [KEY.replace("ed25519", "rsa", 1)]}),
        people(me={"keys": [f'from="10.0.0.0/8",no-pty {KEY}']}),
    ),
    Case(
        "access.key", "access.users.me.keys.0", people(me={"keys": [KEY[:-7]]}), people(me={"keys": [KEY]}), "cut off"
    ),
    Case(
        "access.key-twice",
        "access.users.me.keys.1",
        people(me={"keys": [KEY, f"{KEY}-again"]}),
        people(me={"keys": [KEY]}, you={"keys": [KEY]}),
    ),
    Case("access.example-key", "access.users.me.keys.0", people(me={"keys": [EXAMPLE]}), people(me={"keys": [KEY]})),
    Case(
        "firewall.source",
        "access.firewall.ssh_sources.0",
        doors(ssh_sources=["home.example"]),
        doors(ssh_sources=["192.168.1.0/24", "2001:db8::1"]),
    ),
    Case(
        "firewall.port-twice",
        "access.firewall.ports.b.port",
        doors(ports={"a": {"port": 53}, "b": {"port": 53}}),
        doors(ports={"a": {"port": 53}, "b": {"port": 53, "protocol": "udp"}}),
    ),
    Case(
        "firewall.ssh-port",
        "access.firewall.ports.a.port",
        doors(ports={"a": {"port": 22}}),
        doors(ports={"a": {"port": 23}}),
    ),
]

NO_CONTAINERS = {"state": "absent"}


def cuda(toolkits: list[str], default: str | None = None, **driver: Any) -> Parts:
    return {"cuda": {"toolkits": toolkits, "default": default}, "driver": driver}


DRIVER = [
    Case("driver.branch-missing", "driver.branch", {"driver": {}}, {"driver": {"version": "580.105.08"}}),
    Case(
        "driver.version-branch",
        "driver.version",
        {"driver": {"branch": 580, "version": "590.44.01"}},
        {"driver": {"branch": 580, "version": "580.105.08"}},
    ),
    Case(
        "driver.repository-unused",
        "driver.repository_url",
        {"driver": {"source": "distribution", "repository_url": "https://mirror.example"}},
        {"driver": {"branch": 580, "repository_url": "https://mirror.example"}},
    ),
    Case(
        "driver.needed",
        "driver.source",
        {"driver": {"source": "none"}},
        {"driver": {"source": "none"}, "containers": {"toolkit": {"state": "absent"}}},
        "container toolkit",
    ),
    Case(
        "driver.needed",
        "driver.state",
        {"driver": {"state": "absent"}, "containers": NO_CONTAINERS, "cuda": {"toolkits": ["12.8"]}},
        {"driver": {"state": "absent"}, "containers": NO_CONTAINERS, "cuda": {"toolkits": ["12.8"], "state": "absent"}},
        "toolkits",
    ),
    Case("driver.branch-dropped-card", "driver.branch", p40(branch=590), p40(branch=580)),
    Case("driver.branch-too-old", "driver.branch", rtx5090(branch=565), rtx5090(branch=570)),
    Case("driver.flavour-unfit", "driver.flavour", p40(flavour="open"), p40(flavour="proprietary"), "Pascal"),
    Case(
        "driver.flavour-unfit",
        "driver.flavour",
        rtx5090(branch=580, flavour="proprietary"),
        rtx5090(branch=580, flavour="open"),
        "Blackwell",
    ),
    Case(
        "driver.no-common-flavour",
        "hardware.gpus",
        machine(card("A", model="Tesla P40"), card("B", "GeForce RTX 5090", cables=["12V-2x6"]), watts=2000),
        machine(card("A", model="Tesla P40"), card("B"), watts=2000),
    ),
    Case(
        "driver.open-broken",
        "driver.flavour",
        {"driver": {"source": "distribution", "flavour": "open"}},
        {"driver": {"source": "distribution", "flavour": "open", "branch": 580}},
    ),
    Case(
        "cuda.default", "cuda.default", cuda(["12.8"], "12.9", branch=580), cuda(["12.8", "12.9"], "12.9", branch=580)
    ),
    Case(
        "cuda.toolkit-twice", "cuda.toolkits.1", cuda(["12.8", "12.8"], branch=580), cuda(["12.8", "13.0"], branch=580)
    ),
    Case("cuda.unknown", "cuda.toolkits.0", cuda(["12.7"], branch=580), cuda(["12.6"], branch=580)),
    Case("cuda.driver-too-old", "cuda.toolkits.0", cuda(["13.0"], branch=575), cuda(["13.0"], branch=580), "branch"),
    Case(
        "cuda.driver-too-old",
        "cuda.toolkits.0",
        cuda(["13.0"], version="580.65.05"),
        cuda(["13.0"], version="580.65.06"),
        "version",
    ),
    Case(
        "cuda.driver-too-old",
        "cuda.toolkits.0",
        cuda(["12.5"], source="distribution"),
        cuda(["12.4"], source="distribution"),
        "distribution",
    ),
]


def containers(**keys: Any) -> Parts:
    return {"containers": keys}


DISK = {"base": {"disks": {"data": {"mount": "/srv/data", "uuid": UUID}}}}

LAYERS = [
    Case(
        "containers.podman-vendor",
        "containers.source",
        containers(engine="podman", source="vendor"),
        containers(engine="podman"),
    ),
    Case(
        "containers.podman-daemon",
        "containers.daemon",
        containers(engine="podman", daemon={"debug": True}),
        containers(daemon={"debug": True}),
    ),
    Case(
        "containers.repository-unused",
        "containers.repository_url",
        containers(repository_url="https://mirror.example"),
        containers(repository_url="https://mirror.example", source="vendor"),
    ),
    Case(
        "containers.toolkit-old",
        "containers.toolkit.version",
        containers(toolkit={"version": "1.17.8"}),
        containers(toolkit={"version": "1.18.0"}),
    ),
    Case(
        "containers.toolkit-regression",
        "containers.toolkit.version",
        containers(toolkit={"version": "1.19.1"}),
        containers(toolkit={"version": "1.19.0"}),
    ),
    Case(
        "containers.daemon-key",
        "containers.daemon.log-opts",
        containers(daemon={"log-opts": {}}),
        containers(daemon={"dns": ["192.168.1.1"]}),
    ),
    Case(
        "containers.daemon-hosts",
        "containers.daemon.hosts",
        containers(daemon={"hosts": ["tcp://0.0.0.0"]}),
        containers(state="absent", daemon={"hosts": ["tcp://0.0.0.0"]}),
    ),
    Case(
        "containers.data-root-above-disk",
        "containers.data_root",
        {**containers(data_root="/srv"), **DISK},
        {**containers(data_root="/srv/data"), **DISK},
    ),
    Case(
        "containers.data-root-off-disk",
        "containers.data_root",
        {**containers(data_root="/srv/date/docker"), **DISK},
        {**containers(data_root="/var/lib/images"), **DISK},
    ),
    Case(
        "containers.mirror",
        "containers.registry_mirrors.0",
        containers(registry_mirrors=["mirror.example"]),
        containers(registry_mirrors=["https://mirror.example"]),
    ),
    Case(
        "tuning.cmdline-twice",
        "tuning.kernel_cmdline.1",
        {"tuning": {"kernel_cmdline": ["iommu=pt", "iommu=pt"]}},
        {"tuning": {"kernel_cmdline": ["console=tty0", "console=ttyS0"]}},
    ),
    Case(
        "tuning.cmdline-aspm",
        "tuning.kernel_cmdline.0",
        {"tuning": {"kernel_cmdline": ["pcie_aspm=off"]}},
        {"tuning": {"kernel_cmdline": ["pcie_aspm.policy=performance"], "aspm": "off"}},
    ),
    Case(
        "tuning.module-name",
        "tuning.module_options.nvidia-current-uvm",
        {"tuning": {"module_options": {"nvidia-current-uvm": {"uvm_disable_hmm": 1}}}},
        {"tuning": {"module_options": {"nvidia_uvm": {"uvm_disable_hmm": 1}}}},
    ),
    Case(
        "tuning.module-option",
        "tuning.module_options.nvidia.EnableGpuFirmware",
        {"tuning": {"module_options": {"nvidia": {"EnableGpuFirmware": 0}}}},
        {"tuning": {"module_options": {"nvidia": {"NVreg_EnableGpuFirmware": 0}, "nvme": {"poll_queues": 1}}}},
    ),
    Case(
        "tuning.docker-forwarding",
        "tuning.sysctl.net.ipv4.ip_forward",
        {"tuning": {"sysctl": {"net.ipv4.ip_forward": "0"}}},
        {"tuning": {"sysctl": {"net.ipv4.ip_forward": 0}}, "containers": {"engine": "podman"}},
    ),
]

ALL = [*HARDWARE, *BASE, *ACCESS, *DRIVER, *LAYERS]


def connecting(user: str, account: Parts | None, **more: Any) -> Parts:
    """A connection as this user, and what is declared of the account."""
    users = {} if account is None else {user: account}
    return {"connection": {"ssh_user": user, **more}, "access": {"users": {"other": {"keys": [KEY]}, **users}}}


NO_ROOT = {"ssh": {"root_login": "no"}, "users": {"other": {"keys": [KEY]}}}

CONNECTION = [
    Case(
        "connection.root-login",
        "access.ssh.root_login",
        {"connection": {"ssh_user": "root"}, "access": NO_ROOT},
        {"connection": {"ssh_user": "other"}, "access": NO_ROOT},
    ),
    Case(
        "connection.user-absent",
        "access.users.me.state",
        connecting("me", {"state": "absent", "keys": [KEY]}),
        connecting("me", None),
    ),
    Case(
        "connection.user-without-key", "access.users.me.keys", connecting("me", {}), connecting("me", {"keys": [KEY]})
    ),
    Case(
        "connection.sudo",
        "access.users.me.sudo",
        connecting("me", {"keys": [KEY], "sudo": "none"}),
        connecting("me", {"keys": [KEY], "sudo": "none"}, _sudo=False),
    ),
]
