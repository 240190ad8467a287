"""Layer `containers`: the engine, where it comes from, its settings, the GPUs in it."""

from __future__ import annotations

import json
import re
from typing import Any

from rigwright.capture.part import Part, Values
from rigwright.capture.seen import DAEMON_JSON, Seen, key_of
from rigwright.catalog import catalog
from rigwright.facts.driver import DPKG
from rigwright.rules.containers import OWNED
from rigwright.spec.words import looks_secret

LAYER = "containers"
_ADDRESS = re.compile(r"^\d* *(https?://\S+)")
_ROOTS = {"docker": "/var/lib/docker", "podman": "/var/lib/containers/storage"}
_NOT_DECLARED = {
    "hosts": "the unit passes the addresses that it listens on",
    "default-runtime": "GPUs come into containers by CDI: `--gpus all`, or `--device nvidia.com/gpu=all`",
}


def captured(seen: Seen) -> Part:
    """Engine, its settings, NVIDIA's toolkit."""
    part = Part()
    installed = seen.packages.installed
    toolkit = _toolkit(seen, part)
    found: Values
    if "docker-ce" in installed or "docker.io" in installed:
        found = {"engine": "docker", "source": "vendor" if "docker-ce" in installed else "distribution"}
        if found["source"] == "vendor":
            found |= _mirror(seen, "docker-ce", seen.release.docker_vendor.url)
        found |= _daemon(seen, part)
    elif "podman" in installed:
        found = {"engine": "podman"}
    else:
        if seen.docker.version:
            part.say(LAYER, "by-hand", f"Docker {seen.docker.version} was not installed from packages: it is not "
                     "declared, and an apply leaves it alone")  # fmt: skip
        part.values = {LAYER: {"state": "absent"}}
        return part
    if found["engine"] == "docker" and "podman" in installed:
        part.say(LAYER, "two-engines", "podman is there besides Docker, and one engine is declared: it stays, and a "
                 "new host is without it", "Declare base.packages.podman to have it")  # fmt: skip
    # Docker's own word for it may name a folder in it that it makes for each mapping of users.
    root = seen.docker.started_with if found["engine"] == "docker" else seen.podman.root
    if root and root != _ROOTS[found["engine"]]:
        found.setdefault("data_root", root)
    part.values = {LAYER: {**found, "toolkit": toolkit}}
    return part


def _toolkit(seen: Seen, part: Part) -> Values:
    known = catalog().containers.toolkit
    version = seen.packages.installed.get("nvidia-container-toolkit", "").partition("-")[0]
    if not version:
        return {"state": "absent"}
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or _numbers(version) < _numbers(known.cdi_from):
        part.say(LAYER, "toolkit-old", f"NVIDIA's container toolkit is {version}; what is declared is "
                 f"{known.recommended}, for before {known.cdi_from} it does not keep CDI up to date")  # fmt: skip
        return {"state": "present", **_mirror(seen, "nvidia-container-toolkit", known.url)}
    return {"state": "present", "version": version, **_mirror(seen, "nvidia-container-toolkit", known.url)}


def _mirror(seen: Seen, package: str, own: str) -> Values:
    """The repository that a package comes from, and its key, where it is not its makers' own."""
    offer = seen.offers.get(package)
    places = [place.line for where in (offer.versions.values() if offer else ()) for place in where]
    for line in places:
        found = _ADDRESS.match(line)
        address = found[1].rstrip("/") if found and line != DPKG else own
        if address != own and not looks_secret("repository_url", address):
            key = key_of(seen, address)
            return {"repository_url": address, **({"repository_fingerprint": key} if key else {})}
    return {}


def _daemon(seen: Seen, part: Part) -> Values:
    try:
        document = json.loads(seen.daemon_json or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        part.say(LAYER, "daemon", f"{DAEMON_JSON} is no JSON: nothing was read of it")
        return {}
    found: Values = {}
    log = _log(document, part)
    if log:
        found["log"] = log
    mirrors = [str(each) for each in document.get("registry-mirrors") or ()]
    if mirrors and not looks_secret("registry_mirrors", mirrors):
        found["registry_mirrors"] = mirrors
    root = document.get("data-root") or document.get("graph")
    if isinstance(root, str) and root != _ROOTS["docker"]:
        found["data_root"] = root
    keys = {name: value for name, value in document.items() if _is_declared(name, value, part)}
    if keys:
        found["daemon"] = keys
    return found


def _is_declared(name: str, value: Any, part: Part) -> bool:
    if name in OWNED:
        return False
    if name == "live-restore" and value is True:
        return False  # what an apply sets by itself
    if name in _NOT_DECLARED:
        part.say(LAYER, "daemon-key", f"{DAEMON_JSON} has {name!r}, which is not declared: {_NOT_DECLARED[name]}. "
                 "There it stays as it is")  # fmt: skip
        return False
    if looks_secret(name, value):
        part.say(LAYER, "secret", f"{DAEMON_JSON} has {name!r}, which looks like a secret: it was not written down, "
                 "and stays there as it is")  # fmt: skip
        return False
    return True


def _log(document: Values, part: Part) -> Values:
    driver, options = document.get("log-driver", "json-file"), document.get("log-opts") or {}
    if driver != "json-file":
        part.say(
            LAYER, "log-driver", f"{DAEMON_JSON} has the log driver {driver!r}: 'json-file' is what can be declared"
        )
        return {}
    found: Values = {}
    size = re.fullmatch(r"(\d+)([kmg]?)", str(options.get("max-size", "")).lower())
    if size:
        in_mb = int(size[1]) * {"": 1e-6, "k": 1e-3, "m": 1, "g": 1000}[size[2]]
        found["max_size_mb"] = max(1, round(in_mb))
    if str(options.get("max-file", "")).isdigit():
        found["max_files"] = max(1, int(options["max-file"]))
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
