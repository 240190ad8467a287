"""What is captured of driver, toolkits, container engine, models, what serves, and of what no key says."""

from __future__ import annotations

import json
from dataclasses import replace

from rigwright.capture import containers, cuda, driver, models, others, serving
from rigwright.facts.cuda import CudaState
from rigwright.facts.driver import DPKG, Offer, Place
from rigwright.facts.engine import EngineState
from rigwright.facts.model_stores import StoredModel
from rigwright.facts.modules import ModulesState
from rigwright.facts.packages import PackagesState
from rigwright.facts.served import RunningContainer, ServedState
from rigwright.facts.sources import SourceFile, SourcesState
from tests.unit.capture.hosts import (
    card,
    hand,
    installed,
    modules,
    said,
    seen,
)
from tests.unit.capture.hosts import driver as driver_of

DEBIAN = Place(500, "http://mirror.example/debian trixie/non-free amd64 Packages", "Debian")
NVIDIA = Place(500, "https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64  Packages", "NVIDIA")
MIRROR = Place(500, "http://mirror.example/compute/cuda/repos/debian12/x86_64  Packages", "NVIDIA")
PPA = Place(500, "https://ppa.example/drivers stable/main amd64 Packages", "LP-PPA-graphics-drivers")
INSTALLED = Place(100, DPKG, "")
SET = ("nvidia-driver-cuda", "nvidia-persistenced", "nvidia-kernel-open-dkms")
FINGERPRINT = "EB693B3035CD5710E231E123A4B469963BF863CC"


def test_the_distributions_driver_is_whatever_the_archive_has() -> None:
    part = driver.captured(seen(**driver_of("550.163.01-2", "nvidia-smi", "libcuda1", places=(DEBIAN, INSTALLED))))
    assert part.values == {"driver": {"source": "distribution"}}
    assert part.comments["driver", "source"].startswith("550.163.01 was installed")


def test_nvidias_driver_is_declared_by_version_where_it_is_held() -> None:
    facts = driver_of("580.105.08-1", *SET, places=(NVIDIA, INSTALLED))
    held = driver.captured(seen("bookworm", gpus=[card()], modules=modules(open_=True), **facts))
    assert held.values == {"driver": {"source": "nvidia", "version": "580.105.08"}}
    facts = driver_of("580.105.08-1", *SET, places=(NVIDIA,), held=False)
    loose = driver.captured(seen("bookworm", gpus=[card()], modules=modules(open_=False), **facts))
    assert loose.values == {"driver": {"source": "nvidia", "branch": 580, "flavour": "proprietary"}}


def test_ubuntus_driver_has_a_branch() -> None:
    ubuntu = Place(500, "http://archive.example/ubuntu noble/restricted amd64 Packages", "Ubuntu")
    names = ("nvidia-headless-580-server", "nvidia-utils-580-server")
    part = driver.captured(seen("noble", **driver_of("580.178.02-0ubuntu1", *names, places=(ubuntu,))))
    assert part.values == {"driver": {"source": "distribution", "branch": 580}} and said(part) == []
    part = driver.captured(seen("noble", **driver_of("580.178.02-0ubuntu1", "nvidia-driver-580", places=(ubuntu,))))
    assert said(part) == ["driver.not-server"]


def test_a_mirror_is_declared_with_its_key() -> None:
    source = "Types: deb\nURIs: http://mirror.example/compute/cuda/repos/debian12/x86_64\nSuites: /\n"
    source += "Signed-By: /usr/share/keyrings/x.gpg\n"
    facts = driver_of("580.105.08-1", *SET, places=(MIRROR,))
    host = seen(
        "bookworm", **facts, keyrings={"/usr/share/keyrings/x.gpg": [FINGERPRINT]},
        sources=SourcesState({"/etc/apt/sources.list.d/x.sources": SourceFile(source, "644")}),
    )  # fmt: skip
    assert driver.captured(host).values["driver"] == {
        "source": "nvidia", "version": "580.105.08", "repository_fingerprint": FINGERPRINT,
        "repository_url": "http://mirror.example/compute/cuda/repos/debian12/x86_64",
    }  # fmt: skip


