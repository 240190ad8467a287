"""Packages, keys, files and the release as they are read."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

from rigwright.facts.files import Contents, Files, FileState
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.packages import Candidates, Packages, Unneeded, hash_of
from rigwright.facts.release import Release

DPKG = """\
P ii|htop|amd64|3.4.1-5
P hi|nvidia-smi|amd64|550.163.01-2
P iF|nvidia-kernel-dkms|amd64|550.163.01-2
P iU|tree|amd64|2.2.1-1
P rc|nano|amd64|8.4-1
P un|vim|amd64|
P ii|libc6|amd64|2.41-12
P ii|libc6|i386|2.41-12
H nvidia-smi
S others abc abc
L
A
"""


def test_packages() -> None:
    found = Packages().process(DPKG.splitlines())
    assert found.installed == {
        "htop": "3.4.1-5",
        "nvidia-smi": "550.163.01-2",
        "libc6": "2.41-12",
        "libc6:i386": "2.41-12",
    }
    assert found.unfinished == {"nvidia-kernel-dkms": "iF", "tree": "iU"}
    assert found.residual == {"nano"}
    assert found.held == {"nvidia-smi"}
    assert found.lists_current and found.audit


def test_lists_are_current_only_for_these_very_sources() -> None:
    for lines in (["S others abc abd", "L"], ["S others abc ", "L"], ["S others abc abc"], ["S others  ", "L"]):
        assert not Packages().process(lines).lists_current
    ours = ["S others a a", "S /etc/apt/sources.list.d/rigwright-x.sources b b", "S /y c d", "L"]
    assert Packages().process(ours).sources_read == {"/etc/apt/sources.list.d/rigwright-x.sources"}
    assert not Packages().process(ours[:-1]).sources_read


def test_hashes_follow_the_source_and_its_key(tmp_path: Path) -> None:
    source, key = tmp_path / "rigwright-x.sources", tmp_path / "x.gpg"
    source.write_text(f"Types: deb\nSigned-By: {key}\n")

    def now() -> str:
        return subprocess.run(["sh", "-c", hash_of(str(source))], capture_output=True, text=True, check=True).stdout

    seen = [now()]
    key.write_text("key")
    seen.append(now())
    source.write_text(source.read_text() + "Enabled: no\n")
    seen.append(now())
    assert len(set(seen)) == 3
    key.write_text("key")
    assert now() == seen[-1]


def test_candidates_keep_apts_order() -> None:
    lines = [
        "nvidia-smi | 550.163.01-2 | http://mirror trixie/non-free amd64 Packages",
        "nvidia-smi | 550.163.01-2 | http://mirror trixie/non-free Sources",
        "nvidia-smi | 535.1-1 | http://mirror bookworm/non-free amd64 Packages",
    ]
    assert Candidates().process(lines) == {"nvidia-smi": ["550.163.01-2", "535.1-1"]}


def test_keyrings_hold_primary_keys() -> None:
    lines = [
        "@/etc/apt/keyrings/x.gpg",
        "pub:-:4096:1:B4:1::::::scESC::::::23::0:",
        "fpr:::::::::02182E60104FCDC26EAE1B8597A5D4CB8793F200:",
        "sub:-:4096:1:B5:1::::::e::::::23:",
        "fpr:::::::::1111111111111111111111111111111111111111:",
        "@/etc/apt/keyrings/none.gpg",
    ]
    assert Keyrings().process(lines) == {
        "/etc/apt/keyrings/x.gpg": ["02182E60104FCDC26EAE1B8597A5D4CB8793F200"],
        "/etc/apt/keyrings/none.gpg": [],
    }


def _ask(command: str) -> list[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.splitlines()


def test_files_as_they_are(tmp_path: Path) -> None:
    plain, link = tmp_path / "a b|c", tmp_path / "link"
    plain.write_text("hello\n")
    plain.chmod(0o640)
    link.symlink_to("../a b")
    paths = [str(plain), str(link), str(tmp_path), str(tmp_path / "none")]
    found = Files().process(_ask(Files().command(paths=paths)))
    first, second, third = (found[path] for path in paths[:3])
    assert isinstance(first, FileState) and isinstance(second, FileState) and isinstance(third, FileState)
    assert (first.kind, first.mode, first.size) == ("file", "640", 6)
    assert first.sha256 == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    assert (second.kind, second.target, second.sha256) == ("link", "../a b", None)
    assert third.kind == "directory"
    assert found[paths[3]] is None


def test_a_link_is_as_new_as_what_it_leads_to(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_text("x")
    link.symlink_to("target")
    for mine, others in ((1000, 2000), (2000, 1000)):
        os.utime(link, (mine, mine), follow_symlinks=False)
        os.utime(target, (others, others))
        found = Files().process(_ask(Files().command(paths=[str(link)])))[str(link)]
        assert found is not None
        assert found.mtime == 2000


def test_contents_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one\n\ntwo")
    paths = [str(tmp_path / "x"), str(tmp_path / "none")]
    assert Contents().process(_ask(Contents().command(paths=paths))) == {paths[0]: "one\n\ntwo", paths[1]: None}


def test_contents_that_are_not_utf8_equal_nothing_wanted() -> None:
    encoded = base64.b64encode(b"f\xfcr").decode()
    assert Contents().process([f"{encoded}|/x"]) == {"/x": "f�r"}


def test_release() -> None:
    lines = [
        "id=debian", "codename=trixie", "version_id=13", "arch=amd64", "kernel_running=6.18.44",
        "kernel=6.12.117+deb13-amd64", "kernel=6.12.100+deb13-amd64", "virtualization=systemd-nspawn",
        "container=systemd-nspawn", "boot_id=5f0c", "systemd=yes", "secure_boot=1", "firmware=uefi",
    ]  # fmt: skip
    found = Release().process(lines)
    assert found.kernels == ("6.12.100+deb13-amd64", "6.12.117+deb13-amd64")
    assert (found.codename, found.container, found.secure_boot, found.uefi) == ("trixie", "systemd-nspawn", True, True)
    bare = Release().process(["id=debian", "codename=trixie", "kernel_running=6", "boot_id=x", "container=none"])
    assert (bare.container, bare.secure_boot, bare.uefi, bare.systemd) == (None, None, False, False)


def test_what_nobody_needs_with_its_source() -> None:
    found = Unneeded().process(["cuda-nvcc-12-8|cuda-nvcc", "libcudart12|nvidia-cuda-toolkit", ""])
    assert found == {"cuda-nvcc-12-8": "cuda-nvcc", "libcudart12": "nvidia-cuda-toolkit"}
