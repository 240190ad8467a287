"""What is read of the kernel, its boot loader and its modules' configuration."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rigwright.facts.boot_loader import NORMAL_ENTRIES, BootLoader
from rigwright.facts.kernel_values import BlockQueues, KernelValue, KernelValues
from rigwright.facts.manager_limits import ManagerLimits
from rigwright.facts.module_config import ModuleConfig
from rigwright.facts.sysctl import SysctlFiles


def test_kernel_values() -> None:
    lines = [
        "proc|w|/proc/sys/net/ipv4/tcp_rmem|4096 131072 6291456 ",
        "sysfs|w|/sys/block/sda/queue/scheduler|none [mq-deadline] kyber",
        "ext2/ext3|w|/sys/bus/pci/devices/0000:03:00.0/link/l1_aspm|1",
        "proc|-|/proc/sys/vm/swappiness|60",
    ]
    found = KernelValues().process(lines)
    assert found["/proc/sys/net/ipv4/tcp_rmem"] == KernelValue("4096 131072 6291456", "proc", True)
    assert found["/sys/block/sda/queue/scheduler"].active == "mq-deadline"
    assert [value.own(path, None) for path, value in found.items()] == [True, True, True, False]
    assert [value.own(path, "systemd-nspawn") for path, value in found.items()] == [True, False, True, False]


def test_kernel_values_are_read_by_pattern(tmp_path: Path) -> None:
    for name, text in {"policy0": "performance\n", "policy 1": "a\tb\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "governor").write_text(text)
    command = KernelValues().command(paths=[f"{tmp_path}/policy*/governor", f"{tmp_path}/missing"])
    output = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    found = KernelValues().process(output.splitlines())
    assert {Path(path).parent.name: value.value for path, value in found.items()} == {
        "policy0": "performance",
        "policy 1": "a b",
    }


def test_block_queues() -> None:
    assert BlockQueues().process(["nvme0n1 0", "sda 1", "sdb 0"]) == {"nvme0n1": "nvme", "sda": "hdd", "sdb": "ssd"}


# Recorded on bookworm: procps ships /etc/sysctl.conf, which speaks of itself in a comment.
SYSCTL = """\
# /usr/lib/sysctl.d/50-pid-max.conf
kernel.pid_max = 4194304

# /etc/sysctl.d/60-rigwright.conf
vm.swappiness = 10
net/ipv4/conf/eth0.1/rp_filter = 1

# /etc/sysctl.d/99-sysctl.conf
#
# /etc/sysctl.conf - Configuration file for setting system variables
; vm.swappiness = 1
-net.ipv4.tcp_rmem=4096  131072\t6291456
"""


def test_sysctl_files() -> None:
    assert SysctlFiles().process(SYSCTL.splitlines()) == [
        ("/usr/lib/sysctl.d/50-pid-max.conf", "kernel.pid_max", "4194304"),
        ("/etc/sysctl.d/60-rigwright.conf", "vm.swappiness", "10"),
        ("/etc/sysctl.d/60-rigwright.conf", "net.ipv4.conf.eth0/1.rp_filter", "1"),
        ("/etc/sysctl.d/99-sysctl.conf", "net.ipv4.tcp_rmem", "4096 131072 6291456"),
    ]


def test_boot_loader() -> None:
    state = BootLoader().process(
        [
            "cmdline BOOT_IMAGE=/boot/vmlinuz-6.12.117 root=UUID=1 ro quiet",
            "grub",
            "written 1763881200.5",
            "linux /boot/vmlinuz-6.12.117 root=UUID=1 ro quiet iommu=pt",
        ]
    )
    assert state.running[-1] == "quiet"
    assert len(state.entries) == 1
    assert state.lacking(["iommu=pt", "iommu"]) == ["iommu"]
    assert BootLoader.default().lacking(["a"]) == ["a"]


# After update-grub's output on bookworm with memtest86+, os-prober and an entry of the owner's.
GRUB = """\
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian GNU/Linux' --class debian {
\tlinux\t/boot/vmlinuz-6.1.0-56-amd64 root=UUID=1 ro quiet iommu=pt
\tinitrd\t/boot/initrd.img-6.1.0-56-amd64
}
submenu 'Advanced options' {
\t\tlinux\t/vmlinuz-6.1.0-50-amd64 root=UUID=1 ro quiet iommu=pt
\t\tlinux\t/vmlinuz-6.1.0-50-amd64 root=UUID=1 ro single
\t\tlinux\t/vmlinuz-6.1.0-50-amd64 root=UUID=1 ro recovery nomodeset
}
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/20_memtest86+ ###
\tlinux /boot/memtest86+x64.bin
### END /etc/grub.d/20_memtest86+ ###
### BEGIN /etc/grub.d/30_os-prober ###
\tlinux /boot/vmlinuz-6.8.0-1-generic root=UUID=2 ro quiet
### END /etc/grub.d/30_os-prober ###
### BEGIN /etc/grub.d/40_custom ###
  linux /boot/vmlinuz-rescue root=UUID=1
### END /etc/grub.d/40_custom ###
"""


def test_boot_entries_are_those_of_this_hosts_own_kernels(tmp_path: Path) -> None:
    config = tmp_path / "grub.cfg"
    config.write_text(GRUB)
    command = f"{NORMAL_ENTRIES} {config}"
    output = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    state = BootLoader().process(output.splitlines())
    assert [entry[0] for entry in state.entries] == ["/boot/vmlinuz-6.1.0-56-amd64", "/vmlinuz-6.1.0-50-amd64"]
    assert state.lacking(["iommu=pt"]) == []


# Recorded on trixie with Debian's own driver; modprobe prints names with "_" where it reads "-".
SHOWCONFIG = """\
install nvidia modprobe -i nvidia-current $CMDLINE_OPTS
install nvidia_modeset modprobe nvidia ; modprobe -i nvidia-current-modeset $CMDLINE_OPTS
install nvidia_uvm modprobe nvidia ; modprobe -i nvidia-current-uvm $CMDLINE_OPTS
install bonding /bin/true
options nvidia_current NVreg_EnableGpuFirmware=0 NVreg_RegistryDwords="a=1"
options nvidia_current_uvm uvm_disable_hmm=1
"""


def test_module_config() -> None:
    state = ModuleConfig().process(SHOWCONFIG.splitlines())
    assert state.name_of("nvidia_uvm") == "nvidia-current-uvm"
    assert state.name_of("nvme") is None
    assert state.options["nvidia-current"]["NVreg_EnableGpuFirmware"] == "0"
    assert ModuleConfig.default().name_of("nvidia") is None


def test_manager_limits() -> None:
    assert ManagerLimits().process(["DefaultLimitNOFILE=524288", ""]) == {"DefaultLimitNOFILE": "524288"}