def test_what_is_nobodys_here_is_left_alone() -> None:
    part = driver.captured(seen(**driver_of("590.44.01-1", *SET, places=(PPA,))))
    assert part.values == {"driver": {"source": "none"}} and said(part) == ["driver.from-elsewhere"]
    by_hand = driver.captured(seen(modules=ModulesState(running="580.95.05"), hand=hand(installer=("/x",))))
    assert by_hand.values == {"driver": {"source": "none"}} and said(by_hand) == ["driver.by-hand"]
    assert "580.95.05" in by_hand.notes[0].what
    none = driver.captured(seen(container="lxc", modules=ModulesState(running="580.95.05")))
    assert none.values == {"driver": {"state": "absent"}}, "in a container what is loaded is the machine's"


def test_toolkits() -> None:
    facts = driver_of("580.105.08-1", *SET, places=(NVIDIA,))
    facts["packages"] = installed(*SET, "cuda-toolkit-13-0", "cuda-toolkit-12-8", "cuda-toolkit-9-9")
    state = CudaState(resolved="/usr/local/cuda-12.8", mode="manual", compilers={"/usr/local/cuda-12.8": "12.8"})
    host = seen("bookworm", cuda=state, hand=hand(toolkits=("/usr/local/cuda-12.8", "/usr/local/cuda-11.7")), **facts)
    part = cuda.captured(host)
    assert part.values == {"cuda": {"toolkits": ["12.8", "13.0"], "default": "12.8"}}
    assert said(part) == ["cuda.by-hand", "cuda.toolkit"] and "9.9" in part.notes[1].what
    archive = driver_of("550.163.01-2", "nvidia-smi", places=(DEBIAN,))
    archive["packages"] = installed("nvidia-smi", "nvidia-cuda-toolkit")
    assert cuda.captured(seen(cuda=state, **archive)).values == {"cuda": {"toolkits": ["12.4"]}}, (
        "none of it is default"
    )
    state = CudaState(resolved="/usr/local/cuda-12.8", mode="auto", compilers={"/usr/local/cuda-12.8": "12.8"})
    auto = seen("bookworm", cuda=state, **facts)
    assert "default" not in cuda.captured(auto).values["cuda"], "the packages' own choice"
    assert cuda.captured(replace(auto, cuda_profile=True)).values["cuda"]["default"] == "12.8", "an apply's"
    without = cuda.captured(seen(packages=installed("cuda-toolkit-12-8")))
    assert without.values == {} and said(without) == ["cuda.toolkit"], "beside no driver"


def test_dockers_settings() -> None:
    document = {
        "log-opts": {"max-size": "1g", "max-file": "2"}, "data-root": "/data/docker", "live-restore": True,
        "registry-mirrors": ["https://mirror.example"], "max-concurrent-downloads": 4, "hosts": ["tcp://0.0.0.0"],
        "default-runtime": "nvidia", "runtimes": {"nvidia": {}}, "proxies": {"http-proxy": "http://me:hunter2@p.example"},
    }  # fmt: skip
    facts = installed("docker.io", **{"nvidia-container-toolkit": "1.19.0-1"})
    part = containers.captured(seen(packages=facts, daemon_json=json.dumps(document)))
    assert part.values["containers"] == {
        "engine": "docker", "source": "distribution", "log": {"max_size_mb": 1000, "max_files": 2},
        "registry_mirrors": ["https://mirror.example"], "data_root": "/data/docker",
        "daemon": {"max-concurrent-downloads": 4}, "toolkit": {"state": "present", "version": "1.19.0"},
    }  # fmt: skip
    assert said(part) == ["containers.daemon-key", "containers.daemon-key", "containers.secret"]
    assert "hunter2" not in str(part)


def test_engines() -> None:
    assert containers.captured(seen()).values == {"containers": {"state": "absent"}}
    by_hand = containers.captured(seen(docker=EngineState(version="29.0.1")))
    assert said(by_hand) == ["containers.by-hand"]
    podman = containers.captured(seen(packages=installed("podman"), podman=EngineState(version="5.4.2", root="/big")))
    assert podman.values["containers"] == {"engine": "podman", "data_root": "/big", "toolkit": {"state": "absent"}}
    old = containers.captured(
        seen(packages=installed("docker.io", "podman", **{"nvidia-container-toolkit": "1.14.3-1"}))
    )
    assert old.values["containers"]["toolkit"] == {"state": "present"}
    assert said(old) == ["containers.toolkit-old", "containers.two-engines"]
    broken = containers.captured(seen(packages=installed("docker.io"), daemon_json="{"))
    assert said(broken) == ["containers.daemon"]
    offers = {
        "docker-ce": Offer("1", "1", {"1": (Place(500, "http://m.example/docker trixie/stable amd64", "Docker"),)})
    }
    vendor = containers.captured(seen(packages=installed("docker-ce"), offers=offers)).values["containers"]
    assert (vendor["source"], vendor["repository_url"]) == ("vendor", "http://m.example/docker")


