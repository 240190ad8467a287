"""The same host by Ansible: the playbook of bench/ansible with what it needs to know of one declaration."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.run import BenchError, Said, ansible_found, program, run
from rigwright.catalog import catalog
from rigwright.choice import access, base
from rigwright.spec.rig import Rig
from sim.host.throwaway import ThrowawayHost

FOLDER = Path(__file__).with_name("ansible")


class Playbook:
    """bench/ansible for one declaration, whose files are taken from a host that has been brought to it.

    A run opens a connection of its own, as all the others do; ControlPersist serves it from its first task to its last.
    """

    def __init__(self, folder: Path, rig: Rig, declared: ThrowawayHost) -> None:
        self._folder = folder
        shutil.copytree(FOLDER, folder)
        take_files(declared.root, folder / "files")
        self._variables = variables(rig, declared.release) | {"files": str(folder / "files")}

    def run(self, host: ThrowawayHost, *, pipelining: bool) -> Said:
        """Bring ``host`` to the state, or find it there."""
        (self._folder / "hosts.json").write_text(json.dumps(self._inventory(host)))
        return run([program("ansible-playbook"), "site.yml"], self._folder, environment=self._environment(pipelining))

    def hang_up(self) -> None:
        """End the connections that ControlPersist keeps."""
        for path in self._sockets.glob("*"):
            command = ["ssh", "-F", "/dev/null", "-o", f"ControlPath={path}", "-O", "exit", "any"]
            subprocess.run(command, capture_output=True, check=False)

    @property
    def _sockets(self) -> Path:
        return self._folder / "cp"

    def _inventory(self, host: ThrowawayHost) -> dict[str, Any]:
        reached = {
            "ansible_user": host.ssh_user,
            "ansible_ssh_common_args": f"-F {host.write_ssh_config(self._folder / 'ssh_config')}",
            "ansible_python_interpreter": "/usr/bin/python3",  # it need not be searched for
        }
        return {"all": {"hosts": {host.name: reached | self._variables}}}

    def _environment(self, pipelining: bool) -> dict[str, str]:
        """Nothing of the settings of whoever runs this."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return ours | {
            "ANSIBLE_CONFIG": str(self._folder / "ansible.cfg"),
            "ANSIBLE_HOME": str(self._folder / "home"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._sockets),
            "ANSIBLE_PIPELINING": str(pipelining),
            "LC_ALL": "C.UTF-8",  # without UTF-8 it does not start
        }


@contextmanager
def playbook(folder: Path, rig: Rig, declared: ThrowawayHost) -> Iterator[Playbook]:
    """A playbook whose connections end with it."""
    made = Playbook(folder, rig, declared)
    try:
        yield made
    finally:
        made.hang_up()


def variables(rig: Rig, codename: str) -> dict[str, Any]:
    """What the playbook is told of the declaration."""
    people = {name: user for name, user in rig.access.users.items() if user.state == "present"}
    return {
        "hostname": rig.base.hostname,
        "timezone": rig.base.timezone,
        "locale": rig.base.locale,
        "components": ["main", *base.components(rig, catalog().release(codename))],
        "packages": sorted({*base.packages(rig, {}), *access.packages(rig.access)}),
        "users": [
            {
                "name": name,
                "shell": user.shell,
                "groups": list(user.groups),
                "keys": list(user.keys),
                "sudo": user.sudo != "none",
            }
            for name, user in people.items()
        ],
    }


def take_files(root: Path, folder: Path) -> None:
    """Copy the files that Rigwright wrote under ``root``/etc. Raises BenchError when there are none."""
    found = [path for path in (root / "etc").rglob("*") if "rigwright" in str(path.relative_to(root))]
    written = [path for path in found if path.is_file() and not path.is_symlink()]
    if not written:
        raise BenchError(f"no file of Rigwright's under {root}/etc")
    for path in written:
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def proven(said: Said) -> None:
    """Raise BenchError unless a run that had work to do has done it."""
    if said.status:
        raise BenchError(f"Ansible did not bring the host to the state: {ansible_found(said) or said.last_words()}")
