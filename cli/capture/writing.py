"""The file: never over another one unasked, and whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click


def writable(output: Path | None, overwrite: bool) -> None:
    """Raise click.ClickException where the file could not be written at the end; before anything is connected to."""
    if output is None:
        return
    if output.exists() and not overwrite:
        raise _taken(output)
    if not output.parent.is_dir():
        raise click.ClickException(f"{output}: there is no folder {output.parent}")


def put(text: str, output: Path, overwrite: bool) -> None:
    """Write it aside, then give it its name. Raises click.ClickException."""
    try:
        handle, aside = tempfile.mkstemp(prefix=".rig-", suffix=".new", dir=output.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            mask = os.umask(0)
            os.umask(mask)
            Path(aside).chmod(0o666 & ~mask)
            if overwrite:
                Path(aside).replace(output)
            else:
                output.hardlink_to(aside)  # unlike a renaming it fails where somebody was there in the meantime
        finally:
            Path(aside).unlink(missing_ok=True)
    except FileExistsError as error:
        raise _taken(output) from error
    except OSError as error:
        raise click.ClickException(f"{output} could not be written: {error.strerror or error}") from error


def _taken(output: Path) -> click.ClickException:
    return click.ClickException(f"{output} is there already, and stays as it is: choose another, or add --overwrite")
