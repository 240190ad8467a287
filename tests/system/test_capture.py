"""A host made by hand, captured, and made again from that: the same declaration holds on both."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rigwright.spec.source import read
from sim.gpu.models import rtx3090s
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import with_driver
from tests.system.hosts import gpu_host
from tests.system.outcome import changes
from tests.system.site import BIN, Site, environment, reached, said, site
from tests.system.state import EVERYTHING, state

pytestmark = [pytest.mark.system, pytest.mark.slow]

ANNAS_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUiLzxJVmNwfYqXpLG+y9jl8v8MGSYzQE1aZ3SBjpuo anna@test"
SECRETS = ("hunter2-of-anna", "Bearer-0123456789", "sk-in-a-crontab-0123456789")
BY_HAND = f"""
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -y --no-install-recommends install docker.io docker-cli htop chrony tree sudo >/dev/null
printf 'vm.swappiness = 20\\nnet.core.somaxconn = 2048\\n' > /etc/sysctl.d/70-own.conf
echo 'options nvidia-current NVreg_PreserveVideoMemoryAllocations=1' > /etc/modprobe.d/own.conf
ln -sf /usr/share/zoneinfo/Europe/Vienna /etc/localtime; echo Europe/Vienna > /etc/timezone
useradd --create-home --shell /bin/bash --groups video anna
install -d -m 700 -o anna -g anna /home/anna/.ssh
echo '{ANNAS_KEY}' > /home/anna/.ssh/authorized_keys
chown anna: /home/anna/.ssh/authorized_keys; chmod 600 /home/anna/.ssh/authorized_keys
echo 'anna ALL=(ALL:ALL) ALL' > /etc/sudoers.d/anna; chmod 440 /etc/sudoers.d/anna
echo 'anna:{SECRETS[0]}' | chpasswd
mkdir -p /etc/docker
echo '{{"log-opts": {{"max-size": "20m", "max-file": "5"}}, "max-concurrent-downloads": 4}}' > /etc/docker/daemon.json
mkdir -p /var/spool/cron/crontabs; echo '* * * * * API_KEY={SECRETS[2]} /bin/true' > /var/spool/cron/crontabs/anna
printf '[Service]\\nType=oneshot\\nExecStart=nvidia-smi -pl 280\\n' > /etc/systemd/system/own-power.service
printf 'Enabled: no\nTypes: deb\nURIs: https://me:{SECRETS[1]}@packages.example/x\nSuites: stable\nComponents: main\n' \
    > /etc/apt/sources.list.d/example.sources
