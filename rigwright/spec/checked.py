"""One host's declaration, judged: its types, its secrets, its rules; or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rigwright.catalog import catalog
from rigwright.rules import Finding, findings
from rigwright.rules import connection as connection_rules
from rigwright.spec.check import built, secrets_in
from rigwright.spec.connection import Connection
from rigwright.spec.faults import Fault
from rigwright.spec.locks import Locks
from rigwright.spec.merge import Merged
from rigwright.spec.origin import Origins, dotted
from rigwright.spec.partial import Partial, sound_part
from rigwright.spec.rig import Rig
from rigwright.spec.words import written


@dataclass(frozen=True)
class Checked:
    """What became of a host's declaration. Where there are faults, Rig or connection may be None."""

    rig: Rig | None
    connection: Connection | None
    origins: Origins
    faults: list[Fault]


def checked(host: str, merged: Merged, locks: Locks | None = None) -> Checked:
    """Judge what was merged for a host. A wrong type hides no rule but those that follow from what it spoils."""
    rig, connection, of_types = built(host, merged, locks)
    wrong = [path for path, _ in of_types]
    leaks = [fault for path, fault in secrets_in(host, merged) if not any(path[: len(at)] == at for at in wrong)]
    faults = [fault for _, fault in of_types] + leaks
    leaked = {fault.key for fault in leaks}
    origins = Origins(merged.origins)
    part = Partial(rig, connection, frozenset()) if rig and connection else sound_part(host, merged, wrong, locks)
    if part is not None:
        # What was meant by a misspelt key is as unknown as the value of a wrong one.
        meant = {fault.nearest for _, fault in of_types if fault.id == "key.unknown" and fault.nearest}
        unknown = {dotted(path) for path in part.without} | meant
        found = [finding for finding in _found(part) if not finding.follows_from(unknown)]
        faults += [_as_fault(host, finding, origins) for finding in found if finding.key not in leaked]
    return Checked(rig, connection, origins, faults)


def _found(part: Partial) -> Iterator[Finding]:
    yield from findings(part.rig, catalog())
    yield from connection_rules.find(part.rig, part.connection)


def _as_fault(host: str, finding: Finding, origins: Origins) -> Fault:
    name = finding.key.rsplit(".", 1)[-1]
    return Fault(
        (host,),
        finding.key,
        None if finding.value is None else written(name, finding.value),
        finding.expected,
        finding.nearest,
        origins.near_key(finding.key),
        finding.advice,
        finding.id,
        finding.severity,
    )
