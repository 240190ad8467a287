"""The stand-in packages: what they are called, what they say of each other, what is in them."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from rigwright.catalog import catalog
from sim.repository import container_toolkit, cuda, driver, nvidia
from sim.repository.content import text, unit_scripts
from sim.repository.docker import _packages as docker_packages
from sim.repository.docker import _upstream
from sim.repository.package import STAND_IN, File, Link, Package, program

DEBIAN = {
    "docker.io": "26.1.5+dfsg1-9+deb13u1",
    "docker-cli": "26.1.5+dfsg1-9+deb13u1",
    "containerd": "1.7.24~ds1-6+deb13u1",
    "docker-buildx": "0.13.1+ds1-3",
    "docker-compose": "2.26.1-4",
}


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries are compiled where they are packed; here it is enough that they are there."""
    monkeypatch.setattr(driver, "_compiled", lambda name: name.encode())


def of(distribution: str) -> dict[tuple[str, str], Package]:
    return {(each.name, each.version): each for each in nvidia.packages(distribution, driver.VERSIONS)}


def scripts() -> Iterator[tuple[str, str]]:
    every = [*of("debian").values(), *of("ubuntu").values()]
    for version in container_toolkit.VERSIONS:
        every += container_toolkit.packages(version)
    for package in [*every, *(each.package for each in docker_packages("trixie", DEBIAN))]:
        for name, script in package.scripts.items():
            if name != "triggers":
                yield f"{package.name} {package.version} {name}", script


# Names: the product asks for packages by the catalogue; a stand-in that lacks one proves nothing.


@pytest.mark.parametrize("release", sorted(nvidia.PLACES))
def test_each_folder_and_key_is_where_the_product_looks(release: str) -> None:
    known = catalog().release(release).nvidia
    place = nvidia.PLACES[release]
    assert place.directory == known.directory
    assert place.key_file == known.key_file


@pytest.mark.parametrize("release", sorted(nvidia.PLACES))
@pytest.mark.parametrize("version", driver.VERSIONS)
@pytest.mark.parametrize("flavour", ["open", "proprietary"])
def test_every_driver_package_that_the_product_installs_is_there(release: str, version: str, flavour: str) -> None:
    branch = int(driver.branch(version))
    wanted = catalog().driver.package_set("nvidia", catalog().release(release), branch, flavour)
    present = {name for name, full in of(nvidia.PLACES[release].distribution) if full.startswith(f"{version}-")}
    assert set(wanted.packages) <= present
    assert wanted.persistence in present


@pytest.mark.parametrize(("distribution", "domain"), [("debian", "debian.org"), ("ubuntu", "ubuntu.com")])
def test_drivers_name_the_distributions_people_as_the_vendors_do(distribution: str, domain: str) -> None:
    drivers = [each for (_, full), each in of(distribution).items() if full.startswith(driver.VERSIONS)]
    maintainers = {each.maintainer for each in drivers if "-pinning-" not in each.name}
    assert maintainers
    assert all(domain in maintainer for maintainer in maintainers)


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
def test_the_vendors_pin_moves_every_driver_package(distribution: str) -> None:
    moved = [word.removesuffix(":any").removeprefix("src:") for word in catalog().driver.nvidia.pin_packages.split()]
    for version in driver.VERSIONS:
        for (name, full), package in of(distribution).items():
            if full.startswith(version):
                assert any(fnmatch(package.source or name, pattern) for pattern in moved), name


def test_every_toolkit_has_its_compiler_and_its_links() -> None:
    for toolkit in cuda.TOOLKITS:
        assert catalog().cuda.package(toolkit.version) == f"cuda-toolkit-{toolkit.suffix}"
        packages = {package.name: package for package in cuda.packages()}
        nvcc = packages[f"cuda-nvcc-{toolkit.suffix}"].files
        assert f"{catalog().cuda.prefix(toolkit.version)}/bin/nvcc" in nvcc
        links = packages[f"cuda-toolkit-{toolkit.suffix}-config-common"].scripts["postinst"]
        assert f"--install {catalog().cuda.packages.link} cuda /usr/local/cuda-{toolkit.version}" in links


@pytest.mark.parametrize("version", container_toolkit.VERSIONS)
def test_the_container_toolkit_is_its_four_packages(version: str) -> None:
    present = {package.name: package.version for package in container_toolkit.packages(version)}
    assert present == catalog().containers.toolkit.versions(version)


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_docker_is_the_vendors_five_packages(release: str) -> None:
    present = [each.package.name for each in docker_packages(release, DEBIAN)]
    assert sorted(present) == sorted(catalog().containers.docker.vendor.packages)


def test_docker_is_numbered_as_the_vendor_numbers() -> None:
    versions = {each.package.name: each.package.version for each in docker_packages("trixie", DEBIAN)}
    assert versions["docker-ce"] == "5:26.1.5-1~debian.13~trixie"
    assert versions["containerd.io"] == "1.7.24-1"
    assert _upstream("1:2.3~rc1-4") == "2.3"


# Relations


