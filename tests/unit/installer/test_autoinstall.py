"""The answers for Ubuntu's installer, held against the documented reference."""

from __future__ import annotations

import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from rigwright.installer.autoinstall import (
    autoinstall,
    kernel_command_line,
    live_files,
    meta_data,
    serial_pattern,
    user_data,
)
from rigwright.installer.mok import MokPair
from rigwright.installer.payload import FOLDER, Order
from tests.unit.installer.autoinstall_reference import Autoinstall, Disk, Format, Mount, Partition, read
from tests.unit.installer.order import MARK, host_key, odd, reference

NOBLE = reference(release="noble")
ODD = odd(release="jammy", security_mirror="https://mirror.lan/ubuntu", mok=MokPair(b"KEY\n", b"\xff\x00DER"))


@pytest.mark.parametrize("order", [NOBLE, ODD, reference(release="resolute")], ids=["noble", "odd jammy", "resolute"])
def test_it_is_as_the_reference_has_it(order: Order) -> None:
    text = user_data(order)
    assert text.startswith("#cloud-config\n")
    found = read(yaml.safe_load(text)).autoinstall
    ids = {action.id for action in found.storage.config}
    assert len(ids) == len(found.storage.config)
    for action in found.storage.config:
        above = {Partition: "device", Format: "volume", Mount: "device"}.get(type(action))
        assert above is None or getattr(action, above) in ids
    assert found.early_commands == ["sh /run/rigwright/guard.sh"]


def test_the_reference_can_refuse() -> None:
    for change in ({"timezne": "x"}, {"version": 2}, {"storage": {"layout": {"name": "direct"}}}):
        with pytest.raises(ValidationError):
            Autoinstall.model_validate({**autoinstall(NOBLE), **change})


def test_the_disk_is_matched_by_serial_number_alone() -> None:
    (disk,) = [
        each for each in read(yaml.safe_load(user_data(NOBLE))).autoinstall.storage.config if each.type == "disk"
    ]
    assert isinstance(disk, Disk)
    assert disk.match.model_dump() == {"serial": "*SPCC-0001*"}


@pytest.mark.parametrize(
    ("serial", "id_serial", "met"),
    [
        ("SPCC-0001", "SPCC_M.2_PCIe_SSD_SPCC-0001_1", True),
        ("SPCC-0001", "SPCC-0001", True),
        ("SPCC-0001", "SPCC_M.2_PCIe_SSD_SPCC-0002_1", False),
        ("S 1'[x]", "QEMU_S_1'_x_", True),
        ("S*", "Samsung_S_", True),
    ],
)
def test_its_pattern_meets_what_udev_makes_of_the_number(serial: str, id_serial: str, met: bool) -> None:
    assert fnmatchcase(id_serial, serial_pattern(serial)) is met


def test_partitions_are_the_layouts() -> None:
    rows = [
        (each.number, each.size, each.flag, each.grub_device)
        for each in read(yaml.safe_load(user_data(NOBLE))).autoinstall.storage.config
        if isinstance(each, Partition)
    ]
    assert rows == [(1, 512 * 1024**2, "boot", True), (2, -1, None, False)]
    config = read(yaml.safe_load(user_data(ODD))).autoinstall.storage.config
    rows = [(each.number, each.size, each.flag, each.grub_device) for each in config if isinstance(each, Partition)]
    assert rows == [
        (1, 1024**2, "bios_grub", False),
        (2, 1024**3, None, False),
        (3, 8 * 1024**3, "swap", False),
        (4, 100 * 1024**3, None, False),
    ]
    assert [each.grub_device for each in config if isinstance(each, Disk)] == [True]
    assert [each.path for each in config if isinstance(each, Mount)] == ["/boot", "", "/"]


def test_network_only_where_one_is_declared() -> None:
    assert "network" not in autoinstall(NOBLE)
    assert autoinstall(ODD)["network"]["ethernets"]["lan"] == {
        "match": {"macaddress": "d0:50:99:12:34:56"},
        "addresses": ["192.168.1.50/24"],
        "routes": [{"to": "0.0.0.0/0", "via": "192.168.1.1"}],
        "nameservers": {"addresses": ["192.168.1.1", "9.9.9.9"], "search": ["home.arpa"]},
    }


