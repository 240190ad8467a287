"""Layer `containers`: an engine, and the GPUs in it by CDI."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from rigwright.catalog import catalog
from rigwright.spec.driver import FINGERPRINT, FINGERPRINT_FORM, URL, URL_FORM
from rigwright.spec.model import Model, State, key


class Toolkit(Model):
    """NVIDIA Container Toolkit: all four packages at one version, held."""

    state: State = key("present", "'absent' removes packages, hold, source and CDI specification")
    version: str = key(
        default_factory=lambda: catalog().containers.toolkit.recommended,
        description="version of all four packages",
        pattern=r"^\d+\.\d+\.\d+$",
        form="a version as text, e.g. '1.19.0'",
    )
    repository_url: str | None = key(
        None,
        "mirror of the toolkit's repository, its key at <mirror>/gpgkey; None: NVIDIA's own",
        pattern=URL,
        form=URL_FORM,
    )
    repository_fingerprint: str | None = key(
        None, "fingerprint of the mirror's key; None: NVIDIA's", pattern=FINGERPRINT, form=FINGERPRINT_FORM
    )


class Log(Model):
    """Rotation of containers' logs."""

    max_size_mb: int = key(50, "size of one log file, MB", ge=1)
    max_files: int = key(3, "files kept; podman keeps a single one, as large as all of them", ge=1)


class Containers(Model):
    """Container engine and GPU access."""

    state: State = key("present", "'absent' stops containers and removes engine and toolkit; images and volumes stay")
    engine: Literal["docker", "podman"] = key("docker", "container engine")
    source: Literal["distribution", "vendor"] = key(
        "distribution", "the distribution's packages, or Docker's own repository"
    )
    repository_url: str | None = key(
        None,
        "mirror of Docker's repository, its key at <mirror>/gpg; None: Docker's own (source 'vendor')",
        pattern=URL,
        form=URL_FORM,
    )
    repository_fingerprint: str | None = key(
        None, "fingerprint of the mirror's key; None: Docker's", pattern=FINGERPRINT, form=FINGERPRINT_FORM
    )
    toolkit: Toolkit = key(default_factory=Toolkit, description="NVIDIA Container Toolkit")
    data_root: str | None = key(
        None,
        "where images and volumes live; None: the engine's default; a change is refused while containers run",
        pattern=r"^/[^\s]*[^/\s]$",
        form="an absolute path without a slash at its end",
    )
    log: Log = key(default_factory=Log, description="log rotation")
    registry_mirrors: list[str] = key(default_factory=list, description="registry mirrors, URLs")
    daemon: dict[str, JsonValue] = key(
        default_factory=dict,
        description="further keys of daemon.json; keys not named anywhere are left as found",
        form="a mapping of daemon.json's keys to values that JSON can hold",
    )
