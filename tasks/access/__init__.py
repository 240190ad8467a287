"""Layer `access`: who may come in, and through which doors.

The order matters: people and their keys first, then the firewall (which opens sshd's port, a new one too), then sshd;
and the firewall again where sshd was moved: its old port is closed when nobody needs it any more.
"""

from __future__ import annotations

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.api.operation import OperationMeta

from rigwright.choice import access as choice
from rigwright.engine.reasons import after
from rigwright.engine.reconnect import login_user
from rigwright.facts.undo import FOLDER
from rigwright.operations import accounts, apt, files, sshd, units
from rigwright.operations.guard import UNIT
from rigwright.spec.rig import Rig
from tasks.access.firewall import firewall, left_port_closed


@deploy("access")
def access(rig: Rig) -> None:
    """People, firewall, sshd."""
    installed = apt.install(name="Install what access needs", packages=choice.packages(rig.access))
    written = files.template(
        name="Have unproven changes taken back at boot", src=f"{UNIT[1:]}.j2", dest=UNIT, context={"folder": FOLDER}
    )
    with after(written):
        # It has work at boot only: all that is asked of it is to be there then.
        units.service(name="Enable the taking back at boot", unit=UNIT.rpartition("/")[2], running=False)
    people(rig, installed)
    firewall(rig, installed)
    user = login_user(host)
    present = {name: each for name, each in rig.access.users.items() if each.state == "present"}
    concerned = [each for name, each in present.items() if user in (None, name)]
    with after(None if user else installed):  # whoever comes in by sshd has it
        sshd.configured(
            name="Configure sshd",
            ssh=rig.access.ssh,
            declared_keys=sum(len(each.keys) for each in concerned),
        )
    left_port_closed(rig)


def people(rig: Rig, installed: OperationMeta) -> None:
    """Every declared user; accounts that are not declared are nobody's business here."""
    for user, declared in host.loop(list(rig.access.users.items())):
        if declared.state == "absent":
            accounts.absent(name=f"Remove user {user}", user=user, declared=declared)
            continue
        made = accounts.present(name=f"Have user {user}", user=user, declared=declared)
        with after(made):
            accounts.keys(name=f"Set the keys of {user}", user=user, declared=declared)
        with after(made, installed):
            accounts.sudo(name=f"Set what {user} may do", user=user, declared=declared)
        if declared.password_hash is not None:
            with after(made):
                accounts.password(name=f"Set the password of {user}", user=user, declared=declared)
