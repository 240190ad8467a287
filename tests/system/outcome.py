"""Reading what commands print, as far as tests need it."""

from __future__ import annotations

import re
from subprocess import CompletedProcess
from typing import Any, NamedTuple

from tests.system.site import said


class Counts(NamedTuple):
    """pyinfra's "Grand total"."""

    success: int
    error: int
    no_change: int


def pyinfra_counts(done: CompletedProcess[str]) -> Counts:
    """How many operations of a run of plain pyinfra changed something, failed, or found nothing to do."""
    found = re.search(r"Grand total\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)", done.stdout + done.stderr)
    assert found, said(done)
    return Counts(*(0 if count == "-" else int(count) for count in found.groups()[1:]))


def changes(document: dict[str, Any]) -> str:
    """What a plan, an apply or a proof has to say, without what is as it should be."""
    lines = []
    for host in document["hosts"]:
        if host.get("error"):
            lines.append(f"{host['host']}: {host['error']}")
        for operation in host.get("operations", []):
            if operation["status"] != "unchanged":
                told = {name: value for name, value in operation.items() if name not in ("commands", "seconds")}
                lines.append(f"{host['host']}: {told}")
        for answer in host.get("answers", []):
            if answer["answer"] != "holds":
                lines.append(f"{host['host']}: {answer}")
    return "\n".join(lines) or f"nothing; exit status {document['exit_status']}"
