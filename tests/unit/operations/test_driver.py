"""The driver's operations: facts in, commands out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rigwright.catalog import catalog
from rigwright.choice.cards import unknown_cards
from rigwright.choice.driver import Wanted, wanted_driver
from rigwright.facts.debconf import Debconf
from rigwright.facts.dkms import Dkms, DkmsModule
from rigwright.facts.driver import (
    DriverPackage,
    DriverPackages,
    DriverRemains,
    Offer,
    Offers,
    Place,
    upstream_version,
)
from rigwright.facts.files import Files
from rigwright.facts.gpus import Gpus, PciGpu
from rigwright.facts.kernels import Kernel, Kernels, KernelsState
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.packages import Packages, PackagesState
from rigwright.facts.release import Release
from rigwright.facts.secure_boot import KeyEnrolled
from rigwright.facts.smi import Card, Smi
from rigwright.facts.sources import SourceFile, Sources, SourcesState
from rigwright.facts.units import Units
from rigwright.operations import apt, debconf, initramfs, refusal, sources
from rigwright.operations.driver import kernels, loading, packages, persistence, repository, secure_boot
from rigwright.spec.driver import Driver
from rigwright.spec.rig import Rig
from tests.unit.operations.harness import Case, file, unit
from tests.unit.operations.releases import RELEASE, release

ARCHIVE = Place(500, "http://mirror.example/debian trixie/non-free amd64 Packages", "Debian")
VENDOR = Place(500, "http://192.0.2.1/cuda  Packages", "NVIDIA")
NEW, OLD = "6.12.117+deb13-amd64", "6.12.43+deb13-amd64"


def wanted(codename: str, **driver: Any) -> Wanted:
    return wanted_driver(Rig(name="x", driver=Driver(**driver)), catalog().release(codename), catalog(), ["ampere"])


def have(version: str, *names: str, status: str = "ii") -> dict[str, DriverPackage]:
    return {name: DriverPackage(name, version, upstream_version(version), status) for name in names}


def offered(version: str, *names: str, place: Place = ARCHIVE) -> dict[str, Offer]:
    return {name: Offer(None, version, {version: (place,)}) for name in names}


DEBIAN = wanted("trixie", source="distribution")
SET = DEBIAN.packages.packages
VERSION = "550.163.01-2"
WHOLE = have(VERSION, *SET)
OFFERS = offered(VERSION, *SET)
META = PackagesState(installed={"linux-image-amd64": "6.12.117-1"})
WITH_HEADERS = KernelsState(NEW, {NEW: Kernel(True, 100.0)})
HOST = {Release: RELEASE["trixie"], Packages: META, Offers: OFFERS, Kernels: WITH_HEADERS}


def nvidias(version: str) -> dict[str, Offer]:
    """What NVIDIA's repository for bookworm offers of its driver 580."""
    what = wanted("bookworm", source="nvidia", branch=580)
    return offered(version, *what.packages.packages, place=Place(500, f"{what.repository}  Packages", "NVIDIA"))


