"""Wrong declarations are refused, with exactly this text, before anything connects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rigwright.spec.load import DeclarationError, load_rigs
from tests.unit.spec import (
    wrong_access,
    wrong_backup,
    wrong_driver,
    wrong_hardware,
    wrong_layers,
    wrong_models,
    wrong_rigd,
    wrong_secrets,
    wrong_types,
)
from tests.unit.spec.project import host, project
from tests.unit.spec.wrong import Wrong

TABLES = (
    wrong_types,
    wrong_secrets,
    wrong_hardware,
    wrong_driver,
    wrong_access,
    wrong_layers,
    wrong_models,
    wrong_rigd,
    wrong_backup,
)
ALL = [wrong for table in TABLES for wrong in table.WRONG]

JARGON = ("pydantic", "http://", "https://errors", "Input should", "dict", "str ", "NoneType", "int_", "Traceback")


@pytest.mark.parametrize("wrong", ALL, ids=[wrong.id for wrong in ALL])
def test_it_is_refused_with_this_text(wrong: Wrong, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, host(wrong.body)))
    assert [str(fault) for fault in refused.value.faults] == [wrong.text]


@pytest.mark.parametrize("wrong", ALL, ids=[wrong.id for wrong in ALL])
def test_the_text_is_for_people(wrong: Wrong) -> None:
    assert not [word for word in JARGON if word in wrong.text]
    assert wrong.text.startswith("basement: ")
    assert "inventory/home.py:" in wrong.text


def test_there_are_enough_and_each_once() -> None:
    assert len(ALL) >= 40
    assert not [name for name, count in Counter(wrong.id for wrong in ALL).items() if count > 1]


def test_a_secret_never_stands_in_a_text() -> None:
    secrets = ("hunter2", "$6$abc$def", "BEGIN OPENSSH")
    written = [wrong for wrong in wrong_secrets.WRONG if any(secret in wrong.source for secret in secrets)]
    assert len(written) == 12
    assert not [wrong.id for wrong in written if any(secret in wrong.text for secret in secrets)]


def test_all_faults_of_all_hosts_come_at_once(tmp_path: Path) -> None:
    text = """
    home = [
        ("basement", {"driver": {"branch": 1580}, "access": {"ssh": {"prt": 22}}, "base": {"swap": {"kind": "zram"}}}),
        ("attic", {"driver": {"source": "nvidia"}, "profiles": ["quite"]}),
    ]
    """
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, {"inventory/home.py": text, "profiles/quiet.py": ""}))
    assert [(fault.host, fault.key) for fault in refused.value.faults] == [
        ("basement", "access.ssh.prt"),
        ("basement", "driver.branch"),
        ("basement", "base.swap.size_gib"),
        ("attic", "profiles.0"),
        ("attic", "driver.branch"),
    ]
    assert str(refused.value).startswith("The declaration has 5 faults; nothing was connected to.\n  1. basement: ")


def test_a_secret_does_not_stand_in_the_text_about_an_assignment(tmp_path: Path) -> None:
    files = host('"access": {"users": {"me": {"password_hash": {"env": "HASH"}}}},\n"driver": {"branch": 580},')
    for assignment in ("access.users.me.password_hash.value=hunter2", "access.users.me.password_hash.env.x=hunter2"):
        with pytest.raises(DeclarationError) as refused:
            load_rigs(project(tmp_path, files), overrides=[assignment])
        assert "hunter2" not in str(refused.value)
        assert "(not shown)" in str(refused.value)


def test_what_only_looks_like_a_secret_in_a_url_is_sound(tmp_path: Path) -> None:
    mirrors = ["https://mirror.example:5000/a@b", "https://mirror.example/a@b", "https://mirror.example?x=a@b"]
    files = host(f'"containers": {{"registry_mirrors": {mirrors!r}}},\n"driver": {{"branch": 580}},')
    assert load_rigs(project(tmp_path, files)).rigs["basement"].containers.registry_mirrors == mirrors


def test_a_wrong_type_hides_nothing_beside_it(tmp_path: Path) -> None:
    cards = [
        {"model": "GeForce RTX 3090 Tii", "slot": "A", "cables": ["8-pin", "8-pin"], "supply": "main"},
        {"model": "GeForce RTX 3090", "slot": "B", "cables": ["8-pin", "8-pin"], "supply": "mian"},
    ]
    hardware = {"ram_gib": "128", "psus": {"main": {"rated_w": 1300}}, "gpus": cards}
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, host(f'"hardware": {hardware!r},\n"driver": {{"branch": 580}},')))
    assert [(fault.key, fault.nearest) for fault in refused.value.faults] == [
        ("hardware.ram_gib", None),
        ("hardware.gpus.0.model", "'GeForce RTX 3090 Ti'"),
        ("hardware.gpus.1.supply", "'main'"),
    ]


def test_a_line_that_several_hosts_share_is_one_fault(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": 'home = [("basement", {"profiles": ["quiet"]}), ("attic", {"profiles": ["quiet"]})]',
        "group_data/all.py": 'driver = {"branch": 580}',
        "profiles/quiet.py": '"""Quiet."""\ntuning = {\n    "cpu_governer": "powersave",\n}',
    }
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, files))
    (fault,) = refused.value.faults
    assert fault.hosts == ("basement", "attic")
    assert str(fault).startswith("basement, attic: tuning.cpu_governer = 'powersave' [profiles/quiet.py:3]: ")
    assert fault.nearest == "tuning.cpu_governor"


def test_a_fault_in_a_profile_that_nobody_uses_is_found_when_all_are_checked(tmp_path: Path) -> None:
    files = {**host('"driver": {"branch": 580},'), "profiles/spare.py": 'tuning = {"aspm": "of"}'}
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, files))
    (fault,) = refused.value.faults
    assert (fault.hosts, fault.key, str(fault.origin)) == ((), "tuning.aspm", "profiles/spare.py:1")
    assert "basement" in load_rigs(tmp_path, hosts=["basement"]).rigs
