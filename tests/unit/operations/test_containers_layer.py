"""The layer containers as a whole, on every release."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import Contents, Files
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.mounts import MountPoints
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.sources import SourceFile, Sources, SourcesState
from rigwright.facts.units import Units
from rigwright.operations.probe_image import RECIPE
from rigwright.spec.rig import Rig
from tasks.containers import containers
from tasks.containers.docker import DAEMON_JSON
from tests.unit.operations.container_hosts import SPEC, bare, layer, seen
from tests.unit.operations.harness import file, steps, unit
from tests.unit.operations.releases import CODENAMES


@pytest.mark.parametrize("codename", CODENAMES)
def test_docker_on_a_bare_host(codename: str) -> None:
    done = layer(codename)
    names = list(done)
    assert names.index("Merge our keys into daemon.json") < names.index("Install Docker") < names.index("Run Docker")
    assert names.index("Let Docker's units be started") < names.index("Open Docker's socket")
    assert "/etc/apt/keyrings/docker" not in json.dumps([step.commands for step in done.values()])
    (install,) = done["Install Docker"].commands
    for package in catalog().containers.engine_packages("docker", "distribution", codename):
        assert package in install
    (toolkit,) = done["Install the container toolkit 1.19.0"].commands
    for package in catalog().containers.toolkit.packages:
        assert f"{package}=1.19.0-1" in toolkit
        assert package in done["Hold the container toolkit"].commands[0]
    key, source = done["Fetch the toolkit repository's key"], done["Add the toolkit's repository"]
    assert "https://nvidia.github.io/libnvidia-container/gpgkey" in key.commands[0]
    assert "C95B321B61E88C1809C4F759DDCAE044F796ECB0" in key.commands[0]
    assert "URIs: https://nvidia.github.io/libnvidia-container/stable/deb/amd64\nSuites: /\n" in source.commands[0]


@pytest.mark.parametrize(
    ("engine", "configured"),
    [
        (
            "docker",
            ("Install the container toolkit 1.19.0", "Keep Docker from starting without its disk",
             "Merge our keys into daemon.json"),
        ),
        (
            "podman",
            ("Install the container toolkit 1.19.0", "Write podman's settings", "Ask registry mirrors first",
             "Set where podman keeps images"),
        ),
    ],
)  # fmt: skip
def test_no_engine_starts_before_it_is_configured(engine: str, configured: tuple[str, ...]) -> None:
    """Debian's packages start it while they are installed."""
    done = layer("trixie", engine=engine, data_root="/data/images", registry_mirrors=["http://m"])
    names = list(done)
    assert all(done[name].commands for name in configured)
    assert max(map(names.index, configured)) < names.index(
        {"docker": "Install Docker", "podman": "Install podman"}[engine]
    )


@pytest.mark.parametrize("codename", CODENAMES)
def test_dockers_own_packages(codename: str) -> None:
    theirs = PackagesState(installed={"docker.io": "26.1.5", "containerd": "1.7", "runc": "1.1"}, lists_current=True)
    done = layer(codename, bare(codename, {Packages: theirs}), source="vendor")
    (installed,) = done["Install Docker"].commands
    assert "docker-ce" in installed and " containerd- docker.io- runc- ||" in installed, "one transaction"
    assert "--purge" not in installed, "purging docker.io deletes /var/lib/docker"
    assert "containerd: 1.7, wanted absent; docker.io: 26.1.5, wanted absent" in done["Install Docker"].why[0]
    (source,) = done["Add Docker's repository"].commands
    release = catalog().release(codename)
    assert f"URIs: {release.docker_vendor.url}\nSuites: {release.docker_vendor.suite}\nComponents: stable\n" in source
    assert "9DC858229FC7DD38854AE2D88D81803C0EBFCD88" in done["Fetch Docker's repository key"].commands[0]
    assert "Signed-By: /etc/apt/keyrings/docker.gpg\n" in source, "keys are written in binary: apt of 12 refuses .asc"