PACKAGES = [
    Case("installed: all there", packages.installed, {"wanted": DEBIAN}, {**HOST, DriverPackages: WHOLE}),
    Case(
        "installed: bare host",
        packages.installed,
        {"wanted": DEBIAN},
        {**HOST, DriverPackages: {}},
        has=[
            "sh -s -- '' --purge --no-install-recommends --allow-downgrades --allow-change-held-packages ",
            "nvidia-kernel-dkms=550.163.01-2",
            "libcuda1=550.163.01-2",
            'apt install "$@"',
        ],
        lacks=["nvidia-open-kernel-dkms"],
    ),
    Case(
        "installed: only what is missing",
        packages.installed,
        {"wanted": DEBIAN},
        {**HOST, DriverPackages: {name: found for name, found in WHOLE.items() if name != "nvidia-smi"}},
        has=[
            " linux-headers-amd64 nvidia-smi=550.163.01-2\n",
            # what comes along by dependence, in the version of the rest
            "Pin: version 550.163.01*Pin-Priority: 1001",
            '-o Dir::Etc::preferences="$work/preferences" "$@"',
        ],
        lacks=["libcuda1="],
        why=["driver 550.163.01: nvidia-smi absent, wanted 550.163.01-2", "linux-headers-amd64: absent"],
    ),
    Case(
        "installed: kernels' missing headers come along, not before, where they would have the old driver built",
        packages.installed,
        {"wanted": wanted("bookworm", source="nvidia", branch=580)},
        {
            **HOST,
            Kernels: KernelsState(NEW, {NEW: Kernel(False, 100.0)}),
            Packages: PackagesState(installed={"linux-image-amd64": "1", "linux-headers-amd64": "1"}),
            DriverPackages: have("535.309.01-1", "nvidia-kernel-dkms"),
            Offers: nvidias("580.105.08-1")
            | offered("1", "linux-image-amd64", "linux-headers-amd64", f"linux-headers-{NEW}"),
        },
        has=[f" linux-headers-{NEW} nvidia-driver-cuda=580.105.08-1 "],
    ),
    Case(
        "installed: another source's packages go",
        packages.installed,
        {"wanted": DEBIAN},
        {
            **HOST,
            DriverPackages: WHOLE | have("580.105.08-1", "nvidia-driver-cuda"),
            Offers: OFFERS | offered("580.105.08-1", "nvidia-driver-cuda", place=VENDOR),
        },
        has=[" nvidia-driver-cuda-\n"],
        why=[
            "driver 550.163.01: as it should be, but not alone",
            "nvidia-driver-cuda 580.105.08-1 of another source, wanted absent: drivers do not mix",
        ],
    ),
    Case(
        "installed: refuses what no source offers",
        packages.installed,
        {"wanted": wanted("trixie", source="distribution", version="550.1.1")},
        {**HOST, DriverPackages: {}},
        refuses="trixie's archive offers no driver 550.1.1: it has 550.163.01",
    ),
    Case("offered: it is", packages.offered, {"wanted": DEBIAN}, {**HOST, DriverPackages: {}}),
    Case(
        "offered: it is not",
        packages.offered,
        {"wanted": wanted("trixie", source="distribution", version="550.1.1")},
        {**HOST, DriverPackages: {}},
        refuses="trixie's archive offers no driver 550.1.1",
    ),
    Case("unmixed: one source", packages.unmixed, {"wanted": DEBIAN}, {**HOST, DriverPackages: WHOLE}),
    Case(
        "unmixed: leftovers",
        packages.unmixed,
        {"wanted": DEBIAN},
        {
            **HOST,
            DriverPackages: WHOLE | have("580.105.08-1", "nvidia-settings", "libxnvctrl0"),
            Packages: PackagesState(held=frozenset({"libxnvctrl0", "nvidia-smi", "docker-ce"})),
            Offers: OFFERS | offered("580.105.08-1", "nvidia-settings", "libxnvctrl0", place=VENDOR),
        },
        has=["sh -s -- 'libxnvctrl0 nvidia-smi' --purge --no-install-recommends", "nvidia-settings- libxnvctrl0-\n"],
    ),
    Case("held: all", packages.held, {}, {DriverPackages: WHOLE, Packages: PackagesState(held=frozenset(SET))}),
    Case(
        "held: one released",
        packages.held,
        {},
        {DriverPackages: WHOLE, Packages: PackagesState(held=frozenset(SET) - {"libcuda1"})},
        commands=["apt-mark hold libcuda1"],
        why=["not held: libcuda1"],
    ),
    Case("purged: nothing there", packages.purged, {}, {DriverRemains: {}}),
    Case(
        "purged: packages and what is left of them",
        packages.purged,
        {},
        {DriverRemains: {"nvidia-smi": VERSION, "nvidia-persistenced": "configuration left"}},
        has=["--allow-change-held-packages --purge remove nvidia-persistenced nvidia-smi"],
        why=["installed, wanted absent: nvidia-persistenced, nvidia-smi"],
    ),
]


def boots(*installed: str, headers: tuple[str, ...] = (), **more: Any) -> KernelsState:
    state = {kernel: Kernel(kernel in headers, 100.0) for kernel in installed}
    values: dict[str, Any] = {"running": NEW, "initrd_tool": "update-initramfs", "modprobe_changed": 50.0, **more}
    return KernelsState(installed=state, **values)


