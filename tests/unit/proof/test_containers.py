"""What the proof asks a host about containers, with programs that say what it is given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Literal

import pytest

from rigwright.spec.containers import Containers
from tests.host.containers import questions

_UNITS = "Id=a.service\nNeedDaemonReload=no\n\nId=b.service\nNeedDaemonReload={b}\n"
_ENGINE = """
case "$1 $2" in
    "ps -q") echo 1; echo 2 ;;
    "inspect --format") case "$3" in *DeviceRequests*) cat "$0.containers" ;; esac ;;
    "run --rm") case "$*" in *route*) {network} ;; *-L*) echo GPU ;; esac ;;
    exec*) echo GPU ;;
    --version*) echo "{version}" ;;
esac
"""
_ROUTES = "printf 'Iface\\tDestination\\tGateway\\neth0\\t00000000\\t010011AC\\neth0\\t000011AC\\t00000000\\n'"


def asked(
    tmp_path: Path,
    containers: str = "",
    network: str = _ROUTES,
    reload: str = "no",
    version: str = "Docker version 26.1.5, build x",
    engine: Literal["docker", "podman"] = "docker",
) -> tuple[dict[str, str], bool]:
    """The container section's answers, and whether systemd was asked to read its units again."""
    for name, text in {
        engine: _ENGINE.format(network=network, version=version),
        "nvidia-smi": "echo GPU",
        "systemctl": f'[ "$1" != daemon-reload ] || touch {tmp_path}/reloaded; [ "$1" != show ] || cat "$0.units"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / f"{engine}.containers").write_text(containers)
    (tmp_path / "systemctl.units").write_text(_UNITS.format(b=reload))
    done = subprocess.run(
        ["sh", "-c", questions(Containers(engine=engine))["container"]], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    answers = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return answers, (tmp_path / "reloaded").exists()


@pytest.mark.parametrize(
    ("containers", "harms"),
    [
        ('/web runc null\n/mine runc [{"Driver":"cdi","DeviceIDs":["nvidia.com/gpu=all"]}]\n', None),
        ('/llm runc [{"Driver":"","Count":-1,"Capabilities":[["gpu"]]}]\n', "container llm"),
        ("/llm nvidia null\n/web runc null\n", "container llm"),
    ],
)
def test_others_containers_keep_their_gpus(tmp_path: Path, containers: str, harms: str | None) -> None:
    answers, reloaded = asked(tmp_path, containers)
    assert answers.get("reload harms") == harms
    assert reloaded is (harms is None)
    assert ("gpu after reload" in answers) is reloaded


def test_nobodys_changed_unit_takes_effect(tmp_path: Path) -> None:
    answers, reloaded = asked(tmp_path, reload="yes")
    assert answers["reload harms"] == "unit b.service"
    assert not reloaded


@pytest.mark.parametrize(
    ("network", "answer"),
    [
        (_ROUTES, {"network": "eth0"}),
        ("printf 'Iface\\tDestination\\n'", {"network": ""}),
        ("echo 'iptables: not found' >&2; exit 125", {"network trouble": "iptables: not found "}),
    ],
)
def test_the_default_network(tmp_path: Path, network: str, answer: dict[str, str]) -> None:
    answers, _ = asked(tmp_path, network=network)
    assert {name: value for name, value in answers.items() if name.startswith("network")} == answer


@pytest.mark.parametrize(
    ("engine", "version", "fit"),
    [
        ("docker", "Docker version 20.10.24+dfsg1, build 297e128", False),
        ("docker", "Docker version 26.0.2, build 3c863ff", False),
        ("docker", "Docker version 26.1.0, build 9714adc", True),
        ("docker", "Docker version 29.1.3, build f52814d", True),
        ("podman", "podman version 4.3.1", False),
        ("podman", "podman version 5.0.3", False),
        ("podman", "podman version 5.1.0", True),
        ("podman", "podman version 10.0.0", True),
    ],
)
def test_gpus_come_by_cdi_from_the_version_that_the_catalogue_names(
    tmp_path: Path, engine: Literal["docker", "podman"], version: str, fit: bool
) -> None:
    answers, _ = asked(tmp_path, engine=engine, version=version)
    too_old = "this engine is too old for CDI, and nvidia-container-runtime is not here"
    assert answers.get("cannot") == (None if fit else too_old)
    assert ("gpu" in answers) is fit
