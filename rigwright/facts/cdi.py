"""The CDI specification against the driver that it describes."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pyinfra.api import FactBase

_DEVICE = re.compile(r"^(?:- |  )name: [\"']?([^\"']+)[\"']?$")

# A package's files carry the time of their build; when they came to this host is their change time.
_COMMAND = r"""
export LC_ALL=C
spec={spec}
command -v nvidia-ctk >/dev/null && echo ctk
command -v nvidia-smi >/dev/null && echo smi
for name in libcuda.so.1 libnvidia-ml.so.1; do
    file=$(readlink -f "$(ldconfig -p | sed -n "s/.*$name .*x86-64.*=> //p" | head -n 1)")
    [ -f "$file" ] && echo "library $(stat -c %.9Z "$file") $file"
done
timeout 30 nvidia-smi --query-gpu=index,uuid,driver_version --format=csv,noheader 2>/dev/null |
    sed -n 's/^[0-9]*, GPU-/gpu &/p'
if [ -f "$spec" ]; then
    echo "spec $(stat -c %.9Y "$spec")"
    sed 's/^/| /' "$spec"
    sed -n 's/^ *\(- \)\{{0,1\}}hostPath: *//p' "$spec" | sort -u |
        while read -r path; do [ -e "$path" ] || echo "missing $path"; done
fi
true
"""


@dataclass(frozen=True)
class CdiState:
    """What `Cdi` found.

    ``written``: the specification's time (seconds since the epoch), None without one; ``devices``: names in it;
    ``missing``: files of the host that it names and that are not there; ``driver``: library → when it came to this
    host; ``gpus``: (index, UUID) of the cards that answer; ``version``: driver that answers; ``ctk``, ``smi``: programs
    found.
    """

    ctk: bool
    smi: bool
    written: float | None
    devices: frozenset[str]
    missing: tuple[str, ...]
    driver: dict[str, float]
    gpus: tuple[tuple[str, str], ...]
    version: str | None
    names_version: bool = True
    """False when the specification names libraries of another driver version than the one that answers."""

    def gap(self) -> str | None:
        """What is wrong with the specification, None when it describes the driver and the cards as they are."""
        if self.written is None:
            return "missing"
        newest = max(self.driver.items(), key=lambda entry: entry[1], default=("", 0.0))
        if self.written < newest[1]:
            return f"older than the driver ({newest[0]})"
        if self.missing:
            return f"names what is not there: {', '.join(self.missing[:3])}"
        if not self.names_version:
            return f"does not name driver {self.version}"
        return self._other_cards() if self.gpus else None

    def _other_cards(self) -> str | None:
        named = {name for name in self.devices if name != "all" and ":" not in name and not name.startswith("MIG-")}
        by_uuid = {name for name in named if name.startswith("GPU-")}
        indices = {index for index, _ in self.gpus}
        uuids = {uuid for _, uuid in self.gpus}
        if named - by_uuid == indices and by_uuid in (set(), uuids):
            return None
        return f"names GPUs {', '.join(sorted(named)) or 'none'}, there are {', '.join(sorted(indices | uuids))}"


class Cdi(FactBase[CdiState]):
    """Specification, driver and cards in one command.

    Raw lines: ``ctk``, ``smi`` (programs found), ``library 1763881200.5 /usr/lib/…/libcuda.so.580.105.08``,
    ``gpu 0, GPU-…, 580.105.08``, ``spec 1763881300.1``, ``| <line of the specification>``, ``missing <path>``.
    """

    def command(self, spec: str) -> str:
        """Look at the specification at ``spec`` and at what it should describe."""
        return _COMMAND.format(spec=shlex.quote(spec))

    @staticmethod
    def default() -> CdiState:
        """There is nothing at all."""
        return CdiState(False, False, None, frozenset(), (), {}, (), None)

    def process(self, output: list[str]) -> CdiState:
        """Device names are taken from nvidia-ctk's YAML, where `name` stands two columns in."""
        lines = [line.partition(" ") for line in output]
        gpus = [tuple(rest.split(", ")) for kind, _, rest in lines if kind == "gpu"]
        text = [rest for kind, _, rest in lines if kind == "|"]
        written = next((float(rest) for kind, _, rest in lines if kind == "spec"), None)
        libraries = {
            rest.split(" ", 1)[1]: float(rest.split(" ", 1)[0]) for kind, _, rest in lines if kind == "library"
        }
        version = gpus[0][2] if gpus else None
        return CdiState(
            ctk="ctk" in output,
            smi="smi" in output,
            written=written,
            devices=frozenset(match[1] for line in text if (match := _DEVICE.match(line))),
            missing=tuple(rest for kind, _, rest in lines if kind == "missing"),
            driver=libraries,
            gpus=tuple((gpu[0], gpu[1]) for gpu in gpus),
            version=version,
            names_version=written is None or version is None or any(version in line for line in text),
        )
