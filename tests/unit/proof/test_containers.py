"""What the proof asks a host about containers, with programs that say what it is given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rigwright.spec.containers import Containers
from tests.host.containers import questions

_UNITS = "Id=a.service\nNeedDaemonReload=no\n\nId=b.service\nNeedDaemonReload={b}\n"
_DOCKER = """
case "$1 $2" in
    "ps -q") echo 1; echo 2 ;;
    "inspect --format") case "$3" in *DeviceRequests*) cat "$0.containers" ;; esac ;;
    "run --rm") case "$*" in *route*) {network} ;; *-L*) echo GPU ;; esac ;;
    exec*) echo GPU ;;
    --version*) echo "Docker version 26.1.5, build x" ;;
esac
"""
_ROUTES = "printf 'Iface\\tDestination\\tGateway\\neth0\\t00000000\\t010011AC\\neth0\\t000011AC\\t00000000\\n'"


def asked(
    tmp_path: Path, containers: str = "", network: str = _ROUTES, reload: str = "no"
) -> tuple[dict[str, str], bool]:
    """The container section's answers, and whether systemd was asked to read its units again."""
    for name, text in {
        "docker": _DOCKER.format(network=network),
        "nvidia-smi": "echo GPU",
        "systemctl": f'[ "$1" != daemon-reload ] || touch {tmp_path}/reloaded; [ "$1" != show ] || cat "$0.units"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "docker.containers").write_text(containers)
    (tmp_path / "systemctl.units").write_text(_UNITS.format(b=reload))
    done = subprocess.run(
        ["sh", "-c", questions(Containers())["container"]], capture_output=True, text=True, check=False,
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
