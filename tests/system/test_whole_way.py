"""From a bare host to a declared and proven one, by the commands of the README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.system.declared import DEBIANS_DRIVER, declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes, pyinfra_counts
from tests.system.site import Site, said, site

pytestmark = [pytest.mark.system]


@pytest.mark.parametrize(
    ("release", "change"),
    [
        pytest.param("trixie", {}, id="trixie, NVIDIA's repository (stand-in)"),
        pytest.param("trixie", DEBIANS_DRIVER, id="trixie, Debian's driver", marks=pytest.mark.slow),
        pytest.param("bookworm", DEBIANS_DRIVER, id="bookworm, Debian's driver", marks=pytest.mark.slow),
    ],
)
def test_bare_host_to_proven_host(tmp_path: Path, vendors: Any, release: str, change: dict[str, Any]) -> None:
    with gpu_host("basement", release) as host:
        server = site(tmp_path, {host: declared(vendors, release, change)})

        first = server.run("pyinfra", "-y", "inventory", "deploy.py")
        assert first.returncode == 0, said(first)
        assert pyinfra_counts(first).success > 20

        _nothing_is_left_to_do(server)
        proof = server.document("verify")
        assert proof["exit_status"] == 0, changes(proof)

        host.reboot()
        _nothing_is_left_to_do(server)


def _nothing_is_left_to_do(server: Site) -> None:
    again = server.run("pyinfra", "-y", "inventory", "deploy.py")
    counts = pyinfra_counts(again)
    assert again.returncode == 0 and (counts.success, counts.error) == (0, 0) and counts.no_change > 20, said(again)
    plan = server.document("plan")
    assert plan["exit_status"] == 0, changes(plan)


@pytest.mark.slow
def test_two_unlike_hosts_in_one_run(tmp_path: Path, vendors: Any) -> None:
    with (
        gpu_host("basement", "trixie") as basement,
        gpu_host("attic", "bookworm") as attic,
    ):
        other = {"profiles": ["minimal", "training"], "base": {"hostname": "attic", "timezone": "Etc/UTC"}}
        servers = site(
            tmp_path,
            {
                basement: declared(vendors, "trixie"),
                attic: declared(
                    vendors, "bookworm", other, {"access": {"users": {"owner": None, "guest": {"keys": []}}}}
                ),
            },
        )
        servers.apply()
        plan = servers.document("plan")
        assert plan["exit_status"] == 0, changes(plan)
        proof = servers.document("verify")
        assert proof["exit_status"] == 0, changes(proof)
        assert {found["host"] for found in proof["hosts"]} == {"basement", "attic"}
