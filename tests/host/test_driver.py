"""Layer `driver`: one driver, from one source, for every kernel, held; and loaded."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

from rigwright.catalog import catalog
from rigwright.catalog.releases import Release
from rigwright.choice.cards import generations
from rigwright.choice.driver import Wanted, misplaced_packages, repository_url, wanted_driver
from rigwright.choice.flavour import Impossible
from rigwright.choice.secure_boot import KEYS, advice
from rigwright.choice.toolkits import toolkits_from_nvidia
from rigwright.facts.driver import DriverPackage, DriverPackages, Offers, upstream_version
from rigwright.facts.gpus import Gpus
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.modules import Module
from rigwright.facts.release import Release as ReleaseFact
from rigwright.facts.secure_boot import KeyEnrolled
from rigwright.spec.rig import Rig
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

OURS = {
    "the list of NVIDIA's repository": "/etc/apt/sources.list.d/rigwright-nvidia.sources",
    "the driver's pin": "/etc/apt/preferences.d/00-rigwright-nvidia.pref",
    "the blacklist of nouveau": "/etc/modprobe.d/rigwright-nouveau.conf",
    "the persistence daemon's drop-in": "/etc/systemd/system/nvidia-persistenced.service.d/50-rigwright.conf",
}
RIVALS = ("nouveau", "nova_core", "nova")
PINNED = 1000
"""apt's priority from which on a version wins over newer ones."""
_DRIVERS = "dpkg-query -W -f '${Package} ${source:Package}\\n' | awk '/nvidia|cuda-drivers|cuda-compat/ { print $1 }'"
_NAMES = "nvidia nvidia-current nvidia-current-open"


@pytest.fixture(scope="session")
def seen(host: Host) -> Answers:
    """Everything that this file wants to know, in one command."""
    each = "for k in $(ls /boot/vmlinuz-* | sed 's|.*vmlinuz-||'); do"
    return ask(
        host,
        {
            "ours": f"ls -d {' '.join(OURS.values())}",
            "release": ReleaseFact().command(),
            "gpus": Gpus().command(),
            "packages": DriverPackages().command(),
            "held": "apt-mark showhold",
            "sources": "cd /etc/apt; for f in sources.list sources.list.d/*.list sources.list.d/*.sources;"
            " do echo; cat $f; done",
            "policy": Offers().command([f"$({_DRIVERS})"]),
            "kernels": "ls /boot/vmlinuz-* | sed 's|.*vmlinuz-||'",
            "headers": f"{each} [ -e /lib/modules/$k/build/Makefile ] && echo $k; done",
            "modules": f"{each} for m in {_NAMES}; do modinfo -k $k $m >/dev/null &&"
            ' echo "$k|$m|$(modinfo -k $k -F version $m)|$(modinfo -k $k -F license $m)|$(modinfo -k $k -n $m)";'
            " done; done",
            "key": "; ".join(KeyEnrolled().command(path) for path in KEYS.values()),
            "initrds": f"{each} i=/boot/initrd.img-$k; [ -e $i ] &&"
            ' find /etc/modprobe.d -newer $i | sed "s|^|$i |"; done',
            "libcuda": "ldconfig -p | awk '$1 == \"libcuda.so.1\" { print $NF }' | xargs -r -n1 readlink -f",
            "running": "cat /proc/driver/nvidia/version",
            "container": "systemd-detect-virt --container",
            "loaded": "cd /sys/module && ls -d " + " ".join(RIVALS),
            "modprobe": "modprobe --showconfig | grep '^blacklist '",
            "smi": "timeout 30 nvidia-smi --query-gpu=index,driver_version,persistence_mode --format=csv,noheader",
            "xid": "journalctl -q -k -b -o cat --grep 'NVRM: Xid' | tail -n 3; echo end; journalctl -q -k -b -n 1",
        },
    )


@pytest.fixture(scope="session")
def keys(host: Host, seen: Answers, ring: str) -> list[str]:
    """Fingerprints of the primary keys that apt trusts for NVIDIA's repository."""
    if not ring.startswith("/"):
        return []
    return Keyrings().process(ask(host, {"key": Keyrings().command([ring])}).lines("key"))[ring]


