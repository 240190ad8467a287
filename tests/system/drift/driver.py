"""What somebody may do to the driver by hand."""

from __future__ import annotations

from tests.system.drift import Drift

_KERNEL = "$(ls /boot/vmlinuz-* | sed 's|.*vmlinuz-||' | tail -n 1)"
_LOOSE = "--allow-downgrades --allow-change-held-packages"

DRIFTS = [
    Drift(
        "a package of the driver is no longer held",
        "apt-mark unhold libcuda1",
        "driver",
        ("Hold the driver's packages", "not held: libcuda1"),
        ("test_held",),
    ),
    Drift(
        "a kernel's headers are removed",
        f"apt-get -qq -y purge linux-headers-{_KERNEL}",
        "driver",
        ("Install headers for every kernel", "linux-headers-"),
        ("test_headers",),
    ),
    Drift(
        "the pin is weakened",
        "sed -i 's/^Pin-Priority: 1000/Pin-Priority: 100/' /etc/apt/preferences.d/00-rigwright-nvidia.pref",
        "driver",
        ("Pin the driver", "content differs"),
        ("test_pin",),
    ),
    Drift(
        "a kernel module is deleted",
        f"rm /lib/modules/{_KERNEL}/updates/dkms/nvidia.ko*; depmod {_KERNEL}",
        "driver",
        ("Have a module for every kernel", "no module"),
        ("test_module_for_every_kernel",),
    ),
    Drift(
        "the repository's key is replaced",
        "cat /usr/share/keyrings/debian-archive-keyring.gpg > /usr/share/keyrings/cuda-archive-keyring.gpg",
        "driver",
        ("Fetch the repository's key", "does not hold key"),
        ("test_key",),
    ),
    Drift(
        "nouveau is let in again",
        "rm /etc/modprobe.d/rigwright-nouveau.conf",
        "driver",
        ("Keep the kernel's own drivers off the cards", "missing"),
        ("test_rivals_are_kept_out",),
        repairs=("Keep the kernel's own drivers off the cards", "Rebuild the initial RAM file systems"),
    ),
    Drift(
        "module configuration changes under an old initial RAM file system",
        "touch /etc/modprobe.d/dkms.conf",
        "driver",
        ("Rebuild the initial RAM file systems", "older than the files in /etc/modprobe.d"),
        ("test_rivals_are_kept_out",),
    ),
    Drift(
        "a package of the driver is removed",
        "dpkg --remove --force-hold nvidia-driver-cuda",
        "driver",
        ("Install the driver", "nvidia-driver-cuda absent"),
        ("test_source", "test_version"),
        repairs=("Install the driver", "Hold the driver's packages"),
    ),
    Drift(
        "a package of the driver is of an older version",
        f"apt-get -qq -y {_LOOSE} install nvidia-modprobe=580.95.05-1",
        "driver",
        ("Install the driver", "nvidia-modprobe 580.95.05-1, wanted"),
        ("test_version",),
        repairs=("Install the driver", "Hold the driver's packages"),
    ),
    Drift(
        "a package of the driver is left half installed",
        "cd /tmp && apt-get -qq download nvidia-modprobe && dpkg --unpack --force-hold nvidia-modprobe_*.deb",
        "base",
        ("Finish what dpkg left half done", "nvidia-modprobe"),
        ("test_dpkg", "test_held"),
        repairs=("Finish what dpkg left half done", "Hold the driver's packages"),
    ),
    Drift(
        "NVIDIA's repository of another release is added",
        "echo 'deb [trusted=yes] https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ /'"
        " > /etc/apt/sources.list.d/cuda-debian12-x86_64.list",
        "base",
        ("Remove other lists of NVIDIA's repository", "cuda-debian12-x86_64.list"),
        ("test_repository",),
    ),
    Drift(
        "the persistence daemon is disabled",
        "systemctl disable nvidia-persistenced.service",
        "tuning",
        ("Run the persistence daemon as declared", "disabled, wanted enabled"),
        ("test_persistence_at_boot",),
    ),
]