TRIXIE = catalog().release("trixie")
HEADERS = {"release": TRIXIE}
WITH_META = PackagesState(installed={"linux-image-amd64": "1", "linux-headers-amd64": "1"})
GONE = {f"linux-headers-{OLD}": Offer(None, None)}
TODAY = offered("6.12.117-1", "linux-image-amd64", "linux-headers-amd64", f"linux-headers-{NEW}")


def module(version: str = "550.163.01", name: str = "nvidia-current", is_open: bool = False) -> Module:
    return Module(name, f"/lib/modules/k/updates/dkms/{name}.ko.xz", version, is_open, True)


def on_disk(*found: str, version: str = "550.163.01", running: str | None = None) -> ModulesState:
    return ModulesState(running=running, on_disk={kernel: (module(version),) for kernel in found})


REMOVED = {"release": TRIXIE, "module": "nvidia-current"}
BOTH = PackagesState(installed={f"linux-image-{OLD}": "1", f"linux-image-{NEW}": "1"}, lists_current=True)


def two_kernels(**more: Any) -> dict[Any, Any]:
    """The old one's headers are in no source any more; the new one has all it needs."""
    return {
        Kernels: boots(OLD, NEW, headers=(NEW,), **more),
        Modules: on_disk(NEW),
        Packages: BOTH,
        Offers: {**TODAY, **GONE},
    }


UBUNTU = wanted("noble", source="distribution", branch=580)
SIGNED = "linux-modules-nvidia-580-server-open-6.8.0-126-generic"


def signed(found: Module | None) -> dict[Any, Any]:
    """A noble host with Ubuntu's ready-signed modules, and what is on its disk."""
    kernel = "6.8.0-126-generic"
    return {
        Kernels: boots(kernel, headers=(kernel,)),
        Modules: ModulesState(on_disk={kernel: (found,)} if found else {}),
        DriverPackages: have("6.8.0-126.126+1", SIGNED) | have("580.178.01-0ubuntu1", "nvidia-utils-580-server"),
    }


