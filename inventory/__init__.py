"""Every site's groups, one file each, for `pyinfra inventory deploy.py`. A new site is a new file, no more."""

from pathlib import Path

from rigwright.engine.inventory import groups
from rigwright.spec.load import DeclarationError, load_rigs

_folder = Path(__file__).parent

try:
    load_rigs(_folder.parent)
except DeclarationError as error:
    raise SystemExit(str(error)) from None  # before pyinfra connects to anything

_groups = groups(_folder)
globals().update(_groups)
__all__ = list(_groups)
