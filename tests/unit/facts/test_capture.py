"""What a capture reads, as it is read."""

from __future__ import annotations

import base64
import json

import pytest

from rigwright.facts.card_limits import CardLimit, CardLimits
from rigwright.facts.chosen_packages import ChosenPackages
from rigwright.facts.daemon_settings import DaemonConfig
from rigwright.facts.firewalls import Firewalls, Opened
from rigwright.facts.hand_made import HandMade
from rigwright.facts.machine import Machine, SeenDrive
from rigwright.facts.model_stores import ModelStores, StoredModel
from rigwright.facts.people import People, Person
from rigwright.facts.served import RunningContainer, Served


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_machine() -> None:
    drives = {
        "blockdevices": [
            {"name": "sda", "type": "disk", "size": 500, "model": "M ", "serial": " S1", "rm": False, "tran": "sata",
             "mountpoint": None, "children": [{"name": "sda1", "type": "part", "mountpoint": "/"}]},
            {"name": "sdb", "type": "disk", "size": 5, "rm": True, "tran": "usb", "mountpoint": None},
            {"name": "zram0", "type": "disk", "size": 5, "mountpoint": "[SWAP]"},
            {"name": "nvme0n1", "type": "disk", "size": "900", "model": None, "serial": None, "rm": "0"},
        ]
    }  # fmt: skip
    found = Machine().process([
        "board X99 WS-E", "cpu Intel(R) Xeon(R)", "total 131923456", "module 16 GB", "module No Module Installed",
        "module 8192 MB", "slot PCIE1", "at 0000:03:00.0", "slot PCIE2", "at 0000:FF:00.0",
        f"drives {_encoded(json.dumps(drives))}",
    ])  # fmt: skip
    assert (found.board, found.cpu, found.modules) == ("X99 WS-E", "Intel(R) Xeon(R)", (16.0, 8.0))
    assert found.slots == {"0000:03:00.0": "PCIE1", "0000:ff:00.0": "PCIE2"}
    assert round(found.total_gib, 1) == 125.8
    assert found.drives == (
        SeenDrive("sda", "M", "S1", 500, system=True), SeenDrive("nvme0n1", "", None, 900, system=False),
    )  # fmt: skip
    bare = Machine().process(["board ", "drives "])
    assert (bare.board, bare.drives, bare.total_gib) == ("", (), 0.0)


def test_card_limits() -> None:
    assert CardLimits().process(["GPU-1, 280.00, 350.00", "GPU-2, [N/A], 350.00", "garbage"]) == [
        CardLimit("GPU-1", 280.0, 350.0),
        CardLimit("GPU-2", None, 350.0),
    ]


def test_chosen_packages_are_leaves() -> None:
    lines = [
        "M htop", "M libncurses6", "M bash", "M apt", "M gone", "M libc6:i386", "M alt",
        "P ii |htop|optional|no|libc6 (>= 2.38), libncurses6 (>= 6)",
        "P ii |libncurses6|optional|no|libtinfo6 (= 6)",
        "P ii |bash|required|yes|",
        "P ii |apt|important|no|, alt-missing | alt:any",
        "P rc |gone|optional|no|",
        "P ii |libc6:i386|optional|no|",
        "P ii |auto|optional|no|",
        "P ii |alt|optional|no|alt",
    ]  # fmt: skip
    assert ChosenPackages().process(lines).chosen == ("htop",)
    assert ChosenPackages().process([*lines[:6], "P ii |alt|optional|no|alt", "M alt"]).chosen == ("alt",)


def test_people() -> None:
    lines = ["root|0|root|no", "R (ALL : ALL) ALL", "anna|1000|anna|yes", "ben|1001|users|no", "R (ALL) NOPASSWD: ALL"]
    assert People().process(lines) == [
        Person("root", 0, "root", password=False, rights="password"),
        Person("anna", 1000, "anna", password=True, rights="none"),
        Person("ben", 1001, "users", password=False, rights="nopasswd"),
    ]


@pytest.mark.parametrize(
    ("rules", "rights"),
    [
        (["(ALL : ALL) ALL", "(ALL : ALL) NOPASSWD: ALL"], "nopasswd"),
        (["(ALL) NOPASSWD: ALL", "(ALL : ALL) ALL"], "password"),
        (["(root) NOPASSWD: ALL"], "nopasswd"),
        (["(www-data) NOPASSWD: ALL"], "some"),
        (["(ALL) NOPASSWD: /usr/bin/systemctl"], "some"),
        (["(ALL : ALL) ALL, !/bin/su"], "some"),
        (["(ALL : ALL) ALL", "(ALL) NOPASSWD: /usr/bin/x"], "password"),
    ],
)
def test_only_who_may_do_everything_as_root_may_become_root(rules: list[str], rights: str) -> None:
    (person,) = People().process(["anna|1000|anna|no", *(f"R {rule}" for rule in rules)])
    assert person.rights == rights


