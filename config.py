"""pyinfra runs this file first when it is started in this folder: what ``pyinfra inventory deploy.py`` needs."""

from pathlib import Path

from rigwright.engine.pyinfra_patch import install

install(Path(__file__).resolve().parent)
