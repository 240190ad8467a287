"""CUDA toolkits as NVIDIA's repository packages them: nvcc answers for its version, and compiles nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.repository.content import text
from sim.repository.package import File, Package, program


@dataclass(frozen=True)
class Toolkit:
    """One toolkit; `full`, `nvcc` and `common` are upstream versions of three of its packages."""

    major: int
    minor: int
    full: str
    nvcc: str
    common: str
    built: str
    build: str

    @property
    def suffix(self) -> str:
        """As packages are named for it."""
        return f"{self.major}-{self.minor}"

    @property
    def version(self) -> str:
        """As people name it."""
        return f"{self.major}.{self.minor}"


# Versions and nvcc's lines: public `dpkg -l` and `nvcc --version` of these releases.
TOOLKITS: tuple[Toolkit, ...] = (
    Toolkit(12, 8, "12.8.1", "12.8.93", "12.8.90", "Fri_Feb_21_20:23:50_PST_2025", "compiler.35583870_0"),
    Toolkit(13, 0, "13.0.2", "13.0.88", "13.0.96", "Wed_Aug_20_01:58:59_PM_PDT_2025", "compiler.36424714_0"),
)


def packages() -> Iterator[Package]:
    """The packages of all toolkits."""
    for toolkit in TOOLKITS:
        yield from _toolkit(toolkit)
        yield _loader_path(f"cuda-toolkit-{toolkit.major}-config-common", toolkit, f"988_cuda-{toolkit.major}")
    yield _loader_path("cuda-toolkit-config-common", TOOLKITS[-1], "000_cuda")


def _toolkit(toolkit: Toolkit) -> Iterator[Package]:
    name, prefix = toolkit.suffix, f"/usr/local/cuda-{toolkit.version}"
    yield Package(
        f"cuda-toolkit-{name}",
        f"{toolkit.full}-1",
        f"CUDA Toolkit {toolkit.version} meta-package",
        section="devel",
        relations={"Depends": f"cuda-nvcc-{name} (>= {toolkit.nvcc}), cuda-toolkit-{name}-config-common"},
    )
    values = {"version": toolkit.version, "nvcc": toolkit.nvcc, "built": toolkit.built, "build": toolkit.build}
    yield Package(
        f"cuda-nvcc-{name}",
        f"{toolkit.nvcc}-1",
        "CUDA nvcc",
        section="devel",
        relations={"Depends": f"cuda-toolkit-{name}-config-common"},
        files={
            f"{prefix}/bin/nvcc": program(text("cuda/nvcc", **values)),
            f"{prefix}/version.json": File(
                f'{{\n   "cuda" : {{\n      "name" : "CUDA SDK",\n      "version" : "{toolkit.full}"\n   }}\n}}\n'
            ),
            f"{prefix}/targets/x86_64-linux/lib/libcudart.stand-in": File(""),
        },
    )
    links = {"version": toolkit.version, "major": str(toolkit.major), "priority": f"{toolkit.major}{toolkit.minor}"}
    yield Package(
        f"cuda-toolkit-{name}-config-common",
        f"{toolkit.common}-1",
        f"Common config package for CUDA Toolkit {toolkit.version}.",
        architecture="all",
        section="devel",
        relations={"Depends": f"cuda-toolkit-config-common, cuda-toolkit-{toolkit.major}-config-common"},
        scripts={
            "postinst": text("cuda/config-common.postinst", **links),
            "prerm": text("cuda/config-common.prerm", **links),
        },
    )


def _loader_path(name: str, toolkit: Toolkit, file: str) -> Package:
    link = file.partition("_")[2]
    return Package(
        name,
        f"{toolkit.common}-1",
        "Common config package for CUDA Toolkit.",
        architecture="all",
        section="devel",
        files={f"/etc/ld.so.conf.d/{file}.conf": File(f"/usr/local/{link}/targets/x86_64-linux/lib\n")},
        scripts={"triggers": "activate-noawait ldconfig\n"},
    )
