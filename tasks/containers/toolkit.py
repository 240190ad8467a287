"""NVIDIA's container toolkit: all four packages at the declared version, held, from its own repository."""

from __future__ import annotations

from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.engine.reasons import after
from rigwright.operations import apt, files, sources
from rigwright.spec.containers import Toolkit

SOURCE = "/etc/apt/sources.list.d/rigwright-nvidia-container-toolkit.sources"


def present(declared: Toolkit) -> OperationMeta:
    """Add the repository, install and hold; what comes back tells whether the packages change."""
    known = catalog().containers.toolkit
    url = (declared.repository_url or known.url).rstrip("/")
    packages = known.versions(declared.version)
    tools = apt.install(name="Install what reads repository keys", packages=["ca-certificates", "gpg"])
    with after(tools):
        key = apt.key(
            name="Fetch the toolkit repository's key",
            url=f"{url}/gpgkey" if declared.repository_url else known.key_url,
            fingerprint=declared.repository_fingerprint or known.fingerprint,
            keyring=known.keyring,
        )
    source = apt.source(
        name="Add the toolkit's repository",
        path=SOURCE,
        text=files.render(f"{SOURCE[1:]}.j2", {"url": url, "suite": known.suite, "keyring": known.keyring}),
    )
    with after(key, source):
        updated = apt.updated(name="Fetch the toolkit repository's lists", source=SOURCE)
    with after(updated):
        installed = apt.install(name=f"Install the container toolkit {declared.version}", packages=packages)
    with after(installed):
        apt.held(name="Hold the container toolkit", names=list(packages))
    return installed


def others_removed(declared: Toolkit) -> OperationMeta:
    """No second list of the repository, such as older instructions leave; `base` sees to it too, before apt reads."""
    known = catalog().containers.toolkit
    removed: OperationMeta = sources.others_absent(
        name="Remove other lists of the toolkit's repository",
        ours=SOURCE,
        patterns=known.old_sources,
        places=((declared.repository_url or known.url).rstrip("/"), *known.old_places),
    )
    return removed


def absent() -> None:
    """Remove packages and holds."""
    names = catalog().containers.toolkit.packages
    apt.released(name="Release the container toolkit", names=names)
    apt.remove(name="Remove the container toolkit", names=names)
