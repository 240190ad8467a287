"""Lines for the journal: one an event, with the level that systemd reads from its beginning."""

from __future__ import annotations

import os
import sys

ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6
_WORDS = {ERROR: "error: ", WARNING: "warning: ", NOTICE: "", INFO: ""}


def say(level: int, text: str) -> None:
    """Write one line to standard error."""
    start = f"<{level}>" if "JOURNAL_STREAM" in os.environ else _WORDS[level]
    sys.stderr.write(f"{start}{' '.join(text.split())}\n")  # in one piece: others write there, too
    sys.stderr.flush()
