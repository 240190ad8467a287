"""A tiny image made of this host's own files, so that GPUs in containers can be proved without any registry."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because
from rigwright.facts.engine import PROBE_IMAGE, PROBE_LABEL, Engine
from rigwright.facts.packages import Packages

RECIPE = "2"
"""To be raised when the script below makes another image."""

# sh is a link on every host, and cat, ls and sleep are links to one program of many names on Ubuntu 26.04.
# The C library's files that the driver's programs load are named, for they are not all among what the shell needs.
_SCRIPT = r"""set -e
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc dev proc sys tmp run
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$folder"; done
programs=$(for name in sh cat ls sleep; do readlink -f "$(command -v $name)"; done)
libraries=$(for name in libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1; do
    ldconfig -p | sed -n "s/.*\b$name (.*x86-64.*=> //p" | head -n 1; done)
for file in $programs $(ldd $programs | grep -o '/[^ :]*' | sort -u) $libraries "$(readlink -f /sbin/ldconfig)"; do
    [ -e "./$file" ] || cp -L --parents "$file" .
done
for name in sh cat ls sleep; do
    [ -e usr/bin/$name ] || ln -s "$(readlink -f "$(command -v $name)")" usr/bin/$name
done
tar -c . | {engine} import --change 'CMD ["/bin/sh"]' --change 'LABEL {label}={value}' - {image} >/dev/null"""


@operation()
def present(engine: Literal["docker", "podman"]) -> Generator[str, None, None]:
    """Have the probe image (a shell, the C library; about 6 MB), made anew when the host's C library changes."""
    value = f"{RECIPE}-{host.get_fact(Packages).installed.get('libc6', 'none')}"
    state = host.get_fact(Engine, engine=engine)
    if state.probe == value:
        host.noop(f"{PROBE_IMAGE} is there")
        return
    because(f"image {PROBE_IMAGE}: {'missing' if state.probe is None else 'made of an older C library'}")
    script = _SCRIPT.replace("{engine}", engine).replace("{label}", PROBE_LABEL)
    yield script.replace("{value}", value).replace("{image}", PROBE_IMAGE)


@operation()
def absent(engine: Literal["docker", "podman"]) -> Generator[str, None, None]:
    """Remove the probe image, where the engine answers."""
    state = host.get_fact(Engine, engine=engine)
    if not state.answers or state.probe is None:
        host.noop(f"no {PROBE_IMAGE}")
        return
    because(f"image {PROBE_IMAGE}: present, wanted absent")
    yield f"{engine} image rm --force {PROBE_IMAGE}"
