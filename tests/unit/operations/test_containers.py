"""The layer containers: its operations, and the whole of it on every release."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.facts.cdi import Cdi, CdiState
from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import Contents, Files, RealPaths
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.mounts import MountPoints
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.sources import SourceFile, Sources, SourcesState
from rigwright.facts.units import Units
from rigwright.operations import cdi, engine_data, engine_guards, podman_storage, probe_image, units
from rigwright.operations.podman_storage import STORAGE, with_graph_root
from rigwright.operations.probe_image import RECIPE
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig
from tasks.containers import containers
from tasks.containers.docker import DAEMON_JSON, daemon_keys, version_of
from tests.unit.operations.harness import Case, Step, file, steps, unit
from tests.unit.operations.releases import CODENAMES, RELEASE

SPEC = "/var/run/cdi/nvidia.yaml"
CARD = ("0", "GPU-11111111-2222-3333-4444-555555555555")


def seen(**more: Any) -> dict[Any, Any]:
    values: dict[str, Any] = {
        "ctk": True, "smi": True, "written": 200.0, "devices": frozenset({"0", "all"}), "missing": (),
        "driver": {"/usr/lib/libcuda.so.580.105.08": 100.0}, "gpus": (CARD,), "version": "580.105.08",
    }  # fmt: skip
    return {Cdi: CdiState(**{**values, **more})}


CURRENT = {"spec": SPEC, "unit": "rigwright-cdi.service"}
GUARD = {"path": "/data/docker", "disks": {"/data": "models", "/": "system"}}

DOCKERS = {"keys": {"data-root": "/data/docker"}, "dest": DAEMON_JSON, "record": "/ours", "options_of": {}}
BUSY = EngineState("26", answers=True, root="/var/lib/docker", running=2, kept=7)


def unlinked(paths: list[str]) -> dict[str, str]:
    return {path: path for path in paths}


def linked(paths: list[str]) -> dict[str, str]:
    return {path: "/data/docker" if path == "/var/lib/docker" else path for path in paths}


CASES = [
    Case("CDI: current", cdi.current, CURRENT, seen()),
    Case(
        "CDI: older than the driver",
        cdi.current,
        CURRENT,
        seen(written=50.0),
        has=["systemctl restart rigwright-cdi.service && [ -s /var/run/cdi/nvidia.yaml ]"],
        why=[f"{SPEC}: older than the driver (/usr/lib/libcuda.so.580.105.08)"],
    ),
    Case(
        "CDI: no driver answers, nothing can be described",
        cdi.current,
        CURRENT,
        seen(written=None, gpus=(), version=None),
    ),
    Case(
        "CDI: the driver is gone, and its description stays",
        cdi.current,
        CURRENT,
        seen(smi=False, gpus=(), version=None, driver={}),
        commands=[f"rm -f -- {SPEC}"],
        why=[f"{SPEC}: there is no driver, and it describes one"],
    ),
    Case("disk: mounted", engine_guards.disk_there, GUARD, {MountPoints: {"/data": True}}),
    Case(
        "disk: not mounted",
        engine_guards.disk_there,
        GUARD,
        {MountPoints: {"/data": False}},
        refuses="containers.data_root is /data/docker, on disk 'models', and nothing is mounted at /data",
    ),
    Case("disk: on none that is declared", engine_guards.disk_there, {**GUARD, "disks": {"/da": "other"}}),
    Case(
        "swarm and live-restore",
        engine_guards.keeps_containers,
        {"live_restore": True},
        {Engine: EngineState("26.1", answers=True, swarm=True)},
        refuses="Declare containers.daemon = {'live-restore': False}",
    ),
    Case("swarm without live-restore", engine_guards.keeps_containers, {"live_restore": False}),
    Case(
        "Docker's data: another place while containers run",
        engine_data.docker_stays_in_sight,
        DOCKERS,
        {Engine: BUSY, RealPaths: unlinked},
        refuses="docker is to keep its data in /data/docker (containers.data_root), keeps it in /var/lib/docker now,"
        " and containers are running (2): it would not know them any more, and they would run on with their GPUs and"
        " ports. Stop them, and take along what is to be kept: `docker ps -q | xargs -r docker stop` and `systemctl"
        " stop docker.socket docker.service`, then `rsync -aHAX --numeric-ids /var/lib/docker/ /data/docker/`; then run"
        " again",
    ),
    Case(
        "Docker's data: another place that is the same",
        engine_data.docker_stays_in_sight,
        DOCKERS,
        {Engine: BUSY, RealPaths: linked},
    ),
    Case(
        "Docker's data: another user's numbers in the place",
        engine_data.docker_stays_in_sight,
        {**DOCKERS, "keys": {}},
        {Engine: replace(BUSY, root="/var/lib/docker/231072.231072")},
    ),
    Case(
        "Docker's data: where somebody else has it",
        engine_data.docker_stays_in_sight,
        {**DOCKERS, "keys": {}},
        {
            Engine: replace(BUSY, root="/srv/d"),
            Contents: {DAEMON_JSON: '{"data-root": "/srv/d"}'},
            Files: {DAEMON_JSON: file()},
        },
    ),
    Case(
        "Docker's data: where its unit puts it",
        engine_data.docker_stays_in_sight,
        {**DOCKERS, "keys": {}},
        {Engine: replace(BUSY, root="/mnt/docker", started_with="/mnt/docker")},
    ),
    Case(
        "Docker's data: declared, though its unit puts it somewhere",
        engine_data.docker_stays_in_sight,
        DOCKERS,
        {Engine: replace(BUSY, root="/mnt/docker", started_with="/mnt/docker")},
        refuses="docker.service is started with its data in /mnt/docker (systemctl cat docker.service shows where), and"
        " /data/docker is declared (containers.data_root): Docker does not start with both",
    ),
    Case(
        "Docker's data: back to its own place while containers run",
        engine_data.docker_stays_in_sight,
        {**DOCKERS, "keys": {}},
        {Engine: replace(BUSY, root="/data/docker"), RealPaths: unlinked},
        refuses="docker is to keep its data in /var/lib/docker",
    ),
    Case(
        "Docker's data: another place, nothing runs",
        engine_data.docker_stays_in_sight,
        DOCKERS,
        {Engine: replace(BUSY, running=0), RealPaths: unlinked},
    ),
    Case("Docker's data: it does not run", engine_data.docker_stays_in_sight, DOCKERS, {Engine: EngineState("26")}),
    Case(
        "podman's data: another place while containers run",
        engine_data.podman_stays_in_sight,
        {"path": "/data/podman"},
        {
            Engine: replace(BUSY, root="/var/lib/containers/storage"),
            RealPaths: unlinked,
        },
        refuses="podman is to keep its data in /data/podman (containers.data_root), keeps it in"
        " /var/lib/containers/storage now",
    ),
    Case(
        "containers are stopped before their engine goes",
        engine_data.containers_stopped,
        {"engine": "docker"},
        {Engine: BUSY},
        commands=["docker ps -q | xargs -r docker stop"],
        why=["containers of docker: 2 running, and the engine is to go"],
    ),
    Case(
        "nothing runs: nothing to stop", engine_data.containers_stopped, {"engine": "podman"}, {Engine: EngineState()}
    ),
    Case(
        "Docker: a restart is not held up by systemd's limit of starts in a minute",
        units.service,
        {"unit": "docker.service", "files": [DAEMON_JSON], "check": "true"},
        {Units: {"docker.service": unit(started=100.0)}, Files: {DAEMON_JSON: file(mtime=101.0)}},
        has=["true && { systemctl reset-failed docker.service 2>/dev/null; systemctl restart docker.service; }"],
        why=[f"docker.service: started before {DAEMON_JSON} changed"],
    ),
    Case(
        "Docker: a masked service is unmasked before its socket opens",
        units.unmasked,
        {"names": ["docker.socket", "docker.service"]},
        {Units: {"docker.socket": unit("failed"), "docker.service": unit("inactive", "masked", "masked")}},
        commands=["systemctl unmask docker.service && systemctl unmask --runtime docker.service"],
        why=["docker.service: masked"],
    ),
    Case(
        "probe image: missing",
        probe_image.present,
        {"engine": "podman"},
        {Engine: EngineState("5.4.2", answers=True), Packages: PackagesState(installed={"libc6": "2.41-12"})},
        has=["podman import", f"LABEL rigwright.probe={RECIPE}-2.41-12' - rigwright-probe"],
        why=["image rigwright-probe: missing"],
    ),
    Case(
        "probe image: of an older C library",
        probe_image.present,
        {"engine": "docker"},
        {
            Engine: EngineState("26", answers=True, probe=f"{RECIPE}-2.36-9"),
            Packages: PackagesState({"libc6": "2.41-12"}),
        },
        has=["docker import"],
        why=["image rigwright-probe: made of an older C library"],
    ),
    Case("podman: its own default", podman_storage.graph_root, {"path": None}, {Contents: {STORAGE: None}}),
    Case(
        "podman: broken TOML",
        podman_storage.graph_root,
        {"path": "/data/podman"},
        {Contents: {STORAGE: "[storage"}},
        refuses="not valid TOML",
    ),
    Case(
        "podman: what we wrote goes",
        podman_storage.graph_root,
        {"path": None},
        {Contents: {STORAGE: with_graph_root(None, "/data/podman")}},
        commands=[f"rm -f -- {STORAGE}"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operations(case: Case) -> None:
    case.check()


@pytest.mark.parametrize(
    "before",
    [
        '[storage]\ndriver = "overlay"\ngraphroot = "/srv/c"\n[storage.options]\nmount_program = "x"\n',
        '# mine\n[storage]\ndriver = "overlay"\n\n[storage.options.overlay]\nmountopt = "nodev"\n',
        '[storage]\n# graphroot = "/commented"\nrunroot = "/run/x"\n',
        '[storage.options]\npull_options = {a = "b"}\n',
    ],
)
def test_podmans_graph_root_and_back(before: str) -> None:
    once = with_graph_root(before, "/data/podman")
    assert once is not None
    assert tomllib.loads(once)["storage"]["graphroot"] == "/data/podman"
    assert with_graph_root(once, "/data/podman") == once
    other = with_graph_root(once, "/other")
    assert other is not None
    after = with_graph_root(other, None)
    assert after is not None
    assert tomllib.loads(after).get("storage", {}) == tomllib.loads(before).get("storage", {})
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []


def test_a_file_of_podmans_that_others_have_written_in_loses_nothing_of_theirs() -> None:
    mine = '\n[storage.options.overlay]\nmountopt = "nodev"\n'
    written = f"{with_graph_root(None, '/data/podman')}{mine}"
    for path in ("/data/podman", "/other", None):
        changed = with_graph_root(written, path)
        assert changed is not None
        assert tomllib.loads(changed)["storage"]["options"] == {"overlay": {"mountopt": "nodev"}}
        assert tomllib.loads(changed)["storage"].get("graphroot") == path
    again = with_graph_root(with_graph_root(written, "/other"), None)
    assert again is not None
    assert "graphroot" not in tomllib.loads(again)["storage"], "ours does not come back as somebody else's"


# What daemon.json says


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


# The layer as a whole


def bare(codename: str, more: dict[Any, Any] | None = None) -> dict[Any, Any]:
    """A host without any of it."""
    return {
        Release: RELEASE[codename],
        Packages: PackagesState(installed={"libc6": "2", "gpg": "2", "ca-certificates": "1"}, lists_current=True),
        Engine: EngineState(),
        Files: {},
        Contents: {},
        Keyrings: {},
        Sources: SourcesState(),
        Units: {},
        **seen(ctk=False, smi=False, written=None, gpus=(), version=None, driver={}),
        **(more or {}),
    }


def layer(codename: str, facts: dict[Any, Any] | None = None, **declared: Any) -> dict[str, Step]:
    return steps(containers, Rig(name="rig", containers=Containers(**declared)), facts or bare(codename))


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
