"""Layer `containers`: the engine, where it keeps things, and the GPUs that a container sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.spec.containers import Containers
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.containers import questions
from tests.host.reading import Answers, ask

TOOLKIT = catalog().containers.toolkit
DOCKER = catalog().containers.docker


@pytest.fixture(scope="session")
def declared(rig: Rig) -> Containers:
    return rig.containers


@pytest.fixture(scope="session")
def seen(host: Host, declared: Containers) -> Answers:
    """Everything that this file wants to know, in one command: a container is started and asked, too."""
    return ask(host, questions(declared))


@pytest.fixture(scope="session")
def release(seen: Answers) -> Release:
    return catalog().release(seen["codename"])


@pytest.fixture(scope="session")
def info(seen: Answers, declared: Containers) -> dict[str, Any]:
    """What the engine says of itself."""
    if declared.state == "absent":
        return {}
    running = declared.engine == "podman" or seen.lines("running")[:1] == ["active"]
    assert running and seen["info"].startswith("{"), f"{declared.engine} does not run or does not answer"
    found: dict[str, Any] = json.loads(seen["info"])
    return found


@proves("containers.state", "containers.engine")
def test_engine(seen: Answers, declared: Containers) -> None:
    """The declared engine runs, and starts at boot"""
    if declared.state == "absent":
        there = [name for name in ("docker", "podman") if seen[name] and name == declared.engine]
        assert not there, f"{', '.join(there)} is there, and declared absent"
        assert not seen["ours"], "our keys are still in daemon.json"
        return
    other = {"docker": "podman", "podman": "docker"}[declared.engine]
    assert other not in seen.lines("set up by us"), f"{other} is still set up by us, declared is {declared.engine}"
    assert seen[declared.engine], f"{declared.engine} is not installed"
    if declared.engine == "docker":
        active, enabled = [*seen.lines("running"), "unknown", "unknown"][:2]
        assert (active, enabled) == ("active", "enabled"), f"docker.service is {active} and {enabled} at boot"
    assert seen["info"].startswith("{"), f"{declared.engine} does not answer"


@proves("containers.source")
def test_source(seen: Answers, declared: Containers, release: Release) -> None:
    """The engine's packages are those of the declared source"""
    packages = seen.pairs("packages")
    if declared.state == "absent":
        return
    wanted = catalog().containers.engine_packages(declared.engine, declared.source, release.codename)
    missing = [name for name in wanted if name not in packages]
    assert not missing, f"not installed: {', '.join(missing)} (source {declared.source!r})"
    if declared.engine == "docker":
        foreign = [name for name in DOCKER.conflicts[declared.source] if name in packages and name not in wanted]
        foreign = [name for name in foreign if name not in ("containerd", "runc") or declared.source == "vendor"]
        assert not foreign, f"of another source: {', '.join(foreign)} (declared {declared.source!r})"


@proves("containers.repository_url", "containers.repository_fingerprint")
def test_repository(seen: Answers, declared: Containers, release: Release) -> None:
    """Docker's own packages come from the declared repository, whose key is the declared one"""
    if declared.state == "absent" or declared.source == "distribution":
        assert "docker" not in seen.lines("our sources"), "Docker's repository is still a source of ours"
        return
    url = (declared.repository_url or release.docker_vendor.url).rstrip("/")
    assert f" {url} " in seen["docker-ce from"], f"docker-ce is not from {url}: {seen['docker-ce from'] or 'no source'}"
    wanted = declared.repository_fingerprint or DOCKER.vendor.fingerprint
    assert seen["docker key"] == wanted, f"the keyring holds {seen['docker key'] or 'no key'}, declared {wanted}"


@proves("containers.toolkit.state", "containers.toolkit.version")
def test_toolkit(seen: Answers, declared: Containers) -> None:
    """All four packages of the container toolkit have the declared version, and are held"""
    packages = seen.pairs("packages")
    there = {name: packages[name] for name in TOOLKIT.packages if name in packages}
    if declared.state == "absent" or declared.toolkit.state == "absent":
        assert not there, f"still installed: {', '.join(there)}"
        assert not seen["spec"], f"{TOOLKIT.cdi_spec} is still there"
        return
    wanted = TOOLKIT.versions(declared.toolkit.version)
    wrong = [f"{name} {there.get(name, 'missing')}" for name in wanted if there.get(name) != wanted[name]]
    assert not wrong, f"{', '.join(wrong)}, declared {declared.toolkit.version}"
    free = [name for name in wanted if name not in seen.lines("held")]
    assert not free, f"not held, so the next upgrade moves them: {', '.join(free)}"


