"""One mark and one colour for each status, wherever it is shown."""

from __future__ import annotations

from rigwright.engine.results import Status

STYLE = {
    Status.UNCHANGED: "dim",
    Status.WOULD_CHANGE: "yellow",
    Status.DEPENDS: "cyan",
    Status.OUTSTANDING: "bold yellow",
    Status.CHANGED: "green",
    Status.FAILED: "bold red",
    Status.INTERRUPTED: "bold yellow",
    Status.NOT_REACHED: "dim yellow",
}
MARK = {
    Status.UNCHANGED: "=",
    Status.WOULD_CHANGE: "~",
    Status.DEPENDS: "?",
    Status.OUTSTANDING: "!",
    Status.CHANGED: "✓",
    Status.FAILED: "✗",
    Status.INTERRUPTED: "!",
    Status.NOT_REACHED: "·",
}
