"""Drivers and toolkits that do not fit: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "branch-missing",
        """
        "driver": {"source": "nvidia"},
        """,
        "basement: driver.branch [inventory/home.py:5]: expected a branch or a version: NVIDIA's "
        "repository holds many, and an upgrade must not happen by itself. Add branch, e.g. 580, the "
        "long-term one.",
    ),
    Wrong(
        "version-of-another-branch",
        """
        "driver": {
            "branch": 580,
            "version": "550.163.01",
        },
        """,
        "basement: driver.version = '550.163.01' [inventory/home.py:7]: expected a version of branch 580, "
        "which driver.branch names. Correct one of the two; a version alone is enough.",
    ),
    Wrong(
        "branch-dropped-the-card",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "Tesla P40", "slot": "PCIE1", "cables": ["EPS"], "supply": "main"},
            ],
        },
        "driver": {"branch": 590},
        """,
        "basement: driver.branch = 590 [inventory/home.py:11]: expected a branch up to 580, the last that "
        "drives Tesla P40 (hardware.gpus.0, Pascal). Set branch to 580.",
    ),
    Wrong(
        "open-modules-for-an-old-card",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {"model": "Tesla P40", "slot": "PCIE1", "cables": ["EPS"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580, "flavour": "open"},
        """,
        "basement: driver.flavour = 'open' [inventory/home.py:11]: expected 'proprietary' or 'auto': the "
        "open modules do not drive Tesla P40 (hardware.gpus.0, Pascal). Use 'auto': it is chosen by the "
        "cards.",
    ),
    Wrong(
        "proprietary-modules-for-blackwell",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1600}},
            "gpus": [
                {"model": "GeForce RTX 5090", "slot": "PCIE1", "cables": ["12V-2x6"], "supply": "main"},
            ],
        },
        "driver": {"branch": 580, "flavour": "proprietary"},
        """,
        "basement: driver.flavour = 'proprietary' [inventory/home.py:11]: expected 'open' or 'auto': the "
        "proprietary modules do not drive GeForce RTX 5090 (hardware.gpus.0, Blackwell). Use 'auto': it "
        "is chosen by the cards.",
    ),
    Wrong(
        "branch-too-old-for-the-card",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1600}},
            "gpus": [
                {"model": "GeForce RTX 5090", "slot": "PCIE1", "cables": ["12V-2x6"], "supply": "main"},
            ],
        },
        "driver": {"branch": 550},
        """,
        "basement: driver.branch = 550 [inventory/home.py:11]: expected a branch of at least 570, the "
        "first that drives GeForce RTX 5090 (hardware.gpus.0, Blackwell). Set branch to 580, with source "
        "'nvidia'.",
    ),
    Wrong(
        "open-modules-of-debian",
        """
        "driver": {"source": "distribution", "flavour": "open"},
        """,
        "basement: driver.flavour = 'open' [inventory/home.py:5]: expected other than the distribution's "
        "open modules, which cannot be used (bookworm: nvidia-open-kernel-dkms 535.261.03 needs "
        "firmware-nvidia-gsp of the same version, and the security archive has 535.309.01: apt cannot "
        "install it; trixie: nvidia-open-kernel-dkms 550.163.01 does not compile against the security "
        "kernel 6.12.117). Set flavour to 'proprietary', or source to 'nvidia' with a branch.",
    ),
    Wrong(
        "no-driver-but-containers-with-gpus",
        """
        "driver": {"source": "none"},
        """,
        "basement: driver.source = 'none' [inventory/home.py:5]: expected a driver, which NVIDIA's "
        "container toolkit (containers.toolkit) needs. Set the driver's source, or "
        "containers.toolkit.state to 'absent'.",
    ),
    Wrong(
        "toolkit-newer-than-the-driver",
        """
        "driver": {"branch": 550},
        "cuda": {"toolkits": ["13.0"]},
        """,
        "basement: cuda.toolkits.0 = '13.0' [inventory/home.py:6]: expected a driver of at least "
        "580.65.06, which CUDA 13.0 needs: driver.branch is 550. Set driver.branch to 580 or later, or "
        "use CUDA 12.4, the newest that this driver runs.",
    ),
    Wrong(
        "toolkit-newer-than-debians-driver",
        """
        "driver": {"source": "distribution"},
        "cuda": {"toolkits": ["12.8"]},
        """,
        "basement: cuda.toolkits.0 = '12.8' [inventory/home.py:6]: expected a driver of at least 570.26, "
        "which CUDA 12.8 needs: the distribution's driver is of branch 550 at most. Set driver.source to "
        "'nvidia' and driver.branch to 570 or later, or use CUDA 12.4, the newest that this driver runs.",
    ),
    Wrong(
        "toolkit-unknown",
        """
        "driver": {"branch": 580},
        "cuda": {"toolkits": ["12.18"]},
        """,
        "basement: cuda.toolkits.0 = '12.18' [inventory/home.py:6]: expected a toolkit whose least driver "
        "is known: 13.2, 13.1, 13.0, 12.9, 12.8, 12.6, 12.5, 12.4, 12.3, 12.2, 12.1, 12.0, 11.8; did you "
        "mean '12.8'? Correct it, or add it with its least driver to rigwright/catalog/cuda.toml.",
    ),
    Wrong(
        "default-toolkit-not-there",
        """
        "driver": {"branch": 580},
        "cuda": {"toolkits": ["12.8"], "default": "12.9"},
        """,
        "basement: cuda.default = '12.9' [inventory/home.py:6]: expected one of cuda.toolkits: 12.8; did "
        "you mean '12.8'? Add it to the toolkits, or choose one of them.",
    ),
]
