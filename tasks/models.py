"""Layer `models`: the program that pulls them, and what it pulls."""

from __future__ import annotations

from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from fetch import pack
from rigwright.choice.models import OLLAMA_FOLDERS, has_ollama, placed, plan
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import apt, files
from rigwright.operations import models as disk
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret
from tasks import unfinished

PROGRAM = "/opt/rigwright/fetch.pyz"


@deploy("models")
def models(rig: Rig) -> None:
    """Have the declared models on the disk. None declared: the program goes, what it pulled stays."""
    if not rig.models.wanted:
        files.absent(name="Take away what pulls models", paths=[PROGRAM])
        return
    with after(*unfinished.finished()):
        python = apt.install(name="Install what pulls models run on", packages=["python3", "ca-certificates"])
    program = files.content(name="Put in place what pulls models", dest=PROGRAM, text=pack.build(), mode="755")
    with after(*changes_in("base")):
        folders = [_folder(f"{rig.models.root}/{name}") for name in OLLAMA_FOLDERS] if has_ollama(rig) else []
    with after(python, program, *folders, *changes_in("base")):
        disk.pulled(name="Pull the models", program=PROGRAM, plan=plan(rig), files=placed(rig), tokens=tokens(rig))


def _folder(path: str) -> OperationMeta:
    """Every runtime may read there, and none may write."""
    made: OperationMeta = files.directory(name=f"Make the folder {path}", path=path)
    return made


def tokens(rig: Rig) -> dict[str, Secret]:
    """Model → its token, where it comes from the Hub and has one."""
    own = {name: model.token or rig.models.token for name, model in rig.models.wanted.items() if model.hub is not None}
    return {name: token for name, token in own.items() if token is not None}
