"""What somebody may do to the toolkits by hand."""

from __future__ import annotations

from tests.system.drift import Drift

DRIFTS = [
    Drift(
        "a toolkit is no longer held",
        "apt-mark unhold cuda-toolkit-12-8",
        "cuda",
        ("Hold the toolkits", "not held: cuda-toolkit-12-8"),
        ("test_held",),
    ),
    Drift(
        "another toolkit is made the default",
        "update-alternatives --set cuda /usr/local/cuda-13.0",
        "cuda",
        ("Set the default toolkit", "/usr/local/cuda-13.0"),
        ("test_default",),
    ),
    Drift(
        "the default link is made by hand",
        "ln -sfn /usr/local/cuda-13.0 /usr/local/cuda",
        "cuda",
        ("Set the default toolkit", "/usr/local/cuda-13.0"),
        ("test_default",),
    ),
    Drift(
        "a toolkit is removed",
        "apt-get -qq -y --allow-change-held-packages purge cuda-toolkit-13-0 cuda-nvcc-13-0",
        "cuda",
        ("Install the toolkits", "cuda-toolkit-13-0: absent"),
        ("test_toolkits",),
        repairs=("Install the toolkits", "Hold the toolkits"),
    ),
    Drift(
        "the default toolkit is taken off the PATH",
        "rm /etc/profile.d/rigwright-cuda.sh",
        "cuda",
        ("Put the default toolkit's programs on PATH", "missing"),
        ("test_default",),
    ),
]
