"""Layer `runtimes`: what is declared to serve does, with the declared cards, models and options, and nothing else."""

from __future__ import annotations

import hashlib
import json
import shlex
from itertools import pairwise
from typing import Any

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.choice.runtimes import services
from rigwright.choice.runtimes.llama_cpp import AT_ONCE
from rigwright.choice.runtimes.service import LOOPBACK, Service
from rigwright.facts.archives import MARK
from rigwright.facts.runtimes import OwnRuntimes
from rigwright.secrets import SecretUnreadable, read_secret
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

WATCH = "rigwright-health.timer"
Document = dict[str, Any]
# Not all that the engine tells: secret variables would be in it.
_ASKED = {
    "docker": '{"image":{{json .Config.Image}},"command":{{json .Config.Cmd}},"ports":{{json .NetworkSettings.Ports}},'
    '"requests":{{json .HostConfig.DeviceRequests}},"mounts":{{json .Mounts}}}',
    "podman": '{"image":{{json .ImageName}},"command":{{json .Config.Cmd}},"ports":{{json .NetworkSettings.Ports}},'
    '"created":{{json .Config.CreateCommand}},"mounts":{{json .Mounts}}}',
}


@pytest.fixture(scope="session")
def wanted(rig: Rig) -> list[Service]:
    """Every runtime."""
    return services(rig, catalog())


@pytest.fixture(scope="session")
def contained(wanted: list[Service]) -> list[Service]:
    """Those in containers."""
    return [each for each in wanted if each.image is not None]


@pytest.fixture(scope="session")
def seen(host: Host, rig: Rig, wanted: list[Service]) -> Answers:
    """Everything that this file wants to know, in one command."""
    engine = rig.containers.engine
    questions = {
        "own": OwnRuntimes().command(),
        "watch": f"systemctl is-active {WATCH}; systemctl is-enabled {WATCH}",
        "watched": "cat /etc/systemd/system/rigwright-health.service",
    }
    for each in wanted:
        questions |= {
            f"{each.name} unit": f"systemctl show -p ActiveState,UnitFileState,NRestarts {each.unit}",
            f"{each.name} health": f"curl -sS -o /dev/null -m 20 -w '%{{http_code}}' {shlex.quote(each.health_url)}",
            f"{each.name} models": f"curl -sS -m 20 http://{LOOPBACK}:{each.port}/v1/models",
            f"{each.name} container": f"{engine} inspect --format {shlex.quote(_ASKED[engine])} rig-{each.name}",
            f"{each.name} program": f"systemctl show -P ExecStart {each.unit}",
            f"{each.name} archive": f"cat {each.program_folder}/{MARK}",
            f"{each.name} env": _hashes(each, engine),
            f"{each.name} secrets": f"stat -c '%a %U' {each.folder}/secrets.env",
        }
        if each.kind == "open-webui":
            questions[f"{each.name} page"] = f"curl -sS -m 20 http://{LOOPBACK}:{each.port}/api/config"
        for file in each.files:
            questions[f"{each.name} {file}"] = f"sha256sum < {each.folder}/files/{file} | cut -d' ' -f1"
    return ask(host, questions)


def _hashes(service: Service, engine: str) -> str:
    """Name and hash of each variable: what is secret does not leave the host."""
    return (
        f"{engine} inspect --format '{{{{range .Config.Env}}}}{{{{println .}}}}{{{{end}}}}' rig-{service.name} | "
        "while IFS='=' read -r name value; do [ -n \"$name\" ] && "
        'echo "$name=$(printf %s "$value" | sha256sum | cut -d\' \' -f1)"; done'
    )


@pytest.fixture(scope="session")
def containers(seen: Answers, contained: list[Service]) -> dict[str, Document]:
    """What the engine says of each runtime's container."""
    found = {}
    for each in contained:
        text = seen[f"{each.name} container"]
        assert text.startswith("{"), f"{each.name} has no container: journalctl -u {each.unit}"
        found[each.name] = json.loads(text)
    return found


@proves("runtimes.state", "runtimes.services.kind", "runtimes.services.health")
def test_runtimes_serve(seen: Answers, wanted: list[Service]) -> None:
    """Every declared runtime runs, starts at boot and says that it can serve; there is no other of ours"""
    others = sorted(set(seen.lines("own")) - {each.name for each in wanted})
    assert not others, f"still there, and not declared: {', '.join(others)}"
    wrong = []
    for each in wanted:
        unit = seen.pairs(f"{each.name} unit")
        status = seen[f"{each.name} health"]
        if unit.get("ActiveState") != "active":
            wrong.append(f"{each.unit} is {unit.get('ActiveState')}: journalctl -u {each.unit}")
        elif unit.get("UnitFileState") not in ("enabled", "generated"):
            wrong.append(f"{each.unit} is {unit.get('UnitFileState')} at boot")
        elif status != "200":
            wrong.append(f"{each.name}: {each.health_url} answers {status or 'nothing'}, wanted 200")
    assert not wrong, "; ".join(wrong)


