"""`python -m sim`: throw-away hosts from the command line."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence

from sim import programs
from sim.errors import SimulationError
from sim.gpu.model import INSTALLED
from sim.gpu.models import card, models
from sim.host.record import records, sweep
from sim.host.release import RELEASES
from sim.host.root import remove_unused_roots
from sim.host.throwaway import ThrowawayHost, existing
from sim.host.warm import ROOTS
from sim.repository import commands as repositories
from sim.repository import leftovers
from sim.repository import record as served


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the command line says; gives the exit status: 0 done, 1 failed, 64 wrong use, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.do(options))
    except SimulationError as error:
        print(f"sim: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m sim", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    up = verbs.add_parser("up", help="start a host, and keep it until interrupted (or, with --detach, until `down`)")
    up.add_argument("--name", default="basement", help="its host name, and what the other verbs call it")
    up.add_argument("--release", default="trixie", choices=sorted(RELEASES))
    up.add_argument(
        "--root",
        default="prefetched",
        choices=sorted(ROOTS),
        help="bare: nothing but Debian; prefetched: bare, with packages downloaded; driver: Debian's driver installed",
    )
    up.add_argument("--gpus", type=int, default=0, metavar="N", help="so many simulated cards")
    up.add_argument("--model", choices=models(), default="rtx3090", help="of this model (default: rtx3090)")
    up.add_argument("--driver", default=INSTALLED, metavar="VERSION", help="what the simulated NVML says")
    up.add_argument("--no-sudo", action="store_true", help="the user admin gets no rights")
    up.add_argument("--disk", metavar="SIZE", help="let it write no more than this, such as 300M")
    up.add_argument("--detach", action="store_true", help="return at once and leave it running")
    up.set_defaults(do=_up)

    list_ = verbs.add_parser("list", help="the hosts on this machine")
    list_.set_defaults(do=_list)

    down = verbs.add_parser("down", help="end hosts, and what was left running with them, and remove all of it")
    down.add_argument("host", nargs="+")
    down.set_defaults(do=_down)

    ssh = verbs.add_parser("ssh", help="enter a host")
    ssh.add_argument("--user", default="root")
    ssh.add_argument("host")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    ssh.set_defaults(do=_ssh)

    clean = verbs.add_parser("clean", help="remove what hosts left, and every cached root that no host uses")
    clean.set_defaults(do=_clean)

    repositories.add(verbs)

    requirements = verbs.add_parser("requirements", help="the Debian packages that this machine needs for it")
    requirements.set_defaults(do=_requirements)
    return parser


def _up(options: argparse.Namespace) -> int:
    host = ThrowawayHost(
        options.name,
        root=ROOTS[options.root](options.release),
        id=options.name,
        gpus=[card(options.model, index) for index in range(options.gpus)],
        driver_version=options.driver,
        disk=options.disk,
        sudo=not options.no_sudo,
        owned=not options.detach,
    )
    if options.detach:
        host.create()
        try:
            host.start()
        except BaseException:
            host.destroy()
            raise
        _print_ways_in(host)
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    with host:
        _print_ways_in(host)
        print("Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


def _print_ways_in(host: ThrowawayHost) -> None:
    config = host.write_ssh_config(host.record.folder / "ssh_config")
    print(f"{host.name}: Debian {host.release}, {host.address}")
    print(f"  python -m sim ssh {host.id}")
    print(f"  ssh -F {config} {host.name}", flush=True)


def _list(options: argparse.Namespace) -> int:
    sweep()
    for record in records():
        state = "running" if existing(record.id).running else "stopped"
        owner = f"owned by process {record.owner.pid}" if record.owner else "detached"
        print(f"{record.id}\t{record.release}\t{record.network.address}\t{state}\t{owner}")
    return 0


def _down(options: argparse.Namespace) -> int:
    for name in options.host:
        existing(name).destroy()
    served.sweep()
    return 0


def _ssh(options: argparse.Namespace) -> int:
    argv = existing(options.host).ssh_args(options.user)
    command = [word for word in options.command if word != "--"] if options.command[:1] == ["--"] else options.command
    if not command and sys.stdin.isatty():
        argv.insert(1, "-t")
    # One word is a shell command as the user quoted it; several are words to keep apart.
    words = command if len(command) == 1 else [shlex.quote(word) for word in command]
    os.execvp(argv[0], [*argv, *words])


def _clean(options: argparse.Namespace) -> int:
    programs.require_root("removing hosts")
    for name in [*sweep(), *remove_unused_roots(), *leftovers.remove_unused()]:
        print(f"removed {name}")
    return 0


def _requirements(options: argparse.Namespace) -> int:
    print(" ".join(programs.debian_packages()))
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