@proves("containers.toolkit.repository_url", "containers.toolkit.repository_fingerprint")
def test_toolkit_repository(seen: Answers, declared: Containers) -> None:
    """The container toolkit comes from the declared repository, whose key is the declared one"""
    if declared.state == "absent" or declared.toolkit.state == "absent":
        assert "toolkit" not in seen.lines("our sources"), "the toolkit's repository is still a source of ours"
        return
    url = (declared.toolkit.repository_url or TOOLKIT.url).rstrip("/")
    source = seen["toolkit from"]
    assert f" {url} " in source, f"nvidia-container-toolkit is not from {url}: {source or 'no source'}"
    wanted = declared.toolkit.repository_fingerprint or TOOLKIT.fingerprint
    assert seen["toolkit key"] == wanted, f"the keyring holds {seen['toolkit key'] or 'no key'}, declared {wanted}"
    assert not seen["old lists"], f"older lists of the same repository conflict with ours: {seen['old lists']}"


@proves("containers.data_root")
def test_data_root(seen: Answers, info: dict[str, Any], declared: Containers, rig: Rig) -> None:
    """Images and volumes lie where declared, and the engine does not start without that disk"""
    if declared.state == "absent":
        return
    default = {"docker": "/var/lib/docker", "podman": "/var/lib/containers/storage"}[declared.engine]
    wanted = declared.data_root or default
    have = info["DockerRootDir"] if declared.engine == "docker" else info["store"]["graphRoot"]
    assert have == wanted, f"{declared.engine} keeps its data in {have}, declared {wanted}"
    layers = seen.pairs("container").get("layers", "")
    assert not layers.startswith("/") or layers.startswith(f"{wanted}/"), f"layers lie in {layers}, not in {wanted}"
    mounts = [disk.mount for disk in rig.base.disks.values() if f"{wanted}/".startswith(f"{disk.mount}/")]
    if mounts:
        disk = max(mounts, key=len)
        assert seen["data mount"] == disk, f"{wanted} lies on the file system at {seen['data mount']}, not on {disk}"
    waits = declared.engine == "docker" and declared.data_root is not None
    assert waits == (wanted in seen["waits for"].split()), (
        f"docker.service waits for the disks of {seen['waits for'] or 'no folder'}, declared {declared.data_root}"
    )


@proves("containers.engine")
def test_network(seen: Answers, declared: Containers) -> None:
    """A container on the engine's default network comes up, and has a way out"""
    if declared.state == "absent":
        return
    container = seen.pairs("container")
    assert "network" in container, (
        "no container could be started on the default network: "
        f"{container.get('network trouble') or container.get('trouble') or 'the engine says nothing'}"
    )
    bridge = json.loads(seen["daemon.json"] or "{}").get("bridge") if declared.engine == "docker" else None
    assert container["network"] or bridge == "none", "a container on the default network has no way out (no route)"


@proves("containers.log.max_size_mb", "containers.log.max_files")
def test_log_rotation(seen: Answers, declared: Containers) -> None:
    """A new container's log is rotated as declared"""
    if declared.state == "absent":
        return
    log, container = declared.log, seen.pairs("container")
    assert "log" in container, f"no container could be started: {container.get('trouble') or 'the engine says nothing'}"
    have = json.loads(container["log"])
    if declared.engine == "docker":
        options = have.get("Config", {})
        found = (have.get("Type"), options.get("max-size"), options.get("max-file"))
        wanted = ("json-file", f"{log.max_size_mb}m", str(log.max_files))
        assert found == wanted, f"a new container logs with {found}, declared {wanted}"
        return
    wanted = ("k8s-file", str(log.max_size_mb * log.max_files * 1_000_000))
    found = (have["Type"], container.get("log size"))
    assert found == wanted, f"a new container logs with {found}, declared {wanted} (podman keeps one file)"


@proves("containers.registry_mirrors")
def test_registry_mirrors(seen: Answers, info: dict[str, Any], declared: Containers) -> None:
    """The engine asks the declared mirrors first, and no others of ours"""
    if declared.state == "absent":
        return
    wanted = [mirror.rstrip("/") for mirror in declared.registry_mirrors]
    if declared.engine == "docker":
        have = [mirror.rstrip("/") for mirror in info["RegistryConfig"].get("Mirrors") or []]
        ours = {tuple(each["path"]) for each in json.loads(seen["ours"] or "{}").get("keys", [])}
        if not wanted and ("registry-mirrors",) not in ours:
            return
        assert have == wanted, f"Docker asks {have or 'no mirrors'}, declared {wanted or 'none'}"
        return
    docker_io = info.get("registries", {}).get("docker.io", {})
    have = [mirror["Location"] for mirror in docker_io.get("Mirrors") or []]
    assert have == [mirror.partition("://")[2] for mirror in wanted], f"podman asks {have}, declared {wanted}"


