"""`--set`: the value is read as its key wants it, and may reach into lists."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from rigwright.spec import load
from rigwright.spec.load import DeclarationError, NoSuchHostError, OverrideError, load_rigs, rig_of
from rigwright.spec.overrides import read
from tests.unit.spec.project import host, project

CARD = '{"model": "GeForce RTX 3090", "slot": "PCIE1", "cables": ["8-pin", "8-pin"], "supply": "main"}'
BODY = f'"driver": {{"branch": 580}},\n"hardware": {{"psus": {{"main": {{"rated_w": 1300}}}}, "gpus": [{CARD}]}},'
UUID = "GPU-3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"

VALUES = [
    ("driver.branch=590", 590),
    ("driver.version=580.105.08", "580.105.08"),
    ("cuda.default=13.0", "13.0"),
    ('cuda.toolkits=["12.8", "13.0"]', ["12.8", "13.0"]),
    ("driver.source=none", "none"),
    ("base.smartd=false", False),
    ("base.smartd=False", False),
    ("driver.version=null", None),
    ("tuning.sysctl.vm.swappiness=10", 10),
    ("tuning.sysctl.kernel.core_pattern=core", "core"),
    ("base.packages.g++=true", True),
    ("base.packages.htop=null", None),
    ("containers.daemon.debug=true", True),
    ("access.ssh.port=lots", "lots"),
    ("ssh_hostname=192.168.1.5", "192.168.1.5"),
    ("ssh_hostname=10", "10"),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[text for text, _ in VALUES])
def test_values_are_read_as_the_key_wants_them(text: str, value: object) -> None:
    (override,) = read([text])
    assert override.value == value
    assert type(override.value) is type(value)


def test_names_with_dots_are_one_step() -> None:
    assert read(["tuning.sysctl.net.ipv4.ip_forward=1"])[0].path == ("tuning", "sysctl", "net.ipv4.ip_forward")
    assert read(["hardware.gpus.0.uuid=x"])[0].path == ("hardware", "gpus", 0, "uuid")


def test_what_pyinfra_has_parsed_is_text_again_where_text_is_wanted() -> None:
    assert [each.value for each in read({"cuda.default": 13.0, "driver.branch": 590, "base.smartd": True})] == [
        "13.0",
        590,
        True,
    ]


@pytest.mark.parametrize("text", ["driver.branch", "=580", ""])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(OverrideError, match=r"expected key\.path=value"):
        read([text])


def test_it_reaches_into_lists_and_says_so(tmp_path: Path) -> None:
    loaded = load_rigs(project(tmp_path, host(BODY)), overrides=[f"hardware.gpus.0.uuid={UUID}"])
    assert loaded.rigs["basement"].hardware.gpus[0].uuid == UUID
    origins = loaded.origins["basement"]
    assert origins["hardware.gpus.0.uuid"].text == "--set"
    assert origins["hardware.gpus.0.slot"].text == "inventory/home.py:6"


WRONG = {
    "hardware.gpus.3.uuid=x": "basement: hardware.gpus.3.uuid = 'x' [--set]: expected an entry from 0 to 0. "
    "Set the whole list as JSON, or an entry that is there.",
    "hardware.gpus.0.slot.x=1": "basement: hardware.gpus.0.slot.x = 1 [--set]: expected no key below "
    "hardware.gpus.0.slot, which is text. Shorten the key.",
    "hardware.gpus.0.uuid.x=1": "basement: hardware.gpus.0.uuid = {'x': 1} [--set]: expected a GPU's UUID as "
    "`nvidia-smi -L` prints it, 'GPU-' and 36 characters, or None. Correct the value.",
    "driver.brnch=1": "basement: driver.brnch = 1 [--set]: expected a known key: state, source, branch, version, "
    "flavour, reboot, repository_url and repository_fingerprint; did you mean driver.branch? Rename it.",
    "cuda.toolkits=12.8": "basement: cuda.toolkits = 12.8 [--set]: expected a list of toolkit versions as text, e.g. "
    "['12.8', '13.0']. Give it as JSON, in quotes.",
}


@pytest.mark.parametrize(("text", "fault"), WRONG.items(), ids=WRONG)
def test_wrong_assignments_are_faults(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, host(BODY)), overrides=[text])
    assert [str(each) for each in refused.value.faults] == [fault]


def test_profiles_can_be_set(tmp_path: Path) -> None:
    files = {**host(BODY), "profiles/quiet.py": 'tuning = {"cpu_governor": "powersave"}'}
    loaded = load_rigs(project(tmp_path, files), overrides=['profiles=["quiet"]'])
    assert loaded.rigs["basement"].tuning.cpu_governor == "powersave"


def test_hosts_and_groups_choose(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": 'home = ["basement", "attic"]\nlab = ["one"]',
        "group_data/all.py": 'driver = {"branch": 580}',
    }
    root = project(tmp_path, files)
    assert list(load_rigs(root, hosts=["lab", "attic"]).rigs) == ["attic", "one"]
    with pytest.raises(NoSuchHostError, match=r"no host or group 'basment' in the inventory\. Did you mean 'basement'"):
        load_rigs(root, hosts=["basment"])


def test_only_hosts_within_the_limit_get_them(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": f'home = [("basement", {{{BODY}}}), ("attic", {{"driver": {{"branch": 580}}}})]',
    }
    root, width = project(tmp_path, files), ["hardware.gpus.0.pcie_width=8"]
    with pytest.raises(DeclarationError, match=r"attic: hardware\.gpus = "):
        load_rigs(root, overrides=width)
    assert load_rigs(root, limits=["base*"], overrides=width).rigs["basement"].hardware.gpus[0].pcie_width == 8
    with pytest.raises(NoSuchHostError, match=r"--limit 'attic' meets no host\. There are: basement\."):
        load_rigs(root, hosts=["basement"], limits=["attic"])


def fake(name: str, **data: object) -> SimpleNamespace:
    """What rig_of reads of pyinfra's host."""
    return SimpleNamespace(name=name, inventory=SimpleNamespace(override_data=data))


def test_rig_of_reads_the_project_with_pyinfras_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, host(BODY)))
    monkeypatch.setattr(load, "_in_use", {})
    assert rig_of(fake("basement")).driver.branch == 580
    assert rig_of(fake("basement", **{"driver.branch": 590, "layers": "driver"})).driver.branch == 590
    of_the_run = {"layers": "driver", "no_reboot": True, "ssh_password": "x", "ssh_key_password": "x"}
    assert rig_of(fake("basement", **of_the_run)).driver.branch == 580
    with pytest.raises(NoSuchHostError):
        rig_of(fake("attic"))


def test_rig_of_judges_no_other_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, {"inventory/home.py": f'home = [("basement", {{{BODY}}}), "attic"]'}))
    monkeypatch.setattr(load, "_in_use", {})
    assert rig_of(fake("basement", **{"hardware.gpus.0.pcie_width": 8})).hardware.gpus[0].pcie_width == 8


def test_rig_of_answers_from_what_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path / "a" if (tmp_path / "a").mkdir() is None else tmp_path, host(BODY))
    monkeypatch.setattr(load, "_in_use", {})
    load.use(load_rigs(root, overrides=["driver.branch=610"]))
    monkeypatch.chdir("/")
    assert rig_of(fake("basement")).driver.branch == 610
