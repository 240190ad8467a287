"""Toolkits: facts in, commands out; and the whole layer on every release."""

from __future__ import annotations

from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.flavour import Impossible
from rigwright.choice.toolkits import toolkit_packages, toolkit_prefix, toolkits_from_nvidia
from rigwright.facts.cuda import CudaState, CudaToolkits
from rigwright.facts.driver import Offer, Offers
from rigwright.facts.files import Files
from rigwright.facts.packages import Packages, PackagesState, Unneeded
from rigwright.facts.release import Release
from rigwright.facts.sources import Archive, SourceFile, Sources, SourcesState
from rigwright.operations import cuda
from rigwright.spec.cuda import Cuda
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tasks.cuda import PROFILE
from tasks.cuda import cuda as layer
from tasks.driver.repository import PREFERENCES, SOURCE
from tests.unit.operations.harness import Case, Step, file, steps
from tests.unit.operations.releases import CODENAMES, DEBIAN, RELEASE, UBUNTU

P128, P130 = "/usr/local/cuda-12.8", "/usr/local/cuda-13.0"
BOTH = {"12.8": "cuda-toolkit-12-8", "13.0": "cuda-toolkit-13-0"}


def packages(*names: str, held: tuple[str, ...] = ()) -> dict[Any, Any]:
    return {Packages: PackagesState(installed=dict.fromkeys(names, "1"), held=frozenset(held))}


def offers(**versions: str) -> dict[Any, Any]:
    return {Offers: {name.replace("_", "-"): Offer(None, version) for name, version in versions.items()}}


def found(**state: Any) -> dict[Any, Any]:
    return {CudaToolkits: CudaState(**state)}


SET = {"link": "/etc/alternatives/cuda", "resolved": P128, "mode": "manual", "chosen": P128, "known": (P128, P130)}
COMPILERS = {P128: "12.8", P130: "13.0"}
WANTED = {"prefix": P128, "version": "12.8"}

