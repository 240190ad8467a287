"""What the playbook is told, and what Rigwright still misses after it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import REPOSITORY, missing
from bench.playbook import FOLDER, take_files, variables
from bench.run import BenchError, Said
from rigwright.spec.load import load_rigs


def test_every_variable_of_the_playbook_is_given() -> None:
    rig = next(iter(load_rigs(REPOSITORY).rigs.values()))
    given = variables(rig, "trixie")
    text = "".join(path.read_text() for path in FOLDER.glob("*.yml"))
    used = set(re.findall(r"{{ (\w+)", text)) - {"item", "files", "0"}
    assert used == set(given)
    assert {"htop", "nftables", "openssh-server", "unattended-upgrades"} <= set(given["packages"])
    assert given["components"][0] == "main"


def test_files_of_ours_are_taken_and_others_are_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("etc/rigwright/firewall.nft", "etc/sysctl.d/60-rigwright.conf", "etc/hosts", "var/rigwright.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "etc/rigwright.link").symlink_to("hosts")
    take_files(root, tmp_path / "files")
    taken = {str(path.relative_to(tmp_path / "files")) for path in (tmp_path / "files").rglob("*") if path.is_file()}
    assert taken == {"etc/rigwright/firewall.nft", "etc/sysctl.d/60-rigwright.conf"}


def test_a_host_without_files_of_ours_is_no_host_to_take_them_from(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    with pytest.raises(BenchError, match="no file of Rigwright's"):
        take_files(tmp_path, tmp_path / "files")


def test_only_our_own_notes_may_be_missing() -> None:
    notes = [
        _operation("would change", "apt has not read its sources as they stand now"),
        _operation("would change", "/var/lib/x.json: does not yet remember what stood there before us"),
        _operation("unchanged"),
    ]
    assert missing(_plan(notes)) == []
    more = _operation("would change", "vm.swappiness: 60, wanted 10")
    assert missing(_plan([*notes, more])) == ["tuning | Set it: vm.swappiness: 60, wanted 10"]
    assert missing(_plan([_operation("depends on earlier")])) == ["tuning | Set it: depends on earlier"]


def test_no_plan_is_no_proof() -> None:
    with pytest.raises(BenchError, match="status 1"):
        missing(Said(1, "no such host"))
    with pytest.raises(BenchError, match="refused"):
        missing(Said(3, json.dumps({"hosts": [{"error": "connection refused", "operations": []}]})))


def _operation(status: str, *why: str) -> dict[str, Any]:
    return {"layer": "tuning", "name": "Set it", "status": status, **({"why": list(why)} if why else {})}


def _plan(operations: list[dict[str, Any]]) -> Said:
    return Said(2, "a remark on stderr\n" + json.dumps({"hosts": [{"operations": operations}]}))
