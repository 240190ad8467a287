"""One engine after another on a real host: sources, engines and places change whole, and in the end all goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.host.throwaway import ThrowawayHost
from sim.repository.vendors import VendorRepositories
from tests.system.declared import declared
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import Site, site

pytestmark = [pytest.mark.system, pytest.mark.slow]

LAYERS = ("--layer", "base,driver,containers")
ELSEWHERE = "/var/lib/containers/elsewhere"
"""Not on the host's own overlay, on which no engine could make another."""
PLACED = {"data_root": ELSEWHERE, "registry_mirrors": ["http://10.0.0.9:5000"]}
NO_CUDA = {"cuda": {"toolkits": [], "default": None}}
LEFT_BEHIND = "left-behind"


@pytest.fixture(scope="module")
def stores() -> Iterator[VendorRepositories]:
    """The vendors' repositories, Docker's among them."""
    with VendorRepositories(docker=("trixie", "bookworm")) as repositories:
        yield repositories


@pytest.mark.parametrize("release", ["trixie", "bookworm"])
def test_engines_follow_one_another(
    tmp_path: Path, vendors: VendorRepositories, stores: VendorRepositories, release: str
) -> None:
    repository = {
        name: stores.declaration(release)["containers"][name] for name in ("repository_url", "repository_fingerprint")
    }
    vendor = {"source": "vendor", **repository}
    podman = {"engine": "podman", "daemon": {"max-concurrent-downloads": None}}
    with gpu_host("basement", release) as host:

        def declare(**containers: Any) -> Site:
            return site(tmp_path, {host: declared(vendors, release, NO_CUDA, {"containers": containers})})

        _becomes(declare(), "Docker, the distribution's", *LAYERS)
        _becomes(declare(**vendor), "Docker's own")
        _repository_falls_short(declare(**vendor))
        _stays_while_containers_run(host, declare(**vendor, **PLACED), "docker")
        _becomes(declare(**vendor, **PLACED), "Docker's own, elsewhere")
        _becomes(declare(**PLACED), "Docker, the distribution's, elsewhere")
        _becomes(declare(**podman), "podman")
        _stays_while_containers_run(host, declare(**podman, **PLACED), "podman")
        _becomes(declare(**podman, **PLACED), "podman, elsewhere")
        _becomes(declare(), "Docker after podman")
        _run(host, "docker")
        _becomes(declare(state="absent"), "no engine")
        assert host.run("pgrep -f '[s]leep 987'", check=False).stdout == "", "a container outlived its engine"


def _becomes(server: Site, what: str, *layers: str) -> None:
    layers = layers or ("--layer", "containers")
    server.apply(*layers)
    for command in ("plan", "verify"):
        found = server.document(command, "--layer", "containers")
        assert found["exit_status"] == 0, f"{what}, {command}: {changes(found)}"


def _repository_falls_short(server: Site) -> None:
    """With the very engine there, another key or another address of its repository is what falls short."""
    for name, other, message in (
        ("repository_fingerprint", "1" * 40, f"declared {'1' * 40}"),
        ("repository_url", "http://10.0.0.9/nowhere", "docker-ce is not from http://10.0.0.9/nowhere"),
    ):
        proof = server.document("verify", "--layer", "containers", "--set", f"containers.{name}={other}")
        short = [each for each in proof["hosts"][0]["answers"] if each["answer"] == "falls short"]
        assert [each["test"] for each in short] == ["test_repository"], changes(proof)
        assert message in short[0]["message"], changes(proof)


def _stays_while_containers_run(host: ThrowawayHost, server: Site, engine: str) -> None:
    """A container is running where the data would not be any more: that is refused, and the container runs on."""
    _run(host, engine)
    plan = server.document("plan", "--layer", "containers")
    assert plan["exit_status"] == 1, changes(plan)
    assert f"{engine} is to keep its data in {ELSEWHERE} (containers.data_root)" in changes(plan)
    host.run(f"{engine} inspect --format '{{{{.State.Running}}}}' {LEFT_BEHIND} | grep true")
    host.run(f"{engine} rm -f -t 0 {LEFT_BEHIND} || {engine} rm -f {LEFT_BEHIND}")


def _run(host: ThrowawayHost, engine: str) -> None:
    cgroups = "--cgroups=disabled" if engine == "podman" else ""
    host.run(f"{engine} run -d --name {LEFT_BEHIND} {cgroups} --network none rigwright-probe sleep 987")