@proves("runtimes.state")
def test_somebody_looks_after_them(seen: Answers, wanted: list[Service]) -> None:
    """A runtime that hangs is restarted: every minute it is seen whether each of them answers"""
    if not wanted:
        assert not seen["watched"], "no runtimes are declared, and something looks after them"
        return
    assert seen.lines("watch") == ["active", "enabled"], f"{WATCH} is {' and '.join(seen.lines('watch')) or 'missing'}"
    forgotten = [each.name for each in wanted if each.health_url not in seen["watched"]]
    assert not forgotten, f"nobody looks after {', '.join(forgotten)}"


@proves("runtimes.services.image", "runtimes.services.how")
def test_images(
    seen: Answers, wanted: list[Service], containers: dict[str, Document], contained: list[Service]
) -> None:
    """Every runtime is in a container of the image that is locked, or is a service by itself, as declared"""
    images = {name: told["image"] for name, told in containers.items()}
    wrong = [f"{each.name} is of {images[each.name]}" for each in contained if images[each.name] != each.image]
    for each in wanted:
        own = f"{each.program_folder}/.program" in seen[f"{each.name} program"]
        if own == (each.image is not None):
            wrong.append(f"{each.unit} runs {seen[f'{each.name} program'] or 'nothing'}")
    assert not wrong, "; ".join(wrong)


@proves("runtimes.services.archive.version", "runtimes.services.archive.sha256")
def test_programs(seen: Answers, wanted: list[Service]) -> None:
    """Every native program is of the declared archive"""
    wrong = []
    for each in wanted:
        if each.archive is not None and seen[f"{each.name} archive"] != each.archive.sha256:
            there = seen[f"{each.name} archive"] or "nothing"
            wrong.append(f"{each.program_folder} is of {there}, declared {each.archive.sha256}")
    assert not wrong, "; ".join(wrong)


@proves("runtimes.services.port", "runtimes.services.listens")
def test_ports(containers: dict[str, Document], contained: list[Service]) -> None:
    """Every container is reached on its port of loopback, and nowhere else"""
    wrong = []
    for each in contained:
        told = containers[each.name]["ports"] or {}
        there = {(port, place["HostIp"], place["HostPort"]) for port, places in told.items() for place in places or ()}
        if there != {(f"{each.listens}/tcp", LOOPBACK, str(each.port))}:
            shown = ", ".join(f"{ip}:{port} → {inside}" for inside, ip, port in sorted(there)) or "nothing"
            wrong.append(f"{each.name}: {shown}, declared {LOOPBACK}:{each.port} → {each.listens}")
    assert not wrong, "; ".join(wrong)


@proves(
    "runtimes.services.models.args",
    "runtimes.services.args",
    "runtimes.services.config",
    "runtimes.services.command",
    "runtimes.services.upstreams",
)
def test_options(
    seen: Answers, rig: Rig, wanted: list[Service], containers: dict[str, Document], contained: list[Service]
) -> None:
    """Every runtime runs with the declared options"""
    wrong = []
    for each in contained:
        command = containers[each.name]["command"] or []
        if list(command) != list(each.command):
            wrong.append(f"{each.name} runs with {shlex.join(command)}, declared {shlex.join(each.command)}")
    for each in wanted:
        for file, text in each.files.items():
            if seen[f"{each.name} {file}"] != hashlib.sha256(text.encode()).hexdigest():
                wrong.append(f"{each.folder}/files/{file} is not as declared")
    for each in wanted_llamas(rig, contained):
        runtime = rig.runtimes.services[each.name]
        for name, options in _served(seen, each).items():
            own = {option: value for option, value in runtime.args.items() if option != AT_ONCE}
            for option, value in {**own, **runtime.models[name].args}.items():
                # An option that has several names is told by the first of them.
                told = [options[option]] if option in options else list(options.values())
                if _told(value) not in told:
                    wrong.append(
                        f"{each.name} serves {name} with {option} {options.get(option, 'otherwise')}, declared {value}"
                    )
    assert not wrong, "; ".join(wrong)