@pytest.mark.parametrize("distribution", ["debian", "ubuntu"])
def test_everything_that_is_depended_on_at_a_version_is_there_at_it(distribution: str) -> None:
    present = of(distribution)
    for package in present.values():
        for alternatives in package.relations.get("Depends", "").split(", "):
            exact = [re.fullmatch(r"(\S+) \(= (\S+)\)", each) for each in alternatives.split(" | ")]
            pairs = [(found[1], found[2]) for found in exact if found]
            assert not pairs or any(pair in present for pair in pairs), f"{package.name}: {alternatives}"


def test_the_two_module_flavours_exclude_each_other() -> None:
    for name, other in (
        ("nvidia-kernel-dkms", "nvidia-kernel-open-dkms"),
        ("nvidia-kernel-open-dkms", "nvidia-kernel-dkms"),
    ):
        assert other in of("debian")[name, "580.95.05-1"].relations["Conflicts"]


# Contents


def test_nothing_is_left_blank_in_any_file() -> None:
    every = [*of("debian").values(), *of("ubuntu").values(), *container_toolkit.packages("1.19.0")]
    for package in every:
        for path, item in package.files.items():
            if isinstance(item, File):
                assert not re.search(rb"@[A-Z]{3,}@", item.data), f"{package.name}: {path}"
    for name, script in scripts():
        assert not re.search(r"@[A-Z]{3,}@", script), name


def test_every_maintainer_script_is_sound_shell() -> None:
    for name, script in scripts():
        assert script.startswith("#!/bin/sh\n"), name
        done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_only_the_broken_version_has_what_does_not_compile() -> None:
    good = driver.dkms_source("580.95.05", "open")
    broken = driver.dkms_source(driver.BROKEN, "open")
    assert {Path(path).name for path in broken} - {Path(path).name for path in good} == {"broken.h"}
    kbuild = broken[f"/usr/src/nvidia-{driver.BROKEN}/Kbuild"]
    assert isinstance(kbuild, File)
    assert "-include $(src)/broken.h" in kbuild.data.decode()


def test_the_modules_of_dkms_are_those_that_are_built() -> None:
    named = set(re.findall(r'BUILT_MODULE_NAME\[\d\]="(\S+)"', text("kernel/dkms.conf")))
    built = {name.removesuffix(".o") for name in re.findall(r"\S+\.o\b", text("kernel/Kbuild"))}
    sources = {Path(path).stem for path in driver.dkms_source("580.95.05", "open") if path.endswith(".c")}
    assert named == built == sources


def test_a_units_scripts_speak_of_every_unit() -> None:
    for name, script in unit_scripts("a.service", "b.socket").items():
        assert "a.service b.socket" in script, name


# Building

PACKAGE = Package(
    "rig-one",
    "2:1.0-1",
    "one thing",
    source="rig",
    relations={"Depends": "libc6"},
    files={
        "/usr/bin/one": program("#!/bin/sh\n"),
        "/usr/bin/uno": Link("one"),
        "/etc/one.conf": File("a=1\n"),
    },
    scripts={"postinst": "#!/bin/sh\n"},
)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.fail("these tests need dpkg-deb: apt-get install dpkg")
    return PACKAGE.build(tmp_path)


def dpkg_deb(*words: str | Path) -> str:
    return subprocess.run(["dpkg-deb", *map(str, words)], capture_output=True, text=True, check=True).stdout


def test_a_package_is_built_as_it_is_described(built: Path, tmp_path: Path) -> None:
    assert built.name == "rig-one_1.0-1_amd64.deb"
    fields = dpkg_deb("--field", built)
    assert "Package: rig-one\nSource: rig\nVersion: 2:1.0-1\nArchitecture: amd64\n" in fields
    assert f"Description: one thing\n {STAND_IN}\n" in fields
    dpkg_deb("--raw-extract", built, tmp_path / "tree")
    tree = tmp_path / "tree"
    assert (tree / "usr/bin/one").stat().st_mode & 0o777 == 0o755
    assert (tree / "usr/bin/uno").readlink() == Path("one")
    assert (tree / "DEBIAN/conffiles").read_text() == "/etc/one.conf\n"
    assert (tree / "DEBIAN/postinst").stat().st_mode & 0o111
    sums = dict(reversed(line.split("  ")) for line in (tree / "DEBIAN/md5sums").read_text().splitlines())
    assert sums == {
        "etc/one.conf": hashlib.md5(b"a=1\n").hexdigest(),
        "usr/bin/one": hashlib.md5(b"#!/bin/sh\n").hexdigest(),
    }


def test_all_of_it_belongs_to_root(built: Path) -> None:
    assert {line.split()[1] for line in dpkg_deb("--contents", built).splitlines()} == {"root/root"}


def test_a_package_is_laid_onto_a_tree(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "usr/lib").mkdir(parents=True)
    (tree / "usr/lib/theirs").write_text("theirs")
    contents = dpkg_deb("--contents", PACKAGE.build(tmp_path, onto=tree))
    assert "./usr/lib/theirs" in contents
    assert "./usr/bin/one" in contents
