"""The stand-in nvidia-ctk and nvidia-container-runtime, run as they are, on this machine's perl."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sim.repository.content import FOLDER, text

UUIDS = ("GPU-00000000-0000-0000-0000-00000000000a", "GPU-00000000-0000-0000-0000-00000000000b")
SMI = f"""#!/bin/sh
case "$1" in
--query-gpu=index,uuid) printf '0, {UUIDS[0]}\\n1, {UUIDS[1]}\\n' ;;
--query-gpu=driver_version) printf '580.95.05\\n580.95.05\\n' ;;
esac
"""
NO_DRIVER = "#!/bin/sh\necho NVIDIA-SMI has failed\nexit 9\n"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the programs and a nvidia-smi that knows two devices."""
    assert shutil.which("perl"), "these tests need perl: apt-get install perl-base"
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("nvidia-ctk", "nvidia-container-runtime"):
        (folder / name).write_text(text(f"toolkit/{name}", version="1.19.0"))
    install(folder / "nvidia-smi", SMI)
    install(folder / "runc", '#!/bin/sh\necho "runc $*"\n')
    return folder


def install(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


def run(programs: Path, name: str, *words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["perl", f"-I{FOLDER / 'toolkit'}", str(programs / name), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{programs}:/usr/bin:/bin", **environment},
    )


def names(spec: dict[str, Any]) -> list[str]:
    return [device["name"] for device in spec["devices"]]


def test_it_tells_its_version(programs: Path) -> None:
    first = run(programs, "nvidia-ctk", "--version").stdout.splitlines()[0]
    assert first == "NVIDIA Container Toolkit CLI version 1.19.0"


def test_a_specification_names_each_device_by_index_and_uuid_and_all(programs: Path) -> None:
    spec = json.loads(run(programs, "nvidia-ctk", "cdi", "generate", "--format=json").stdout)
    assert spec["kind"] == "nvidia.com/gpu"
    assert sorted(names(spec)) == sorted(["0", "1", *UUIDS, "all"])
    assert "NVIDIA_VISIBLE_DEVICES=void" in spec["containerEdits"]["env"]
    assert all(device["containerEdits"] for device in spec["devices"])


def test_yaml_says_what_json_says(programs: Path) -> None:
    written = run(programs, "nvidia-ctk", "cdi", "generate").stdout
    spec = json.loads(run(programs, "nvidia-ctk", "cdi", "generate", "--format=json").stdout)
    assert written.startswith("---\ncdiVersion: 0.5.0\n")
    assert re.findall(r'^  name: "?([^"\n]+)', written, re.M) == names(spec)
    assert re.findall(r"^    hostPath: (.*)", written, re.M) == [
        mount["hostPath"] for mount in spec["containerEdits"]["mounts"]
    ]
    assert '  name: "0"\n' in written, "YAML would take it for a number"


def test_it_is_written_to_a_file_by_option_or_environment(programs: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "cdi/one.yaml", tmp_path / "cdi/other.json"
    assert run(programs, "nvidia-ctk", "cdi", "generate", f"--output={one}").returncode == 0
    assert run(programs, "nvidia-ctk", "cdi", "generate", NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=str(other)).returncode == 0
    assert one.read_text().startswith("---\n")
    assert sorted(names(json.loads(other.read_text()))) == sorted(["0", "1", *UUIDS, "all"])
    listed = run(programs, "nvidia-ctk", "cdi", "list", f"--spec-dir={one.parent}").stdout.split()
    assert listed == sorted(f"nvidia.com/gpu={name}" for name in ("0", "1", *UUIDS, "all"))


def test_without_a_driver_nothing_is_written(programs: Path, tmp_path: Path) -> None:
    install(programs / "nvidia-smi", NO_DRIVER)
    target = tmp_path / "nvidia.yaml"
    done = run(programs, "nvidia-ctk", "cdi", "generate", f"--output={target}")
    assert done.returncode == 1
    assert "failed to initialize NVML" in done.stderr
    assert not target.exists()


def test_what_it_does_not_know_ends_it(programs: Path) -> None:
    done = run(programs, "nvidia-ctk", "cdi", "generate", "--no-such-option")
    assert (done.returncode, "flag provided but not defined: -no-such-option" in done.stderr) == (1, True)
    assert run(programs, "nvidia-ctk", "cdi", "destroy").returncode == 1


@pytest.mark.parametrize(
    "found",
    [
        {},
        {
            "log-opts": {"max-size": "10m"},
            "hosts": ["unix:///a", "b"],
            "n": [1, 2.5, -3e4, True, None],
            "e": {},
            "l": [],
        },
        {"text": 'quote " and \\ and é and , : { [', "runtimes": {"other": {"path": "x"}}},
    ],
)
def test_daemon_json_keeps_what_was_in_it(programs: Path, tmp_path: Path, found: dict[str, Any]) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(json.dumps(found, ensure_ascii=False))
    assert run(programs, "nvidia-ctk", "runtime", "configure", "--runtime=docker", f"--config={file}").returncode == 0
    runtimes = {**found.get("runtimes", {}), "nvidia": {"args": [], "path": "nvidia-container-runtime"}}
    assert json.loads(file.read_text()) == {**found, "runtimes": runtimes}


def test_a_daemon_json_that_is_not_sound_stays_as_it_is(programs: Path, tmp_path: Path) -> None:
    file = tmp_path / "daemon.json"
    for text_ in ('{"a": }', "[1]", '{"a": 1', '{"a": 1} x'):
        file.write_text(text_)
        done = run(programs, "nvidia-ctk", "runtime", "configure", f"--config={file}")
        assert (done.returncode, file.read_text()) == (1, text_)


def test_cdi_is_turned_on_by_either_option(programs: Path, tmp_path: Path) -> None:
    file = tmp_path / "daemon.json"
    for option in ("--cdi.enabled", "--enable-cdi"):
        assert run(programs, "nvidia-ctk", "runtime", "configure", f"--config={file}", option).returncode == 0
        assert json.loads(file.read_text())["features"] == {"cdi": True}
        file.unlink()


def bundle(tmp_path: Path, visible: str | None) -> Path:
    environment = ["PATH=/bin"] + ([] if visible is None else [f"NVIDIA_VISIBLE_DEVICES={visible}"])
    config = {"process": {"env": environment, "args": ["sh", "-c", 'echo "a"']}, "mounts": [{"destination": "/proc"}]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return tmp_path


@pytest.mark.parametrize("visible", [None, "", "void", "none"])
def test_the_runtime_leaves_other_containers_alone(programs: Path, tmp_path: Path, visible: str | None) -> None:
    folder = bundle(tmp_path, visible)
    before = (folder / "config.json").read_text()
    done = run(programs, "nvidia-container-runtime", "--root", "/x", "create", "--bundle", folder, "id")
    assert done.stdout == f"runc --root /x create --bundle {folder} id\n"
    assert (folder / "config.json").read_text() == before


@pytest.mark.parametrize("visible", ["all", "0", UUIDS[1], f"0,{UUIDS[1]}"])
def test_the_runtime_gives_a_container_its_devices(programs: Path, tmp_path: Path, visible: str) -> None:
    folder = bundle(tmp_path, visible)
    assert run(programs, "nvidia-container-runtime", "create", "--bundle", folder, "id").returncode == 0
    config = json.loads((folder / "config.json").read_text())
    assert config["process"]["args"] == ["sh", "-c", 'echo "a"']
    assert "/usr/bin/nvidia-smi" in {mount["destination"] for mount in config["mounts"]}
    assert config["mounts"][0] == {"destination": "/proc"}


def test_the_runtime_refuses_a_device_that_is_not_there(programs: Path, tmp_path: Path) -> None:
    done = run(programs, "nvidia-container-runtime", "create", "--bundle", bundle(tmp_path, "0,7"), "id")
    assert (done.returncode, done.stdout) == (1, "")
    assert "unknown device id: 7" in done.stderr