KERNELS = [
    Case("headers: all there", kernels.headers, HEADERS, {Kernels: boots(NEW, headers=(NEW,)), Packages: WITH_META}),
    Case("headers: no kernel (a container)", kernels.headers, HEADERS, {Kernels: boots(), Packages: PackagesState()}),
    Case(
        "headers: the metapackage is missing",
        kernels.headers,
        HEADERS,
        {Kernels: boots(NEW, headers=(NEW,)), Packages: META},
        has=[" linux-headers-amd64\n"],
        lacks=[f"linux-headers-{NEW}"],
    ),
    Case(
        "headers: one kernel's are missing",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, NEW, headers=(OLD,)), Packages: WITH_META, Offers: TODAY},
        has=[f" linux-headers-{NEW}\n"],
        why=[f"linux-headers-{NEW}: absent"],
    ),
    Case(
        "headers: an old kernel's are nowhere, the newest has its own",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, NEW, headers=(NEW,)), Packages: WITH_META, Offers: {**TODAY, **GONE}},
    ),
    Case(
        "headers: even the newest kernel's are nowhere, as on a host installed from an old image",
        kernels.headers,
        HEADERS,
        {Kernels: boots(OLD, running=OLD), Packages: META, Offers: {**TODAY, **GONE}},
        has=[" linux-headers-amd64=6.12.117-1 linux-image-amd64=6.12.117-1\n"],
        lacks=[f"linux-headers-{OLD}"],
    ),
    Case(
        "headers: refuses where no kernel with headers can be had",
        kernels.headers,
        HEADERS,
        {Kernels: boots("6.1.0-custom", running="6.1.0-custom"), Packages: PackagesState(), Offers: {}},
        refuses="kernel 6.1.0-custom has no headers here and none in any source",
    ),
    Case(
        "kernels that can never have a driver go",
        kernels.unbuildable_removed,
        REMOVED,
        two_kernels(),
        has=[f"--purge remove linux-image-{OLD}"],
        lacks=[f"linux-image-{NEW}"],
    ),
    Case("the running kernel stays, whatever it lacks", kernels.unbuildable_removed, REMOVED, two_kernels(running=OLD)),
    Case(
        "the kernel that the next boot starts stays", kernels.unbuildable_removed, REMOVED, two_kernels(next_boot=OLD)
    ),
    Case(
        "a kernel that has its module stays",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Modules: on_disk(OLD, NEW)},
    ),
    Case(
        "no kernel goes before apt has read what there is",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Packages: replace(BOTH, lists_current=False), Offers: {}},
    ),
    Case(
        "no kernel goes while the newest has no headers",
        kernels.unbuildable_removed,
        REMOVED,
        {**two_kernels(), Kernels: boots(OLD, NEW), Offers: {**offered("1", "linux-image-amd64"), **GONE}},
    ),
    Case(
        "modules: one for every kernel",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {Kernels: boots(OLD, NEW, headers=(OLD, NEW)), Modules: on_disk(OLD, NEW), DriverPackages: WHOLE},
    ),
    Case(
        "modules: one is missing",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {
            Kernels: boots(OLD, NEW, headers=(OLD, NEW)),
            Modules: on_disk(OLD),
            DriverPackages: WHOLE,
            Dkms: {"nvidia-current": [DkmsModule("nvidia-current", "550.163.01", {OLD: "installed"})]},
        },
        has=[f"sh -s -- nvidia-current 550.163.01 {NEW}\n", "dkms install --force"],
        why=[f"kernel {NEW}: no module, wanted 550.163.01"],
    ),
    Case(
        "modules: one is of another version",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {
            Kernels: boots(NEW, headers=(NEW,)),
            Modules: on_disk(NEW, version="550.1"),
            DriverPackages: WHOLE,
            Dkms: {},
        },
        has=[f"nvidia-current 550.163.01 {NEW}"],
        why=[f"kernel {NEW}: module 550.1, wanted 550.163.01"],
    ),
    Case(
        "modules: none can be built without headers",
        kernels.modules,
        {"packages": DEBIAN.packages},
        {Kernels: boots(OLD, headers=()), Modules: on_disk(), DriverPackages: WHOLE},
    ),
    Case(
        "modules: Ubuntu's ready-signed one comes back with its package",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(None),
        has=[f"--reinstall install {SIGNED}"],
        lacks=["dkms"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is of another version than the user space",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.95.05", "nvidia", is_open=True)),
        has=[f"--reinstall install {SIGNED}"],
        why=["kernel 6.8.0-126-generic: module 580.95.05, wanted 580.178.01"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is of the other flavour",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.178.01", "nvidia", is_open=False)),
        has=[f"--reinstall install {SIGNED}"],
        why=["kernel 6.8.0-126-generic: module 580.178.01 of the other flavour, wanted 580.178.01"],
    ),
    Case(
        "modules: Ubuntu's ready-signed one is right",
        kernels.modules,
        {"packages": UBUNTU.packages},
        signed(module("580.178.01", "nvidia", is_open=True)),
    ),
    Case("initramfs: newer", initramfs.current, {}, {Kernels: boots(NEW)}),
    Case(
        "initramfs: none at all", initramfs.current, {}, {Kernels: boots(NEW, initrd_tool=None, modprobe_changed=200.0)}
    ),
    Case(
        "initramfs: older than the module configuration",
        initramfs.current,
        {},
        {Kernels: boots(NEW, modprobe_changed=200.0)},
        commands=[f"update-initramfs -u -k {NEW}"],
        why=[f"initial RAM file system of {NEW}: older than the files in /etc/modprobe.d"],
    ),
    Case(
        "initramfs: dracut",
        initramfs.current,
        {},
        {Kernels: boots(NEW, modprobe_changed=200.0, initrd_tool="dracut")},
        commands=[f"dracut --quiet --force --kver {NEW}"],
    ),
]

ON = {"on": True, "shipped_static": False}
LOADED = {Modules: ModulesState(running="550.163.01")}
NOT_LOADED = {Modules: ModulesState()}
UNIT = persistence.UNIT


def daemon(**state: Any) -> dict[Any, Any]:
    return {Units: {UNIT: unit(**state)}}


def card(index: int, on: bool | None) -> Card:
    return Card(index, "GeForce RTX 3090", "GPU-x", "0000:03:00.0", "550.163.01", on, 8)


