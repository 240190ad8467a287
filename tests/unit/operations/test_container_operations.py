"""The operations of layer containers: facts in, commands out."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from rigwright.facts.engine import Engine, EngineState
from rigwright.facts.files import Contents, Files, RealPaths
from rigwright.facts.mounts import MountPoints
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.units import Units
from rigwright.operations import cdi, engine_data, engine_guards, podman_storage, probe_image, units
from rigwright.operations.podman_storage import STORAGE, with_graph_root
from rigwright.operations.probe_image import RECIPE
from tasks.containers.docker import DAEMON_JSON
from tests.unit.operations.container_hosts import SPEC, seen
from tests.unit.operations.harness import Case, file, unit

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
