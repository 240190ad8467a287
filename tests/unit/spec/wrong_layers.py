"""Base, containers and tuning that cannot be: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "timezone-unknown",
        """
        "base": {"timezone": "Europe/Berln"},
        "driver": {"branch": 580},
        """,
        "basement: base.timezone = 'Europe/Berln' [inventory/home.py:5]: expected the IANA name of a time "
        "zone, e.g. 'Europe/Berlin'; did you mean 'Europe/Berlin'? Correct the name.",
    ),
    Wrong(
        "swap-without-size",
        """
        "base": {"swap": {"kind": "zram"}},
        "driver": {"branch": 580},
        """,
        "basement: base.swap.size_gib [inventory/home.py:5]: expected a size in GiB, which swap of kind "
        "'zram' needs. Add size_gib.",
    ),
    Wrong(
        "disk-without-identity",
        """
        "base": {"disks": {"data": {"mount": "/srv"}}},
        "driver": {"branch": 580},
        """,
        "basement: base.disks.data [inventory/home.py:5]: expected exactly one of uuid (a file system "
        "that is there) and format (the serial number of a drive that may be formatted): neither is "
        "given. Add uuid, as `lsblk -o NAME,UUID` prints it on the host.",
    ),
    Wrong(
        "mount-twice",
        """
        "base": {
            "disks": {
                "a": {"mount": "/srv", "uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"},
                "b": {"mount": "/srv", "uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a78"},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: base.disks.b.mount = '/srv' [inventory/home.py:8]: expected a mount of its own: "
        "base.disks.a has the same. Correct one of the two.",
    ),
    Wrong(
        "disk-over-the-system",
        """
        "base": {"disks": {"a": {"mount": "/usr", "uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"}}},
        "driver": {"branch": 580},
        """,
        "basement: base.disks.a.mount = '/usr' [inventory/home.py:5]: expected a mount point for data: "
        "without the disk the host could not boot, or nobody could log in, though data disks may be missing. Choose "
        "another, e.g. '/srv'.",
    ),
    Wrong(
        "package-of-another-layer",
        """
        "base": {"packages": {"nvidia-smi": True}},
        "driver": {"branch": 580},
        """,
        "basement: base.packages.nvidia-smi = True [inventory/home.py:5]: expected no package of layer "
        "'driver', which installs, pins and holds it. Remove it here, and declare it under 'driver'.",
    ),
    Wrong(
        "podman-from-docker",
        """
        "containers": {"engine": "podman", "source": "vendor"},
        "driver": {"branch": 580},
        """,
        "basement: containers.source = 'vendor' [inventory/home.py:5]: expected 'distribution': there is "
        "no vendor's repository for podman. Set source to 'distribution', or engine to 'docker'.",
    ),
    Wrong(
        "daemon-key-with-a-key-of-its-own",
        """
        "containers": {"daemon": {"data-root": "/srv/docker"}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.data-root = '/srv/docker' [inventory/home.py:5]: expected a key that "
        "has none of its own here: this one is containers.data_root. Declare it there.",
    ),
    Wrong(
        "data-root-beside-the-disk",
        """
        "base": {"disks": {"data": {"mount": "/srv", "uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"}}},
        "containers": {"data_root": "/svr/docker"},
        "driver": {"branch": 580},
        """,
        "basement: containers.data_root = '/svr/docker' [inventory/home.py:6]: expected a place on a "
        "declared disk (/srv) or under /var; did you mean '/srv/docker'? Correct the path: what is "
        "kept there would fill the system's disk.",
    ),
    Wrong(
        "word-twice",
        """
        "tuning": {"kernel_cmdline": ["iommu=pt", "iommu=off"]},
        "driver": {"branch": 580},
        """,
        "basement: tuning.kernel_cmdline.1 = 'iommu=off' [inventory/home.py:5]: expected each word once: "
        "'iommu' is there already, as 'iommu=pt'. Keep one of them.",
    ),
    Wrong(
        "module-under-debians-name",
        """
        "tuning": {"module_options": {"nvidia-current": {"NVreg_EnableGpuFirmware": 0}}},
        "driver": {"branch": 580},
        """,
        "basement: tuning.module_options.nvidia-current [inventory/home.py:5]: expected upstream's name, "
        "'nvidia': it is written under the name that the installed packages use; did you mean 'nvidia'? "
        "Rename it.",
    ),
    Wrong(
        "forwarding-off-under-docker",
        """
        "tuning": {"sysctl": {"net.ipv4.ip_forward": 0}},
        "driver": {"branch": 580},
        """,
        "basement: tuning.sysctl.net.ipv4.ip_forward = 0 [inventory/home.py:5]: expected 1, or no such "
        "entry: without forwarding Docker's containers have no network. Remove it.",
    ),
]
