"""What daemon.json says."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.spec.containers import Containers
from tasks.containers.docker import daemon_keys, version_of
from tests.unit.operations.releases import CODENAMES


def keys_of(codename: str, installed: dict[str, str] | None = None, **declared: Any) -> dict[str, Any]:
    made = Containers(**declared)
    return daemon_keys(made, version_of(made, catalog().release(codename), installed or {}))


def test_defaults() -> None:
    assert keys_of("trixie") == {
        "log-driver": "json-file",
        "log-opts": {"max-size": "50m", "max-file": "3"},
        "live-restore": True,
        "features": {"cdi": True},
    }


def test_a_docker_too_old_for_cdi_gets_nvidias_runtime() -> None:
    keys = keys_of("bookworm")
    assert keys["runtimes"] == {"nvidia": {"path": "nvidia-container-runtime", "args": []}}
    assert "features" not in keys
    assert "runtimes" not in keys_of("bookworm", source="vendor")
    assert keys_of("bookworm", source="vendor")["features"] == {"cdi": True}


@pytest.mark.parametrize(
    ("source", "installed", "cdi"),
    [
        ("distribution", {}, True),
        ("distribution", {"docker.io": "24.0.7-0ubuntu4"}, False),
        ("distribution", {"docker.io": "26.1.5+dfsg1-9"}, True),
        ("distribution", {"docker-ce": "5:24.0.9-1~ubuntu"}, True),
        ("vendor", {"docker.io": "20.10.24+dfsg1-1"}, True),
        ("vendor", {"docker-ce": "5:25.0.5-1~ubuntu"}, False),
        ("vendor", {"docker-ce": "5:29.1.0-1~ubuntu"}, True),
    ],
)
def test_cdi_follows_the_docker_that_is_installed(source: str, installed: dict[str, str], cdi: bool) -> None:
    keys = keys_of("noble", installed, source=source)
    assert ("features" in keys, "runtimes" in keys) == (cdi, not cdi)


def test_images_are_kept_under_data_root_where_docker_would_put_them_elsewhere() -> None:
    for codename in CODENAMES:
        assert keys_of(codename, data_root="/data/docker")["features"]["containerd-snapshotter"] is False
        assert "containerd-snapshotter" not in keys_of(codename).get("features", {})


def test_declared_keys_are_merged_deeply_and_win() -> None:
    keys = keys_of(
        "trixie", daemon={"features": {"buildkit": True}, "live-restore": False}, registry_mirrors=["http://m"]
    )
    assert keys["features"] == {"cdi": True, "buildkit": True}
    assert keys["live-restore"] is False
    assert keys["registry-mirrors"] == ["http://m"]
