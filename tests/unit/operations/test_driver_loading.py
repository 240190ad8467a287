"""Loading the driver, and what Secure Boot has against it: facts in, commands out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rigwright.facts.files import Contents
from rigwright.facts.gpus import Gpus
from rigwright.facts.kernels import Kernels
from rigwright.facts.modules import Module, Modules, ModulesState
from rigwright.facts.release import Release
from rigwright.facts.secure_boot import KeyEnrolled
from rigwright.operations.driver import loading, secure_boot
from tests.unit.operations.driver_hosts import CARD, HOST, MODULE, NEW, NOT_LOADED, OLD, boots, module, on_disk
from tests.unit.operations.harness import Case, run
from tests.unit.operations.releases import RELEASE, release

SECURE = {Release: replace(RELEASE["trixie"], secure_boot=True)}
LOADABLE = {Release: RELEASE["trixie"], Kernels: boots(NEW), Modules: on_disk(NEW), Gpus: [CARD]}
LOADING = [
    Case("load: it is", loading.loaded, MODULE, {**LOADABLE, Modules: on_disk(NEW, running="550.163.01")}),
    Case(
        "load: nothing else has the cards",
        loading.loaded,
        MODULE,
        {**LOADABLE, Contents: {}},
        has=["{ modprobe nvidia-current 2> /run/rigwright/not-loaded || "],
        lacks=["exit 1"],
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
    Case("secure boot: off", secure_boot.looked_at, MODULE, {**HOST, **NOT_LOADED}),
]


@pytest.mark.parametrize("case", LOADING, ids=str)
def test_loading(case: Case) -> None:
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


def test_a_module_that_the_kernel_does_not_take_is_outstanding(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(loading, "outstanding", said.append)
    refused = {loading.REFUSED: "modprobe: ERROR: could not insert 'nvidia': No such device\nNVRM: BAR1 is 0M\n"}
    run(loading.loaded, MODULE, {**LOADABLE, Contents: refused})
    assert set(said) == {
        "the driver is not loaded: modprobe: ERROR: could not insert 'nvidia': No such device / NVRM: BAR1 is 0M"
    }


def test_a_module_that_secure_boot_keeps_out_is_outstanding(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(loading, "outstanding", said.append)
    facts = {**SECURE, Kernels: boots(NEW), Modules: on_disk(NEW), KeyEnrolled: False, Gpus: [CARD]}
    Case("", loading.loaded, MODULE, facts).check()
    assert "mokutil --import" in said[0]