def test_hand_made() -> None:
    found = HandMade().process([
        f"T hand {_encoded('a = 1')}|/etc/sysctl.d/70-own.conf",
        f"T package {_encoded('b = 1')}|/etc/sysctl.d/10-packaged.conf",
        f"T package {_encoded('c = 1')}|/etc/sysctl.conf",
        "F /etc/cron.d/own", "C /etc/sysctl.conf", "J anna 3", "N nvidia-smi -pl 280", "I /usr/bin/nvidia-uninstall",
        "D /usr/local/cuda-12.8", "S firefox", "K bluetooth.service",
    ])  # fmt: skip
    assert found.by_hand("/etc/sysctl") == {"/etc/sysctl.d/70-own.conf": "a = 1", "/etc/sysctl.conf": "c = 1"}
    assert found.masked == ("bluetooth.service",)
    assert (found.files, found.crontabs, found.smi) == (("/etc/cron.d/own",), {"anna": 3}, ("nvidia-smi -pl 280",))
    assert (found.installer, found.toolkits, found.snaps) == (
        ("/usr/bin/nvidia-uninstall",), ("/usr/local/cuda-12.8",), ("firefox",),
    )  # fmt: skip


def test_daemon_settings() -> None:
    found = DaemonConfig().process([
        "S journald.conf SystemMaxUse=1G", "S journald.conf SystemMaxUse = 2G", "S timesyncd.conf NTP=a b",
        "A APT::Periodic::Unattended-Upgrade 1", "A Unattended-Upgrade::Package-Blacklist:: nvidia-",
        "Y server 10.0.0.1 iburst", "J 4294967296",
    ])  # fmt: skip
    assert found.systemd == {("journald.conf", "SystemMaxUse"): "2G", ("timesyncd.conf", "NTP"): "a b"}
    assert (found.upgrades, found.never, found.chrony, found.journal_bytes) == (
        "1", ("nvidia-",), ("server 10.0.0.1 iburst",), 4 * 2**30,
    )  # fmt: skip


def _rule(comment: str, field: str, right: object, source: object = None) -> dict[str, object]:
    matches = [{"match": {"left": {"payload": {"protocol": "tcp", "field": field}}, "right": right}}]
    if source is not None:
        matches.insert(0, {"match": {"left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": source}})
    return {"rule": {"comment": comment, "expr": [*matches, {"accept": None}]}}


def test_firewalls() -> None:
    network = {"prefix": {"addr": "10.0.0.0", "len": 8}}
    rules = [
        _rule("ssh ip", "dport", {"set": [22, 2222]}, {"set": [network, "192.0.2.7"]}),
        _rule("port web", "dport", 443),
        {"rule": {"comment": "ping", "expr": []}},
        {"rule": {"comment": "answers", "expr": []}},
    ]
    found = Firewalls().process([
        "ufw", "rule allow tcp 80 any", "table inet filter", "table ip nat", "table inet rigwright",
        f"ours {json.dumps({'nftables': rules})}",
    ])  # fmt: skip
    assert found.others == ("ufw", "nftables' table inet filter") and found.ufw == ("allow tcp 80 any",)
    assert found.ours == {"ssh": Opened("tcp", 22, ("10.0.0.0/8", "192.0.2.7")), "web": Opened("tcp", 443)}
    assert found.ping
    assert Firewalls().process(["ours "]).ours is None


def test_model_stores() -> None:
    found = ModelStores().process([
        "H /root/.cache/huggingface/hub|Qwen--Qwen3-8B-GGUF|c0ffee", "N b.gguf", "N a.gguf",
        "H /srv/models/hub|owner--a--b|", "O /usr/share/ollama/.ollama/models|registry.ollama.ai/library/qwen3/8b",
        "O /x|hf.co/me/m/latest",
    ])  # fmt: skip
    assert found == [
        StoredModel("hub", "/root/.cache/huggingface/hub", "Qwen/Qwen3-8B-GGUF", "c0ffee", ("a.gguf", "b.gguf")),
        StoredModel("hub", "/srv/models/hub", "owner/a--b"),
        StoredModel("ollama", "/usr/share/ollama/.ollama/models", "qwen3:8b"),
        StoredModel("ollama", "/x", "hf.co/me/m:latest"),
    ]
    assert "/data/my\\ x" not in ModelStores().command(["/data/my x"]) and "'/data/my x/hub'" in ModelStores().command(
        ["/data/my x"]
    )


def test_served() -> None:
    found = Served().process(["docker|web-1|caddy:2|web|/opt/web/compose.yaml|80->80/tcp", "ollama"])
    assert found.containers == (
        RunningContainer("docker", "web-1", "caddy:2", "web", "/opt/web/compose.yaml", "80->80/tcp"),
    )
    assert found.ollama and "Env" not in Served().command()