@proves(
    "runtimes.services.models.context_tokens",
    "runtimes.services.models.parallel",
    "runtimes.services.models.cache_type",
)
def test_models(seen: Answers, rig: Rig, wanted: list[Service], contained: list[Service]) -> None:
    """Every runtime serves the declared models, with the declared context and cache"""
    wrong = [
        f"{each.name} does not serve {', '.join(missing)}"
        for each in wanted
        if each.kind == "ollama" and (missing := sorted(set(each.models) - _listed(seen, each)))
    ]
    for each in wanted_llamas(rig, contained):
        declared = rig.runtimes.services[each.name].models
        found = _served(seen, each)
        if set(found) != set(declared):
            wrong.append(f"{each.name} serves {', '.join(found) or 'nothing'}, declared {', '.join(declared)}")
            continue
        for name, model in declared.items():
            expected = {
                "ctx-size": str(model.context_tokens * model.parallel),
                "parallel": str(model.parallel),
                "cache-type-k": model.cache_type,
                "cache-type-v": model.cache_type,
            }
            for option, value in expected.items():
                if found[name].get(option) != value:
                    wrong.append(f"{each.name} serves {name} with {option} {found[name].get(option)}, declared {value}")
    assert not wrong, "; ".join(wrong)


def wanted_llamas(rig: Rig, found: list[Service]) -> list[Service]:
    """Those that say themselves what they serve, and how."""
    return [each for each in found if rig.runtimes.services[each.name].kind == "llama.cpp"]


def _listed(seen: Answers, service: Service) -> set[str]:
    """What it says that it can serve."""
    text = seen[f"{service.name} models"]
    return {model["id"] for model in json.loads(text)["data"] or ()} if text.startswith("{") else set()


def _served(seen: Answers, service: Service) -> dict[str, dict[str, str]]:
    """Model → the options that llama.cpp's router starts it with."""
    text = seen[f"{service.name} models"]
    assert text.startswith("{"), f"{service.name} does not say what it serves: {text[:100] or 'no answer'}"
    found = {}
    for model in json.loads(text)["data"]:
        words = [*model["status"]["args"], ""]
        pairs = pairwise(words)
        found[model["id"]] = {name[2:]: value for name, value in pairs if name.startswith("--")}
    return found


def _told(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _given(told: Document) -> list[str]:
    """The CDI names that a container was made with."""
    if "created" in told:
        words = [*told["created"], ""]
        pairs = list(pairwise(words))
        apart = [value for word, value in pairs if word == "--device"]
        return [*apart, *(word.partition("=")[2] for word in words if word.startswith("--device="))]
    requests = told["requests"] or []
    return [name for request in requests if request.get("Driver") == "cdi" for name in request["DeviceIDs"]]


@proves("runtimes.services.gpus")
def test_cards(containers: dict[str, Document], contained: list[Service]) -> None:
    """Every runtime is given its cards, and no other"""
    wrong = []
    for each in contained:
        given = _given(containers[each.name])
        if sorted(given) != sorted(each.devices):
            wrong.append(f"{each.name} has {', '.join(given) or 'none'}, wanted {', '.join(each.devices) or 'none'}")
    assert not wrong, "; ".join(wrong)


@proves("runtimes.services.env", "runtimes.services.secrets")
def test_environment(seen: Answers, contained: list[Service]) -> None:
    """Every runtime has the declared variables; those that are secret lie in a file that root alone may read"""
    wrong = []
    for each in contained:
        hashes = seen.pairs(f"{each.name} env")
        try:
            secret = {name: read_secret(place) for name, place in each.secrets.items()}
        except SecretUnreadable as error:
            could_not_tell(str(error))
        for name, value in {**each.environment, **secret}.items():
            if hashes.get(name) != hashlib.sha256(value.encode()).hexdigest():
                wrong.append(f"{each.name}: {name} is {'another one' if name in hashes else 'missing'}")
        if each.secrets and seen[f"{each.name} secrets"] != "600 root":
            wrong.append(f"{each.folder}/secrets.env is {seen[f'{each.name} secrets'] or 'missing'}, wanted 600 root")
    assert not wrong, "; ".join(wrong)


@proves("runtimes.services.secrets")
def test_administrators(seen: Answers, wanted: list[Service]) -> None:
    """Every page has its administrator: otherwise whoever signs up first becomes it"""
    pages = {each.name: seen[f"{each.name} page"] for each in wanted if each.kind == "open-webui"}
    # It says "onboarding" as long as there is nobody.
    wrong = [name for name, text in pages.items() if not text.startswith("{") or '"onboarding":true' in text]
    assert not wrong, f"without an administrator: {', '.join(wrong)}"


@proves("runtimes.data")
def test_data(rig: Rig, containers: dict[str, Document], contained: list[Service]) -> None:
    """What runtimes are to keep lies in the declared folder"""
    wrong = []
    for each in contained:
        mounts = {mount["Destination"]: mount["Source"] for mount in containers[each.name]["mounts"]}
        for name, inside in each.data.items():
            place = f"{rig.runtimes.data}/{each.name}/{name}"
            if mounts.get(inside) != place:
                wrong.append(f"{each.name}: {inside} is {mounts.get(inside) or 'kept nowhere'}, wanted {place}")
    assert not wrong, "; ".join(wrong)