nvidia-smi -pl 280 >/dev/null
"""
IDENTITIES = ("uuid", "pci")


class Pair(NamedTuple):
    """The host made by hand, the blank one, and the project in which both are reached."""

    hand: ThrowawayHost
    blank: ThrowawayHost
    rig: Site


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with (
        ThrowawayHost("hand", root=with_driver("trixie"), gpus=rtx3090s(2)) as hand,
        gpu_host("blank") as blank,
    ):
        hand.run(f"set -e\n{BY_HAND}", timeout=1200)
        # The owner comes in to both by either of his keys.
        key = Path(f"{blank.ssh_key}.pub").read_text().strip()
        hand.run(f"for home in /root /home/admin; do echo '{key}' >> $home/.ssh/authorized_keys; done")
        nothing = {"driver": {"source": "none"}, "containers": {"toolkit": {"state": "absent"}}}
        yield Pair(hand, blank, site(tmp_path_factory.mktemp("capture"), {hand: nothing, blank: nothing}))


def entry_of(file: Path) -> dict[str, Any]:
    """What an inventory file declares of its only host."""
    ((_, found),) = read(file, file.parent).values["captured"]
    assert isinstance(found, dict)
    return found


def plain(entry: dict[str, Any]) -> dict[str, Any]:
    """A declaration without the way in and without what makes each machine another."""
    rest = {name: value for name, value in entry.items() if not name.startswith("ssh_")}
    gpus = [{key: value for key, value in gpu.items() if key not in IDENTITIES} for gpu in rest["hardware"]["gpus"]]
    return {**rest, "hardware": {**rest["hardware"], "gpus": gpus}}


def filled_in(text: str, hash_file: Path) -> str:
    """As the owner does it: plugs, supply, and where the hash of a password is."""
    text = re.sub(r'"FILL IN: the plugs[^"]*"', '["8-pin", "8-pin"]', text)
    text = re.sub(r'"FILL IN: what is printed[^"]*"', "1300", text)
    return text.replace('{"env": "RIG_ANNA_PASSWORD_HASH"}', f'{{"file": "{hash_file}"}}')


def test_what_was_made_by_hand_is_captured_and_made_again(pair: Pair, tmp_path: Path) -> None:
    hand, blank, rig = pair
    first = rig.project / "inventory/copy.py"
    before = state(hand, EVERYTHING)

    captured = rig.rig("capture", "hand", "--name", "copy", "--output", str(first))

    assert captured.returncode == 2, said(captured)
    assert state(hand, EVERYTHING) == before, "a look changes nothing"
    text = first.read_text()
    assert not [secret for secret in SECRETS if secret in text + captured.stdout + captured.stderr]
    assert not re.search(r"\$(y|6)\$", text)
    declared = entry_of(first)
    _is_what_was_made(declared)
    assert "anna's crontab has 1 line" in text and "own-power.service" in text
    unfilled = rig.rig("check", "copy")
    assert unfilled.returncode == 1 and unfilled.stderr.count("inventory/copy.py:") == 3, said(unfilled)

    # On the host that it is of
    hash_file = tmp_path / "hash"
    hash_file.write_text(hand.run("getent shadow anna | cut -d: -f2").stdout)
    hash_file.chmod(0o600)
    first.write_text(filled_in(text, hash_file))
    assert rig.rig("check", "copy").returncode == 0
    rig.apply("copy")
    _holds(rig, "copy")

    # On the blank one
    other = filled_in(text, hash_file).replace("captured = [", "again = [").replace('"copy"', '"other"')
    for name, value in reached(hand).items():
        other = other.replace(f'"{name}": "{value}"', f'"{name}": "{reached(blank)[name]}"')
    (rig.project / "inventory/other.py").write_text(other)
    rig.apply("other")
    _holds(rig, "other")

    # And what the blank one is now
    second = tmp_path / "second.py"
    assert rig.rig("capture", "blank", "--name", "another", "--output", str(second)).returncode == 2
    renamed = second.read_text().replace("captured_another = [", "captured = [")
    second.write_text(renamed)
    assert plain(entry_of(second)) == plain(declared)


def _is_what_was_made(declared: dict[str, Any]) -> None:
    assert declared["base"]["timezone"] == "Europe/Vienna"
    assert declared["base"]["packages"].items() >= {"chrony": True, "tree": True, "tmux": None}.items()
    anna = declared["access"]["users"]["anna"]
    assert (anna["keys"], anna["groups"], anna["sudo"]) == ([ANNAS_KEY], ["video"], "password")
    assert declared["driver"] == {"source": "distribution"}
    assert declared["containers"]["log"] == {"max_size_mb": 20, "max_files": 5}
    assert declared["containers"]["daemon"] == {"max-concurrent-downloads": 4}
    assert declared["tuning"]["sysctl"] == {"vm.swappiness": 20, "net.core.somaxconn": 2048}
    assert declared["tuning"]["module_options"] == {"nvidia": {"NVreg_PreserveVideoMemoryAllocations": 1}}
    assert declared["power"] == {"limit_w": 280}
    assert [gpu["model"] for gpu in declared["hardware"]["gpus"]] == ["GeForce RTX 3090"] * 2


def _holds(rig: Site, host: str) -> None:
    proof = rig.document("verify", host)
    assert proof["exit_status"] == 0, changes(proof)
    plan = rig.document("plan", host)
    assert plan["exit_status"] == 0, changes(plan)


def test_a_host_that_is_not_in_the_inventory_is_found_by_sshs_own_configuration(pair: Pair, tmp_path: Path) -> None:
    ssh = tmp_path / "home/.ssh"
    ssh.mkdir(parents=True)
    keys = reached(pair.blank)
    (ssh / "config").write_text(
        f"Host bare\n  HostName {keys['ssh_hostname']}\n  User admin\n  IdentityFile {keys['ssh_key']}\n"
        f"  UserKnownHostsFile {keys['ssh_known_hosts_file']}\n"
    )
    done = subprocess.run(
        [str(BIN / "rig"), "capture", "bare", "--json"], cwd=pair.rig.project,
        env={**environment(), "HOME": str(tmp_path / "home")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, said(done)
    assert '"ssh_user": "admin"' in done.stdout and '"twice"' not in done.stdout


def test_nothing_is_written_of_a_host_that_cannot_be_reached(pair: Pair, tmp_path: Path) -> None:
    output = tmp_path / "none.py"
    done = pair.rig.rig("capture", "hand", "--ssh-port", "1", "--output", str(output))
    assert done.returncode == 3, said(done)
    assert not output.exists() and not list(tmp_path.iterdir())
