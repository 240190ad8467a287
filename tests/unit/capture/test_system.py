"""What is captured of the distribution: names, clock, packages, people, sshd, firewall, tuning."""

from __future__ import annotations

import pytest

from rigwright.capture import access, base, packages, tuning
from rigwright.facts.chosen_packages import ChosenState
from rigwright.facts.daemon_settings import DaemonSettings
from rigwright.facts.driver import Offer, Place
from rigwright.facts.engine import EngineState
from rigwright.facts.firewalls import FirewallsState, Opened
from rigwright.facts.module_config import ModuleConfigState
from rigwright.facts.people import Person
from rigwright.facts.sources import Archive, SourceFile, SourcesState
from rigwright.facts.sshd import SshdState
from rigwright.facts.units import UnitState
from rigwright.spec.rig import Rig
from tests.unit.capture.hosts import (
    ENABLED,
    KEY,
    account,
    governor,
    hand,
    installed,
    said,
    seen,
    settings,
    smi,
    sshd,
)

ARCHIVE = Place(500, "http://mirror.example/debian trixie/main amd64 Packages", "Debian")
ELSEWHERE = Place(500, "https://ppa.example stable/main amd64 Packages", "LP-PPA")


def test_names_and_daemons() -> None:
    daemons = DaemonSettings(
        systemd={("journald.conf", "SystemMaxUse"): "2G", ("journald.conf", "MaxRetentionSec"): "2week 1day"},
        upgrades="1",
        never=("nvidia-", "mine-"),
    )
    units = {"systemd-timesyncd.service": ENABLED, "smartmontools.service": ENABLED}
    found = base.captured(
        seen(
            settings=settings(), daemons=daemons, units=units, packages=installed("unattended-upgrades", "needrestart")
        )
    ).values["base"]
    assert (found["hostname"], found["timezone"], found["locale"]) == ("attic", "Europe/Vienna", "de_AT.UTF-8")
    assert found["journald"] == {"max_use_mb": 2048, "max_retention_days": 15}
    assert found["unattended_upgrades"] == {"enabled": True, "never": ["mine-"]}, "ours are in every declaration"
    assert (found["needrestart"], found["smartd"], found["time_sync"]) == ("quiet", True, True)


def test_what_is_not_set_is_not_made_up() -> None:
    part = base.captured(seen(settings=settings(hostname="Attic.local", locale_lines=())))
    found = part.values["base"]
    assert "hostname" not in found and found["locale"] == "C.UTF-8"
    assert part.comments["base", "locale"] == "LANG was not set."
    assert found["journald"] == {"max_retention_days": 0} and found["unattended_upgrades"]["enabled"] is False
    assert said(part) == ["base.hostname", "base.journal"]
    assert (
        base.captured(seen(daemons=DaemonSettings(journal_bytes=512 * 2**20))).values["base"]["journald"]["max_use_mb"]
        == 512
    )


def test_chrony_and_its_servers() -> None:
    daemons = DaemonSettings(chrony=("pool 2.debian.pool.ntp.org iburst", "server 10.0.0.1 iburst"))
    found = base.captured(seen(daemons=daemons, units={"chrony.service": ENABLED})).values["base"]
    assert (found["packages"], found["ntp_servers"], found["time_sync"]) == ({"chrony": True}, ["10.0.0.1"], True)
    part = base.captured(seen(units={"ntpsec.service": ENABLED}))
    assert part.values["base"]["time_sync"] is False and "base.clock" in said(part)


def test_components_are_those_of_the_distributions_own_archive() -> None:
    text = "deb http://mirror.example/debian trixie main contrib non-free-firmware\n"
    foreign = "deb https://ppa.example/x trixie main universe\n"
    sources = SourcesState(
        {
            "/etc/apt/sources.list": SourceFile(text, "644"),
            "/etc/apt/sources.list.d/x.list": SourceFile(foreign, "644"),
        },
        {
            "mirror.example_debian_dists_trixie": Archive("Debian", "trixie"),
            "ppa.example_x_dists_trixie": Archive("X", "x"),
        },
    )
    assert base.captured(seen(sources=sources)).values["base"]["components"] == ["contrib", "non-free-firmware"]


def test_packages_that_somebody_asked_for_and_no_layer_brings() -> None:
    chosen = ("tree", "docker.io", "linux-image-amd64", "nvidia-smi", "grub-pc", "chrony", "openssh-server", "mine",
              "ppa-tool", "libc6:i386", "htop")  # fmt: skip
    offers = {name: Offer("1", "1", {"1": (ARCHIVE,)}) for name in chosen}
    offers |= {"ppa-tool": Offer("1", "1", {"1": (ELSEWHERE,)}), "mine": Offer("1", "1", {"1": ()})}
    host = seen(chosen=ChosenState(chosen), offers=offers, packages=installed(*chosen))
    part = packages.captured(host, Rig(name="attic", driver={"state": "absent"}))  # type: ignore[arg-type]
    found = part.values["base"]["packages"]
    assert {name for name, wanted in found.items() if wanted} == {"tree", "chrony", "htop"}
    assert found["tmux"] is None and "htop" not in [name for name, wanted in found.items() if wanted is None]
    assert said(part) == ["base.package-of-another-architecture", "base.packages-from-elsewhere"]
    assert "mine, ppa-tool" in part.notes[1].what


