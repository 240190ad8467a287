"""`python -m sim repositories`: the vendors' stand-in repositories by hand."""

from __future__ import annotations

import argparse
import json
import signal
from typing import Any

from sim.host.release import RELEASES
from sim.repository.nvidia import PLACES
from sim.repository.vendors import VendorRepositories, stop_detached


def add(verbs: argparse._SubParsersAction[Any]) -> None:
    """Adds the verb to the command line."""
    verb = verbs.add_parser("repositories", help="serve stand-ins of NVIDIA's and Docker's package repositories")
    verb.add_argument("--broken-dkms", action="store_true", help="with a driver whose modules do not compile")
    verb.add_argument(
        "--docker", action="append", default=[], choices=sorted(RELEASES), help="with Docker's, for a release"
    )
    verb.add_argument("--detach", action="store_true", help="return at once and leave them running")
    verb.add_argument("--stop", action="store_true", help="stop those that --detach left")
    verb.set_defaults(do=_repositories)


def _repositories(options: argparse.Namespace) -> int:
    if options.stop:
        stop_detached()
        return 0
    served = VendorRepositories(broken_dkms=options.broken_dkms, docker=options.docker, owned=not options.detach)
    if options.detach:
        served.start()
        _print(served)
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    with served:
        _print(served)
        print("Ctrl-C ends it.", flush=True)
        while True:
            signal.pause()


def _print(served: VendorRepositories) -> None:
    for release in PLACES:
        print(f"{release}\t{json.dumps(served.declaration(release))}", flush=True)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
