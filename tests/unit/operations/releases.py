"""The five releases as the facts see them: hosts for operations to be tested against.

Debian's were read from throw-away hosts; Ubuntu's are written after its installers' files: no Ubuntu host is to be had.
"""

from __future__ import annotations

from rigwright.facts.release import ReleaseState

CODENAMES = ("bookworm", "trixie", "jammy", "noble", "resolute")
DEBIAN = ("bookworm", "trixie")
UBUNTU = ("jammy", "noble", "resolute")

_KERNELS = {
    "bookworm": "6.1.0-56-amd64",
    "trixie": "6.12.117+deb13-amd64",
    "jammy": "5.15.0-181-generic",
    "noble": "6.8.0-126-generic",
    "resolute": "7.0.0-28-generic",
}
_VERSIONS = {"bookworm": "12", "trixie": "13", "jammy": "22.04", "noble": "24.04", "resolute": "26.04"}


def release(codename: str, *, container: str | None = None, virtualization: str = "none") -> ReleaseState:
    """A host of that release: a real machine with UEFI and Secure Boot off, unless told otherwise."""
    kernel = _KERNELS[codename]
    return ReleaseState(
        id="debian" if codename in DEBIAN else "ubuntu",
        codename=codename,
        version_id=_VERSIONS[codename],
        arch="amd64",
        kernel_running=kernel,
        kernels=(kernel,),
        virtualization=container or virtualization,
        container=container,
        boot_id="5f0c1a52-7a3e-4d8e-9b51-2f6f1c0a9d11",
        systemd=True,
        uefi=container is None,
        secure_boot=None if container else False,
    )


RELEASE: dict[str, ReleaseState] = {codename: release(codename) for codename in CODENAMES}
