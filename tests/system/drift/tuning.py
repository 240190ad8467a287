"""Broken by hand: layer tuning. For a host like `tests.system.declared.FULL`."""

from __future__ import annotations

from tests.system.drift import Drift

DRIFTS = [
    Drift(
        "a sysctl set to something else at runtime",
        "sysctl -w net.ipv4.tcp_fin_timeout=61",
        "tuning",
        plan_names=("Set sysctl settings", "net.ipv4.tcp_fin_timeout: 61, wanted 30"),
        verify_names=("test_sysctl",),
    ),
    Drift(
        "the sysctl file removed",
        "rm /etc/sysctl.d/60-rigwright.conf",
        "tuning",
        plan_names=("Have sysctl settings set at boot", "/etc/sysctl.d/60-rigwright.conf: missing"),
        verify_names=("test_sysctl_at_boot",),
    ),
    Drift(
        "the limits of logins edited",
        "sed -i 's/nofile .*/nofile 1024/' /etc/security/limits.d/60-rigwright.conf",
        "tuning",
        plan_names=("Limit logins", "content differs"),
        verify_names=("test_open_files",),
    ),
    Drift(
        "systemd's default limits overruled and read again",
        "printf '[Manager]\\nDefaultLimitNOFILE=4096\\n' > /etc/systemd/system.conf.d/60-rigwright.conf"
        " && systemctl daemon-reload",
        "tuning",
        plan_names=("Limit services", "DefaultLimitNOFILE: 4096, wanted 131072"),
        verify_names=("test_open_files",),
    ),
    Drift(
        "a link put back to sleep",
        "echo 1 > /sys/bus/pci/devices/0000:04:00.0/link/l1_aspm",
        "tuning",
        plan_names=("Keep the GPUs' links awake", "0000:04:00.0/link/l1_aspm: 1, wanted 0"),
        verify_names=("test_links_stay_awake",),
    ),
    Drift(
        "what keeps the links awake from boot masked",
        "rm /etc/systemd/system/rigwright-gpu-links.service && systemctl mask rigwright-gpu-links.service",
        "tuning",
        plan_names=("Write rigwright-gpu-links.service", "link to /dev/null, wanted a file"),
        verify_names=("test_links_stay_awake",),
    ),
    Drift(
        "module options edited",
        "sed -i 's/=1$/=0/' /etc/modprobe.d/rigwright-options.conf",
        "tuning",
        plan_names=("Write module options", "rigwright-options.conf: content differs"),
        verify_names=("test_module_options",),
        repairs=(
            "Rebuild the initial RAM file systems",
            "Write module options",
            "Carry the module options into the initial RAM file systems",
        ),
    ),
    Drift(
        "the CPU governor changed at runtime",
        "for g in /sys/devices/system/cpu/cpufreq/policy*/scaling_governor; do echo powersave > $g; done",
        "tuning",
        plan_names=("Set the CPU governor", "powersave, wanted performance"),
        verify_names=("test_cpu_governor",),
    ),
    Drift(
        "the CPU governor's unit disabled",
        "systemctl disable rigwright-cpu-governor.service",
        "tuning",
        plan_names=("Set the CPU governor at boot", "disabled, wanted enabled"),
        verify_names=("test_cpu_governor",),
    ),
]
