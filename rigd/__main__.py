"""rigd: keeps fans, power limits and clocks of this host's GPUs as declared, and fails towards cooling."""

from __future__ import annotations

import sys

from rigd import __version__, config, status

EXIT = """exit status:
  0   done; all is well
  1   a fault: of the configuration, of a card, or of what was to be done
  2   wrong usage
  3   NVML cannot be used, or (status) no rigd runs
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse, and do."""
    if (sys.argv[1:] if arguments is None else arguments) == ["run"]:  # as its unit does, without what parsing takes
        return _run(config.PATH, status.PATH, dry_run=False)
    import argparse  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="rigd", description=__doc__, epilog=EXIT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"rigd {__version__}")
    parser.add_argument("--config", default=config.PATH, metavar="FILE", help=f"default: {config.PATH}")
    parser.add_argument("--status", default=status.PATH, metavar="FILE", help=f"default: {status.PATH}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="keep the cards as declared, until told to end")
    run.add_argument("--dry-run", action="store_true", help="read and decide, and set nothing")
    commands.add_parser("check", help="say whether these cards can be kept as declared")
    back = commands.add_parser("hand-back", help="give all fans to their cards, and set the declared limits")
    back.add_argument(
        "--release", action="store_true", help="have nothing of ours in force: default limits, no locked clocks"
    )
    show = commands.add_parser("status", help="say what the running rigd does")
    show.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    if options.command == "status":
        return status.show(options.status, as_json=options.json)
    if options.command == "hand-back":
        from rigd import hand_back  # noqa: PLC0415

        return hand_back.run(options.config, release=options.release)
    if options.command == "check":
        return _check(options.config)
    return _run(options.config, options.status, dry_run=options.dry_run)


def _run(config_path: str, status_path: str, *, dry_run: bool) -> int:
    from rigd.service import Service, prepare  # noqa: PLC0415

    prepare(status_path)
    return Service(config_path, status_path, dry_run=dry_run).run()


def _check(path: str) -> int:
    from rigd.calls import NvmlFailed  # noqa: PLC0415
    from rigd.check import faults  # noqa: PLC0415
    from rigd.nvml import Session  # noqa: PLC0415

    try:
        found = config.load(path)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    session = Session()
    try:
        session.start()
        cards = session.cards()
        wrong = faults(found, cards)
    except NvmlFailed as error:
        print(f"rigd: the configuration is sound by itself; the cards cannot be asked: {error}", file=sys.stderr)
        return 3
    finally:
        session.stop()
    for fault in wrong:
        print(f"{path}: {fault}", file=sys.stderr)
    if not wrong:
        print(f"{path}: sound for the {len(cards)} cards here")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