def test_docker_does_not_start_without_its_disk() -> None:
    def drop_in(**base: Any) -> str:
        rig = Rig.model_validate({"name": "rig", "containers": {"data_root": "/data/docker"}, "base": base})
        facts = bare("trixie", {MountPoints: {"/data": True}})
        return steps(containers, rig, facts)["Keep Docker from starting without its disk"].commands[0]

    assert "RequiresMountsFor=/data/docker\n" in drop_in()
    assert "Assert" not in drop_in()
    on_disk = drop_in(disks={"models": {"uuid": "1111-2222", "mount": "/data"}})
    assert "RequiresMountsFor=/data/docker\nAssertPathIsMountPoint=/data\n" in on_disk


def test_what_runs_waits_for_the_files_that_it_is_started_with() -> None:
    done = layer("trixie")
    assert "Let Docker start without a data disk" in done["Run Docker"].waits
    assert "Merge our keys into daemon.json" in done["Run Docker"].waits
    placed = layer("trixie", data_root="/data/docker")
    assert "Keep Docker from starting without its disk" in placed["Run Docker"].waits
    for name in ("at boot", "when the driver changes"):
        waits = done[f"Write the CDI specification {name}"].waits
        assert waits == ("Write rigwright-cdi.service", "Write rigwright-cdi.path")
    assert "Write rigwright-cdi.service" in done["Describe the driver and the GPUs to containers"].waits


@pytest.mark.parametrize(
    ("path", "text", "goes"),
    [
        ("nvidia-docker.list", "deb http://192.0.2.1/ /\n", True),
        ("mine.list", "deb https://nvidia.github.io/libnvidia-container/stable/ubuntu18.04/$(ARCH) /\n", True),
        ("mine.sources", "Types: deb\nURIs: https://nvidia.github.io/libnvidia-container/stable/deb/amd64\n", True),
        ("both.list", "deb https://nvidia.github.io/nvidia-docker/x /\ndeb http://other.example/ /\n", False),
        ("docker.list", "deb https://download.docker.com/linux/debian trixie stable\n", False),
    ],
)
def test_second_lists_go_before_apt_reads_anything(path: str, text: str, goes: bool) -> None:
    lists = {f"/etc/apt/sources.list.d/{path}": SourceFile(text, "644")}
    done = layer("trixie", bare("trixie", {Sources: SourcesState(lists)}))
    assert next(iter(done)) == "Remove other lists of the toolkit's repository"
    assert bool(done["Remove other lists of the toolkit's repository"].commands) == goes
    assert "Remove other lists of Docker's repository" not in done
    vendor = layer("trixie", bare("trixie", {Sources: SourcesState(lists)}), source="vendor")
    assert bool(vendor["Remove other lists of Docker's repository"].commands) == (path == "docker.list")


def test_mirrors_and_their_keys() -> None:
    done = layer(
        "trixie",
        source="vendor",
        repository_url="http://mirror/docker",
        repository_fingerprint="A" * 40,
        toolkit={"repository_url": "http://mirror/toolkit/", "repository_fingerprint": "B" * 40},
    )
    key = done["Fetch Docker's repository key"].commands[0]
    assert "http://mirror/docker/gpg " in key
    assert "A" * 40 in key
    key = done["Fetch the toolkit repository's key"].commands[0]
    assert "http://mirror/toolkit/gpgkey " in key
    assert "B" * 40 in key
    assert "URIs: http://mirror/toolkit\n" in done["Add the toolkit's repository"].commands[0]


@pytest.mark.parametrize("codename", CODENAMES)
def test_podman_on_a_bare_host(codename: str) -> None:
    done = layer(codename, engine="podman", registry_mirrors=["http://m:5000", "https://n/"], data_root="/data/podman")
    settings = tomllib.loads(done["Write podman's settings"].commands[0].partition("\n<<<\n")[2])
    assert settings["containers"]["log_size_max"] == 150_000_000
    assert ("engine" in settings) == (codename in ("bookworm", "jammy", "noble"))
    registries = tomllib.loads(done["Ask registry mirrors first"].commands[0].partition("\n<<<\n")[2])
    assert registries["registry"][0]["mirror"] == [{"location": "m:5000", "insecure": True}, {"location": "n"}]
    (install,) = done["Install podman"].commands
    assert "podman" in install
    # netavark runs one of the two, and depends on neither; 22.04's podman has another network.
    firewall = {"bookworm": "iptables", "noble": "iptables", "trixie": "nftables", "resolute": "nftables"}
    assert firewall.get(codename, "") in install
    assert "Install Docker" not in done