@pytest.fixture(scope="session")
def ring(seen: Answers, nvidia_url: str) -> str:
    """The keyring that apt checks NVIDIA's repository with; empty where it has none."""
    for stanza in re.split(r"\n\s*\n", seen["sources"]):
        if nvidia_url in stanza:
            signed_by = re.search(r"signed-by\s*[:=]\s*([^\s\],]+)", stanza, re.IGNORECASE)
            return signed_by[1] if signed_by else ""
    return ""


@pytest.fixture(scope="session")
def release(seen: Answers) -> Release:
    return catalog().release(ReleaseFact().process(seen.lines("release")).codename)


@pytest.fixture(scope="session")
def nvidia_url(rig: Rig, release: Release) -> str:
    return repository_url(rig, release, catalog())


@pytest.fixture(scope="session")
def packages(seen: Answers) -> dict[str, DriverPackage]:
    return DriverPackages().process(seen.lines("packages"))


@pytest.fixture(scope="session")
def wanted(rig: Rig, release: Release, seen: Answers) -> Wanted | None:
    """The declared driver; None where the declaration leaves it alone or takes it away."""
    if rig.driver.state == "absent" or rig.driver.source == "none":
        return None
    cards = generations(rig, catalog(), Gpus().process(seen.lines("gpus")))
    try:
        return wanted_driver(rig, release, catalog(), cards)
    except Impossible as impossible:
        raise AssertionError(str(impossible)) from None


def _repositories(seen: Answers) -> set[str]:
    """Addresses that apt's source files name."""
    named = re.findall(r"^(?:deb\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S+)", seen["sources"], re.MULTILINE)
    return {url.rstrip("/") for url in named}


def _modules(seen: Answers, wanted: Wanted) -> dict[str, Module]:
    """Kernel → the wanted module on disk."""
    lines = (line.split("|") for line in seen.lines("modules"))
    return {
        kernel: Module(name, file, version, "GPL" in licence, signed=False)
        for kernel, name, version, licence, file in lines
        if name == wanted.packages.module
    }


def _one_version(packages: dict[str, DriverPackage], wanted: Wanted) -> str:
    """The version of the package that everything else goes by."""
    leading = packages.get(wanted.packages.user[0])
    assert leading is not None, f"package {wanted.packages.user[0]} is not installed; wanted {wanted.said}"
    assert leading.upstream is not None, f"{leading.name} {leading.version} is no driver version"
    return leading.upstream


@proves("driver.state")
def test_state(rig: Rig, seen: Answers, packages: dict[str, DriverPackage]) -> None:
    """The driver's packages are there, or all of it is gone"""
    if rig.driver.state == "present":
        assert packages or rig.driver.source == "none", "no package of the driver is installed"
        return
    toolkits = toolkits_from_nvidia(rig)
    kept = {OURS["the list of NVIDIA's repository"], OURS["the driver's pin"]} if toolkits else set()
    left = [f"{what} ({path})" for what, path in OURS.items() if path in seen.lines("ours") and path not in kept]
    assert not packages, f"still installed: {', '.join(packages)}"
    assert not left, f"still there: {', '.join(left)}"
    loaded = seen["running"] and seen["container"] in ("", "none")
    assert not loaded, f"still loaded: {seen.lines('running')[0]}; reboot"


@proves("driver.source")
def test_source(rig: Rig, seen: Answers, packages: dict[str, DriverPackage], wanted: Wanted | None) -> None:
    """All of the driver's packages come from the declared source"""
    if wanted is None:
        # With source "none" the driver is somebody else's affair, and a pin of before stays with it.
        pinned = OURS["the driver's pin"] in seen.lines("ours")
        taken_back = rig.driver.state == "absent" and not toolkits_from_nvidia(rig)
        assert not (taken_back and pinned), "no driver is declared, yet apt is pinned to one of ours"
        return
    offers = Offers().process(seen.lines("policy"))
    strange = [f"{name} ({why})" for name, why in misplaced_packages(wanted, packages, offers).items()]
    assert not strange, f"wanted {wanted.said}, mixed with: {', '.join(strange)}"
    missing = [name for name in wanted.packages.user if name not in packages]
    assert not missing, f"not installed: {', '.join(missing)}; wanted {wanted.said}"


