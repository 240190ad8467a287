"""The way to the host under proof: what is declared, and where nothing is, ssh's own files."""

from __future__ import annotations

import pytest

from rigwright.spec.connection import Connection
from rigwright.spec.rig import Rig
from tests.host.target import Target


@pytest.mark.parametrize(("declared", "port"), [({}, None), ({"ssh_port": 2222}, "2222"), ({"ssh_port": 22}, "22")])
def test_the_port_is_sshs_own_unless_it_is_declared(declared: dict[str, int], port: str | None) -> None:
    rig = Rig.model_validate({"name": "basement", "driver": {"branch": 580}})
    assert Target(rig, Connection.model_validate(declared))._wanted().get("Port") == port