def test_models() -> None:
    stores = [
        StoredModel(
            "hub", "/home/anna/.cache/huggingface/hub", "Qwen/Qwen3-8B-GGUF", "c0ffee", ("a-Q4.gguf", "README")
        ),
        StoredModel("hub", "/home/anna/.cache/huggingface/hub", "Qwen/Qwen3-8B", "", ("config.json",)),
        StoredModel("ollama", "/usr/share/ollama/.ollama/models", "qwen3:8b"),
        StoredModel("ollama", "/usr/share/ollama/.ollama/models", "hf.co/x/y/z:8b"),
    ]
    part = models.captured(seen(stores=stores))
    assert part.values["models"] == {
        "root": "/home/anna/.cache/huggingface",
        "wanted": {
            "qwen3-8b-gguf": {"hub": "Qwen/Qwen3-8B-GGUF", "revision": "c0ffee", "files": ["a-Q4.gguf"]},
            "qwen3-8b": {"hub": "Qwen/Qwen3-8B"},
            "qwen3-8b-2": {"ollama": "qwen3:8b"},
        },
    }
    assert said(part) == ["models.name", "models.elsewhere", "models.lock"]
    assert models.captured(seen()).values == {}


def test_what_serves_is_named_and_not_declared() -> None:
    containers_ = (
        RunningContainer(
            "docker", "web-1", "ghcr.io/open-webui/open-webui:main", "web", "/opt/web/compose.yaml", "8080"
        ),
        RunningContainer("docker", "own", "registry.example/own:1"),
        RunningContainer("docker", "rig-llm", "ghcr.io/ggml-org/llama.cpp:server"),
    )
    part = serving.captured(seen(served=ServedState(containers_, ollama=True), own_runtimes=frozenset({"llm"})))
    assert part.values == {}
    assert said(part) == ["runtimes.ours", "runtimes.container", "runtimes.container", "runtimes.ollama"]
    assert "compose project web (/opt/web/compose.yaml)" in part.notes[1].what
    assert "kind 'open-webui'" in part.notes[1].advice and "kind 'custom'" in part.notes[2].advice


def test_what_no_layer_has_a_key_for() -> None:
    source = "deb [signed-by=/x.gpg] https://me:hunter2@ppa.example/tools stable main\n"
    sources = SourcesState({
        "/etc/apt/sources.list.d/tools.list": SourceFile(source, "644"),
        "/etc/apt/sources.list.d/off.sources": SourceFile(
            "Enabled: no\nTypes: deb\nURIs: https://off.example\nSuites: a\nComponents: b\n", "644"),
        "/etc/apt/sources.list.d/rigwright-docker.sources": SourceFile("URIs: https://ours.example\n", "644"),
    })  # fmt: skip
    files = (
        "/etc/cron.d/own", "/etc/systemd/system/own.service", "/etc/systemd/system/rig-llm.service",
        "/etc/sudoers.d/ops", "/usr/local/bin/tool", "/etc/apt/preferences.d/pin",
        "/etc/apt/apt.conf.d/99own", "/etc/apt/apt.conf.d/90rigwright-upgrades",
    )  # fmt: skip
    host = seen(
        sources=sources,
        hand=hand(
            files=files, changed=("/etc/ssh/sshd_config", "/etc/nginx/nginx.conf"), snaps=("firefox",),
            masked=("x.service",), crontabs={"anna": 2, "ben": 0},
        ),
        packages=PackagesState(audit=True),
    )  # fmt: skip
    part = others.captured(host)
    assert said(part) == [
        "others.source", "others.pins", "others.apt", "others.cron", "others.crontab", "others.units", "others.masked",
        "others.sudoers", "others.programs", "others.changed", "others.snaps", "others.dpkg",
    ]  # fmt: skip
    text = " ".join(note.what for note in part.notes)
    assert "https://ppa.example/tools" in text and "hunter2" not in text and "off.example" not in text
    assert "rig-llm" not in text and "sshd_config" not in text and "/etc/nginx/nginx.conf" in text
