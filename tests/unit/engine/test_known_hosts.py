"""known_hosts: a host's keys are found and replaced, and every other line stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from paramiko import ECDSAKey, HostKeys, RSAKey
from pyinfra.connectors.sshuserclient import client

from rigwright.engine.known_hosts import Papers, is_revoked, keys_of, replaced

OLD, OTHER, NEW = ECDSAKey.generate(), ECDSAKey.generate(), ECDSAKey.generate()
RSA = RSAKey.generate(2048)
HASHED = HostKeys.hash_host("10.0.0.7")


def line(name: str, key: ECDSAKey | RSAKey, comment: str = "") -> str:
    return f"{name} {key.get_name()} {key.get_base64()}{comment}\n"


KEPT = (
    "# mine\n\n"
    + line("10.0.0.70", OTHER)
    + line("*.example", OTHER)
    + f"@cert-authority 10.0.0.7 {OTHER.get_name()} {OTHER.get_base64()}\n"
    + "10.0.0.8 ssh-unheard-of AAAA what\n"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (line("10.0.0.7", OLD) + line("10.0.0.7", OTHER), [OLD, OTHER]),
        (line("basement,10.0.0.7", RSA, " a comment"), [RSA]),
        (line(HASHED, OLD), [OLD]),
        (line("|1|broken", OLD) + line("[10.0.0.7]:2222", OLD), []),
        ("10.0.0.7\n10.0.0.7 ssh-rsa\n10.0.0.7 ssh-rsa !!!\n10.0.0.7 ssh-unheard-of AAAA\n", []),
        (f"@revoked 10.0.0.7 {OLD.get_name()} {OLD.get_base64()}\n# {line('10.0.0.7', OLD)}", []),
    ],
    ids=["two of a kind", "several names", "hashed", "others", "broken", "no keys"],
)
def test_a_hosts_keys(text: str, found: list[ECDSAKey]) -> None:
    assert keys_of(KEPT + text, "10.0.0.7") == found


@pytest.mark.parametrize("old", ["10.0.0.7", "basement,10.0.0.7"])
def test_new_keys_take_the_place_of_old_ones(old: str) -> None:
    text = line(old, RSA) + KEPT + line(old, OLD)
    assert replaced(text, ["10.0.0.7"], [NEW, RSA]) == KEPT + line("10.0.0.7", NEW) + line("10.0.0.7", RSA)


def test_who_had_them_hashed_has_them_hashed() -> None:
    found = replaced(line(HASHED, OLD), ["10.0.0.7"], [NEW])
    assert "10.0.0.7" not in found and keys_of(found, "10.0.0.7") == [NEW]


def test_a_file_that_does_not_end_its_last_line() -> None:
    assert replaced(line("other", OLD).rstrip(), ["10.0.0.7"], [NEW]) == line("other", OLD) + line("10.0.0.7", NEW)


def test_a_revoked_key_is_known_as_one() -> None:
    text = f"@revoked * {OLD.get_name()} {OLD.get_base64()}\n" + line("10.0.0.7", NEW)
    assert is_revoked(text, OLD) and not is_revoked(text, NEW)


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    (tmp_path / "one").write_text(KEPT + line("10.0.0.7", OLD))
    (tmp_path / "two").write_text(line("[10.0.0.7]:2222", OTHER) + line("10.0.0.7", OLD))
    return Papers(("[10.0.0.7]:2222", "10.0.0.7"), (tmp_path / "one", tmp_path / "two", tmp_path / "none"))


def test_all_files_and_names_count_and_a_key_once(papers: Papers) -> None:
    assert papers.keys == [OTHER, OLD]


def test_all_files_are_cleared_and_the_first_has_the_new_ones(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "one").chmod(0o640)
    before = (tmp_path / "one").read_text()
    papers.replace([NEW])
    assert papers.keys == [NEW]
    assert (tmp_path / "one").read_text() == KEPT + line("[10.0.0.7]:2222", NEW) + line("10.0.0.7", NEW)
    assert (tmp_path / "two").read_text() == ""
    assert (tmp_path / "one.old").read_text() == before
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("one", "one.old")} == {0o640}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "one.old", "two", "two.old"]


def test_pyinfra_which_reads_a_file_once_reads_it_anew(tmp_path: Path) -> None:
    (tmp_path / "known").write_text(line("10.0.0.7", OLD))
    papers, files = Papers(("10.0.0.7",), (tmp_path / "known",)), (str(tmp_path / "known"),)
    assert client.get_host_keys(files).lookup("10.0.0.7")[OLD.get_name()] == OLD
    papers.replace([NEW])
    assert client.get_host_keys(files).lookup("10.0.0.7")[OLD.get_name()] == NEW


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / ".ssh/known_hosts"
    Papers(("10.0.0.7",), (file,)).replace([NEW])
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in file.parent.iterdir()] == ["known_hosts"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(line("10.0.0.7", OLD))
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Papers(("10.0.0.7",), (tmp_path / "link",)).replace([NEW])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == line("10.0.0.7", NEW)


def test_a_folder_that_cannot_be_written_leaves_all_as_it_was(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "one.old").mkdir()
    (tmp_path / "one.old/full").touch()
    before = (tmp_path / "one").read_text()
    with pytest.raises(OSError, match=r"one\.old"):
        papers.replace([NEW])
    assert (tmp_path / "one").read_text() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one", "one.old", "two"]
