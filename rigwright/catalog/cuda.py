"""CUDA toolkits: the driver that each needs, and what its packages are called (cuda.toml)."""

from __future__ import annotations

from rigwright.catalog.entry import Entry


class CudaPackages(Entry):
    """Names with {major} and {minor} to be filled in."""

    nvidia: str
    distribution: str
    prefix: str
    distribution_prefix: str
    link: str


class CudaTable(Entry):
    """cuda.toml."""

    toolkits: dict[str, str]
    """Toolkit version → least driver version, e.g. '12.8' → '570.26'."""
    floor_branch: dict[int, int]
    """Major version → least driver branch by minor-version compatibility."""
    packages: CudaPackages

    def least_branch(self, toolkit: str) -> int | None:
        """The least driver branch for this toolkit; None where neither it nor its major version is known."""
        if toolkit in self.toolkits:
            return int(self.toolkits[toolkit].split(".", maxsplit=1)[0])
        return self.floor_branch.get(int(toolkit.split(".", maxsplit=1)[0]))

    def package(self, toolkit: str) -> str:
        """NVIDIA's package for this toolkit, e.g. 'cuda-toolkit-12-8'."""
        return self._filled(self.packages.nvidia, toolkit)

    def prefix(self, toolkit: str) -> str:
        """Where that package puts it, e.g. '/usr/local/cuda-12.8'."""
        return self._filled(self.packages.prefix, toolkit)

    @staticmethod
    def _filled(pattern: str, toolkit: str) -> str:
        major, minor = toolkit.split(".")
        return pattern.format(major=major, minor=minor)
