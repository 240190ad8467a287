"""The host, asked once over the engine's own connection."""

from __future__ import annotations

from pathlib import Path

from cli.capture.reaching import WayIn
from rigwright.engine.run import Run, Unanswered
from rigwright.spec.files import Project

# isort: split
from rigwright.capture.seen import Seen, look

__all__ = ["Unanswered", "asked"]


def asked(way: WayIn, project: Project | None) -> Seen | Unanswered:
    """All that is read of the host, or why nothing was."""
    run = Run(project.root if project is not None else Path.cwd(), {way.host: way.connection})
    try:
        (answer,) = run.ask(look).values()
    finally:
        run.close()
    return answer
