"""Putting things in place, each by a rename, with its services stopped; what was there before lies beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from save.errors import Trouble
from save.journal import Journal, Placing
from save.places import ASIDE, COMING

Tell = Callable[[str], None]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def coming(path: str) -> Path:
    """What is about to be put at a path, in the same folder, so that it takes a rename alone."""
    place = Path(path)
    return place.with_name(f"{COMING}{place.name}")


def aside(path: str) -> Path:
    """Where what was at a path lies afterwards."""
    return Path(f"{path}{ASIDE}")


def brought(source: Path, path: str) -> None:
    """Have a fetched file or folder beside its place, with folders on the way made as they were."""
    place = coming(path)
    _made_like(place.parent, source.parent)
    removed(place)
    try:
        source.rename(place)
    except OSError:
        # On another disk, then.
        _run("cp", "-a", "--reflink=auto", "--", str(source), str(place))


def placed(journal: Journal, tell: Tell) -> None:
    """Do all that the journal says and is not done yet. Raises `Trouble`; run again, it goes on from there."""
    for unit in journal.stopped:
        tell(f"stopping {unit}")
        _run("systemctl", "stop", unit)
    for placing in journal.placings:
        if placing.path not in journal.done:
            tell(f"putting back {placing.path}")
            _swapped(journal, placing)
            journal.done.append(placing.path)
            journal.write()
    for unit in journal.reloaded:
        tell(f"reloading {unit}")
        _run("systemctl", "try-reload-or-restart", unit)
    for unit in journal.stopped:
        tell(f"starting {unit}")
        _run("systemctl", "start", unit)


def running(units: list[str]) -> list[str]:
    """Those of them that run."""
    return [unit for unit in units if _active(unit)]


def _swapped(journal: Journal, placing: Placing) -> None:
    path, new, old = Path(placing.path), coming(placing.path), aside(placing.path)
    if not os.path.lexists(new):
        if placing.path in journal.aside:
            return  # it was put in place, and only not written down
        raise Trouble(f"{new} is gone: what was fetched is not there any more")
    if placing.path not in journal.aside:
        removed(old)
        journal.aside.append(placing.path)
        journal.write()
    if os.path.lexists(path):
        if os.path.lexists(old):
            removed(path)  # made anew by somebody while this was interrupted: what was there before is aside
        else:
            path.rename(old)
    _kept(placing, new, old)
    for each in placing.beside:
        if os.path.lexists(each):
            Path(each).replace(f"{old}{each.removeprefix(placing.path)}")
    new.rename(path)


def _kept(placing: Placing, new: Path, old: Path) -> None:
    """What no snapshot holds stays: it moves over from what was there."""
    for each in placing.exclude:
        inside = Path(each).relative_to(placing.path)
        if os.path.lexists(old / inside) and not os.path.lexists(new / inside) and (new / inside).parent.is_dir():
            (old / inside).rename(new / inside)


def removed(path: Path) -> None:
    """Have nothing there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _made_like(folder: Path, like: Path) -> None:
    if folder.is_dir():
        return
    _made_like(folder.parent, like.parent)
    folder.mkdir()
    seen = like.stat()
    os.chown(folder, seen.st_uid, seen.st_gid)
    folder.chmod(seen.st_mode & 0o7777)


def _active(unit: str) -> bool:
    done = subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False)
    return done.returncode == 0


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise Trouble(f"{' '.join(words[:3])}: {said[-1]}")