PERSISTENCE = [
    Case("daemon: runs", persistence.daemon, ON, {**LOADED, **daemon()}),
    Case("daemon: not installed", persistence.daemon, ON, {**LOADED}),
    Case(
        "daemon: stopped",
        persistence.daemon,
        ON,
        {**LOADED, **daemon(active="inactive")},
        has=[f"systemctl start {UNIT}"],
    ),
    Case(
        "daemon: started before its drop-in",
        persistence.daemon,
        ON,
        {**LOADED, **daemon(), Files: {persistence.DROP_IN: file(mtime=2000.0)}},
        has=[f"systemctl restart {UNIT}"],
    ),
    Case("daemon: cannot run without a driver", persistence.daemon, ON, {**NOT_LOADED, **daemon(active="failed")}),
    Case(
        "daemon: started at boot at least",
        persistence.daemon,
        ON,
        {**NOT_LOADED, **daemon(active="failed", enabled="disabled")},
        commands=[f"systemctl enable {UNIT}"],
    ),
    Case(
        "daemon: Ubuntu's has to be told",
        persistence.daemon,
        {"on": True, "shipped_static": True},
        {**NOT_LOADED, **daemon(active="inactive", enabled="static", need_daemon_reload=True)},
        commands=["systemctl daemon-reload", f"systemctl enable {UNIT}"],
    ),
    Case(
        "daemon: off",
        persistence.daemon,
        {"on": False, "shipped_static": False},
        {**LOADED, **daemon()},
        commands=[f"systemctl disable {UNIT}", f"systemctl stop {UNIT}"],
    ),
    Case(
        "daemon: off, on Ubuntu: as shipped",
        persistence.daemon,
        {"on": False, "shipped_static": True},
        {**LOADED, **daemon(enabled="enabled", need_daemon_reload=True)},
        commands=["systemctl daemon-reload", f"systemctl disable {UNIT}"],
    ),
    Case("mode: as declared", persistence.mode, {"on": True}, {**LOADED, Smi: [card(0, True), card(1, True)]}),
    Case("mode: no driver loaded", persistence.mode, {"on": True}, {**NOT_LOADED}),
    Case(
        "mode: off on one card",
        persistence.mode,
        {"on": True},
        {**LOADED, Smi: [card(0, True), card(1, False)]},
        commands=["nvidia-smi --persistence-mode=1"],
        why=["persistence mode of card 1: not on, wanted on"],
    ),
    Case(
        "mode: on where it should be off",
        persistence.mode,
        {"on": False},
        {**LOADED, Smi: [card(0, True)]},
        commands=["nvidia-smi --persistence-mode=0"],
    ),
]

URL = "https://developer.download.nvidia.com/compute/cuda/repos/debian13/x86_64"
OURS = "/etc/apt/sources.list.d/rigwright-nvidia.sources"
RING = "/usr/share/keyrings/cuda-archive-keyring.gpg"
OTHERS = {"ours": OURS, "patterns": ["/etc/apt/sources.list.d/cuda-*.list"], "places": [URL], "package": "cuda-keyring"}
KEY = {"url": URL, "key_file": "8793F200.pub", "fingerprint": "0" * 40, "keyring": RING}


def lists(**texts: str) -> dict[Any, Any]:
    named = {
        f"/etc/apt/sources.list.d/{name.replace('_', '-').replace('-list', '.list')}": t for name, t in texts.items()
    }
    named[OURS] = f"Types: deb\nURIs: {URL}/\nSuites: /\nSigned-By: {RING}\n"
    return {Sources: SourcesState({path: SourceFile(text, "644") for path, text in named.items()}, {})}