def test_another_engine_takes_back_what_was_ours_and_nothing_else() -> None:
    installed = PackagesState(installed={"docker.io": "26", "podman": "5", "gpg": "2", "ca-certificates": "1"})
    without_us = layer("trixie", bare("trixie", {Packages: installed}), engine="podman")
    assert "Remove Docker" not in without_us
    ours = "/var/lib/rigwright/daemon.json.ours"
    texts = {
        DAEMON_JSON: '{"debug": true, "bip": "10.1.0.1/24"}',
        ours: '{"created": false, "keys": [{"path": ["debug"]}]}',
    }
    facts = bare(
        "trixie", {Packages: installed, Contents: texts, Files: {path: file(text) for path, text in texts.items()}}
    )
    done = layer("trixie", facts, engine="podman")
    assert done["Remove Docker"].commands[0].endswith("remove docker.io")
    assert "--purge" not in done["Remove Docker"].commands[0]
    (written, gone) = done["Take our keys out of daemon.json"].commands
    assert json.loads(written.partition("\n<<<\n")[2]) == {"bip": "10.1.0.1/24"}
    assert gone == f"rm -f -- {ours}"


def test_absent() -> None:
    toolkit = catalog().containers.toolkit.packages
    facts = bare(
        "trixie",
        {
            Packages: PackagesState(
                installed={"docker.io": "26", **dict.fromkeys(toolkit, "1.19.0-1")}, held=frozenset(toolkit)
            ),
            Units: {"rigwright-cdi.path": unit()},
            Files: {SPEC: file()},
            Engine: EngineState("26", answers=True, running=1),
        },
    )
    done = layer("trixie", facts, state="absent")
    names = list(done)
    assert done["Stop Docker's containers"].commands
    assert names.index("Stop Docker's containers") < names.index("Remove Docker"), "they would run on without it"
    assert done["Release the container toolkit"].commands
    assert "nvidia-container-toolkit" in done["Remove the container toolkit"].commands[0]
    assert done["Remove Docker"].commands[0].endswith("remove docker.io")
    assert done["Disable rigwright-cdi.path"].commands == (
        "systemctl disable rigwright-cdi.path", "systemctl stop rigwright-cdi.path",
    )  # fmt: skip
    assert SPEC in done["Remove the CDI specification and its units"].commands[0]
    assert "Let apt forget them" not in done
    assert "Install Docker" not in done


def test_a_declared_host_is_left_alone() -> None:
    """Everything as an apply leaves it: no operation does anything."""
    first = layer("trixie")
    texts: dict[str, str] = {}
    for step in first.values():
        for command in step.commands:
            line, given, text = command.partition("\n<<<\n")
            if given:
                texts[line.rpartition('mv -fT "$new" ')[2].split(";")[0]] = text
    packages = catalog().containers
    installed = dict.fromkeys(packages.engine_packages("docker", "distribution", "trixie"), "26.1.5")
    facts = bare(
        "trixie",
        {
            Packages: PackagesState(
                installed={
                    "libc6": "2", "gpg": "2", "ca-certificates": "1", **installed, **packages.toolkit.versions("1.19.0")
                },
                held=frozenset(packages.toolkit.packages),
                lists_current=True,
                sources_read=frozenset({"/etc/apt/sources.list.d/rigwright-nvidia-container-toolkit.sources"}),
            ),
            Keyrings: {packages.toolkit.keyring: [packages.toolkit.fingerprint]},
            Contents: texts,
            Files: {path: file(text) for path, text in texts.items()},
            Units: dict.fromkeys(
                ("containerd.service", "docker.socket", "docker.service", "rigwright-cdi.path"), unit()
            ) | {"rigwright-cdi.service": unit(active="inactive")},
            Engine: EngineState("26", answers=True, probe=f"{RECIPE}-2"),
            **seen(),
        },
    )  # fmt: skip
    assert {name: step.commands for name, step in layer("trixie", facts).items() if step.commands} == {}
