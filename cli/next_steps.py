"""What `rig try` says at its end: commands that work as they stand, typed where `rig try` was typed."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.host.reachable import Reachable

BREAK = 'apt-mark unhold libcuda1 && sed -i "/^X11Forwarding/s/no/yes/" /etc/ssh/sshd_config.d/*rigwright*'
"""Two things that somebody might do, whichever packages the driver came from."""


def next_steps(project: Path, host: Reachable, said: Sequence[str], keep: bool) -> str:
    """What to type next. ``said``: the options that the deploy was given; ``keep``: whether the host stays."""
    rig = typed("rig", "--chdir", str(project))
    more = f" {shlex.join(said)}" if said else ""
    inside = _as_root(shlex.join(host.ssh_args()))
    again = typed("rig", "try", "--keep")
    end = typed("python", "-m", "sim", "down", host.id)
    check = typed("rig", "check", root=False)
    when = "the host stays" if keep else f"in another terminal, while the host is there ({again} leaves it there)"
    over = f"  {end}   # ends the host, and the repositories that were left with it\n" if keep else ""
    return f"""
What to type next, {when}:
  {rig} show {host.name} --origin
  {inside} '{BREAK}'   # break something
  {rig} plan{more}      # names what is broken, and why it would be changed
  {rig} verify{more}    # the proof falls short there
  {rig} apply{more}     # repairs just that
  {rig} ask{more} 'And now?'   # a question to its model, through the gateway
{over}For your own server: your key and its address into inventory/home.py, then {check}, and plan, apply, verify.
"""


def typed(program: str, *arguments: str, root: bool = True) -> str:
    """The command line of a program of this environment, which need not be on anybody's PATH.

    ``root``: with what it takes to be root again, for somebody who became root by sudo.
    """
    path, here = Path(sys.executable).with_name(program), Path.cwd()
    line = shlex.join([str(path.relative_to(here) if path.is_relative_to(here) else path), *arguments])
    return _as_root(line) if root else line


def _as_root(line: str) -> str:
    return f"sudo {line}" if "SUDO_UID" in os.environ else line