REPOSITORY = [
    Case("others: none", sources.others_absent, OTHERS, {**lists(), Packages: PackagesState()}),
    Case(
        "others: by name",
        sources.others_absent,
        OTHERS,
        {**lists(cuda_debian12_x86_64_list="deb http://x/ /\n"), Packages: PackagesState()},
        commands=["rm -f -- /etc/apt/sources.list.d/cuda-debian12-x86-64.list"],
    ),
    Case(
        "others: by what they name",
        sources.others_absent,
        OTHERS,
        {**lists(mine_list=f"deb [signed-by=/x.gpg] {URL}/ /\n"), Packages: PackagesState()},
        commands=["rm -f -- /etc/apt/sources.list.d/mine.list"],
    ),
    Case(
        "others: a file that names more than this repository stays",
        sources.others_absent,
        OTHERS,
        {**lists(mine_list=f"deb {URL}/ /\ndeb http://mirror.example/debian trixie main\n"), Packages: PackagesState()},
    ),
    Case(
        "others: NVIDIA's own set-up package",
        sources.others_absent,
        OTHERS,
        {**lists(), Packages: PackagesState(installed={"cuda-keyring": "1.1-1"})},
        has=["--purge remove cuda-keyring"],
    ),
    Case("key: there", repository.key, KEY, {Keyrings: {RING: ["0" * 40]}}),
    Case("key: fetched", repository.key, KEY, {}, has=[f"{URL}/8793F200.pub", "0" * 40]),
    Case(
        "key: its file is named after it where the catalogue does not know it",
        repository.key,
        {**KEY, "key_file": None, "fingerprint": "A" * 32 + "8793F200"},
        {},
        has=[f"{URL}/8793F200.pub"],
    ),
    Case(
        "key: refuses to trust whatever comes",
        repository.key,
        {**KEY, "fingerprint": None},
        {},
        refuses="driver.repository_fingerprint",
    ),
    Case("key: gone", repository.key_absent, {"keyring": RING, "ours": OURS}, {**lists(), Packages: PackagesState()}),
    Case(
        "key: removed",
        repository.key_absent,
        {"keyring": RING, "ours": OURS},
        {**lists(), Packages: PackagesState(), Files: {RING: file()}},
        commands=[f"rm -f -- {RING}"],
    ),
    Case(
        "key: stays while another source needs it",
        repository.key_absent,
        {"keyring": RING, "ours": OURS},
        {**lists(mine_list=f"deb [signed-by={RING}] http://x/ /\n"), Packages: PackagesState(), Files: {RING: file()}},
    ),
]

QUESTION = {"package": "nvidia-support", "question": "nvidia-support/check", "kind": "boolean", "answer": "false"}
SECURE = {Release: replace(RELEASE["trixie"], secure_boot=True)}
MODULE = {"module": "nvidia-current"}
CARD = PciGpu("0000:03:00.0", "0x2204", 8, 16, "", "ampere")
LOADABLE = {Release: RELEASE["trixie"], Kernels: boots(NEW), Modules: on_disk(NEW), Gpus: [CARD]}

LOADING = [
    Case("load: it is", loading.loaded, MODULE, {**LOADABLE, Modules: on_disk(NEW, running="550.163.01")}),
    Case(
        "load: nothing else has the cards",
        loading.loaded,
        MODULE,
        LOADABLE,
        has=["modprobe nvidia-current || {"],
        why=["module nvidia-current: on disk, not loaded"],
    ),
    Case(
        "load: nouveau has the cards",
        loading.loaded,
        MODULE,
        {**LOADABLE, Modules: replace(on_disk(NEW), loaded=frozenset({"nouveau"}))},
    ),
    Case("load: only another kernel has it", loading.loaded, MODULE, {**LOADABLE, Modules: on_disk(OLD)}),
    Case("load: no card", loading.loaded, MODULE, {**LOADABLE, Gpus: []}),
    Case(
        "load: a container",
        loading.loaded,
        MODULE,
        {**LOADABLE, Release: release("trixie", container="systemd-nspawn")},
    ),
]

