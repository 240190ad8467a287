"""Distribution releases: what they ship, and where vendors keep packages for them (releases.toml)."""

from __future__ import annotations

from typing import Literal

from rigwright.catalog.entry import Entry

Distribution = Literal["debian", "ubuntu"]


class NvidiaRepository(Entry):
    """NVIDIA's CUDA repository for one release."""

    directory: str
    key_file: str | None = None
    fingerprint: str | None = None
    """40 hex digits; None where unverified: the declaration must then name it."""
    least_branch: int | None = None
    """Oldest driver branch there; None where not known."""


class DockerVendorRepository(Entry):
    """Docker's own repository for one release."""

    url: str
    suite: str


class Release(Entry):
    """One release of a distribution."""

    codename: str
    id: Distribution
    version_id: str
    components: tuple[str, ...]
    """Archive components that the driver's and the toolkit's packages need, for either source."""
    driver: str
    """Upstream version of the driver in the archive; '' where the archive has one package set per branch."""
    toolkit: str | None = None
    """CUDA version of the archive's nvidia-cuda-toolkit; None where not known."""
    open_modules: bool
    """Whether the archive's open kernel modules can be used; if not, ``open_modules_why`` says why."""
    open_modules_why: str = ""
    docker: str
    docker_cdi: bool
    podman: str
    podman_cdi: bool
    nvidia: NvidiaRepository
    docker_vendor: DockerVendorRepository
    headers: dict[str, str]
    """Kernel flavour (the tail of `uname -r`) → metapackage of its headers."""

    @property
    def driver_branch(self) -> int | None:
        """Branch of the archive's driver; None where it has several."""
        return int(self.driver.split(".")[0]) if self.driver else None

    def headers_of(self, kernel: str) -> str:
        """The package with the headers of exactly this kernel, e.g. 'linux-headers-6.12.117-amd64'."""
        return f"linux-headers-{kernel}"

    def headers_meta(self, kernel: str) -> str | None:
        """The metapackage that brings headers along with future kernels of this one's flavour; None: flavour not known.

        Ubuntu's flavour does not show in `uname -r` when it is an HWE kernel ('6.8.0-50-generic' both ways):
        the plain flavour is answered then, and the installed ``linux-image-generic-hwe-*`` says otherwise.
        """
        flavours = sorted((f for f in self.headers if kernel.endswith(f"-{f}")), key=len)
        return self.headers[flavours[-1]] if flavours else None