@proves("driver.branch", "driver.version")
def test_version(packages: dict[str, DriverPackage], wanted: Wanted | None, seen: Answers) -> None:
    """Everything is of one version, and that is the declared one"""
    if wanted is None:
        return
    version = _one_version(packages, wanted)
    assert wanted.fits(version), f"driver {version} is installed; wanted {wanted.said}"
    others = {name: package.upstream for name, package in packages.items() if _in_step(package, version, seen)}
    odd = [f"{name} {found}" for name, found in others.items() if found != version]
    assert not odd, f"not of version {version}: {', '.join(odd)}"
    libraries = {path.rpartition(".so.")[2] for path in seen.lines("libcuda") if ".so." in path}
    assert libraries == {version}, f"programs would load libcuda {', '.join(libraries) or 'nowhere'}, not {version}"


def _in_step(package: DriverPackage, version: str, seen: Answers) -> bool:
    """Whether a package has a version of the driver's own (nvidia-modprobe, for one, has others in Debian)."""
    if package.upstream is None:
        return False
    offer = Offers().process(seen["policy"].splitlines()).get(package.name)
    return offer is not None and any(upstream_version(each) == version for each in offer.versions)


@proves("driver.version")
def test_held(seen: Answers, packages: dict[str, DriverPackage], wanted: Wanted | None) -> None:
    """Every package of the driver is held"""
    if wanted is None:
        return
    loose = sorted(set(packages) - set(seen.lines("held")))
    assert not loose, f"not held, so the next upgrade may take them apart: {', '.join(loose)}"


@proves("driver.branch", "driver.version", "driver.source")
def test_pin(seen: Answers, packages: dict[str, DriverPackage], wanted: Wanted | None) -> None:
    """apt would take the driver from nowhere else, and nothing but what is declared"""
    if wanted is None:
        return
    offers = Offers().process(seen["policy"].splitlines())
    version = _one_version(packages, wanted)
    astray = []
    for name in (name for name, package in packages.items() if package.upstream == version):
        offer = offers[name]
        upstream = upstream_version(offer.candidate or "")
        if not wanted.fits(upstream) or offer.priorities[offer.candidate or ""] < PINNED:
            astray.append(f"{name} → {offer.candidate} (priority {offer.priorities.get(offer.candidate or '')})")
    assert not astray, f"apt's candidates are not held to {wanted.said}: {', '.join(astray)}"


@proves("driver.repository_url")
def test_repository(rig: Rig, seen: Answers, wanted: Wanted | None, nvidia_url: str) -> None:
    """NVIDIA's repository is in use where it is declared, and no second one"""
    needed = (wanted is not None and wanted.source == "nvidia") or toolkits_from_nvidia(rig)
    known = {url for url in _repositories(seen) if "/compute/cuda/repos/" in url or url == nvidia_url}
    if needed:
        assert known == {nvidia_url}, (
            f"apt reads {', '.join(sorted(known)) or 'no such repository'}, wanted {nvidia_url}"
        )
    elif rig.driver.source != "none":
        assert not known, f"apt reads {', '.join(sorted(known))}, and nothing declared comes from there"


@proves("driver.repository_fingerprint")
def test_key(rig: Rig, release: Release, wanted: Wanted | None, ring: str, keys: list[str]) -> None:
    """apt trusts the declared key for NVIDIA's repository, and no other"""
    if not ((wanted is not None and wanted.source == "nvidia") or toolkits_from_nvidia(rig)):
        return
    fingerprint = rig.driver.repository_fingerprint or release.nvidia.fingerprint
    assert ring, "apt has no keyring for NVIDIA's repository"
    assert keys == [fingerprint], f"{ring} holds {', '.join(keys) or 'no key'}, wanted {fingerprint}"