OTHER = [
    Case("debconf: answered", debconf.answered, QUESTION, {Debconf: {"nvidia-support/check": "false"}}),
    Case(
        "debconf: not answered",
        debconf.answered,
        QUESTION,
        {Debconf: {"nvidia-support/check": "true"}},
        commands=["echo 'nvidia-support nvidia-support/check boolean false' | debconf-set-selections"],
        why=["nvidia-support/check: true, wanted false"],
    ),
    Case("repaired: nothing unfinished", apt.repaired, {}, {Packages: PackagesState()}),
    Case(
        "repaired: what was interrupted is finished, and a module that cannot be built is named",
        apt.repaired,
        {},
        {Packages: PackagesState(unfinished={"linux-headers-amd64": "iU", "nvidia-kernel-dkms": "iF"})},
        has=[
            "sh -s --\n",
            "&& env LC_ALL=C DEBIAN_FRONTEND=noninteractive dpkg --force-confdef",
            "check 2>&1) || case $said in *'frontend lock'*)",
            "-f install",
            "cannot be built for kernel",
        ],
        why=["dpkg left unfinished: linux-headers-amd64, nvidia-kernel-dkms"],
    ),
    Case(
        "repaired: a module that cannot be built does not stop its replacement",
        apt.repaired,
        {"modules_may_fail": True},
        {Packages: PackagesState(audit=True)},
        has=["sh -s -- modules-may-fail\n"],
        why=["dpkg left unfinished: an interrupted run"],
    ),
    Case("secure boot: off", secure_boot.looked_at, MODULE, {**HOST, **NOT_LOADED}),
    Case("refused", refusal.refused, {"text": "no driver can be had"}, refuses="no driver can be had"),
]


@pytest.mark.parametrize("case", [*PACKAGES, *KERNELS, *PERSISTENCE, *REPOSITORY, *LOADING, *OTHER], ids=str)
def test_driver(case: Case) -> None:
    case.check()


@pytest.mark.parametrize(
    ("found", "enrolled", "advised"),
    [
        pytest.param(on_disk(NEW), None, True, id="nothing is loaded"),
        pytest.param(on_disk(NEW), False, True, id="the key is not enrolled"),
        pytest.param(on_disk(NEW), True, False, id="the key is enrolled"),
        pytest.param(on_disk(NEW, running="550.163.01"), None, False, id="this very module is loaded"),
        pytest.param(on_disk(NEW, running="535.1.1"), None, True, id="another module is loaded"),
        pytest.param(ModulesState(), None, True, id="no module yet"),
        pytest.param(
            ModulesState(on_disk={NEW: (Module("nvidia-current", "/lib/modules/k/kernel/x.ko", "1", False, True),)}),
            None,
            False,
            id="the distribution has signed it",
        ),
    ],
)
def test_secure_boot_is_remarked_with_the_one_thing_to_do(
    found: ModulesState, enrolled: bool | None, advised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(secure_boot, "remark", said.append)
    facts = {**SECURE, Kernels: boots(NEW), Modules: found, KeyEnrolled: enrolled}
    Case("", secure_boot.looked_at, MODULE, facts).check()
    assert [("mokutil --import /var/lib/dkms/mok.pub" in text) for text in set(said)] == [True] * advised


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize(
    ("codename", "key"),
    [("trixie", "/var/lib/dkms/mok.pub"), ("noble", "/var/lib/shim-signed/mok/MOK.der")],
)
def test_secure_boot_is_about_the_key_that_the_distribution_signs_with(
    codename: str, key: str, enrolled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(secure_boot, "remark", said.append)
    kernel = RELEASE[codename].kernel_running
    facts = {
        Release: replace(RELEASE[codename], secure_boot=True),
        Kernels: boots(kernel, running=kernel),
        Modules: ModulesState(on_disk={kernel: (module(name="nvidia"),)}),
        KeyEnrolled: lambda path: enrolled if path == key else None,
    }
    Case("", secure_boot.looked_at, {"module": "nvidia"}, facts).check()
    assert [f"`mokutil --import {key}`" in text for text in set(said)] == ([] if enrolled else [True])


def test_a_card_that_nobody_knows_is_remarked(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(packages, "remark", said.append)
    unknown = unknown_cards(catalog(), [CARD, PciGpu("0000:04:00.0", "0x3fff", 8, 16, "", None)])
    Case("", packages.offered, {"wanted": DEBIAN, "unknown": unknown}, {**HOST, DriverPackages: {}}).check()
    assert "card 0000:04:00.0 (10de:3fff): its generation is not known here" in said[0]


def test_a_module_that_secure_boot_keeps_out_is_outstanding(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(loading, "outstanding", said.append)
    facts = {**SECURE, Kernels: boots(NEW), Modules: on_disk(NEW), KeyEnrolled: False, Gpus: [CARD]}
    Case("", loading.loaded, MODULE, facts).check()
    assert "mokutil --import" in said[0]