def test_secrets_are_in_no_part_that_stays_on_the_new_system() -> None:
    secret = host_key().private.decode().splitlines()[2]
    document = yaml.safe_load(user_data(NOBLE))
    assert secret not in yaml.safe_dump(document["autoinstall"])
    assert secret in yaml.safe_dump(document["write_files"], width=10**6)
    assert document["autoinstall"]["late-commands"][-2:] == [
        f"rm -rf /target{FOLDER}",
        "touch /target/etc/cloud/cloud-init.disabled",
    ]


def test_files_arrive_as_they_are() -> None:
    written = {each["path"]: each for each in yaml.safe_load(user_data(ODD))["write_files"]}
    for name, file in live_files(ODD).items():
        entry = written[f"/run/rigwright/{name}"]
        assert entry.get("encoding") == ("b64" if name == "payload/mok.der" else None)
        if "encoding" not in entry:
            assert entry["content"].encode() == file.data, name


def test_utc_by_the_name_that_the_installer_knows() -> None:
    order = odd(release="noble", security_mirror=None)
    assert autoinstall(order)["timezone"] == "America/Argentina/Ushuaia"
    plain = order.rig.model_copy(update={"base": order.rig.base.model_copy(update={"timezone": "Etc/UTC"})})
    assert autoinstall(Order(plain, order.release, "bob", host_key(), MARK))["timezone"] == "UTC"


def test_the_kernel_is_told_where_the_answers_are() -> None:
    assert kernel_command_line(NOBLE, "http://10.0.0.1/basement/") == (
        "ip=dhcp autoinstall ds=nocloud;s=http://10.0.0.1/basement/ ---"
    )
    assert kernel_command_line(ODD, "http://h/").startswith(
        "ip=dhcp autoinstall ds=nocloud-net;s=http://h/ console=tty0"
    )
    assert meta_data(NOBLE) == f"instance-id: {MARK}\nlocal-hostname: basement\n"


@pytest.mark.parametrize("order", [NOBLE, ODD], ids=["noble", "odd"])
def test_its_guard_is_a_script_for_a_posix_shell(order: Order) -> None:
    done = subprocess.run(["sh", "-n"], input=live_files(order)["guard.sh"].data, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def _guard(tmp_path: Path, ids: dict[str, str]) -> tuple[str, str]:
    """Run the guard where find-disk.sh has found /dev/vda: the console's text, and how it ended ('' or 'waits')."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "sys/block").mkdir(parents=True)
    for name in ids:
        (tmp_path / "sys/block" / name).mkdir()
    programs = {
        "udevadm": "case $1 in settle) exit 0 ;; esac\ncase $5 in\n"
        + "".join(f"/dev/{name}) echo ID_SERIAL={value} ;;\n" for name, value in ids.items())
        + "esac\n",
        "sleep": "kill $PPID\n",
    }
    for name, text in programs.items():
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)
    (tmp_path / "find-disk.sh").write_text("echo /dev/vda\n")
    script = live_files(NOBLE)["guard.sh"].data.decode()
    console = tmp_path / "console"
    for old, new in (("/dev/console", str(console)), ("/run/rigwright-refused", str(tmp_path / "refused")),
                     ("/run/rigwright", str(tmp_path)), ("/sys/block", str(tmp_path / "sys/block"))):  # fmt: skip
        script = script.replace(old, new)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, timeout=30, check=False)
    return console.read_text(), "" if done.returncode == 0 else "waits"


def test_the_guard_lets_go_on_where_the_pattern_meets_that_disk_alone(tmp_path: Path) -> None:
    said, end = _guard(tmp_path, {"vda": "x_SPCC-0001_1", "vdb": "other"})
    assert (said, end) == ("rigwright: the system goes on /dev/vda\n", "")


def test_the_guard_never_ends_where_the_pattern_meets_another_disk_too(tmp_path: Path) -> None:
    said, end = _guard(tmp_path, {"vda": "x_SPCC-0001_1", "vdb": "y_SPCC-00012"})
    assert end == "waits"
    assert "The pattern *SPCC-0001* meets /dev/vda and /dev/vdb, and /dev/vda is meant" in said
