"""The operations of layer tuning: facts in, commands out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rigwright.facts.boot_loader import BootLoader, BootLoaderState
from rigwright.facts.files import Contents, Files
from rigwright.facts.kernel_values import KernelValue, KernelValues
from rigwright.facts.manager_limits import ManagerLimits
from rigwright.facts.module_config import ModuleConfig, ModuleConfigState
from rigwright.facts.release import Release
from rigwright.facts.sysctl import SysctlFiles
from rigwright.operations import kernel_cmdline, kernel_values, module_loads, module_options, resource_limits, sysctl
from tests.unit.operations.harness import Case, file, run
from tests.unit.operations.releases import RELEASE, release

MACHINE = {Release: RELEASE["trixie"]}
CONTAINER = {Release: release("trixie", container="systemd-nspawn")}
SWAPPINESS, SOMAXCONN = "/proc/sys/vm/swappiness", "/proc/sys/net/core/somaxconn"
CONNTRACK, BRIDGE = "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/bridge/bridge-nf-call-iptables"
RECORD = "/var/lib/rigwright/before/sysctl.json"


def values(**found: tuple[str, str]) -> dict[Any, Any]:
    """KernelValues with these; the two paths above by name."""
    paths = {"swappiness": SWAPPINESS, "somaxconn": SOMAXCONN}
    return {KernelValues: {paths[name]: KernelValue(value, kind, True) for name, (value, kind) in found.items()}}


def before(**recorded: str) -> dict[Any, Any]:
    paths = {"swappiness": SWAPPINESS, "somaxconn": SOMAXCONN}
    return {Contents: {RECORD: json.dumps({paths[name]: value for name, value in recorded.items()})}}


SET = {"wanted": {SWAPPINESS: "10", SOMAXCONN: "2048"}, "record": RECORD}
BOTH = values(swappiness=("60", "proc"), somaxconn=("4096", "proc"))
GRUB = {"wanted": ["iommu=pt"]}
LACKING = BootLoaderState(grub=True, written=100.0, entries=(("root=1", "quiet"),))
HAVING = BootLoaderState(grub=True, written=100.0, entries=(("root=1", "quiet", "iommu=pt"),))
NO_GRUB = BootLoaderState()


def grub(state: BootLoaderState, words: list[str] | None, mtime: float = 50.0) -> dict[Any, Any]:
    text = None if words is None else kernel_cmdline.drop_in(words)
    files = {} if text is None else {kernel_cmdline.DROP_IN: file(text, mtime=mtime)}
    return {BootLoader: state, Contents: {kernel_cmdline.DROP_IN: text}, Files: files}


NVIDIA = {"options": {"nvidia": {"NVreg_EnableGpuFirmware": 0}, "nvidia_uvm": {"uvm_disable_hmm": 1}}}
DEBIANS = ModuleConfigState(real={"nvidia": "nvidia-current", "nvidia-uvm": "nvidia-current-uvm"})
CASES = [
    Case(
        "values: set, and what stood there remembered first",
        kernel_values.in_force,
        SET,
        {**MACHINE, **BOTH},
        has=[f'mv -fT "$new" {RECORD}', f"set_value {SOMAXCONN} 2048\nset_value {SWAPPINESS} 10"],
        why=["net.core.somaxconn: 4096, wanted 2048", "vm.swappiness: 60, wanted 10"],
    ),
    Case(
        "values: in force",
        kernel_values.in_force,
        SET,
        {
            **MACHINE,
            **values(swappiness=("10", "proc"), somaxconn=("2048", "proc")),
            **before(swappiness="60", somaxconn="4096"),
        },
    ),
    Case(
        "values: a container sets what is its own",
        kernel_values.in_force,
        SET,
        {**CONTAINER, **BOTH},
        has=[f"set_value {SOMAXCONN} 2048"],
        lacks=["swappiness"],
        why=["net.core.somaxconn: 4096, wanted 2048"],
    ),
    Case(
        "values: a made tree in a container is its own",
        kernel_values.in_force,
        {**SET, "wanted": {SWAPPINESS: "10"}},
        {**CONTAINER, **values(swappiness=("60", "ext2/ext3"))},
        has=[f"set_value {SWAPPINESS} 10"],
    ),
    Case(
        "values: no longer declared",
        kernel_values.in_force,
        {**SET, "wanted": {}},
        {**MACHINE, **values(swappiness=("10", "proc")), **before(swappiness="60")},
        has=[f"set_value {SWAPPINESS} 60", f"rm -f -- {RECORD}"],
        why=["vm.swappiness: 10, no longer declared, before us 60"],
    ),
    Case(
        "values: unknown to the kernel",
        kernel_values.in_force,
        {**SET, "wanted": {"/proc/sys/vm/swapiness": "10"}},
        {**MACHINE, KernelValues: {}},
        refuses="vm.swapiness: the kernel has no such setting, or its module is not loaded. Correct the name, or",
    ),
    Case(
        "modules: loaded now and at boot, once for all their settings",
        module_loads.for_settings,
        {"paths": [CONNTRACK, BRIDGE, SWAPPINESS]},
        {**MACHINE, KernelValues: {CONNTRACK: KernelValue("1", "proc", True)}},
        has=["<<<\n# Written by Rigwright.\nbr_netfilter\nnf_conntrack\n", "modprobe br_netfilter"],
        lacks=["modprobe nf_conntrack"],
        why=[
            f"{module_loads.FILE}: missing",
            "module br_netfilter: not loaded, and net.bridge.bridge-nf-call-iptables comes with it",
        ],
    ),
    Case(
        "modules: a container's kernel is the machine's",
        module_loads.for_settings,
        {"paths": [CONNTRACK]},
        {**CONTAINER, KernelValues: {}, Contents: {module_loads.FILE: "# Written by Rigwright.\nnf_conntrack\n"}},
    ),
    Case("modules: none is needed", module_loads.for_settings, {"paths": [SWAPPINESS]}, MACHINE),
    Case(
        "modules: no longer needed",
        module_loads.for_settings,
        {"paths": []},
        {**MACHINE, Contents: {module_loads.FILE: "x"}},
        commands=[f"rm -f -- {module_loads.FILE}"],
    ),
    Case("values: none", kernel_values.in_force, {**SET, "wanted": {}}, {**MACHINE, KernelValues: {}}),
    Case(
        "values: unknown to the kernel",
        kernel_values.in_force,
        {**SET, "wanted": {"/proc/sys/net/foo": "1"}},
        {**MACHINE, KernelValues: {}},
        refuses="net.foo: the kernel has no such setting",
    ),
    Case(
        "sysctl: written for the next boot",
        sysctl.at_boot,
        {"values": {"vm.swappiness": "10"}},
        {SysctlFiles: [("/usr/lib/sysctl.d/50-x.conf", "vm.swappiness", "30")]},
        has=["<<<\n# Written by Rigwright.\nvm.swappiness = 10\n"],
        why=[f"{sysctl.FILE}: missing"],
    ),
    Case(
        "sysctl: a later file would win",
        sysctl.at_boot,
        {"values": {"vm.swappiness": "10"}},
        {SysctlFiles: [("/etc/sysctl.d/99-local.conf", "vm.swappiness", "30")]},
        refuses="vm.swappiness = 30 in /etc/sysctl.d/99-local.conf is read after",
    ),
    Case("sysctl: nothing declared", sysctl.at_boot, {"values": {}}, {SysctlFiles: []}),
    Case(
        "GRUB: words missing",
        kernel_cmdline.words,
        GRUB,
        {**MACHINE, **grub(LACKING, None)},
        has=['GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT iommu=pt"\n', "update-grub && "],
        why=[f"{kernel_cmdline.DROP_IN}: missing"],
    ),
    Case("GRUB: words there", kernel_cmdline.words, GRUB, {**MACHINE, **grub(HAVING, ["iommu=pt"])}),
    Case(
        "GRUB: the drop-in was written, and then the power went",
        kernel_cmdline.words,
        GRUB,
        {**MACHINE, **grub(LACKING, ["iommu=pt"], mtime=200.0)},
        has=["update-grub && "],
        lacks=["mv -fT"],
        why=["/boot/grub/grub.cfg: lacks iommu=pt"],
    ),
    Case(
        "GRUB: other words are newer than its entries",
        kernel_cmdline.words,
        GRUB,
        {**MACHINE, **grub(HAVING, ["iommu=pt"], mtime=200.0)},
        has=["update-grub && "],
        why=["/boot/grub/grub.cfg: older than /etc/default/grub.d/50-rigwright.cfg"],
    ),
    Case(
        "GRUB: words taken back, the drop-in last",
        kernel_cmdline.words,
        {"wanted": []},
        {**MACHINE, **grub(HAVING, ["iommu=pt"])},
        has=["update-grub", f"rm -f -- {kernel_cmdline.DROP_IN}"],
        why=[f"{kernel_cmdline.DROP_IN}: present, wanted absent"],
    ),
    Case(
        "GRUB: taking back was interrupted after update-grub",
        kernel_cmdline.words,
        {"wanted": []},
        {**MACHINE, **grub(LACKING, [])},
        commands=[f"rm -f -- {kernel_cmdline.DROP_IN}"],
    ),
    Case("GRUB: none here", kernel_cmdline.words, GRUB, {**MACHINE, **grub(NO_GRUB, None)}, refuses="needs GRUB"),
    Case("GRUB: none here, none wanted", kernel_cmdline.words, {"wanted": []}, {**MACHINE, **grub(NO_GRUB, None)}),
    Case(
        "GRUB: a container has no boot of its own",
        kernel_cmdline.words,
        GRUB,
        {**CONTAINER, **grub(LACKING, None)},
        has=["iommu=pt"],
        lacks=["update-grub"],
    ),
    Case(
        "module options: under Debian's names",
        module_options.declared,
        NVIDIA,
        {ModuleConfig: DEBIANS},
        has=["options nvidia-current NVreg_EnableGpuFirmware=0\noptions nvidia-current-uvm uvm_disable_hmm=1\n"],
        why=[f"{module_options.FILE}: missing"],
    ),
    Case(
        "module options: before any driver is there, by what is declared",
        module_options.declared,
        {**NVIDIA, "main_module": "nvidia-current"},
        {ModuleConfig: ModuleConfigState()},
        has=["options nvidia-current NVreg_EnableGpuFirmware=0\noptions nvidia-current-uvm uvm_disable_hmm=1\n"],
    ),
    Case(
        "module options: NVIDIA's and Ubuntu's packages, and other modules",
        module_options.declared,
        {"options": {"nvidia": {"NVreg_RegistryDwords": "a=1 b=2"}, "nvme": {"poll_queues": 4}}},
        {ModuleConfig: ModuleConfigState()},
        has=['options nvidia NVreg_RegistryDwords="a=1 b=2"\noptions nvme poll_queues=4\n'],
    ),
    Case("module options: none", module_options.declared, {"options": {"nvidia": {}}}),
    Case(
        "logins: everybody, and root by name",
        resource_limits.of_logins,
        {"limits": {"nofile": "65536"}},
        has=["* - nofile 65536\nroot - nofile 65536\n"],
    ),
    Case(
        "services: the file is there, systemd has not read it",
        resource_limits.of_services,
        {"limits": {"NOFILE": "65536"}},
        {
            Contents: {resource_limits.SERVICES: "# Written by Rigwright.\n[Manager]\nDefaultLimitNOFILE=65536\n"},
            ManagerLimits: {"DefaultLimitNOFILE": "524288", "DefaultLimitNOFILESoft": "1024"},
        },
        commands=["systemctl daemon-reload"],
        why=["DefaultLimitNOFILESoft: 1024, wanted 65536; DefaultLimitNOFILE: 524288, wanted 65536"],
    ),
    Case(
        "services: taken back, the file last",
        resource_limits.of_services,
        {"limits": {}},
        {Contents: {resource_limits.SERVICES: "[Manager]\nDefaultLimitNOFILE=65536\n"}},
        has=["<<<\n# Written by Rigwright.\n[Manager]\n", "systemctl daemon-reload && rm -f --"],
        lacks=["NOFILE"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_operations(case: Case) -> None:
    case.check()


def test_the_former_value_is_remembered_once() -> None:
    facts = {**MACHINE, **values(swappiness=("30", "proc")), **before(swappiness="60")}
    commands = run(kernel_values.in_force, {"wanted": {SWAPPINESS: "10"}, "record": RECORD}, facts).commands
    assert len(commands) == 1, "60 is what stood there before us, whoever set 30"


def test_setting_a_value_says_when_the_kernel_does_not_take_it(tmp_path: Path) -> None:
    taken, scheduler = tmp_path / "taken", tmp_path / "scheduler"
    taken.write_text("1\n")
    facts = {**MACHINE, KernelValues: {str(taken): KernelValue("1", "sysfs", True)}}
    arguments = {"wanted": {str(taken): "2 3"}, "record": RECORD}
    _, script = run(kernel_values.in_force, arguments, facts).commands
    assert subprocess.run(["sh", "-c", script], check=True).returncode == 0
    assert taken.read_text() == "2 3\n"
    scheduler.write_text("none [mq-deadline]\n")
    gone = script.replace(str(taken), "/proc/version")
    refused = subprocess.run(["sh", "-c", gone], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "/proc/version" in refused.stderr


GRUB_CFG = """
### BEGIN /etc/grub.d/10_linux ###
\tlinux /boot/vmlinuz-6.12 root=UUID=1 ro  quiet iommu=pt
    linux /boot/vmlinuz-6.12 root=UUID=1 ro single
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/20_memtest86+ ###
\tlinux /boot/memtest86+x64.bin
### END /etc/grub.d/20_memtest86+ ###
"""


@pytest.mark.parametrize(("words", "missing"), [(["iommu=pt"], ""), (["quiet", "iommu"], "iommu"), (["a.b"], "a.b")])
def test_a_word_that_update_grub_lost_is_named(tmp_path: Path, words: list[str], missing: str) -> None:
    cfg = tmp_path / "grub.cfg"
    cfg.write_text(GRUB_CFG)
    facts = {**MACHINE, **grub(LACKING, words)}
    (command,) = run(kernel_cmdline.words, {"wanted": words}, facts).commands
    script = command.replace("update-grub", "true").replace("/boot/grub/grub.cfg", str(cfg))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == bool(missing), done.stderr
    assert (f"lacks {missing}: another file in /etc/default/grub.d" in done.stderr) == bool(missing)