def test_people() -> None:
    people = [
        Person("root", 0, "root", password=False, rights="password"),
        Person("anna", 1000, "anna", password=True, rights="password"),
        Person("ben", 1001, "users", password=False, rights="some"),
        Person("svc", 1002, "svc", password=False, rights="none"),
    ]
    accounts = {
        "root": account(home="/root", uid=0, groups=frozenset({"root"})),
        "anna": account(f"# mine\n{KEY}\n{KEY}\nssh-rsa broken", frozenset({"anna", "video", "sudo"})),
        "ben": account(),
        "svc": account(keys=None, shell="/usr/sbin/nologin"),
    }
    part = access.captured(seen(people=people, accounts=accounts, sshd=sshd()))
    users = part.values["access"]["users"]
    assert list(users) == ["root", "anna"]
    assert users["root"] == {"keys": [KEY], "sudo": "nopasswd", "shell": "/bin/bash", "groups": []}
    assert users["anna"] == {
        "keys": [KEY], "sudo": "password", "shell": "/bin/bash", "groups": ["sudo", "video"],
        "password_hash": {"env": "RIG_ANNA_PASSWORD_HASH"},
    }  # fmt: skip
    assert "RIG_ANNA_PASSWORD_HASH" in part.secrets[0]
    assert said(part) == ["access.key", "access.sudo-in-part"]
    assert "holds none of the types" not in part.notes[0].what and "base64" in part.notes[0].what


def test_a_name_that_no_key_takes() -> None:
    people = [Person("Anna.B", 1000, "x", password=False, rights="none"), Person("root", 0, "root", False, "none")]
    accounts = {"Anna.B": account(), "root": account(keys=None, home="/root")}
    part = access.captured(seen(people=people, accounts=accounts))
    assert "users" not in part.values["access"] and said(part) == ["access.user-name"], "root comes in by no key here"


def test_a_group_that_gives_nothing_here_gives_nothing_there() -> None:
    people = [Person("anna", 1000, "anna", password=False, rights="none")]
    part = access.captured(seen(people=people, accounts={"anna": account(groups=frozenset({"sudo", "video"}))}))
    assert part.values["access"]["users"]["anna"]["groups"] == ["video"] and said(part) == ["access.idle-group"]


def test_a_key_whose_options_hold_a_secret_is_not_shown() -> None:
    line = f'environment="API=https://me:hunter2@x.example/" {KEY}'
    people = [Person("anna", 1000, "anna", password=False, rights="none")]
    part = access.captured(seen(people=people, accounts={"anna": account(line)}))
    assert part.values["access"]["users"]["anna"]["keys"] == []
    assert "hunter2" not in "".join(note.what + note.advice for note in part.notes) and said(part) == ["access.key"]


def test_sshd() -> None:
    part = access.captured(
        seen(sshd=sshd(2222, 22, permitrootlogin="yes", passwordauthentication="yes", maxauthtries="6"))
    )
    assert part.values["access"]["ssh"] == {"port": 2222, "password_authentication": True, "max_auth_tries": 6}
    assert said(part) == ["access.ports", "access.root-login"]
    assert access.captured(seen(sshd=sshd(permitrootlogin="no"))).values["access"]["ssh"] == {
        "port": 22, "password_authentication": False, "root_login": "no", "max_auth_tries": 4,
    }  # fmt: skip
    broken = access.captured(seen(sshd=SshdState(error="line 3: Bad configuration option: Prot", ports=(22,))))
    assert broken.values["access"]["ssh"] == {} and said(broken) == ["access.sshd"]
    part = access.captured(seen(sshd=sshd(allowusers="anna", authorizedkeyscommand="none")))
    assert said(part) == ["access.sshd-setting"]


def test_our_own_firewall_is_read_back_and_anothers_is_left_alone() -> None:
    doors = {"ssh": Opened("tcp", 22, ("10.0.0.0/8",)), "web": Opened("tcp", 8443), "gateway": Opened("tcp", 443)}
    found = access.captured(seen(firewalls=FirewallsState(ours=doors, ping=True))).values["access"]["firewall"]
    assert found == {
        "state": "present", "ping": True, "ssh_sources": ["10.0.0.0/8"],
        "ports": {"web": {"port": 8443, "protocol": "tcp", "sources": []}},
    }  # fmt: skip
    part = access.captured(seen(firewalls=FirewallsState(others=("ufw",), ufw=("allow tcp 443 0.0.0.0/0 any",))))
    assert part.values["access"]["firewall"] == {"state": "absent"}
    assert said(part) == ["access.firewall"] and "allow tcp 443" in part.notes[0].what


