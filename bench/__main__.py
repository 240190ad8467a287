"""`make bench`: what does looking cost when there is nothing to do, and what does a bare host cost?

One throw-away host in the declared state (layers base, access and tuning). The ways of looking at it take turns, so
that a machine that slows down slows all of them; figures are medians, and ratios to `rig plan`. Each way opens its own
connection, and each must say that it found nothing to do: else there are no figures, but what it found.

That Ansible's playbook states the same is shown on a second host: bare, brought to the state by the playbook alone;
`rig plan` must then miss nothing but its own notes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.playbook import Playbook, playbook, proven
from bench.run import BenchError, Said, ansible_found, cores, program, pyinfra_found, rig_found, run
from cli.trial import Trial, write_project
from rigwright.spec.load import load_rigs
from sim.errors import SimulationError
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched

HOST = "basement"
REPOSITORY = Path(__file__).resolve().parents[1]
LAYERS = "base,access,tuning"
_LEAN = "--no-install-recommends"
SCRIPT = Path(__file__).with_name("look.sh")
NOTES = ("apt has not read its sources as they stand now", "does not yet remember what stood there before us")
"""How `rig plan` names what is only Rigwright's own to know, on a host that somebody else brought to the state."""


@dataclass(frozen=True)
class Way:
    """A way of looking: ``look`` is timed; ``found`` says what was not as declared; ``afterwards`` is not timed."""

    look: Callable[[], Said]
    found: Callable[[Said], str | None]
    afterwards: Callable[[], None] = lambda: None


def main() -> int:
    """Measure and print; 1 when there is nothing to print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios, measured on one throw-away host.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way takes its turn (default: 5)")
    rounds = max(1, parser.parse_args().rounds)
    try:
        _measure(rounds)
    except (BenchError, SimulationError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(rounds: int) -> None:
    root = prefetched("trixie")
    with tempfile.TemporaryDirectory(prefix="bench-") as made, ThrowawayHost(HOST, root=root) as host:
        folder = Path(made)
        ours = _project(folder / "ours", host)
        plain = _project(folder / "plain", host)
        # Without it pyinfra is as its authors made it; the operations are the same.
        (plain / "config.py").write_text("")
        by_rig, said = _timed(lambda: _rig(ours, "apply", "--yes"))
        if said.status:
            raise BenchError(f"rig apply did not bring the host to the state: {said.last_words()}")
        with playbook(folder / "ansible", load_rigs(ours).rigs[HOST], host) as ansible:
            with ThrowawayHost(HOST, root=root) as bare:
                by_ansible = _from_bare(bare, ansible, folder / "bare")
            times = _in_turn(_ways(host, ours, plain, ansible), rounds)
    _show(times, rounds)
    _show_bare({"rig apply": by_rig, "ansible-playbook, pipelining": by_ansible})


def _ways(host: ThrowawayHost, ours: Path, plain: Path, ansible: Playbook) -> dict[str, Way]:
    def by_ansible(pipelining: bool) -> Way:
        return Way(lambda: ansible.run(host, pipelining=pipelining), ansible_found, ansible.hang_up)

    return {
        "rig plan": Way(lambda: _rig(ours, "plan"), rig_found),
        "pyinfra -y inventory deploy.py": Way(lambda: _pyinfra(ours, "inventory"), pyinfra_found),
        "the same, pyinfra unchanged": Way(lambda: _pyinfra(plain, "inventory/trial.py"), pyinfra_found),
        "ansible-playbook": by_ansible(False),  # ControlPersist, no facts gathered
        "the same, pipelining": by_ansible(True),
        "a script by hand, one ssh": Way(
            lambda: run([*host.ssh_args(), "sh -s"], ours, SCRIPT.read_text()), _SameAsBefore()
        ),
    }


class _SameAsBefore:
    """The script judges nothing: what it saw in a state that the others found right must be what it sees every time."""

    def __init__(self) -> None:
        self._first: str | None = None

    def __call__(self, said: Said) -> str | None:
        if self._first is None:
            self._first = said.text
        return said.last_words() if said.status or not said.text or said.text != self._first else None


def _in_turn(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds, said = _timed(way.look)
            way.afterwards()
            if found := way.found(said):
                raise BenchError(f"{name}: there should be nothing to do, but {found}")
            if number:  # the first round warms up
                times[name].append(seconds)
    return times


def _from_bare(host: ThrowawayHost, ansible: Playbook, folder: Path) -> float:
    """Have Ansible bring a bare host to the state, and Rigwright look at it; returns Ansible's seconds."""
    # Ansible needs Python there, and is not charged for it.
    host.run(f"apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y {_LEAN} install python3-apt")
    seconds, said = _timed(lambda: ansible.run(host, pipelining=True))
    ansible.hang_up()
    proven(said)
    planned = _rig(_project(folder, host), "plan", "--json")
    still = missing(planned)
    if still:
        listed = "\n    ".join(still)
        raise BenchError(f"bench/ansible does not state what is declared; after it, rig would still do:\n    {listed}")
    return seconds


def missing(planned: Said) -> list[str]:
    """What `rig plan --json` would do beyond its own notes. Raises BenchError when there is no plan."""
    try:
        (host,) = json.loads(planned.text[planned.text.index("{") :])["hosts"]
    except ValueError:
        raise BenchError(f"rig plan --json: {planned.last_words()}") from None
    if "error" in host:
        raise BenchError(f"rig plan after Ansible: {host['error']}")
    pending = [each for each in host["operations"] if each["status"] != "unchanged"]
    whys = {f"{each['layer']} | {each['name']}": each.get("why") or [each["status"]] for each in pending}
    return [f"{name}: {'; '.join(why)}" for name, why in whys.items() if not all(each.endswith(NOTES) for each in why)]


def _project(folder: Path, host: ThrowawayHost) -> Path:
    reached = {
        "ssh_hostname": host.address,
        "ssh_key": str(host.ssh_key),
        "ssh_known_hosts_file": str(host.known_hosts),
    }
    return write_project(folder, REPOSITORY, {HOST: Trial(HOST, reached)})


def _rig(project: Path, *arguments: str) -> Said:
    return run([program("rig"), *arguments, "--layer", LAYERS], project)


def _pyinfra(project: Path, inventory: str) -> Said:
    return run([program("pyinfra"), "-y", inventory, "deploy.py", "--data", f"layers={LAYERS}"], project)


def _timed(look: Callable[[], Said]) -> tuple[float, Said]:
    began = time.monotonic()
    said = look()
    return time.monotonic() - began, said


def _show(times: Mapping[str, Sequence[float]], rounds: int) -> None:
    base = statistics.median(times["rig plan"])
    title = f"{rounds} round{'s' if rounds > 1 else ''} in turn, {cores()} cores; ratio to rig plan"
    table = Table("nothing to do", "median s", "least to most", "ratio", title=title)
    for name, measured in times.items():
        middle = statistics.median(measured)
        table.add_row(name, f"{middle:.2f}", f"{min(measured):.2f} to {max(measured):.2f}", f"{middle / base:.2f}")
    Console().print(table)


def _show_bare(times: Mapping[str, float]) -> None:
    table = Table("bare to declared", "s", "ratio", title="once each; ratio to rig apply")
    for name, seconds in times.items():
        table.add_row(name, f"{seconds:.1f}", f"{seconds / times['rig apply']:.2f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
