"""The command of a critical temperature: started beside the loop, with an end to it."""

from __future__ import annotations

import os
import subprocess
import threading

from rigd import journal
from rigd.card import Kept

LONGEST_S = 60.0


def start(command: tuple[str, ...], kept: Kept) -> None:
    """Run it, with RIGD_CARD, RIGD_UUID and RIGD_TEMPERATURE_C in its environment."""
    celsius = kept.reading.core_c if kept.reading else None
    environment = {
        **os.environ,
        "RIGD_CARD": kept.name,
        "RIGD_UUID": kept.uuid,
        "RIGD_TEMPERATURE_C": "" if celsius is None else str(celsius),
    }
    threading.Thread(target=_run, args=(command, environment, kept), daemon=True, name="critical").start()


def _run(command: tuple[str, ...], environment: dict[str, str], kept: Kept) -> None:
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, timeout=LONGEST_S, capture_output=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        kept.say(journal.ERROR, f"the command for a critical temperature failed: {error}")
        return
    how = "ended" if done.returncode == 0 else f"failed with status {done.returncode}"
    kept.say(journal.NOTICE, f"the command for a critical temperature {how}")
