"""Which packages, in which versions, from where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.driver import Target, Wanted, misplaced_packages, names_of_interest, target, wanted_driver
from rigwright.choice.flavour import Impossible
from rigwright.choice.pins import driver_pins, preferences, vendor_shut_out
from rigwright.facts.driver import DriverPackage, Offer, Place, upstream_version
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tests.unit.operations.releases import RELEASE

NVIDIA = Place(500, "https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64  Packages", "NVIDIA")
ARCHIVE = Place(500, "http://mirror.example/debian trixie/non-free amd64 Packages", "Debian")
UBUNTU = Place(500, "http://mirror.example/ubuntu noble/restricted amd64 Packages", "Ubuntu")
DPKG = Place(100, "/var/lib/dpkg/status")


def wanted(codename: str, *cards: str, **driver: Any) -> Wanted:
    rig = Rig(name="x", driver=Driver(**driver))
    return wanted_driver(rig, catalog().release(codename), catalog(), cards or ("ampere",))


def offer(*versions: str, place: Place) -> Offer:
    """Versions that one repository offers, best first."""
    return Offer(None, versions[0] if versions else None, dict.fromkeys(versions, (place,)))


def installed(version: str, *names: str, status: str = "ii") -> dict[str, DriverPackage]:
    return {name: DriverPackage(name, version, upstream_version(version), status) for name in names}


def offers_of(what: Wanted, *versions: str, place: Place, **others: Offer) -> dict[str, Offer]:
    names = (*what.packages.packages, *what.other.kernel)
    return {
        **{name: offer(*versions, place=place) for name in names},
        **{k.replace("_", "-"): v for k, v in others.items()},
    }


def choose(
    what: Wanted, have: dict[str, DriverPackage], offers: dict[str, Offer], kernels: Iterable[str] = ("k",)
) -> Target:
    return target(what, have, offers, list(kernels))


BOOKWORM = wanted("bookworm", source="nvidia", branch=580)
DEBIAN = wanted("trixie", source="distribution")
SET = BOOKWORM.packages.packages


def test_the_newest_of_the_branch_where_nothing_is_installed() -> None:
    offers = offers_of(BOOKWORM, "590.48.01-1", "580.105.08-1", "580.95.05-1", place=NVIDIA)
    found = choose(BOOKWORM, {}, offers)
    assert found.upstream == "580.105.08"
    assert found.versions == dict.fromkeys(SET, "580.105.08-1")
    assert set(found.gaps) == set(SET)
    assert not found.removals


def test_what_is_installed_stays_though_something_newer_is_offered() -> None:
    have = installed("580.95.05-1", *SET)
    found = choose(BOOKWORM, have, offers_of(BOOKWORM, "580.105.08-1", "580.95.05-1", place=NVIDIA))
    assert (found.upstream, found.gaps) == ("580.95.05", {})


def test_a_missing_package_comes_in_the_version_of_the_others() -> None:
    have = installed("580.95.05-1", *SET[1:])
    found = choose(BOOKWORM, have, offers_of(BOOKWORM, "580.105.08-1", "580.95.05-1", place=NVIDIA))
    assert found.gaps == {SET[0]: "absent, wanted 580.95.05-1"}


def test_all_move_on_when_the_missing_one_is_no_longer_offered_in_their_version() -> None:
    have = installed("580.95.05-1", *SET[1:])
    found = choose(BOOKWORM, have, offers_of(BOOKWORM, "580.105.08-1", place=NVIDIA))
    assert found.upstream == "580.105.08"
    assert set(found.gaps) == set(SET)


def test_one_package_out_of_step_follows_the_others() -> None:
    have = installed("580.95.05-1", *SET, "libcuda1")
    have |= installed("580.82.07-1", "libcuda1")
    offers = offers_of(BOOKWORM, "580.105.08-1", "580.95.05-1", place=NVIDIA)
    offers["libcuda1"] = offer("580.105.08-1", "580.95.05-1", "580.82.07-1", place=NVIDIA)
    assert choose(BOOKWORM, have, offers).gaps == {"libcuda1": "580.82.07-1, wanted 580.95.05-1"}


def test_a_half_installed_package_is_a_gap() -> None:
    have = installed("580.95.05-1", *SET) | installed("580.95.05-1", SET[-1], status="iF")
    found = choose(BOOKWORM, have, offers_of(BOOKWORM, "580.95.05-1", place=NVIDIA))
    assert found.gaps == {SET[-1]: "580.95.05-1, left unfinished (iF)"}


def test_an_exact_version_moves_down_as_well_as_up() -> None:
    exact = wanted("bookworm", source="nvidia", version="580.95.05")
    offers = offers_of(exact, "580.105.08-1", "580.95.05-1", "580.82.07-1", place=NVIDIA)
    for have in ("580.105.08-1", "580.82.07-1"):
        found = choose(exact, installed(have, *SET), offers)
        assert found.versions == dict.fromkeys(SET, "580.95.05-1")
        assert set(found.gaps) == set(SET)


def test_an_exact_version_that_is_installed_needs_no_source() -> None:
    exact = wanted("bookworm", source="nvidia", version="580.95.05")
    have = installed("580.95.05-1", *SET)
    assert choose(exact, have, offers_of(exact, "580.105.08-1", place=NVIDIA)).gaps == {}


@pytest.mark.parametrize(
    ("driver", "text"),
    [
        ({"branch": 570}, "offers no driver 570: it has 580, 590"),
        ({"version": "580.1.2"}, "offers no driver 580.1.2: it has 580.105.08, 590.48.01"),
    ],
)
def test_what_the_source_does_not_offer_is_refused_with_what_it_does(driver: dict[str, Any], text: str) -> None:
    what = wanted("bookworm", source="nvidia", **driver)
    with pytest.raises(Impossible, match=text):
        choose(what, {}, offers_of(what, "590.48.01-1", "580.105.08-1", place=NVIDIA))


def test_an_empty_repository_is_said_to_have_none() -> None:
    with pytest.raises(Impossible, match="it has none"):
        choose(BOOKWORM, {}, {})


def test_debians_tools_with_versions_of_their_own_are_no_gap() -> None:
    have = installed("550.163.01-2", *DEBIAN.packages.packages)
    have |= installed("570.133.07-1", "nvidia-modprobe")
    offers = offers_of(DEBIAN, "550.163.01-2", place=ARCHIVE, nvidia_modprobe=offer("570.133.07-1", place=ARCHIVE))
    assert choose(DEBIAN, have, offers).gaps == {}
    fresh = choose(DEBIAN, {}, offers)
    assert fresh.upstream == "550.163.01"
    assert fresh.versions["nvidia-modprobe"] == "570.133.07-1"


def test_backports_and_nvidias_repository_do_not_serve_the_archives_driver() -> None:
    offers = offers_of(DEBIAN, "550.163.01-2", place=ARCHIVE)
    for name, found in offers.items():
        backport = {"570.1.1-1~bpo13+1": (Place(100, "http://mirror.example/debian trixie-backports/x", "Debian"),)}
        # a mirror of NVIDIA's whose address nobody has declared: by what it says it is
        vendor = {"580.105.08-1": (Place(500, "http://192.0.2.1/cuda  Packages", "NVIDIA"), DPKG)}
        offers[name] = Offer(None, "580.105.08-1", {**vendor, **backport, **found.versions})
    vendors_first = {
        "580.105.08-1": (Place(500, "http://192.0.2.1/cuda  Packages", "NVIDIA"),),
        "570.133.07-1": (ARCHIVE,),
    }
    offers["nvidia-modprobe"] = Offer(None, "580.105.08-1", vendors_first)
    versions = choose(DEBIAN, {}, offers).versions
    assert versions.pop("nvidia-modprobe") == "570.133.07-1"
    assert set(versions.values()) == {"550.163.01-2"}


def test_packages_of_the_other_source_are_replaced_or_removed() -> None:
    have = installed("550.163.01-2", "nvidia-persistenced", "nvidia-smi", "libcuda1", "nvidia-alternative")
    offers = offers_of(BOOKWORM, "580.105.08-1", place=NVIDIA)
    both = Offer("550.163.01-2", "580.105.08-1", {"580.105.08-1": (NVIDIA,), "550.163.01-2": (ARCHIVE, DPKG)})
    offers |= {"nvidia-persistenced": both, "libcuda1": both, "nvidia-smi": offer("550.163.01-2", place=ARCHIVE)}
    # of a version that no source has any more: it may be anybody's
    offers["nvidia-alternative"] = Offer("550.163.01-2", "550.163.01-3", {"550.163.01-2": (DPKG,)})
    found = choose(BOOKWORM, have, offers)
    assert found.gaps["nvidia-persistenced"] == "550.163.01-2 of the distribution, wanted 580.105.08-1"
    # libcuda1 comes along by dependence; only what the wanted source has nothing in place of is removed outright
    assert found.removals == {"nvidia-smi": "550.163.01-2 of the distribution"}


def test_whose_a_package_is_shows_in_where_it_is_to_be_had_not_in_who_maintains_it() -> None:
    what = wanted("noble", source="nvidia", branch=580)
    have = installed("580.105.08-0ubuntu1", *what.packages.packages)
    vendor = Place(500, f"{what.repository}  Packages", "NVIDIA")
    at_nvidia = {name: Offer(None, None, {"580.105.08-0ubuntu1": (vendor, DPKG)}) for name in have}
    assert misplaced_packages(what, have, at_nvidia) == {}
    at_ubuntu = {name: Offer(None, None, {"580.105.08-0ubuntu1": (UBUNTU, DPKG)}) for name in have}
    assert set(misplaced_packages(what, have, at_ubuntu)) == set(have)
    at_both = {name: Offer(None, None, {"580.105.08-0ubuntu1": (UBUNTU, vendor)}) for name in have}
    assert misplaced_packages(what, have, at_both) == {}
    mirror = Place(500, "http://192.0.2.1/of-before  Packages", "NVIDIA")
    at_another_mirror = {name: Offer(None, None, {"580.105.08-0ubuntu1": (mirror, DPKG)}) for name in have}
    assert misplaced_packages(what, have, at_another_mirror) == {}
    assert misplaced_packages(what, have, {}) == {}
    archives = wanted("noble", source="distribution", branch=580)
    assert set(misplaced_packages(archives, have, at_nvidia)) >= {"libnvidia-compute-580"}


@pytest.mark.parametrize(("flavour", "mine", "others"), [("open", "-open", ""), ("proprietary", "", "-open")])
def test_ubuntus_other_flavour_goes_with_its_signed_modules(flavour: str, mine: str, others: str) -> None:
    what = wanted("noble", source="distribution", branch=580, flavour=flavour)

    def names(which: str) -> list[str]:
        signed = [f"linux-{kind}-nvidia-580-server{which}-6.8.0-126-generic" for kind in ("modules", "objects")]
        return [*signed, f"nvidia-headless-no-dkms-580-server{which}", f"nvidia-dkms-580-server{which}"]

    assert not any(what.is_other_flavour(name) for name in names(mine))
    assert all(what.is_other_flavour(name) for name in names(others))
    assert not what.is_other_flavour("nvidia-utils-580-server")


def test_the_other_flavour_and_other_branches_go() -> None:
    what = wanted("noble", source="distribution", branch=580)
    have = installed("580.95.05-0ubuntu1", *what.packages.packages, "nvidia-dkms-580-server")
    have |= installed("570.1.1-0ubuntu1", "libnvidia-cfg1-570-server")
    found = choose(what, have, offers_of(what, "580.95.05-0ubuntu1", place=UBUNTU))
    assert found.gaps == {}
    assert found.removals == {
        "nvidia-dkms-580-server": "580.95.05-0ubuntu1 of the other flavour",
        "libnvidia-cfg1-570-server": "570.1.1-0ubuntu1 of another branch",
    }


def test_ubuntu_takes_ready_signed_modules_where_every_kernel_has_them() -> None:
    what = wanted("noble", source="distribution", branch=580)
    kernels, metas = ["6.8.0-126-generic", "6.8.0-120-generic"], ["generic"]
    signed = [f"linux-modules-nvidia-580-server-open-{kernel}" for kernel in (*kernels, *metas)]
    assert set(signed) < set(names_of_interest(what, {}, kernels, metas))
    offers = offers_of(what, "580.178.01-0ubuntu0.24.04.1", place=UBUNTU)
    offers |= {name: offer("6.8.0-126.126+1", place=UBUNTU) for name in signed}
    found = target(what, {}, offers, kernels, metas)
    assert set(signed) < set(found.versions)
    assert "nvidia-dkms-580-server-open" not in found.versions
    del offers[signed[1]]
    found = target(what, {}, offers, kernels, metas)
    assert "nvidia-dkms-580-server-open" in found.versions
    assert not set(signed) & set(found.versions)


@pytest.mark.parametrize(
    ("codename", "branch", "leading", "module"),
    [
        ("bookworm", 580, "nvidia-driver-cuda", "nvidia-kernel-open-dkms"),
        ("trixie", 590, "nvidia-driver-cuda", "nvidia-kernel-open-dkms"),
        ("jammy", 580, "libnvidia-compute-580", "nvidia-dkms-580-open"),
        ("noble", 590, "libnvidia-compute", "nvidia-dkms-open"),
        ("resolute", 595, "libnvidia-compute", "nvidia-dkms-open"),
    ],
)
def test_names_in_nvidias_repository(codename: str, branch: int, leading: str, module: str) -> None:
    what = wanted(codename, source="nvidia", branch=branch)
    assert what.packages.user[0] == leading
    assert what.packages.kernel == (module,)
    assert what.flavour == "open"
    assert codename == RELEASE[codename].codename


@pytest.mark.parametrize(
    ("codename", "driver", "text"),
    [
        ("trixie", {"source": "nvidia", "branch": 580}, "begins with branch 590, and 580 is declared"),
        ("trixie", {"source": "distribution", "branch": 580}, "has driver branch 550 alone, not 580"),
        ("noble", {"source": "distribution"}, "driver.branch is needed"),
    ],
)
def test_what_a_release_cannot_have(codename: str, driver: dict[str, Any], text: str) -> None:
    with pytest.raises(Impossible, match=text):
        wanted(codename, **driver)


def test_a_mirror_may_have_what_nvidias_own_repository_lacks() -> None:
    what = wanted("trixie", source="nvidia", branch=580, repository_url="http://192.0.2.1:8080/cuda/")
    assert what.repository == "http://192.0.2.1:8080/cuda"


# Pins


def pins(what: Wanted, version: str | None = None) -> list[str]:
    found = driver_pins(what, catalog().driver.nvidia, version)
    return [f"{pin.packages} | {pin.pin} | {pin.priority}" for pin in found]


DRIVER = "src:*nvidia*:any src:cuda-drivers:any src:cuda-compat:any"
ARCHIVES = "src:nvidia-graphics-drivers*:any src:nvidia-open-gpu-kernel-modules*:any"


def test_pins_shut_the_other_source_out_first() -> None:
    assert pins(BOOKWORM) == [f"{ARCHIVES} | release o=Debian | -1", f"{DRIVER} | version 580.* | 1000"]
    exact = wanted("noble", source="nvidia", version="580.95.05")
    assert pins(exact) == [f"{ARCHIVES} | release o=Ubuntu | -1", f"{DRIVER} | version 580.95.05* | 1001"]
    assert pins(DEBIAN) == [f"{DRIVER} | release l=NVIDIA CUDA | -1", f"{DRIVER} | release o=Debian | 1000"]
    assert [pin.priority for pin in vendor_shut_out(catalog().driver.nvidia)] == [-1]


def test_the_archives_exact_version_wins_over_its_newer_ones() -> None:
    exact = wanted("trixie", source="distribution", version="550.163.01")
    assert pins(exact) == [
        f"{DRIVER} | release l=NVIDIA CUDA | -1",
        f"{DRIVER} | version 550.163.01* | 1001",
        f"{DRIVER} | release o=Debian | 1000",
    ]


def test_a_decided_version_wins_over_the_rest_of_its_branch() -> None:
    assert pins(BOOKWORM, "580.95.05") == [
        f"{ARCHIVES} | release o=Debian | -1",
        f"{DRIVER} | version 580.95.05* | 1001",
        f"{DRIVER} | version 580.* | 1000",
    ]
    assert preferences(driver_pins(BOOKWORM, catalog().driver.nvidia)).endswith(
        f"\n\nPackage: {DRIVER}\nPin: version 580.*\nPin-Priority: 1000\n\n"
    )
