"""Layer `backup`: restic, the program that tells it what is worth keeping, its timer, and the first backup."""

from __future__ import annotations

import shlex

from pyinfra.api.deploy import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.catalog import catalog
from rigwright.choice import backup as choice
from rigwright.engine.reasons import after, changes_in
from rigwright.operations import apt, files, units
from rigwright.operations import backup as own
from rigwright.spec.rig import Rig
from rigwright.spec.secret import Secret
from save import pack
from tasks import unfinished

UNIT_FILE = f"/etc/systemd/system/{choice.UNIT}"
TIMER_FILE = f"/etc/systemd/system/{choice.TIMER}"


@deploy("backup")
def backup(rig: Rig) -> None:
    """Have backups made as declared. None declared: the timer and the secrets go, what was saved stays."""
    if not choice.is_there(rig):
        units.service(name="Make no more backups", unit=choice.TIMER, running=False, enabled=False)
        written = [choice.PLAN, choice.SECRETS, choice.IDENTITY, choice.KNOWN_HOSTS, choice.MODELS]
        files.absent(name="Remove what makes backups", paths=[choice.PROGRAM, UNIT_FILE, TIMER_FILE, *written])
        return
    declared = rig.backup
    assert declared.repository is not None
    assert declared.password is not None
    behind_ssh = ["openssh-client"] if declared.sftp else []
    with after(*unfinished.finished()):
        packages = apt.install(name="Install what makes backups", packages=["restic", "python3", *behind_ssh])
    ready = [
        packages,
        files.content(name="Put in place what makes backups", dest=choice.PROGRAM, text=pack.build(), mode="755"),
        files.content(name="Write the list of models", dest=choice.MODELS, text=choice.models_text(rig)),
        files.content(name="Write what is kept", dest=choice.PLAN, text=choice.plan_text(rig, catalog())),
        own.secrets(name="Write the secrets of backups", dest=choice.SECRETS, wanted=secrets(rig)),
    ]
    if declared.sftp is None:
        files.absent(name="Remove how others are reached", paths=[choice.IDENTITY, choice.KNOWN_HOSTS])
    else:
        ready += [
            own.identity(
                name="Write the key to come in by",
                dest=choice.IDENTITY,
                key="backup.sftp.identity",
                secret=declared.sftp.identity,
            ),
            files.content(name="Write who is behind it", dest=choice.KNOWN_HOSTS, text=choice.known_hosts(rig)),
        ]
    ready += [_unit(rig), _timer(rig)]
    with after(*ready):
        read = units.read_anew(name="Have systemd know the backup's unit", unit=choice.UNIT)
        units.service(name="Schedule backups", unit=choice.TIMER, files=[TIMER_FILE])
    kept = [each for layer in ("access", "driver", "runtimes", "gateway") for each in changes_in(layer)]
    with after(*ready, read, *kept):
        own.first_made(
            name="Make the first backup",
            unit=choice.UNIT,
            program=choice.PROGRAM,
            place=declared.repository,
            host_name=rig.name,
        )


def secrets(rig: Rig) -> dict[str, tuple[str, Secret]]:
    """Variable → the key that declares it, and where its value is read from."""
    assert rig.backup.password is not None
    more = {name: (f"backup.environment.{name}", each) for name, each in rig.backup.environment.items()}
    return {choice.PASSWORD: ("backup.password", rig.backup.password), **more}


def unit_context(rig: Rig) -> dict[str, object]:
    """What the unit's template is filled with."""
    return {
        "program": choice.PROGRAM,
        "folder_line": choice.folder_line(rig),
        "writable": choice.writable(rig, catalog()),
        "hooks": {name: line for name, line in choice.hook_lines(rig).items() if getattr(rig.backup, name)},
    }


def _unit(rig: Rig) -> OperationMeta:
    written: OperationMeta = files.template(
        name="Write the backup's unit", src=f"{UNIT_FILE[1:]}.j2", dest=UNIT_FILE, context=unit_context(rig)
    )
    return written


def _timer(rig: Rig) -> OperationMeta:
    written: OperationMeta = files.template(
        name="Write when backups are made",
        src=f"{TIMER_FILE[1:]}.j2",
        dest=TIMER_FILE,
        context={"schedule": rig.backup.schedule},
        validate=f"systemd-analyze calendar {shlex.quote(rig.backup.schedule)} >/dev/null",
    )
    return written
