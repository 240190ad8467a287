"""On the live system, in its memory: the programs that an installation needs, its scripts and its keys."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Generator, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because, refuse
from rigwright.facts.live_system import WORKSHOP, LiveSystem
from rigwright.installer.payload import File

_LINE = 4096


@operation()
def tools() -> Generator[str, None, None]:
    """Have the programs that are missing there. Nothing but packages is changed, and those only in its memory."""
    live = host.get_fact(LiveSystem)
    if not live.missing:
        host.noop("all programs are there")
        return
    if not live.debian_like:
        refuse(host, f"{live.system} lacks {', '.join(live.missing)}, and has no apt-get to install them")
    because(f"missing on the live system: {', '.join(live.missing)}")
    yield (
        "export DEBIAN_FRONTEND=noninteractive; apt-get -q update && apt-get -q -y --no-install-recommends install "
        f"{' '.join(live.missing)} </dev/null"
    )


@operation()
def laid_out(files: Mapping[str, File]) -> Generator[StringCommand, None, None]:
    """Lay down the scripts and keys, from standard input, for root alone. What an earlier run laid down is replaced.

    The folder itself is never removed: the new system may be mounted in it.
    """
    because("they lie in the live system's memory, for root alone")
    encoded = base64.b64encode(packed(files)).decode()
    yield StringCommand(
        f"umask 077; mkdir -p {WORKSHOP} && chmod 700 {WORKSHOP} && cd {WORKSHOP} && rm -rf tree payload && "
        "base64 -d | tar -xzf -",
        _stdin=[encoded[at : at + _LINE] for at in range(0, len(encoded), _LINE)],
    )


def packed(files: Mapping[str, File]) -> bytes:
    """The files as tar.gz, each for its owner alone."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, each in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(each.data), 0o600
            archive.addfile(entry, io.BytesIO(each.data))
    return packed.getvalue()
