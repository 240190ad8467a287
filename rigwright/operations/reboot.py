"""Rebooting: once, when only that helps, never into a kernel without the driver, proved by the boot's identity."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Collection, Generator, Sequence
from typing import NamedTuple

from paramiko import SSHException
from pyinfra import host
from pyinfra.api import FunctionCommand, StringCommand, operation
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State
from pyinfra.connectors.util import clear_askpass_cache

from rigwright.choice.module_options import Options
from rigwright.choice.reboot import obstacle_to_reboot, reasons_to_reboot
from rigwright.engine.reasons import because, outstanding, refuse
from rigwright.facts.boot_loader import BootLoader
from rigwright.facts.files import Contents
from rigwright.facts.kernels import Kernels
from rigwright.facts.modules import Modules
from rigwright.facts.release import Release
from rigwright.operations import module_options
from rigwright.operations.driver.secure_boot import key_to_enrol
from rigwright.spec.rig import LAYERS

RECORD = "/var/lib/rigwright/rebooted"
"""Of our last reboot: the boot that it ended, its reasons, the boot that it led to.

The same reasons in that very boot mean that it did not help; in a later one, that they have come up again.
"""

WAIT_S = 600
"""How long a server may take to come back: firmware with many cards and much memory takes minutes."""

_ASK_EVERY_S = 3.0


class _Against(NamedTuple):
    """What speaks against a reboot; ``worse``: the host would be worse for it."""

    text: str
    worse: bool


@operation()
def if_needed(
    module: str | None,
    words: Sequence[str],
    allowed: bool,
    new_kernel: bool = True,
    gone: bool = False,
    layers: Collection[str] = LAYERS,
    wait_s: int = WAIT_S,
    options: Options | None = None,
) -> Generator[StringCommand | FunctionCommand | str, None, None]:
    """Reboot if the host's state calls for it, and wait until another boot answers.

    ``module``, ``words``, ``new_kernel``, ``gone``: as for `reasons_to_reboot`; ``options``: as for
    `module_options.waiting`. ``layers``: what the run deals with:
    without `driver` nothing about the driver calls for a reboot, without `tuning` no word that the next boot would not
    have. A host that has a driver is never rebooted into a kernel without it: refused where the run deals with the
    driver, else left to be done. A reboot that did not help is not repeated.
    """
    release = host.get_fact(Release)
    if release.container is not None:
        host.noop(f"a container ({release.container}) has no kernel of its own")
        return
    driver = "driver" in layers
    reasons = reasons_to_reboot(
        host.get_fact(Kernels),
        host.get_fact(Modules),
        module if driver else None,
        _due(words, layers),
        new_kernel=new_kernel and driver,
        gone=gone and driver,
    )
    reasons += module_options.waiting(options or {})
    if not reasons:
        host.noop("no reboot is needed")
        return
    said = "; ".join(reasons)
    against = _against(said, release.boot_id, module, allowed)
    if against is None:
        because(f"reboot: {said}")
        yield from _reboot(said, release.boot_id, wait_s)
    elif against.worse and driver:
        refuse(host, against.text)
    else:
        outstanding(against.text)


def _against(said: str, boot_id: str, module: str | None, allowed: bool) -> _Against | None:
    """What speaks against a reboot for these reasons, in words that name them; None: nothing."""
    if not allowed:
        return _Against(f"a reboot is needed, and not allowed: {said}", worse=False)
    before = (host.get_fact(Contents, paths=[RECORD])[RECORD] or "").splitlines()
    if before[1:] == [said, boot_id]:
        return _Against(f"rebooting did not help, and is not repeated: {said}", worse=False)
    key = key_to_enrol(module, certainly=True) if module is not None else None
    obstacle = obstacle_to_reboot(host.get_fact(Kernels), host.get_fact(Modules), module, key)
    if obstacle is None:
        return None
    return _Against(f"a reboot is needed ({said}), but {obstacle.text}", obstacle.worse)


def _reboot(said: str, boot_id: str, wait_s: int) -> Generator[StringCommand | FunctionCommand | str, None, None]:
    """Write down which boot ends and why, end it, wait for another, and write down which."""
    record = shlex.quote(f"{boot_id}\n{said}\n")
    yield f"mkdir -p {RECORD.rpartition('/')[0]} && printf %s {record} > {RECORD} && sync"
    # Detached, so that the answer comes back before the connection goes.
    yield "nohup sh -c 'sleep 2; systemctl reboot' >/dev/null 2>&1 </dev/null &"
    yield FunctionCommand(_await_boot, (boot_id, wait_s), {})
    yield f"cat /proc/sys/kernel/random/boot_id >> {RECORD}"


def _due(words: Sequence[str], layers: Collection[str]) -> Sequence[str]:
    """The words that a reboot would bring: those that layer `tuning` sees to, or that every boot entry has already."""
    if not words or "tuning" in layers:
        return words
    entries = host.get_fact(BootLoader)
    return [word for word in words if not entries.lacking([word])]


def _await_boot(state: State, host: Host, before: str, wait_s: int) -> None:
    """Reconnect until the host answers with another boot's identity. Raises PyinfraError after ``wait_s`` seconds."""
    del state  # pyinfra hands it over
    await_boot(before, wait_s, lambda: _boot_id(host), time.monotonic, time.sleep)


def await_boot(
    before: str,
    wait_s: float,
    ask: Callable[[], str | None],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Ask until the answer is another boot than ``before``. Raises PyinfraError after ``wait_s`` seconds."""
    end = clock() + wait_s
    answered = False
    while True:
        sleep(_ASK_EVERY_S)
        now = ask()
        if now is not None and now != before:
            return
        answered = now is not None
        if clock() > end:
            how = "it still runs the boot that was to end" if answered else "it does not answer"
            raise PyinfraError(
                f"the reboot was asked for {wait_s:.0f} s ago: {how}; look at its console, then run again"
            )


def _boot_id(host: Host) -> str | None:
    clear_askpass_cache(host)  # lies in the memory of a system that is gone
    try:
        if host.connected:
            host.disconnect()
        host.connect(show_errors=False, raise_exceptions=True)
        succeeded, output = host.run_shell_command("cat /proc/sys/kernel/random/boot_id", print_output=False)
    except (PyinfraError, SSHException, OSError, EOFError):  # a system on its way down may let one in and then go
        return None
    return output.stdout.strip() if succeeded else None