CASES = [
    Case("installed: all", cuda.installed, {"packages": BOTH}, packages(*BOTH.values())),
    Case(
        "installed: one is missing",
        cuda.installed,
        {"packages": BOTH},
        packages("cuda-toolkit-12-8") | offers(cuda_toolkit_13_0="13.0.2-1"),
        has=[" cuda-toolkit-13-0=13.0.2-1\n"],
        lacks=["cuda-toolkit-12-8="],
        why=["cuda-toolkit-13-0: absent, wanted 13.0.2-1"],
    ),
    Case(
        "installed: refuses what no source offers",
        cuda.installed,
        {"packages": BOTH},
        packages("cuda-toolkit-12-8") | offers(),
        refuses="no source offers toolkit 13.0 (cuda-toolkit-13-0)",
    ),
    Case(
        "others: none", cuda.others_removed, {"packages": list(BOTH.values())}, packages(*BOTH.values(), "cuda-keyring")
    ),
    Case(
        "others: one that is not declared goes with the parts of its version",
        cuda.others_removed,
        {"packages": ["cuda-toolkit-12-8"]},
        packages(
            *BOTH.values(), "cuda-nvcc-13-0", "libcublas-13-0", "cuda-toolkit-13-0-config-common",
            "cuda-toolkit-config-common", "cuda-nvcc-12-8",
            "libnvidia-compute-580", "nvidia-container-toolkit", "cuda-drivers",
        ),
        has=[
            "sh -s -- cuda-toolkit-13-0 "
            "'cuda-nvcc-13-0 cuda-toolkit-13-0-config-common cuda-toolkit-config-common libcublas-13-0' parts\n",
        ],
        lacks=["cuda-nvcc-12-8", "libnvidia-compute", "container", "cuda-drivers"],
        why=["cuda-toolkit-13-0: not declared"],
    ),
    Case(
        "others: Debian's own",
        cuda.others_removed,
        {"packages": ["cuda-toolkit-12-8"]},
        packages("cuda-toolkit-12-8", "nvidia-cuda-toolkit"),
        has=["sh -s -- nvidia-cuda-toolkit '' all\n"],
        why=["nvidia-cuda-toolkit: not declared"],
    ),
    Case(
        "others: what an interrupted removal has left goes",
        cuda.others_removed,
        {"packages": ["cuda-toolkit-12-8"]},
        packages("cuda-toolkit-12-8", "cuda-nvcc-12-8", "cuda-nvcc-13-0", "libcublas-13-0", "nvidia-cuda-dev")
        | {
            Unneeded: {
                "cuda-nvcc-13-0": "cuda-nvcc", "nvidia-cuda-dev": "nvidia-cuda-toolkit", "libx11-6": "libx11",
                "cuda-toolkit-config-common": "cuda",
            }
        },
        has=["--purge remove cuda-nvcc-13-0 nvidia-cuda-dev"],
        lacks=["libcublas", "libx11", "config-common"],
        why=["cuda-nvcc-13-0, nvidia-cuda-dev: left of a toolkit that is not declared, and needed by nothing"],
    ),
    Case(
        "others: a part that something needs stays",
        cuda.others_removed,
        {"packages": []},
        packages("libcublas-13-0") | {Unneeded: {}},
    ),
    Case(
        "others: nothing is left, and apt is not asked",
        cuda.others_removed,
        {"packages": ["cuda-toolkit-12-8"]},
        packages("cuda-toolkit-12-8", "cuda-nvcc-12-8", "cuda-toolkit-config-common", "libcurl4", "libnvpair3linux"),
    ),
    Case("held: all", cuda.held, {"packages": ["a"]}, packages("a", held=("a",))),
    Case("held: one released", cuda.held, {"packages": ["a", "b"]}, packages("a", "b", held=("a",)),
         commands=["apt-mark hold b"]),
    Case("default: as declared", cuda.default, WANTED, found(**SET)),
    Case(
        "default: chosen by the packages",
        cuda.default,
        WANTED,
        found(**{**SET, "mode": "auto", "chosen": P130, "resolved": P130}),
        commands=[f"update-alternatives --set cuda {P128}"],
        why=[f"/usr/local/cuda: {P130} (chosen by the packages), wanted {P128}"],
    ),
    Case(
        "default: right by chance is not yet chosen",
        cuda.default,
        WANTED,
        found(**{**SET, "mode": "auto"}),
        commands=[f"update-alternatives --set cuda {P128}"],
    ),
    Case(
        "default: a link of somebody else",
        cuda.default,
        WANTED,
        found(**{**SET, "link": P130, "resolved": P130}),
        commands=["rm -f /usr/local/cuda", f"update-alternatives --set cuda {P128}"],
    ),
    Case(
        "default: packages that registered nothing",
        cuda.default,
        WANTED,
        found(),
        commands=[
            f"update-alternatives --install /usr/local/cuda cuda {P128} 128",
            f"update-alternatives --set cuda {P128}",
        ],
        why=[f"/usr/local/cuda: missing, wanted {P128}"],
    ),
    Case("default: refuses over a folder", cuda.default, WANTED, found(link="folder"), refuses="is a folder, not"),
    Case(
        "no default: the packages' choice",
        cuda.no_default,
        {"gone": False},
        found(**{**SET, "mode": "auto"}, compilers=COMPILERS),
    ),
    Case(
        "no default: a choice of ours from before",
        cuda.no_default,
        {"gone": False},
        found(**SET, compilers=COMPILERS),
        commands=["update-alternatives --auto cuda"],
    ),
    Case("no default: nothing there", cuda.no_default, {"gone": True}, found()),
    Case(
        "no default: nothing left of the toolkits",
        cuda.no_default,
        {"gone": True},
        found(**{**SET, "known": (P128,)}),
        commands=[f"update-alternatives --remove cuda {P128}", "rm -f /usr/local/cuda"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cuda(case: Case) -> None:
    case.check()


def rig(source: str, *toolkits: str, state: str = "present") -> Rig:
    return Rig(
        name="x",
        driver=Driver(source=source, branch=None if source != "nvidia" else 590),  # type: ignore[arg-type]
        cuda=Cuda(toolkits=list(toolkits), state=state),  # type: ignore[arg-type]
    )


def test_where_toolkits_come_from() -> None:
    trixie = catalog().release("trixie")
    assert toolkit_packages(rig("nvidia", "12.8", "13.0"), trixie, catalog()) == BOTH
    assert toolkit_packages(rig("none", "12.8"), trixie, catalog()) == {"12.8": "cuda-toolkit-12-8"}
    assert toolkit_packages(rig("distribution", "12.4"), trixie, catalog()) == {"12.4": "nvidia-cuda-toolkit"}
    assert toolkit_packages(rig("nvidia", "12.8", state="absent"), trixie, catalog()) == {}
    with pytest.raises(Impossible, match=r"trixie's archive has toolkit 12\.4 alone"):
        toolkit_packages(rig("distribution", "12.8"), trixie, catalog())
    assert toolkit_prefix("12.8", rig("nvidia"), catalog()) == P128
    assert toolkit_prefix("12.4", rig("distribution"), catalog()) == "/usr/lib/nvidia-cuda-toolkit"
    assert toolkits_from_nvidia(rig("none", "12.8"))
    assert not toolkits_from_nvidia(rig("none"))
    assert not toolkits_from_nvidia(rig("distribution", "12.4"))


# The layer as a whole


def bare(codename: str, **installed: str) -> dict[Any, Any]:
    """A host without any of it, whose sources offer whatever is asked for."""
    family = "Ubuntu" if codename in UBUNTU else "Debian"
    return {
        Release: RELEASE[codename],
        Sources: SourcesState(
            {"/etc/apt/sources.list": SourceFile(f"deb http://mirror.example/x {codename} main\n", "644")},
            {f"mirror.example_x_dists_{codename}": Archive(family, codename)},
        ),
        Packages: PackagesState(installed={name.replace("_", "-"): version for name, version in installed.items()}),
        Offers: lambda names: {name: Offer(None, "1.0-1") for name in names},
        **found(),
    }


def done(facts: dict[Any, Any], *toolkits: str, state: str = "present", **driver: Any) -> dict[str, Step]:
    wanted = Cuda(toolkits=list(toolkits), default=toolkits[0] if toolkits else None, state=state)  # type: ignore[arg-type]
    return steps(layer, Rig(name="x", driver=Driver(**driver), cuda=wanted), facts)


def text(step: Step) -> str:
    return "\n".join(step.commands)


FOLDERS = ("debian12", "debian13", "ubuntu2204", "ubuntu2404", "ubuntu2604")


@pytest.mark.parametrize(("codename", "folder"), list(zip(CODENAMES, FOLDERS, strict=True)))
def test_toolkits_from_nvidias_repository(codename: str, folder: str) -> None:
    release = catalog().release(codename)
    fingerprint = release.nvidia.fingerprint or "A" * 40
    made = done(bare(codename), "12.8", "13.0", source="nvidia", branch=595, repository_fingerprint=fingerprint)
    url = f"https://developer.download.nvidia.com/compute/cuda/repos/{folder}/x86_64"
    assert f"URIs: {url}/\n" in text(made["Add NVIDIA's repository"])
    assert f"{url}/{release.nvidia.key_file or 'AAAAAAAA.pub'}" in text(made["Fetch the repository's key"])
    assert fingerprint in text(made["Fetch the repository's key"])
    assert " cuda-toolkit-12-8=1.0-1 cuda-toolkit-13-0=1.0-1\n" in text(made["Install the toolkits"])
    assert made["Set the default toolkit"].commands[-1] == f"update-alternatives --set cuda {P128}"
    assert "/usr/local/cuda/bin" in text(made["Put the default toolkit's programs on PATH"])
    assert "Keep NVIDIA's repository from serving drivers" not in made, "the driver comes from there as well"


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_repository_that_is_there_for_toolkits_serves_no_driver(codename: str) -> None:
    made = done(bare(codename), "12.8", source="none", repository_fingerprint="A" * 40)
    assert "Pin-Priority: -1" in text(made["Keep NVIDIA's repository from serving drivers"])


@pytest.mark.parametrize("codename", DEBIAN)
def test_the_toolkit_of_debians_own_archive(codename: str) -> None:
    own = catalog().release(codename).toolkit
    assert own is not None
    made = done(bare(codename), own, source="distribution")
    assert "Add NVIDIA's repository" not in made
    assert f" {codename} main contrib non-free" in text(made["Add the archive's components"])
    assert " nvidia-cuda-toolkit=1.0-1\n" in text(made["Install the toolkits"])
    assert made["Set the default toolkit"].commands[-1] == "update-alternatives --set cuda /usr/lib/nvidia-cuda-toolkit"


@pytest.mark.parametrize("codename", UBUNTU)
def test_ubuntus_own_toolkit_is_not_known_here_and_refused(codename: str) -> None:
    with pytest.raises(Exception, match=f"{codename}'s archive has none that is known here"):
        done(bare(codename), "12.4", source="distribution", branch=580)


@pytest.mark.parametrize("codename", CODENAMES)
def test_absent_takes_toolkits_away_and_leaves_the_driver(codename: str) -> None:
    facts = bare(codename, cuda_toolkit_12_8="1", cuda_nvcc_12_8="1", nvidia_driver_cuda="1")
    facts[Files] = {path: file() for path in (PROFILE, SOURCE, PREFERENCES)}
    made = done(facts, state="absent", source="nvidia", branch=595)
    assert "sh -s -- cuda-toolkit-12-8 cuda-nvcc-12-8 parts\n" in text(made["Remove toolkits that are not declared"])
    assert made["Leave PATH alone"].commands == (f"rm -f -- {PROFILE}",)
    acting = {name for name, step in made.items() if step.commands}
    assert acting == {"Remove toolkits that are not declared", "Leave PATH alone"}
