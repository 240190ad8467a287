"""The host, asked once over the engine's own connection."""

from __future__ import annotations

from pathlib import Path

from cli.capture.reaching import NoAnswer, WayIn
from rigwright.engine.run import Run, Unanswered
from rigwright.spec.files import Project

# isort: split
from rigwright.capture.seen import Seen, look


def asked(way: WayIn, project: Project | None) -> Seen:
    """All that is read of the host. Raises NoAnswer."""
    run = Run(project.root if project is not None else Path.cwd(), {way.host: way.connection})
    try:
        (answer,) = run.ask(look).values()
    finally:
        run.close()
    if isinstance(answer, Unanswered):
        raise NoAnswer(answer.why, answer.lost)
    return answer
