"""Files that cannot be read, and inventories that say two things: one clear error with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigwright.spec.load import DeclarationError, NoSuchHostError, load_rigs
from tests.unit.spec.project import project

SOUND = 'home = [("basement", {"driver": {"branch": 580}})]\n'

CASES = {
    "does-not-parse": (
        {"inventory/home.py": "home = [\n    ('basement', {)\n]\n"},
        "inventory/home.py:2: expected Python that parses. Python says: closing parenthesis ')' does not match opening "
        "parenthesis '{'.",
    ),
    "fails-when-run": (
        {"inventory/home.py": "import os\n\nhome = [(os.environ['NO_SUCH_NAME_HERE'], {})]\n"},
        "inventory/home.py:3: expected a file that runs. Python says: KeyError: 'NO_SUCH_NAME_HERE'.",
    ),
    "profile-fails": (
        {"inventory/home.py": SOUND, "profiles/quiet.py": "tuning = {}\nx = 1 / 0\n"},
        "profiles/quiet.py:2: expected a file that runs. Python says: ZeroDivisionError: division by zero.",
    ),
    "host-twice": (
        {"inventory/home.py": SOUND, "inventory/office.py": 'office = [\n    "basement",\n]\n'},
        "basement [inventory/office.py:2]: expected one entry: it is also at inventory/home.py:1, in group 'home'. "
        "Keep one entry. What several hosts share belongs into a profile or group_data/all.py.",
    ),
    "host-in-two-groups": (
        {"inventory/home.py": f'{SOUND}servers = ["basement"]\n'},
        "basement [inventory/home.py:2]: expected one entry: it is also at inventory/home.py:1, in group 'home'. "
        "Keep one entry. What several hosts share belongs into a profile or group_data/all.py.",
    ),
    "group-twice": (
        {"inventory/home.py": SOUND, "inventory/other.py": '\nhome = ["attic"]\n'},
        "group 'home' [inventory/other.py:2]: expected a group's name once: it is also at inventory/home.py:1. "
        "Give one of the two another name, or put their hosts into one list.",
    ),
    "group-named-like-a-key": (
        {"inventory/home.py": 'driver = ["basement"]\n'},
        "group 'driver' [inventory/home.py:1]: expected another name: 'driver' is a key of the declaration. "
        "Rename the group, or begin the name with an underscore if it is no group.",
    ),
    "list-that-is-no-group": (
        {"inventory/home.py": f'{SOUND}admins = ["ssh-ed25519 AAAA me"]\n'},
        "group 'admins' [inventory/home.py:2]: expected hosts, each a name or a pair of a name and a mapping, "
        "('basement', {...}); 'ssh-ed25519 AAAA me' is no host's name. "
        "If the list is no group, begin its name with an underscore.",
    ),
    "host-of-three": (
        {"inventory/home.py": 'home = [\n    ("basement", {}, 1),\n]\n'},
        "group 'home' [inventory/home.py:2]: expected hosts, each a name or a pair of a name and a mapping, "
        "('basement', {...}). Write the entry so; if the list is no group, begin its name with an underscore.",
    ),
    "comma-after-a-group": (
        {"inventory/home.py": SOUND.strip() + ",\n"},
        "group 'home' [inventory/home.py:1]: expected a list of hosts, home = [...], or a list and a mapping with data "
        "of the group, home = ([...], {...}). "
        "Remove the comma after the list; if it is no group, begin its name with an underscore.",
    ),
    "hosts-in-round-brackets": (
        {"inventory/home.py": '\nhome = (("basement", {"driver": {"branch": 580}}),)\n'},
        "group 'home' [inventory/home.py:2]: expected a list of hosts, home = [...], or a list and a mapping with data "
        "of the group, home = ([...], {...}). "
        "Put the hosts into square brackets; if it is no group, begin its name with an underscore.",
    ),
    "hosts-in-a-mapping": (
        {
            "inventory/home.py": SOUND,
            "inventory/lab.py": 'lab = {"one": {"driver": {"branch": 580}}}\n',
            "group_data/lab.py": "",
        },
        "group 'lab' [inventory/lab.py:1]: expected a list of hosts, lab = [...], or a list and a mapping with data "
        "of the group, lab = ([...], {...}). "
        "Put the hosts into square brackets; if it is no group, begin its name with an underscore.",
    ),
    "no-host-in-a-file": (
        {"inventory/home.py": "home = []\n_lab = ['one']\n", "inventory/lab.py": "number = 1\n"},
        "inventory/home.py, inventory/lab.py: expected a host: in a list whose name does not begin with an underscore, "
        "e.g. home = [('basement', {...})]. Add one to such a list.",
    ),
    "no-file-with-a-host": (
        {"profiles/quiet.py": ""},
        "inventory: expected a host: in a list whose name does not begin with an underscore, "
        "e.g. home = [('basement', {...})]. Add a file with one, e.g. inventory/home.py.",
    ),
    "group-data-of-no-group": (
        {"inventory/home.py": SOUND, "group_data/hoem.py": "base = {}\n"},
        "group_data/hoem.py [group_data/hoem.py:1]: expected the name of a group: all, home; did you mean "
        "group_data/home.py? Rename the file after its group, or remove it.",
    ),
    "profiles-in-a-profile": (
        {"inventory/home.py": SOUND, "profiles/loud.py": 'profiles = ["quiet"]\n'},
        "profiles [profiles/loud.py:1]: expected no profiles in a profile. "
        "Name both profiles at the host, in their order.",
    ),
    "connection-in-a-profile": (
        {"inventory/home.py": SOUND, "profiles/loud.py": '\nssh_user = "me"\n'},
        "ssh_user [profiles/loud.py:2]: expected no connection in a profile. Set it at the host or in group_data/.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_is_refused_with_this_text(case: tuple[dict[str, str], str], tmp_path: Path) -> None:
    files, text = case
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, files))
    assert [str(fault) for fault in refused.value.faults] == [text]


def test_every_broken_file_is_named(tmp_path: Path) -> None:
    files = {"inventory/home.py": "home = [", "inventory/office.py": "office = (", "profiles/quiet.py": "}"}
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, files))
    broken = [fault.origin.file for fault in refused.value.faults if fault.origin]
    assert broken == ["inventory/home.py", "inventory/office.py", "profiles/quiet.py"]


def test_faults_of_files_hide_no_faults_of_values(tmp_path: Path) -> None:
    files = {
        "inventory/home.py": 'home = [("basement", {"driver": {"branch": 1580}}), "basement", 5]\nlab = {"one": {}}\n',
        "group_data/hoem.py": "base = {}\n",
        "profiles/loud.py": 'ssh_user = "me"\ntuning = {"aspm": "of"}\n',
    }
    with pytest.raises(DeclarationError) as refused:
        load_rigs(project(tmp_path, files))
    assert [fault.id for fault in refused.value.faults] == [
        "inventory.host-twice",
        "inventory.host",
        "inventory.group-form",
        "group-data.no-group",
        "profile.key",
        "value.wrong",
        "value.wrong",
    ]
    assert [fault.key for fault in refused.value.faults][-2:] == ["driver.branch", "tuning.aspm"]


def test_a_host_that_a_faulty_file_does_not_give_is_not_called_unknown(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="Remove the comma"):
        load_rigs(project(tmp_path, {"inventory/home.py": SOUND.strip() + ","}), hosts=["basement"])


def test_a_group_without_hosts_is_no_answer(tmp_path: Path) -> None:
    root = project(tmp_path, {"inventory/home.py": f"{SOUND}lab = []\n"})
    assert list(load_rigs(root).rigs) == ["basement"]
    with pytest.raises(NoSuchHostError, match=r"group 'lab' \[inventory/home.py:2\] has no hosts"):
        load_rigs(root, hosts=["basement", "lab"])


def test_a_new_site_is_a_new_file(tmp_path: Path) -> None:
    lab = 'lab = (["one", ("two", {"base": {"hostname": "zwei"}})], {"driver": {"branch": 590}})\n'
    loaded = load_rigs(project(tmp_path, {"inventory/home.py": SOUND, "inventory/lab.py": lab}))
    assert list(loaded.rigs) == ["basement", "one", "two"]
    assert list(load_rigs(tmp_path, hosts=["lab"]).rigs) == ["one", "two"]
    assert loaded.rigs["one"].driver.branch == 590
    assert loaded.origins["one"]["driver.branch"].text == "inventory/lab.py:1"


def test_files_may_import_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    files = {"people_of_this_test.py": "BRANCH = 575\n"}
    files["inventory/home.py"] = (
        'from people_of_this_test import BRANCH\n\nhome = [("basement", {"driver": {"branch": BRANCH}})]\n'
    )
    assert load_rigs(project(tmp_path, files)).rigs["basement"].driver.branch == 575
