"""Layer models on a throw-away host: from the stand-ins onto the disk, broken, swapped, refused, pruned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigwright.spec.locks import read_locks
from sim.host.throwaway import ThrowawayHost
from sim.hub import ollama, shelf
from sim.repository.vendors import VendorRepositories
from tests.system.locked_models import locked, locked_ollama, tiny, write_lock
from tests.system.outcome import changes
from tests.system.site import Site, said, site

pytestmark = pytest.mark.system

LAYER = ("--layer", "models")
ROOT = "/srv/models"
SNAPSHOT = f"{ROOT}/hub/models--rigwright-sim--tiny-llama-GGUF/snapshots/{shelf.commit()}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[tuple[ThrowawayHost, Site]]:
    with ThrowawayHost("basement") as host:
        declared = {
            "driver": {"source": "none"},
            "containers": {"toolkit": {"state": "absent"}},
            "models": {"endpoint": vendors.hub_url, "keep_free_gb": 1, "wanted": {"tiny": tiny()}},
        }
        yield host, site(tmp_path_factory.mktemp("project"), {host: declared})


@pytest.fixture
def pulled(made: tuple[ThrowawayHost, Site]) -> tuple[ThrowawayHost, Site]:
    """In the declared state."""
    made[1].apply(*LAYER)
    return made


def test_lock_writes_what_the_hub_has(made: tuple[ThrowawayHost, Site]) -> None:
    _, project = made
    done = project.rig("models", "lock", "--upgrade", check=True)
    assert "tiny: 1 file, 0.00 GB" in done.stdout
    found = read_locks(project.project).models["hub rigwright-sim/tiny-llama-GGUF main tiny-f16.gguf"]
    assert (found.commit, found.files) == (shelf.commit(), locked("tiny-f16.gguf").files)
    assert found.reckoned is not None
    assert shelf.commit()[:12] in project.rig("models", check=True).stdout


def test_a_second_apply_changes_nothing_and_the_proof_holds(pulled: tuple[ThrowawayHost, Site]) -> None:
    host, project = pulled
    plan = project.document("plan", *LAYER)
    assert plan["exit_status"] == 0, changes(plan)
    assert project.document("verify", *LAYER)["exit_status"] == 0
    assert host.run(f"sha256sum < {SNAPSHOT}/tiny-f16.gguf").stdout.split()[0] in str(locked("tiny-f16.gguf"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    [
        f"printf x | dd of={SNAPSHOT}/tiny-f16.gguf bs=1 seek=5000 conv=notrunc",
        f"truncate -s 1000 $(readlink -f {SNAPSHOT}/tiny-f16.gguf)",
        f"rm {SNAPSHOT}/tiny-f16.gguf",
        f"rm -r {ROOT}/hub",
        f"rm -r {ROOT}/.rigwright",
        "rm /opt/rigwright/fetch.pyz",
    ],
)
def test_what_was_broken_is_named_and_comes_anew(pulled: tuple[ThrowawayHost, Site], broken: str) -> None:
    host, project = pulled
    host.run(broken)
    plan = project.document("plan", *LAYER)
    assert plan["exit_status"] == 2, changes(plan)
    if "opt" not in broken and ".rigwright" not in broken:
        assert project.document("verify", *LAYER)["exit_status"] == 1
    project.apply(*LAYER)
    assert project.document("verify", *LAYER)["exit_status"] == 0
    assert project.document("plan", *LAYER)["exit_status"] == 0


def test_another_model_comes_alone_and_the_first_one_stays(pulled: tuple[ThrowawayHost, Site]) -> None:
    host, project = pulled
    both = ("--set", 'models.wanted.other={"hub": "rigwright-sim/tiny-llama-GGUF", "files": ["tiny-q8_0.gguf"]}')
    write_lock(project.project)
    before = host.run(f"stat -L -c %Y.%i {SNAPSHOT}/tiny-f16.gguf").stdout
    applied = project.document("apply", "--yes", *LAYER, *both)
    (changed,) = [each for each in applied["hosts"][0]["operations"] if each["status"] == "changed"]
    assert changed["why"] == ["other: 1 of 1 file missing (0.00 GB)"]
    assert host.run(f"stat -L -c %Y.%i {SNAPSHOT}/tiny-f16.gguf").stdout == before
    plan = project.document("plan", *LAYER)
    assert plan["exit_status"] == 0, "what is not declared any more stays until it is pruned"
    assert host.run(f"ls {SNAPSHOT}").stdout.split() == ["tiny-f16.gguf", "tiny-q8_0.gguf"]


def test_what_nobody_declares_is_listed_and_goes_only_when_asked(pulled: tuple[ThrowawayHost, Site]) -> None:
    host, project = pulled
    host.run(f"mkdir -p {ROOT}/hub/models--gone--x/blobs {ROOT}/mine; echo x > {ROOT}/hub/models--gone--x/blobs/abc")
    shown = project.rig("models", "prune")
    assert shown.returncode == 2, said(shown)
    assert f"basement: {ROOT}/hub/models--gone--x/blobs/abc (0.00 GB)" in shown.stdout
    assert f"{SNAPSHOT}/tiny-f16.gguf" not in shown.stdout
    project.rig("models", "prune", "--yes", check=True)
    assert "models--gone" not in host.run(f"ls {ROOT}/hub").stdout
    assert "mine" in host.run(f"ls {ROOT}").stdout.split(), "what we did not pull is left alone"
    assert project.rig("models", "prune", check=True).stdout.strip() == "Nothing is left over."
    assert project.document("plan", *LAYER)["exit_status"] == 0


def test_a_disk_that_is_too_small_is_refused_before_the_first_byte(made: tuple[ThrowawayHost, Site]) -> None:
    host, project = made
    host.run(f"rm -rf {ROOT}")
    done = project.rig("apply", "--yes", *LAYER, "--set", "models.keep_free_gb=100000")
    assert done.returncode == 1, said(done)
    assert "are to stay so (models.keep_free_gb). Nothing was pulled." in done.stdout
    assert host.run(f"ls {ROOT} 2>/dev/null; true").stdout == ""


def test_a_hub_that_does_not_answer_is_said(made: tuple[ThrowawayHost, Site], vendors: VendorRepositories) -> None:
    host, project = made
    host.run(f"rm -rf {ROOT}")
    vendors.answer_with(503)
    try:
        done = project.rig("apply", "--yes", *LAYER)
    finally:
        vendors.restore()
    assert done.returncode == 1, said(done)
    assert "fetch: tiny: http://" in done.stdout and "503" in done.stdout
    project.apply(*LAYER)


STORE = "/srv/more/ollama"
MANIFEST = f"{STORE}/manifests/registry.ollama.ai/library/tiny-llama"


@pytest.fixture(scope="module")
def from_ollama(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[ThrowawayHost, Site], vendors: VendorRepositories
) -> tuple[ThrowawayHost, Site, Site]:
    """The host as it is declared with two models of the Ollama registry, and with one of them."""
    host = made[0]
    tags = {"pulled": "tiny-llama", "small": "tiny-llama:q8_0"}

    def project(*names: str) -> Site:
        wanted = {name: {"ollama": tags[name]} for name in names}
        models = {"root": "/srv/more", "ollama_registry": vendors.ollama_registry_url, "keep_free_gb": 1}
        declared = {
            "driver": {"source": "none"},
            "containers": {"toolkit": {"state": "absent"}},
            "models": {**models, "wanted": wanted},
        }
        return site(tmp_path_factory.mktemp("ollama"), {host: declared})

    return host, project("pulled", "small"), project("pulled")


def test_models_of_ollama_are_locked_and_lie_where_it_finds_them(
    from_ollama: tuple[ThrowawayHost, Site, Site],
) -> None:
    host, both, _ = from_ollama
    done = both.rig("models", "lock", "--upgrade", check=True)
    assert "pulled: 6 files, 0.00 GB" in done.stdout
    found = read_locks(both.project).models
    assert set(found) == {"ollama library/tiny-llama:latest", "ollama library/tiny-llama:q8_0"}
    assert found["ollama library/tiny-llama:latest"].files == locked_ollama("latest").files
    assert found["ollama library/tiny-llama:latest"].reckoned is not None
    both.apply(*LAYER)
    assert host.run(f"cat {MANIFEST}/latest").stdout == ollama.manifest("latest").decode()
    blobs = {**ollama.blobs("latest"), **ollama.blobs("q8_0")}
    hashes = host.run(f"cd {STORE}/blobs && sha256sum *").stdout.splitlines()
    assert sorted(hashes) == sorted(f"{each.partition(':')[2]}  {each.replace(':', '-')}" for each in blobs)
    plan = both.document("plan", *LAYER)
    assert plan["exit_status"] == 0, changes(plan)
    proof = both.document("verify", *LAYER)
    assert proof["exit_status"] == 0, changes(proof)


@pytest.mark.parametrize(
    "broken",
    [f"truncate -s 1 {MANIFEST}/latest", f"rm {STORE}/blobs/*", f"chown -R nobody {STORE} && chmod 700 {STORE}"],
    ids=["manifest", "blobs", "owner"],
)
def test_what_of_ollama_was_broken_comes_anew(from_ollama: tuple[ThrowawayHost, Site, Site], broken: str) -> None:
    host, both, _ = from_ollama
    both.apply(*LAYER)
    host.run(broken)
    assert both.document("plan", *LAYER)["exit_status"] == 2
    both.apply(*LAYER)
    assert host.run(f"stat -c '%a %U' {STORE} {STORE}/blobs").stdout.split() == ["755", "root"] * 2
    assert both.document("verify", *LAYER)["exit_status"] == 0
    plan = both.document("plan", *LAYER)
    assert plan["exit_status"] == 0, changes(plan)


def test_of_ollamas_store_goes_only_what_was_pulled_and_nobody_uses(
    from_ollama: tuple[ThrowawayHost, Site, Site],
) -> None:
    host, both, one = from_ollama
    both.apply(*LAYER)
    host.run(
        f"mkdir -p {STORE}/manifests/x/y/z && echo '{{}}' > {STORE}/manifests/x/y/z/own; echo x > {STORE}/blobs/own"
    )
    plan = one.document("plan", *LAYER)
    assert plan["exit_status"] == 0, "what is not declared any more stays until it is pruned"
    shown = one.rig("models", "prune")
    assert shown.returncode == 2, said(shown)
    gone = set(ollama.blobs("q8_0")) - set(ollama.blobs("latest"))
    paths = [f"{MANIFEST}/q8_0", *(f"{STORE}/blobs/{each.replace(':', '-')}" for each in gone)]
    assert sorted(line.split()[1] for line in shown.stdout.splitlines()) == sorted(paths)
    one.rig("models", "prune", "--yes", check=True)
    there = host.run(f"cd {STORE} && find . -type f").stdout.split()
    kept = [f"./blobs/{each.replace(':', '-')}" for each in ollama.blobs("latest")]
    named = "./manifests/registry.ollama.ai/library/tiny-llama/latest"
    assert sorted(there) == sorted([*kept, named, "./blobs/own", "./manifests/x/y/z/own"])
    assert one.rig("models", "prune", check=True).stdout.strip() == "Nothing is left over."
    plan = one.document("plan", *LAYER)
    assert plan["exit_status"] == 0, changes(plan)
