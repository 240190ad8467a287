"""The planned step to another driver on a real host: forward and proved, or back by itself, wherever it is cut off."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigwright.facts.driver_change import CHANGE, FOLDER, KEPT
from sim.host.throwaway import ThrowawayHost
from sim.repository import driver as stand_in
from sim.repository.vendors import VendorRepositories
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import BIN, Site, environment, said, site
from tests.system.test_driver import BROKEN

pytestmark = [pytest.mark.system, pytest.mark.slow]

OLD, NEWER, NEW = "580.95.05", "580.105.08", "590.44.01"
LAYER = ("--layer", "driver")
PUT_BACK = f"Put driver {OLD} back"
TO_NEW = ("driver", "upgrade", "basement", "--to", "590", "--yes")
ROLLBACK = ("driver", "rollback", "basement", "--yes")
DECLARED: dict[str, Any] = {
    "driver": {"source": "nvidia", "version": OLD},
    "cuda": {"toolkits": []},
    "containers": {"state": "absent", "toolkit": {"state": "absent"}},
}
STATE = (
    "dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package} ${Version}\\n'; apt-mark showhold; dpkg --audit; "
    "dkms status; "
    "for k in $(ls /boot/vmlinuz-* | sed 's|.*vmlinuz-||'); do "
    "find /lib/modules/$k/updates | sort; modinfo -k $k -F version nvidia; done; "
    "cat /etc/apt/preferences.d/00-rigwright-nvidia.pref; readlink -f /lib/x86_64-linux-gnu/libcuda.so.1; "
    "systemctl is-active rig-own"
)
"""Packages, holds, modules, the pin, the library, a service: what has to be the same after going back."""
OWN = "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"
"""Stands for a runtime: a unit of ours that uses the cards."""
UNPACKED = 'until dpkg-query -W -f "\\${db:Status-Abbrev}|" | grep -q "|.[UFH]"; do sleep 0.05; done'
"""Until dpkg is in the midst of its work."""
ASTRAY = "/etc/ld.so.conf.d/000-astray.conf"
LIBRARY_ASTRAY = (
    "mkdir -p /opt/astray && cp /lib/x86_64-linux-gnu/libcuda.so.1 /opt/astray/libcuda.so.999.1 && "
    f"ln -sf libcuda.so.999.1 /opt/astray/libcuda.so.1 && echo /opt/astray > {ASTRAY}; ldconfig"
)
"""Programs load another libcuda than the driver's, whichever that is: only the proof finds out."""
ONLY_WITH_NEW = (
    f"if dpkg-query -W -f '${{Version}}' libcuda1 | grep -q '^{NEW}'; then {LIBRARY_ASTRAY}; "
    f"else rm -f {ASTRAY}; ldconfig; fi"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[tuple[ThrowawayHost, Site]]:
    with gpu_host("basement", "trixie") as host:
        repository = vendors.declaration("trixie")["driver"]
        declared = {**DECLARED, "driver": {**DECLARED["driver"], **repository}}
        found = site(tmp_path_factory.mktemp("upgrade"), {host: declared})
        found.apply(*LAYER)
        host.run(f"printf '{OWN}' > /etc/systemd/system/rig-own.service; systemctl enable --now rig-own")
        yield host, found


@pytest.fixture
def server(made: tuple[ThrowawayHost, Site], vendors: VendorRepositories) -> Iterator[tuple[ThrowawayHost, Site]]:
    """The host with the old driver, on which no change was ever made."""
    host, rig = made
    host.run(f"rm -rf {FOLDER} /etc/dkms/nvidia* {ASTRAY} /etc/dpkg/dpkg.cfg.d/astray; ldconfig")
    rig.apply(*LAYER)
    host.run("systemctl start rig-own")
    yield host, rig
    vendors.publish_drivers(stand_in.VERSIONS)
    host.run("apt-get -qq update")


def state(host: ThrowawayHost) -> list[str]:
    return host.run(STATE, check=False).stdout.splitlines()


def status(rig: Site) -> dict[str, Any]:
    (found,) = json.loads(rig.rig("driver", "status", "--json").stdout)
    assert isinstance(found, dict)
    return found


def is_proved(rig: Site, *settings: str) -> None:
    words = [word for each in settings for word in ("--set", each)]
    proof = rig.document("verify", *LAYER, *words)
    assert proof["exit_status"] == 0, changes(proof)
    plan = rig.document("plan", *LAYER, *words)
    assert plan["exit_status"] == 0, changes(plan)


def test_to_another_branch_and_back(server: tuple[ThrowawayHost, Site], vendors: VendorRepositories) -> None:
    host, rig = server
    before = state(host)
    began = host.run("systemctl show -P ActiveEnterTimestampMonotonic rig-own").stdout

    done = rig.rig(*TO_NEW)

    assert done.returncode == 0, said(done)
    assert f"driver {NEW} is installed, held and proved" in done.stdout
    assert f"the declaration says driver.version = {OLD} (inventory/trial.py:" in done.stdout
    is_proved(rig, "driver.version=null", "driver.branch=590")
    assert host.run("systemctl is-active rig-own").stdout == "active\n"
    assert host.run("systemctl show -P ActiveEnterTimestampMonotonic rig-own").stdout != began, "it was stopped"
    plan = rig.document("plan", *LAYER)
    assert plan["exit_status"] == 2 and f"{NEW}-1, wanted {OLD}-1" in changes(plan), changes(plan)
    told = status(rig)
    assert (told["installed"], told["loose"], told["change"]) == (NEW, [], None)
    assert told["offered"] == {"590": NEW, "580": NEWER}
    assert [(each["version"], each["whole"]) for each in told["kept"]] == [(OLD, True)]
    again = rig.rig(*TO_NEW)
    assert again.returncode == 0 and "nothing to do" in again.stdout, said(again)

    vendors.answer_with(503)
    back = rig.rig(*ROLLBACK)
    vendors.restore()

    assert back.returncode == 0, said(back)
    assert state(host) == before
    is_proved(rig)
    assert [each["version"] for each in status(rig)["kept"]] == [NEW], "and forth again without a network"


def test_without_a_target_it_goes_to_what_is_declared(server: tuple[ThrowawayHost, Site]) -> None:
    _, rig = server
    branch = ("--set", "driver.version=null", "--set", "driver.branch=580")
    done = rig.rig("driver", "upgrade", "basement", "--yes", *branch)
    assert done.returncode == 0 and f"driver {OLD} → {NEWER}" in done.stdout, said(done)
    is_proved(rig, "driver.version=null", "driver.branch=580")
    again = rig.rig("driver", "upgrade", "basement", "--yes", *branch)
    assert again.returncode == 0 and f"driver {NEWER} is installed, the newest" in again.stdout, said(again)


def test_modules_that_cannot_be_built_take_it_back(
    server: tuple[ThrowawayHost, Site], vendors: VendorRepositories
) -> None:
    host, rig = server
    before = state(host)
    host.run(f"echo {BROKEN!r} > /etc/dkms/nvidia-{NEW}.conf; cd /var/cache/apt/archives && apt-get -qq download "
             f"$(dpkg-query -W -f '${{Package}} ${{Version}}\\n' | sed -n 's/ {OLD}-1$/={OLD}-1/p')")  # fmt: skip
    vendors.publish_drivers([NEWER, NEW])  # the old one is in no source any more

    done = rig.rig(*TO_NEW)

    assert done.returncode == 1, said(done)
    assert f"kernel module nvidia {NEW} cannot be built for kernel" in done.stdout
    assert "nv-pci.c:237:9: error: too few arguments" in done.stdout
    assert f"gone back: driver {OLD} is installed, held and proved" in done.stdout
    assert state(host) == before
    assert host.run(f"ls {CHANGE}", check=False).stdout == ""


def test_a_proof_that_falls_short_takes_it_back(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    before = state(host)
    falls_short_with_new(host)

    done = rig.rig(*TO_NEW)

    assert done.returncode == 1, said(done)
    assert "Everything is of one version" in done.stdout and "999.1" in done.stdout
    assert f"gone back: driver {OLD} is installed, held and proved" in done.stdout
    assert state(host) == before


def test_a_way_back_that_fails_says_where_it_stands_and_goes_on_later(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    before = state(host)
    host.run(LIBRARY_ASTRAY)

    done = rig.rig(*TO_NEW)

    assert done.returncode == 4, said(done)
    assert f"the way back to driver {OLD} failed, too" in done.stdout
    assert "where it stands:" in done.stdout and "to go on: rig driver rollback basement" in done.stdout
    assert status(rig)["change"]["step"] == "going back"
    host.run(f"rm {ASTRAY}; ldconfig")
    back = rig.rig(*ROLLBACK)
    assert back.returncode == 0, said(back)
    assert "999.1" in back.stdout, "what had failed is told again"
    assert state(host) == before
    is_proved(rig)


def test_what_cannot_be_had_again_is_refused_before_anything_changes(
    server: tuple[ThrowawayHost, Site], vendors: VendorRepositories
) -> None:
    host, rig = server
    before = state(host)
    host.run("apt-get clean")
    vendors.publish_drivers([NEW])

    done = rig.rig(*TO_NEW)

    assert done.returncode == 1, said(done)
    assert f"libcuda1 {OLD}-1" in done.stderr and "nothing was changed" in done.stderr, said(done)
    assert state(host) == before
    assert host.run(f"ls {CHANGE} {KEPT}", check=False).stdout == ""
    forced = rig.rig(*TO_NEW, "--without-way-back")
    assert forced.returncode == 0, said(forced)
    refused = rig.rig(*ROLLBACK)
    assert refused.returncode == 1 and "but not whole" in refused.stderr, said(refused)


@pytest.mark.parametrize("way", ["the client is killed", "the host is killed"])
@pytest.mark.parametrize("moment", ["Stop what uses the cards", "Install the driver", "Reboot if needed"])
def test_cut_off_it_goes_on(server: tuple[ThrowawayHost, Site], way: str, moment: str) -> None:
    host, rig = server
    before = state(host)
    cut(rig, host, way, moment)
    assert status(rig)["change"]["new"] == NEW

    done = rig.rig(*TO_NEW)

    assert done.returncode == 0, said(done)
    is_proved(rig, "driver.version=null", "driver.branch=590")
    assert host.run("systemctl is-active rig-own").stdout == "active\n"
    back = rig.rig(*ROLLBACK)
    assert back.returncode == 0, said(back)
    assert state(host) == before


def test_cut_off_it_goes_back_when_that_is_asked_for(server: tuple[ThrowawayHost, Site]) -> None:
    host, rig = server
    before = state(host)
    cut(rig, host, "the host is killed", "Install the driver")
    back = rig.rig(*ROLLBACK)
    assert back.returncode == 0, said(back)
    assert state(host) == before
    is_proved(rig)


@pytest.mark.parametrize("moment", ["Put apt's pin back", PUT_BACK])
def test_cut_off_on_the_way_back_it_goes_on_back(server: tuple[ThrowawayHost, Site], moment: str) -> None:
    host, rig = server
    before = state(host)
    if moment == PUT_BACK:
        falls_short_with_new(host)
    else:
        host.run(f"echo {BROKEN!r} > /etc/dkms/nvidia-{NEW}.conf")
    cut(rig, host, "the host is killed", moment)
    assert status(rig)["change"]["step"] == "going back"
    done = rig.rig(*TO_NEW)
    assert done.returncode == 1, said(done)
    assert f"gone back: driver {OLD} is installed" in done.stdout
    assert state(host) == before


def test_it_reboots_and_goes_on(server: tuple[ThrowawayHost, Site]) -> None:
    """On a host that for that says that it is a machine. Its kernel is never the one that is installed."""
    host, rig = server
    boot = host.run("cat /proc/sys/kernel/random/boot_id").stdout
    path = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "tests.system.as_a_machine", *TO_NEW],
        cwd=rig.project, env={**environment(), "PYTHONPATH": path}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, said(done)
    assert host.run("cat /proc/sys/kernel/random/boot_id").stdout != boot
    assert f"driver {NEW} is installed, held and proved" in done.stdout
    assert host.run("systemctl is-active rig-own").stdout == "active\n"


def falls_short_with_new(host: ThrowawayHost) -> None:
    """Have the proof fall short of the new driver, and of no other."""
    host.run("cat > /usr/local/sbin/astray && chmod +x /usr/local/sbin/astray", input=f"#!/bin/sh\n{ONLY_WITH_NEW}\n")
    host.run("echo 'post-invoke=/usr/local/sbin/astray' > /etc/dpkg/dpkg.cfg.d/astray")


def cut(rig: Site, host: ThrowawayHost, way: str, moment: str) -> None:
    """Begin the upgrade, and cut it off when this operation begins."""
    with subprocess.Popen(
        [str(BIN / "rig"), *TO_NEW], cwd=rig.project, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as client:  # fmt: skip
        assert client.stdout is not None
        text = ""
        while f"{moment} …" not in text:
            line = client.stdout.readline()
            text += line
            assert line, f"{moment} was never begun:\n{text}"
        if moment in ("Install the driver", PUT_BACK):
            host.run(f"timeout 60 sh -c '{UNPACKED}'", check=False)
        if way == "the client is killed":
            client.send_signal(signal.SIGKILL)
        else:
            host.kill()
            host.start()
        client.communicate(timeout=300)
