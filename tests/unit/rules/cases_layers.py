"""Rules over containers and tuning."""

from __future__ import annotations

from typing import Any

from tests.unit.rules.case import UUID, Case, Parts


def containers(**keys: Any) -> Parts:
    return {"containers": keys}


DISK = {"base": {"disks": {"data": {"mount": "/srv/data", "uuid": UUID}}}}

LAYERS = [
    Case(
        "containers.podman-vendor",
        "containers.source",
        containers(engine="podman", source="vendor"),
        containers(engine="podman"),
    ),
    Case(
        "containers.podman-daemon",
        "containers.daemon",
        containers(engine="podman", daemon={"debug": True}),
        containers(daemon={"debug": True}),
    ),
    Case(
        "containers.repository-unused",
        "containers.repository_url",
        containers(repository_url="https://mirror.example"),
        containers(repository_url="https://mirror.example", source="vendor"),
    ),
    Case(
        "containers.toolkit-old",
        "containers.toolkit.version",
        containers(toolkit={"version": "1.17.8"}),
        containers(toolkit={"version": "1.18.0"}),
    ),
    Case(
        "containers.toolkit-regression",
        "containers.toolkit.version",
        containers(toolkit={"version": "1.19.1"}),
        containers(toolkit={"version": "1.19.0"}),
    ),
    Case(
        "containers.daemon-key",
        "containers.daemon.log-opts",
        containers(daemon={"log-opts": {}}),
        containers(daemon={"dns": ["192.168.1.1"]}),
    ),
    Case(
        "containers.daemon-hosts",
        "containers.daemon.hosts",
        containers(daemon={"hosts": ["tcp://0.0.0.0"]}),
        containers(state="absent", daemon={"hosts": ["tcp://0.0.0.0"]}),
    ),
    Case(
        "containers.data-root-above-disk",
        "containers.data_root",
        {**containers(data_root="/srv"), **DISK},
        {**containers(data_root="/srv/data"), **DISK},
    ),
    Case(
        "containers.data-root-off-disk",
        "containers.data_root",
        {**containers(data_root="/srv/date/docker"), **DISK},
        {**containers(data_root="/var/lib/images"), **DISK},
    ),
    Case(
        "containers.mirror",
        "containers.registry_mirrors.0",
        containers(registry_mirrors=["mirror.example"]),
        containers(registry_mirrors=["https://mirror.example"]),
    ),
    Case(
        "tuning.cmdline-twice",
        "tuning.kernel_cmdline.1",
        {"tuning": {"kernel_cmdline": ["iommu=pt", "iommu=pt"]}},
        {"tuning": {"kernel_cmdline": ["console=tty0", "console=ttyS0"]}},
    ),
    Case(
        "tuning.cmdline-aspm",
        "tuning.kernel_cmdline.0",
        {"tuning": {"kernel_cmdline": ["pcie_aspm=off"]}},
        {"tuning": {"kernel_cmdline": ["pcie_aspm.policy=performance"], "aspm": "off"}},
    ),
    Case(
        "tuning.module-name",
        "tuning.module_options.nvidia-current-uvm",
        {"tuning": {"module_options": {"nvidia-current-uvm": {"uvm_disable_hmm": 1}}}},
        {"tuning": {"module_options": {"nvidia_uvm": {"uvm_disable_hmm": 1}}}},
    ),
    Case(
        "tuning.module-option",
        "tuning.module_options.nvidia.EnableGpuFirmware",
        {"tuning": {"module_options": {"nvidia": {"EnableGpuFirmware": 0}}}},
        {"tuning": {"module_options": {"nvidia": {"NVreg_EnableGpuFirmware": 0}, "nvme": {"poll_queues": 1}}}},
    ),
    Case(
        "tuning.docker-forwarding",
        "tuning.sysctl.net.ipv4.ip_forward",
        {"tuning": {"sysctl": {"net.ipv4.ip_forward": "0"}}},
        {"tuning": {"sysctl": {"net.ipv4.ip_forward": 0}}, "containers": {"engine": "podman"}},
    ),
]
