"""Media as a whole, as far as nothing is fetched: keys, texts, what is said."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.installer.host_key import KeyUnusable, new_host_key
from rigwright.installer.media import Media, make
from rigwright.installer.steps import steps
from rigwright.secrets import SecretUnreadable
from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig
from tests.unit.installer.order import odd, reference


def media(folder: Path, form: Any = "files", rig: Rig | None = None, **connection: Any) -> Media:
    return make(rig or reference().rig, Connection(**connection), catalog(), form, folder, folder / "cache")


def installing(**section: Any) -> Rig:
    rig = reference().rig
    assert rig.install is not None
    return rig.model_copy(update={"install": type(rig.install).model_validate({**rig.install.model_dump(), **section})})


def test_a_key_that_is_not_declared_is_made_once_and_kept(tmp_path: Path) -> None:
    first, second = media(tmp_path), media(tmp_path)
    kept = tmp_path / "ssh_host_ed25519_key"
    assert first.order.host_key.public == second.order.host_key.public
    assert first.host_key_from == str(kept)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert first.order.mark != second.order.mark, "media made anew install once more"
    assert (tmp_path / "known_hosts").read_text() == first.known_hosts
    assert (tmp_path / "files/rigwright/payload/ssh_host_ed25519_key").read_bytes() == kept.read_bytes()


def test_a_declared_key_is_used_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_host_key()
    monkeypatch.setenv("HOST_KEY", key.private.decode())
    made = media(tmp_path, rig=installing(host_key={"env": "HOST_KEY"}))
    assert made.order.host_key.public == key.public
    assert made.host_key_from == "install.host_key"
    assert not (tmp_path / "ssh_host_ed25519_key").exists()


def test_keys_that_cannot_be_used_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SecretUnreadable, match="environment variable HOST_KEY is not set"):
        media(tmp_path, rig=installing(host_key={"env": "HOST_KEY"}))
    monkeypatch.setenv("HOST_KEY", "hunter2")
    with pytest.raises(KeyUnusable, match=r"^install\.host_key: expected a text"):
        media(tmp_path, rig=installing(host_key={"env": "HOST_KEY"}))
    with pytest.raises(KeyUnusable, match=r"^install\.mok\.private_key: expected a text"):
        media(tmp_path, rig=installing(mok={"private_key": {"env": "HOST_KEY"}, "certificate": {"env": "HOST_KEY"}}))
    (tmp_path / "ssh_host_ed25519_key").write_text("spoilt")
    (tmp_path / "ssh_host_ed25519_key").chmod(0o600)
    with pytest.raises(KeyUnusable, match="Remove it, and a new one is made"):
        media(tmp_path)


def test_all_of_it_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    made = media(folder)
    assert made.files
    open_to_others = [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]
    assert [path for path in open_to_others if path.is_file() or path == folder] == []


def test_the_host_is_known_at_every_port_that_it_may_answer_on(tmp_path: Path) -> None:
    rig = reference().rig
    moved = rig.model_copy(update={"access": rig.access.model_copy(update={"ssh": rig.access.ssh.model_copy(update={"port": 2222})})})  # fmt: skip  # noqa: E501
    made = media(tmp_path, rig=moved, ssh_hostname="192.168.1.50", ssh_port=22022)
    public = made.order.host_key.public
    assert made.known_hosts == (f"192.168.1.50 {public}\n[192.168.1.50]:2222 {public}\n[192.168.1.50]:22022 {public}\n")


def test_what_happens_to_which_disk_is_said_in_plain_words(tmp_path: Path) -> None:
    assert media(tmp_path).erased == (
        "The disk with serial number SPCC-0001 is erased, all of it, without a question, and gets /boot/efi (512 MiB), "
        "/ (the rest). Where it is in use by an array, a volume group or a mount, nothing is done (--wipe: all the "
        "same). No other disk is written to. Where no disk has that serial number, or several have, or it is a "
        "declared data disk, the installer says so and stops."
    )


def test_ubuntus_answers_and_how_to_go_on(tmp_path: Path) -> None:
    made = media(tmp_path, "netboot", installing(release="noble"))
    assert sorted(path.name for path in made.files) == ["known_hosts", "meta-data", "user-data", "vendor-data"]
    said = list(steps(made, "netboot"))
    assert (
        said[0]
        == f"Serve {tmp_path / 'netboot'} by HTTP as http://SERVER/basement/, and only while basement is installed."
    )
    assert "url=ADDRESS-OF-THE-IMAGE ip=dhcp autoinstall ds=nocloud;s=http://SERVER/basement/ ---" in said[1]


def test_an_odd_machine_comes_together_too(tmp_path: Path) -> None:
    made = media(tmp_path, rig=odd().rig, ssh_user="bob")
    assert [person.name for person in made.order.people] == ["anna", "bob"]
    assert made.append == "priority=critical console=tty0 console=ttyS0,115200 ---"