SYSCTL = {"/etc/sysctl.d/70-own.conf": "", "/etc/sysctl.conf": ""}


def test_sysctl_is_what_somebody_said_last() -> None:
    settings_ = [
        ("/usr/lib/sysctl.d/50-default.conf", "net.ipv4.ip_forward", "1"),
        ("/etc/sysctl.d/70-own.conf", "vm.swappiness", "20"),
        ("/etc/sysctl.d/70-own.conf", "kernel.sysrq", "1"),
        ("/etc/sysctl.d/70-own.conf", "net.ipv4.conf.*.rp_filter", "1"),
        ("/etc/sysctl.d/70-own.conf", "net.ipv4.ip_forward", "0"),
        ("/usr/lib/sysctl.d/99-last.conf", "kernel.sysrq", "0"),
    ]
    host = seen(sysctl=settings_, hand=hand(texts=SYSCTL), docker=EngineState(version="26.1.5"))
    part = tuning.captured(host)
    assert part.values["tuning"]["sysctl"] == {"vm.swappiness": 20}
    assert sorted(said(part)) == ["tuning.forwarding", "tuning.sysctl-pattern"]
    unread = tuning.captured(seen(hand=hand(texts={"/etc/sysctl.conf": "vm.swappiness = 5\n"})))
    assert said(unread) == ["tuning.sysctl-unread"] and unread.values == {}


@pytest.mark.parametrize(
    ("text", "words", "notes"),
    [
        ('GRUB_CMDLINE_LINUX_DEFAULT="quiet splash iommu=pt"\n', ["iommu=pt"], []),
        ("GRUB_CMDLINE_LINUX='console=tty0 console=ttyS0'\n", ["console=tty0", "console=ttyS0"], []),
        ('GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX pcie_aspm=off"\n', [], ["tuning.cmdline-aspm"]),
        ('#GRUB_CMDLINE_LINUX="iommu=pt"\nGRUB_DEFAULT=0\n', [], []),
        ('GRUB_CMDLINE_LINUX="iommu=off iommu=pt"\n', ["iommu=pt"], []),
    ],
)
def test_the_kernels_command_line(text: str, words: list[str], notes: list[str]) -> None:
    part = tuning.captured(seen(hand=hand(texts={"/etc/default/grub": text})))
    assert part.values.get("tuning", {}).get("kernel_cmdline", []) == words and said(part) == notes


def test_module_options_get_upstreams_names() -> None:
    config = ModuleConfigState(real={"nvidia": "nvidia-current", "nvidia-uvm": "nvidia-current-uvm"})
    text = "options nvidia-current NVreg_X=1\noptions nvidia_current_uvm uvm_disable_hmm=1\noptions kvm nested\n"
    text += "blacklist nouveau\nblacklist pcspkr\ninstall floppy /bin/true\n"
    host = seen(module_config=config, hand=hand(texts={"/etc/modprobe.d/own.conf": text},
                packaged={"/etc/modprobe.d/nvidia.conf": "options nvidia-current NVreg_Y=1"}))  # fmt: skip
    part = tuning.captured(host)
    assert part.values["tuning"]["module_options"] == {"nvidia": {"NVreg_X": 1}, "nvidia_uvm": {"uvm_disable_hmm": 1}}
    assert said(part) == ["tuning.module-option", "tuning.blacklist", "tuning.modprobe"]


@pytest.mark.parametrize(("units", "on"), [({"nvidia-persistenced.service": ENABLED}, True), ({}, False)])
def test_without_a_loaded_driver_its_daemon_tells_of_persistence(units: dict[str, UnitState], on: bool) -> None:
    host = seen(driver_packages={"nvidia-smi": None}, units=units)  # type: ignore[dict-item]
    assert tuning.captured(host).values["tuning"] == {"persistence_mode": on}


def test_limits_schedulers_governor_persistence() -> None:
    limits = "* soft nofile 65536\n* hard nofile 65536\n* - memlock unlimited\n@dev - nice 0\n"
    udev = 'ACTION=="add", KERNEL=="nvme*", ATTR{queue/scheduler}="none"\n'
    host = seen(
        hand=hand(texts={"/etc/security/limits.d/own.conf": limits, "/etc/udev/rules.d/60-io.rules": udev}),
        governors=governor("performance"),
        driver_packages={"nvidia-smi": None},  # type: ignore[dict-item]  # that there are some is what counts
        cards=[smi(persistence=False)],
    )
    part = tuning.captured(host)
    assert part.values["tuning"] == {
        "limits": {"nofile": 65536, "memlock": "unlimited"},
        "cpu_governor": "performance",
        "io_scheduler": {"nvme": "none"},
        "persistence_mode": False,
    }
    assert said(part) == ["tuning.limit"]
    assert tuning.captured(seen(governors=governor("schedutil"))).values == {}, "the kernel's own choice"