@proves("containers.daemon")
def test_daemon_keys(seen: Answers, info: dict[str, Any], declared: Containers) -> None:
    """Docker runs with the declared keys of daemon.json, and with none of ours that is no longer declared"""
    if declared.state == "absent" or declared.engine == "podman":
        return
    document = json.loads(seen["daemon.json"] or "{}")
    for path, value in _leaves(declared.daemon):
        have = _at(document, path)
        assert have == value, f"daemon.json: {'.'.join(path)} is {json.dumps(have)}, declared {json.dumps(value)}"
    ours = {tuple(each["path"])[:1] for each in json.loads(seen["ours"] or "{}").get("keys", [])}
    own = {"log-driver", "log-opts", "live-restore", "data-root", "registry-mirrors", "features", "runtimes"}
    extra = {path[0] for path in ours} - own - set(declared.daemon)
    assert not extra, f"ours in daemon.json, and not declared: {', '.join(sorted(extra))}"
    restores = declared.daemon.get("live-restore", True)
    assert info["LiveRestoreEnabled"] == restores, f"live-restore is {info['LiveRestoreEnabled']}, wanted {restores}"
    times = seen.pairs("times")
    assert float(times["started"]) >= float(times["daemon.json"]), "Docker was started before daemon.json last changed"


# GPUs


@pytest.fixture(scope="session")
def cards(seen: Answers, declared: Containers) -> list[str]:
    """The cards that the driver on the host shows. No answer without any: then nothing can be seen in a container."""
    if declared.state == "absent" or declared.toolkit.state == "absent":
        return []
    if not seen["host gpus"]:
        could_not_tell("no GPU driver answers on the host (nvidia-smi -L)")
    return seen.lines("host gpus")


@proves("containers.toolkit.state")
def test_cdi_specification(seen: Answers, declared: Containers, cards: list[str]) -> None:
    """The CDI specification is newer than the driver, names its version and exactly the cards that are there"""
    if not cards:
        assert not seen["cdi list"], f"there is no toolkit, and devices are on offer: {seen['cdi list']}"
        return
    times = seen.pairs("times")
    assert "spec" in times, f"there is no {TOOLKIT.cdi_spec}"
    older = [path for path in seen.pairs("driver") if float(seen.pairs("driver")[path]) > float(times["spec"])]
    assert not older, f"{TOOLKIT.cdi_spec} is older than {older[0]}"
    assert not seen["other specs"], f"read beside it, and refreshed by nobody: {seen['other specs']}"
    version = seen["driver version"]
    assert version in seen["spec"], f"{TOOLKIT.cdi_spec} does not speak of driver {version}"
    named = {line.partition("=")[2] for line in seen.lines("cdi list") if line.startswith("nvidia.com/gpu=")}
    uuids = {card.rpartition("UUID: ")[2].rstrip(")") for card in cards}
    indices = {str(index) for index in range(len(cards))}
    assert named - uuids == indices | {"all"}, f"nvidia-ctk cdi list: {sorted(named)}; cards: {sorted(indices | uuids)}"
    assert not {name for name in named if name.startswith("GPU-")} ^ (uuids & named), (
        "it names a card that is not there"
    )
    assert seen.lines("cdi at boot") == ["enabled", "enabled", "active"], (
        f"rigwright-cdi.service and .path, which keep it current, are {seen.lines('cdi at boot')}"
    )


@proves("containers.toolkit.state")
def test_gpus_in_a_container(seen: Answers, cards: list[str], rig: Rig) -> None:
    """A container that asks for all GPUs sees exactly those that are declared and that the host has"""
    if not cards:
        assert not seen["cdi list"], f"there is no toolkit, and devices are on offer: {seen['cdi list']}"
        return
    inside = _inside(seen, "gpu")
    assert inside == cards, f"a container sees {inside or 'no GPU'}, the host {cards}"
    one = _inside(seen, "gpu 0")
    assert one == cards[:1], f"a container that asks for GPU 0 sees {one or 'none'}, and not {cards[0]} alone"
    declared = rig.hardware.gpus
    assert not declared or len(inside) == len(declared), (
        f"a container sees {len(inside)} GPUs, declared {len(declared)}"
    )


@proves("containers.toolkit.state")
def test_gpus_survive_a_daemon_reload(seen: Answers, cards: list[str]) -> None:
    """A running container keeps its GPUs when systemd reads its units again"""
    if not cards:
        assert not seen["cdi list"], f"there is no toolkit, and devices are on offer: {seen['cdi list']}"
        return
    inside = _inside(seen, "gpu after reload")
    harms = seen.pairs("container").get("reload harms")
    if harms:
        could_not_tell(f"systemctl daemon-reload was not tried, it would not leave as they are: {harms}")
    assert inside == cards, f"after systemctl daemon-reload the container sees {inside or 'no GPU'}"


def _inside(seen: Answers, kind: str) -> list[str]:
    lines = [line.partition("=") for line in seen.lines("container")]
    said = {name: value for name, _, value in lines if name in ("trouble", "cannot")}
    if "cannot" in said:
        could_not_tell(said["cannot"])
    assert "trouble" not in said, f"the container could not be started: {said['trouble']}"
    return [value for name, _, value in lines if name == kind]


def _leaves(tree: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = []
    for name, value in tree.items():
        path = (*above, name)
        found += _leaves(value, path) if isinstance(value, dict) and value else [(path, value)]
    return found


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document
