"""Layer `driver`: NVIDIA's kernel modules and user space."""

from __future__ import annotations

from typing import Literal

from rigwright.spec.model import Model, State, key

FINGERPRINT = r"^[0-9A-F]{40}$"
FINGERPRINT_FORM = "a key's fingerprint, 40 hexadecimal digits in capitals without spaces"
URL = r"^https?://\S+$"
URL_FORM = "a URL that begins with http:// or https://"


class Driver(Model):
    """The driver: where it comes from, which one, and whether a reboot may follow."""

    state: State = key("present", "'absent' removes the driver, its pins, holds and sources")
    source: Literal["nvidia", "distribution", "none"] = key(
        "nvidia",
        "'nvidia': NVIDIA's CUDA repository; 'distribution': Debian non-free or Ubuntu's -server packages; "
        "'none': this layer leaves the host alone",
    )
    branch: int | None = key(
        None, "driver branch, e.g. 580; None: the distribution's (source 'distribution' only)", ge=390, le=999
    )
    version: str | None = key(
        None,
        "exact upstream version, e.g. '580.105.08'; None: newest of the branch at install, then held",
        pattern=r"^\d{3}\.\d{1,3}(\.\d{1,3})?$",
        form="an upstream driver version as text, e.g. '580.105.08'",
    )
    flavour: Literal["auto", "open", "proprietary"] = key(
        "auto", "kernel module flavour; 'auto': by GPU generation and source"
    )
    reboot: bool = key(
        True,
        "reboot when, and only when, the host's state calls for it",
        unproved="a permission, not a state",
    )
    repository_url: str | None = key(
        None,
        "mirror of NVIDIA's CUDA repository for this release; None: NVIDIA's own",
        pattern=URL,
        form=URL_FORM,
    )
    repository_fingerprint: str | None = key(
        None,
        "fingerprint of the repository's signing key; None: the one known for NVIDIA's repository of this release",
        pattern=FINGERPRINT,
        form=FINGERPRINT_FORM,
    )
