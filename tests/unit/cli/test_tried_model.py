"""What is tried instead of what is declared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cli import tried_model
from cli.trial import merged
from rigwright.catalog import catalog
from rigwright.rules import findings
from rigwright.spec.rig import Rig
from sim.repository.vendors import VendorRepositories

VENDORS = cast(VendorRepositories, SimpleNamespace(hub_url="http://10.0.0.1/hub"))
DECLARED: dict[str, Any] = {
    "name": "x",
    "driver": {"branch": 580},
    "backup": {
        "repository": "sftp:me@nas:/rig",
        "password": {"env": "BACKUP_PASSWORD"},
        "environment": {"X": {"env": "X"}},
        "sftp": {"identity": {"env": "KEY"}, "host_keys": ["ssh-ed25519 AAAA"]},
        "before": ["/usr/local/bin/dump"],
    },
}


def test_a_tried_hosts_state_never_goes_to_the_owners_repository() -> None:
    changed = tried_model.changes(Rig.model_validate(DECLARED), VENDORS, "trixie", Path("/x/key"))
    told = merged(DECLARED, {"backup": changed["backup"]})
    told["backup"]["environment"] = {name: each for name, each in told["backup"]["environment"].items() if each}
    tried = Rig.model_validate(told)
    assert tried.backup.repository == tried_model.BACKUP_FOLDER
    assert (tried.backup.environment, tried.backup.sftp, tried.backup.before) == ({}, None, [])
    assert [each.id for each in findings(tried, catalog())] == ["backup.same-disk"]


def test_a_tried_client_has_its_own_key_whatever_the_inventorys_is() -> None:
    declared = {**DECLARED, "gateway": {"clients": {"me": {"api_key": {"command": ["pass", "show", "rig"]}}}}}
    changed = tried_model.changes(Rig.model_validate(declared), VENDORS, "trixie", Path("/x/key"))
    told = merged(declared, {name: changed[name] for name in ("gateway", "models", "runtimes")})
    tried = Rig.model_validate({name: each for name, each in told.items() if name != "backup"})
    assert tried.gateway.clients["me"].api_key.file == "/x/key"


def test_none_is_made_where_none_is_declared() -> None:
    without = Rig.model_validate({**DECLARED, "backup": {}})
    assert "backup" not in tried_model.changes(without, VENDORS, "trixie", Path("/x/key"))
