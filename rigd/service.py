"""`rigd run`: the loop as a service, from its start to its end."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import time
from types import FrameType

from rigd import __version__, journal, metrics, status
from rigd.clock import RealClock
from rigd.config import Config, ConfigError, load
from rigd.listener import Listener
from rigd.loop import Loop
from rigd.retry import Retry
from rigd.systemd import Notifier


class Service:
    """Runs until it is told to end."""

    def __init__(self, config_path: str, status_path: str, *, dry_run: bool) -> None:
        self._config_path, self._status_path, self._dry_run = config_path, status_path, dry_run
        self._clock = RealClock()
        self._notifier = Notifier()
        self._listener: Listener | None = None
        self._ending: str | None = None
        self._reload = False
        self._said_unwritable: set[str] = set()
        self._document = "{}"
        self._listen_again = Retry(60)
        self._mute: str | None = None

    def run(self) -> int:
        """The whole life. 0: it was told to end; 1: an error; the fans are the cards' own in any case."""
        try:
            config = load(self._config_path)
        except ConfigError as error:
            journal.say(journal.ERROR, str(error))
            return 1
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        loop = self._begun(config)
        try:
            return self._run(loop)
        finally:
            self._notifier.tell("STOPPING=1", "STATUS=handing the fans back")
            if self._listener is not None:
                self._listener.close()
            loop.end()
            journal.say(journal.NOTICE, f"ends ({self._ending or 'an error'}): the fans are the cards' own")

    def _begun(self, config: Config) -> Loop:
        how = ", reads only" if self._dry_run else ""
        journal.say(
            journal.NOTICE, f"rigd {__version__} begins: {len(config.cards)} entries, every {config.poll_s:g} s{how}"
        )
        self._listen_again.worked()
        self._listen(config)
        return Loop(config, self._clock, dry_run=self._dry_run)

    def _listen(self, config: Config) -> None:
        """Tell metrics where they are declared to be; a port that another holds is tried again, and cooling goes on."""
        now = self._clock.now()
        if config.listen is None or self._listener is not None or not self._listen_again.due(now):
            return
        try:
            self._listener = Listener(config.listen, lambda: metrics.text(json.loads(self._document)))
        except OSError as error:
            if self._mute is None:
                where = f"{config.listen[0]}:{config.listen[1]}"
                journal.say(journal.ERROR, f"metrics cannot be told at {where}: {error.strerror}; trying again")
            self._mute = error.strerror
            self._listen_again.failed(now)
        else:
            self._mute = None
            self._listen_again.worked()

    def _run(self, loop: Loop) -> int:
        ready = False
        next_tick = self._clock.now()
        while self._ending is None:
            if self._reload:
                loop = self._reloaded(loop)
            loop.tick()
            self._tell(loop)
            self._listen(loop.config)
            told = ["WATCHDOG=1", f"STATUS={_in_short(loop)}"]
            self._notifier.tell(*(told if ready else ["READY=1", *told]))
            if not ready:
                _slim()
            ready = True
            next_tick = max(next_tick + loop.config.poll_s, self._clock.now())
            self._wait(next_tick)
        return 0

    def _wait(self, until: float) -> None:
        if self._listener is None:
            self._clock.wait(until)
            return
        while (left := until - time.monotonic()) > 0 and self._ending is None:
            self._listener.serve(left)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._ending = signal.Signals(number).name

    def _reloaded(self, loop: Loop) -> Loop:
        self._reload = False
        self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            config = load(self._config_path)
        except ConfigError as error:
            journal.say(journal.ERROR, f"the configuration stays as it was: {error}")
        else:
            if self._listener is not None:
                self._listener.close()
                self._listener = None
            loop.end()
            loop = self._begun(config)
        self._notifier.tell("READY=1")
        return loop

    def _tell(self, loop: Loop) -> None:
        document = status.document(loop, self._clock.now())
        self._document = json.dumps(document)
        self._write(self._document, self._status_path)
        if loop.config.textfile is not None:
            self._write(metrics.text(document), loop.config.textfile)

    def _write(self, text: str, path: str) -> None:
        """A file that cannot be written is said once; cooling goes on."""
        try:
            status.write(text, path)
            self._said_unwritable.discard(path)
        except OSError as error:
            if path not in self._said_unwritable:
                journal.say(journal.ERROR, f"{path} cannot be written: {error.strerror}")
            self._said_unwritable.add(path)


def _in_short(loop: Loop) -> str:
    if loop.session_trouble is not None:
        return f"NVML cannot be used: {loop.session_trouble}"
    hottest = max((kept.reading.core_c or 0 for kept in loop.cards if kept.reading and not kept.gone), default=0)
    wrong = sum(1 for kept in loop.cards if kept.gone or kept.distrust)
    return f"{len(loop.cards)} cards, hottest {hottest} °C" + (f", {wrong} in trouble" if wrong else "")


def prepare(status_path: str) -> None:
    """The folder of the status file, where no service manager makes it."""
    folder = os.path.dirname(status_path)  # noqa: PTH120
    if not os.path.isdir(folder) and os.access(os.path.dirname(folder), os.W_OK):  # noqa: PTH112, PTH120
        os.mkdir(folder)  # noqa: PTH102


def _slim() -> None:
    """Give back what compiling the modules took: the process stays, and its start is over."""
    gc.collect()
    gc.freeze()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return  # not glibc
