"""CUDA toolkits on the host."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyinfra.api import FactBase

LINK = "/usr/local/cuda"

_COMMAND = rf"""
export LC_ALL=C
if [ -L {LINK} ]; then echo "link=$(readlink {LINK})"; echo "resolved=$(readlink -f {LINK})"
elif [ -e {LINK} ]; then echo link=folder; fi
update-alternatives --query cuda 2>/dev/null |
    sed -n 's/^Status: /status=/p; s/^Value: /value=/p; s/^Alternative: /known=/p'
for prefix in /usr/local/cuda-* /usr/lib/nvidia-cuda-toolkit; do
    nvcc=$prefix/bin/nvcc
    if [ -x "$nvcc" ]; then echo "nvcc=$prefix|$("$nvcc" --version 2>/dev/null | grep release)"; fi
done
true
"""


@dataclass(frozen=True)
class CudaState:
    """What `CudaToolkits` found.

    ``link``: where /usr/local/cuda points ("folder" if it is none, None if nothing is there), ``resolved``: its end;
    ``mode``: update-alternatives' "auto" or "manual", None where it knows no such name; ``chosen``, ``known``: its
    choice and its choices; ``compilers``: folder → version that its nvcc tells, such as "12.8".
    """

    link: str | None = None
    resolved: str | None = None
    mode: str | None = None
    chosen: str | None = None
    known: tuple[str, ...] = ()
    compilers: dict[str, str] = field(default_factory=dict)


class CudaToolkits(FactBase[CudaState]):
    """Toolkits, the default link and its alternatives, in one command.

    Raw lines: ``link=/etc/alternatives/cuda``, ``resolved=/usr/local/cuda-12.8``, ``status=auto``, ``value=…``,
    ``known=…``, ``nvcc=/usr/local/cuda-12.8|Cuda compilation tools, release 12.8, V12.8.93``.
    """

    def command(self) -> str:
        """Print key=value lines."""
        return _COMMAND

    @staticmethod
    def default() -> CudaState:
        """Nothing there."""
        return CudaState()

    def process(self, output: list[str]) -> CudaState:
        """Read them."""
        pairs = [line.split("=", 1) for line in output if "=" in line]
        values = dict(pairs)
        compilers: dict[str, str] = {}
        for name, value in pairs:
            if name == "nvcc":
                prefix, _, banner = value.partition("|")
                release = re.search(r"release (\d+\.\d+)", banner)
                compilers[prefix] = release[1] if release else ""
        return CudaState(
            link=values.get("link"),
            resolved=values.get("resolved"),
            mode=values.get("status"),
            chosen=values.get("value"),
            known=tuple(value for name, value in pairs if name == "known"),
            compilers=compilers,
        )
