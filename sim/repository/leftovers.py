"""What repository servers leave in the cache: archives of packages whose sources have changed since."""

from __future__ import annotations

from pathlib import Path

from sim.cache import cache_dir, remove_tree
from sim.repository.record import records, sweep


def remove_unused() -> list[str]:
    """Takes down servers without an owner, and removes every built archive that none serves; gives their names.

    Keys stay: hosts may know them. What is removed is built anew when it is wanted.
    """
    sweep()
    folder = cache_dir() / "repositories"
    served = {path for record in records() for path in _served(record.folder / "www")}
    unused = [
        path
        for path in sorted(folder.glob("[a-z]*"))
        if not path.name.startswith("key-") and not any(each.is_relative_to(path) for each in served)
    ]
    for path in unused:
        remove_tree(path)
    return [path.name for path in unused]


def _served(www: Path) -> list[Path]:
    return [path.resolve() for path in www.rglob("*") if path.is_symlink()]
