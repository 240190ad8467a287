"""Secure Boot: what it means for modules built on the host, and the one thing to do."""

from __future__ import annotations

from rigwright.catalog.releases import Release

_KEYS = {"debian": "/var/lib/dkms/mok.pub", "ubuntu": "/var/lib/shim-signed/mok/MOK.der"}


def advice(release: Release, secure_boot: bool | None, signed_by_distribution: bool = False) -> str | None:
    """The one thing to do about Secure Boot; None where it is off.

    ``signed_by_distribution``: the modules carry the distribution's own signature, which every kernel of it knows.
    """
    if not secure_boot or signed_by_distribution:
        return None
    key = _KEYS[release.id]
    return (
        "Secure Boot is on: the kernel loads only modules whose key it knows. Enrol this host's key once: "
        f"`mokutil --import {key}`, choose a password, reboot, and at the console choose 'Enroll MOK' and give it"
    )
