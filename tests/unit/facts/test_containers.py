"""What is read of engines and CDI specifications."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rigwright.facts.cdi import Cdi, CdiState
from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import RealPaths
from rigwright.facts.mounts import MountPoints

# Recorded on a trixie host; the specification is shortened to one library and one node for each card.
CURRENT = """\
ctk
smi
library 1763881200.500000000 /usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.550.163.01
library 1763881200.400000000 /usr/lib/x86_64-linux-gnu/nvidia/current/libnvidia-ml.so.550.163.01
gpu 0, GPU-11111111-2222-3333-4444-555555555555, 550.163.01
gpu 1, GPU-66666666-7777-8888-9999-000000000000, 550.163.01
spec 1763881300.100000000
| ---
| cdiVersion: 0.5.0
| containerEdits:
|   deviceNodes:
|   - path: /dev/nvidiactl
|   mounts:
|   - containerPath: /usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.550.163.01
|     hostPath: /usr/lib/x86_64-linux-gnu/nvidia/current/libcuda.so.550.163.01
|     options:
|     - ro
| devices:
| - containerEdits:
|     deviceNodes:
|     - path: /dev/nvidia0
|   name: "0"
| - containerEdits:
|     deviceNodes:
|     - path: /dev/nvidia1
|   name: "1"
| - containerEdits:
|     deviceNodes:
|     - path: /dev/nvidia0
|     - path: /dev/nvidia1
|   name: all
| kind: nvidia.com/gpu
"""


def cdi(text: str) -> CdiState:
    return Cdi().process(text.splitlines())


def test_cdi() -> None:
    state = cdi(CURRENT)
    assert state.devices == {"0", "1", "all"}
    assert state.written == 1763881300.1
    assert [index for index, _ in state.gpus] == ["0", "1"]
    assert state.version == "550.163.01"
    assert state.gap() is None


@pytest.mark.parametrize(
    ("old", "new", "gap"),
    [
        ("spec 1763881300", "spec 1763881100", "older than the driver (/usr/lib/x86_64-linux-gnu/nvidia/current/"),
        ('name: "1"', 'name: "2"', "names GPUs 0, 2, there are 0, 1, GPU-1"),
        ('name: "0"', "name: GPU-11111111-2222-3333-4444-555555555555", "names GPUs 1, GPU-1"),
        ("gpu 1, GPU-66666666", "gone", "names GPUs 0, 1, there are 0, GPU-1"),
        (", 550.163.01", ", 580.105.08", "does not name driver 580.105.08"),
        ("---", "---\nmissing /usr/lib/libcuda.so.1", "names what is not there: /usr/lib/libcuda.so.1"),
    ],
)  # fmt: skip
def test_cdi_gaps(old: str, new: str, gap: str) -> None:
    assert old in CURRENT
    assert gap in (cdi(CURRENT.replace(old, new)).gap() or "no gap")


def test_cdi_by_index_and_uuid() -> None:
    both = CURRENT.replace("| kind", "| - name: GPU-11111111-2222-3333-4444-555555555555\n"
                                     "| - name: GPU-66666666-7777-8888-9999-000000000000\n| kind")  # fmt: skip
    assert cdi(both).gap() is None
    other_card = both.replace("| - name: GPU-66666666", "| - name: GPU-77777777")
    assert "names GPUs" in (cdi(other_card).gap() or "")


def test_cdi_without_an_answering_driver() -> None:
    text = "\n".join(line for line in CURRENT.splitlines() if not line.startswith("gpu "))
    assert cdi(text).gap() is None, "what cannot be compared is no gap"
    assert replace(cdi(text), written=None).gap() == "missing"


def test_engine() -> None:
    docker = ["version=Docker version 26.1.5+dfsg1, build 411e817", "answers=inactive", "probe=1-2.41-12"]
    assert Engine().process(docker) == EngineState("26.1.5+dfsg1", answers=True, swarm=False, probe="1-2.41-12")
    assert Engine().process(["version=podman version 5.4.2", "answers="]) == EngineState("5.4.2", answers=True)
    assert Engine().process(["version=Docker version 26.1.5, build x", "answers=active"]).swarm
    stopped = Engine().process(["version=Docker version 20.10.24+dfsg1, build 297e128"])
    assert (stopped.version, stopped.answers) == ("20.10.24+dfsg1", False)


def test_what_an_engine_keeps() -> None:
    lines = ["root=/data/docker", "running=1", "containers=2", "images=3", "volumes=4"]
    found = Engine().process(["answers=inactive", *lines, "probe=1-2.41"])
    assert (found.root, found.running, found.kept) == ("/data/docker", 1, 8), "the probe image is ours"
    assert Engine().process(["answers=inactive", *lines]).kept == 9


def test_looking_at_a_stopped_docker_does_not_start_it() -> None:
    command = Engine().command(engine="docker")
    assert command.index("is-active") < command.index("docker info")


def test_real_paths() -> None:
    assert RealPaths().process(["/data/docker|/var/lib/docker", "/a|/a"]) == {
        "/var/lib/docker": "/data/docker",
        "/a": "/a",
    }


def test_mount_points() -> None:
    assert MountPoints().process(["mounted /data", "not /a b"]) == {"/data": True, "/a b": False}


@pytest.mark.parametrize(
    ("cmdline", "place"),
    [
        ("/usr/sbin/dockerd\0-H\0fd://\0", ""),
        ("/usr/sbin/dockerd\0--data-root\0/mnt/d\0-H\0fd://\0", "started_with=/mnt/d\n"),
        ("/usr/sbin/dockerd\0--data-root=/mnt/d\0", "started_with=/mnt/d\n"),
        ("/usr/sbin/dockerd\0-g\0/mnt/d\0", "started_with=/mnt/d\n"),
    ],
)
def test_the_place_that_dockers_unit_names(cmdline: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "cmdline").write_text(cmdline)
    command = Engine().command(engine="docker")
    reading = command[command.index("tr '") : command.rindex("fi\n")]
    (told,) = re.findall(r"/proc/\S*\$\(.*?\)/cmdline", reading)
    done = subprocess.run(
        ["sh", "-c", reading.replace(told, str(tmp_path / "cmdline"))], capture_output=True, text=True, check=True
    )
    assert done.stdout == place