@proves("driver.flavour")
def test_flavour(seen: Answers, wanted: Wanted | None) -> None:
    """The kernel modules on disk are of the declared flavour"""
    if wanted is None:
        return
    found = _modules(seen, wanted)
    assert found, f"no kernel has a module {wanted.packages.module}: wanted the {wanted.flavour} one"
    other = [kernel for kernel, module in found.items() if module.open != (wanted.flavour == "open")]
    assert not other, f"not the {wanted.flavour} module: kernel {', '.join(other)}"


@proves("driver.version")
def test_module_for_every_kernel(seen: Answers, packages: dict[str, DriverPackage], wanted: Wanted | None) -> None:
    """Every installed kernel has the module, in the packages' version"""
    if wanted is None:
        return
    version, found = _one_version(packages, wanted), _modules(seen, wanted)
    for kernel in seen.lines("kernels"):
        headers = "" if kernel in seen.lines("headers") else f", and no headers to build one (linux-headers-{kernel})"
        assert kernel in found, f"kernel {kernel} has no module {wanted.packages.module}{headers}"
        module = found[kernel].version
        assert module == version, f"kernel {kernel} has module {module}, the packages are {version}"


@proves("driver.state")
def test_headers(seen: Answers, wanted: Wanted | None) -> None:
    """Every installed kernel has its headers"""
    if wanted is None:
        return
    missing = sorted(set(seen.lines("kernels")) - set(seen.lines("headers")))
    assert not missing, f"no headers for kernel {', '.join(missing)}: the next driver could not be built for it"


@proves("driver.state")
def test_rivals_are_kept_out(seen: Answers, wanted: Wanted | None) -> None:
    """modprobe does not load nouveau or nova by themselves, nor do the initial RAM file systems"""
    if wanted is None:
        return
    listed = {line.split()[1].replace("-", "_") for line in seen.lines("modprobe")}
    free = [name for name in RIVALS if name not in listed]
    assert not free, f"not blacklisted: {', '.join(free)}"
    stale = sorted({line.split()[0] for line in seen.lines("initrds")})
    assert not stale, f"older than the module configuration that they should carry: {', '.join(stale)}"


@proves("driver.version")
def test_loaded(seen: Answers, packages: dict[str, DriverPackage], wanted: Wanted | None, release: Release) -> None:
    """The loaded driver is the installed one, and no other driver holds the cards"""
    if wanted is None:
        return
    _kernel_is_the_hosts_own(seen)
    version = _one_version(packages, wanted)
    rivals = seen.lines("loaded")
    assert not rivals, f"{', '.join(rivals)} is loaded: reboot"
    running = re.search(r"Kernel Module\s+(?:for \S+\s+)?([\d.]+)", seen["running"])
    secure = advice(
        release.id,
        ReleaseFact().process(seen.lines("release")).secure_boot,
        built_here=any(module.built_here for module in _modules(seen, wanted).values()),
        enrolled=KeyEnrolled().process(seen.lines("key")),
    )
    assert running is not None, f"no NVIDIA driver is loaded. {secure or 'Reboot, or look at: modprobe nvidia'}"
    assert running[1] == version, f"driver {running[1]} is loaded, {version} is installed: reboot"
    answering = {line.split(", ")[1] for line in seen.lines("smi") if line.count(", ") >= 2}
    assert answering == {version}, f"nvidia-smi says {seen['smi'] or 'nothing'}; wanted driver {version}"


@proves("driver.state")
def test_no_xid(seen: Answers, wanted: Wanted | None) -> None:
    """The driver has reported no error of a card since boot"""
    if wanted is None:
        return
    _kernel_is_the_hosts_own(seen)
    errors, _, journal = seen["xid"].rpartition("end")
    if not journal.strip():
        could_not_tell("the journal holds no kernel messages of this boot")
    assert not errors.strip(), f"since boot: {' / '.join(errors.strip().splitlines())}"


def _kernel_is_the_hosts_own(seen: Answers) -> None:
    if seen["container"] not in ("", "none"):
        could_not_tell(f"a container ({seen['container']}) has no kernel, and so no loaded driver, of its own")
