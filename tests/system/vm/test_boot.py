"""What only a machine shows of a declared host: what holds after its boots, in which order, and with what missing."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request

from sim.vm.machine import Machine
from tests.system.outcome import changes
from tests.system.site import said
from tests.system.vm.conftest import DATA, GATEWAY, UNDECLARED, WORD, Server

DRIVER = "580.105.08"
OPTION = "NVreg_PreserveVideoMemoryAllocations"
FIRST, THEN, LAST = "nvidia-persistenced.service", ("rigwright-cdi.service", "rigd.service"), "rig-llm.service"
"""The driver's state, what containers and cards get from it, what computes. The gateway waits for none of them: a model
that takes minutes to load would keep the door of the others shut."""
DATA_MOUNT = "/srv/data"


def test_what_a_container_could_not_take_comes_with_one_reboot(server: Server) -> None:
    machine = server.machine
    boots = _boots(machine)

    done = server.site.rig("apply", "--yes")

    assert done.returncode == 0, said(done)
    assert _boots(machine) == boots + 1, said(done)
    assert f"not on the running kernel's command line: {WORD}" in done.stdout
    server.is_as_declared()


def test_it_is_all_in_force(server: Server) -> None:
    machine = server.machine
    running = machine.run("systemctl is-system-running", check=False).stdout.strip()
    assert running == "running", machine.run("systemctl --failed --no-legend").stdout
    assert WORD in machine.run("cat /proc/cmdline").stdout.split()
    modules = machine.run("lsmod").stdout
    assert "nouveau" not in modules
    assert DRIVER in machine.run("cat /proc/driver/nvidia/version").stdout
    assert f"{OPTION.removeprefix('NVreg_')}: 1" in machine.run("cat /proc/driver/nvidia/params").stdout
    cards = machine.run("nvidia-smi --query-gpu=persistence_mode,power.limit --format=csv,noheader").stdout
    assert cards.splitlines() == ["Enabled, 280.00 W", "Enabled, 250.00 W"], cards
    swap = machine.run("swapon --show=NAME --noheadings").stdout
    assert "zram" in swap, "swap is really made and in use here"


def test_it_starts_in_order(server: Server) -> None:
    began = {unit: _active_since(server.machine, unit) for unit in (FIRST, *THEN, "docker.service", LAST)}
    assert all(began.values()), began
    for unit in THEN:
        assert began[FIRST] < began[unit] < began["docker.service"] < began[LAST], began


def test_the_firewall_is_there_after_a_boot(server: Server) -> None:
    machine = server.machine
    machine.run(f"systemd-run --unit=undeclared python3 -m http.server {UNDECLARED} --directory /srv")
    machine.run(f"until curl -fs -o /dev/null http://127.0.0.1:{UNDECLARED}; do sleep 0.5; done", timeout=60)
    assert not _answers(f"http://127.0.0.1:{machine.port(UNDECLARED)}/")
    assert _answers(f"https://127.0.0.1:{machine.port(GATEWAY)}/v1/models")
    machine.run("systemctl stop undeclared")


def test_it_reboots_for_nothing_but_what_needs_it(server: Server) -> None:
    machine = server.machine
    boots = _boots(machine)
    without = ("--set", "tuning.sysctl={'net.ipv4.tcp_fin_timeout': 31}", "--layer", "tuning")
    done = server.site.rig("apply", "--yes", *without)
    assert done.returncode == 0, said(done)
    assert machine.run("sysctl -n net.ipv4.tcp_fin_timeout").stdout.strip() == "31"
    assert _boots(machine) == boots

    option = ("--set", f"tuning.module_options.nvidia.{OPTION}=0")
    plan = server.site.rig("plan", *option)
    assert plan.returncode == 2 and "reboot" in plan.stdout.lower(), said(plan)
    done = server.site.rig("apply", "--yes", *option)
    assert done.returncode == 0, said(done)
    assert _boots(machine) == boots + 1
    assert f"{OPTION.removeprefix('NVreg_')}: 0" in machine.run("cat /proc/driver/nvidia/params").stdout

    server.site.apply()
    assert _boots(machine) == boots + 2
    server.is_as_declared()


def test_it_boots_with_a_data_disk_missing(server: Server) -> None:
    machine = server.machine
    disk = {"data": {"mount": DATA_MOUNT, "format": DATA}}
    layer = ("--layer", "base")
    formatted = ("--set", f"base.disks={json.dumps(disk)}")
    done = server.site.rig("apply", "--yes", *layer, *formatted)
    assert done.returncode == 0, said(done)
    machine.run(f"echo kept > {DATA_MOUNT}/file && sync")

    machine.power_off()
    machine.pulled.add(DATA)
    machine.start()

    assert machine.run(f"findmnt {DATA_MOUNT}", check=False).returncode != 0
    assert machine.run("systemctl is-active rigwright-gateway").stdout.strip() == "active", "the rest of it serves"
    proof = server.site.document("verify", *layer, *formatted)
    assert proof["exit_status"] == 1 and DATA_MOUNT in changes(proof), changes(proof)
    applied = server.site.rig("apply", "--yes", *layer, *formatted)
    assert applied.returncode == 1 and DATA_MOUNT in applied.stdout + applied.stderr, said(applied)

    machine.power_off()
    machine.pulled.clear()
    machine.start()
    assert machine.run(f"cat {DATA_MOUNT}/file").stdout == "kept\n"
    proof = server.site.document("verify", *layer, *formatted)
    assert proof["exit_status"] == 0, changes(proof)
    server.site.apply(*layer)


def _boots(machine: Machine) -> int:
    return len(json.loads(machine.run("journalctl --list-boots --output=json").stdout))


def _active_since(machine: Machine, unit: str) -> int:
    return int(machine.run(f"systemctl show -P ActiveEnterTimestampMonotonic {unit}").stdout)


def _answers(address: str) -> bool:
    """Whether anything at all answers there in five seconds."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        urllib.request.urlopen(address, timeout=5, context=anybody)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
