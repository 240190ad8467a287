"""`rig try`: the whole way on a host that does not matter."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import exit_codes, tried_machine, tried_model
from cli.declared import hosts_and_overrides, load
from cli.keeper_shown import show_rigd
from cli.next_steps import next_steps
from cli.simulated import simulated_cards

if TYPE_CHECKING:
    from rigwright.spec.rig import Rig
    from sim.host.reachable import Reachable
    from sim.host.throwaway import ThrowawayHost
    from sim.repository.vendors import VendorRepositories
    from sim.vm.machine import Machine


_ASK = ("ask", tried_model.QUESTION, "--max-tokens", "48")


@click.command("try")
@hosts_and_overrides
@click.option("--release", type=click.Choice(["trixie", "bookworm"]), default="trixie", show_default=True)
@click.option(
    "--driver",
    type=click.Choice(["distribution", "nvidia"]),
    default="distribution",
    show_default=True,
    help="distribution: Debian's real packages, real DKMS build; nvidia: the declared branch, from stand-in packages.",
)
@click.option(
    "--vm",
    is_flag=True,
    help="On a whole machine (QEMU) instead of a container: with a kernel, a bootloader and reboots of its own.",
)
@click.option("--keep", is_flag=True, help="Leave the host running; the command that ends it is shown. Not with --vm.")
def command(
    hosts: tuple[str, ...],
    profiles: tuple[str, ...],
    overrides: tuple[str, ...],
    release: str,
    driver: str,
    vm: bool,
    keep: bool,
) -> int:
    """Start a throw-away Debian on this machine, with the declared GPUs simulated; apply, plan again, verify, ask.

    HOSTS: the one host of the inventory that is tried (default: the first). Needs root. The host is a systemd-nspawn
    container with a network of its own, and is gone afterwards (--keep: once it is told to go). With --vm it is a
    machine in QEMU: KVM where a kernel boots with it, software emulation otherwise, for which what takes long is
    prepared in a container on the same root first; its driver is a stand-in with modules that really load.

    While it runs, this machine has a mount, a control group, a network namespace, an interface and an nftables table
    more, rules in Docker's DOCKER-USER where that exists, a server for the stand-in repositories, and forwards packets
    (net.ipv4.ip_forward). What stays afterwards is the cache: downloaded roots, and with --keep the project that was
    tried.

    Exit status: that of the first step that did not end as it should, else 0.
    """
    from sim.errors import SimulationError  # noqa: PLC0415  # only when something is tried
    from sim.repository.vendors import VendorRepositories  # noqa: PLC0415

    if vm and keep:
        raise click.UsageError("--vm --keep: a machine ends with the command that started it; leave out one of them.")
    driver = "nvidia" if vm else driver
    declared = load(hosts, profiles, overrides)
    if hosts and len(declared.rigs) > 1:
        raise click.UsageError(f"one host is tried at a time, and {', '.join(declared.rigs)} are named: name one.")
    rig = next(iter(declared.rigs.values()))
    said = [*_options("--profile", profiles), *_options("--set", overrides)]
    try:
        with ExitStack() as stack:
            click.secho("Starting stand-in vendor repositories …", bold=True)
            image = [tried_model.IMAGE] if release != "bookworm" else []
            vendors = stack.enter_context(VendorRepositories(images=image, native=not image, owned=not keep))
            given = _Given(declared.root, rig, release, driver, vendors, said)
            host = stack.enter_context(_machine(given) if vm else _container(given, keep))
            if keep:  # at once: however this ends, they end with the host that stays
                vendors.leave_with(host.id)
            project = _prepared_project(given, host)
            if not keep:
                stack.callback(shutil.rmtree, project)
            _explain(rig, release, driver, project, vm)
            status = _whole_way(project, said)
            if status == exit_codes.HOLDS:
                show_rigd(rig, host)
                status = _answered(project, said)
            click.echo(next_steps(project, host, said, keep))
            if keep:
                stack.pop_all()
            elif sys.stdin.isatty():
                click.prompt("Press Enter to end the host", default="", show_default=False, prompt_suffix=" ")
            return status
    except SimulationError as error:
        raise click.ClickException(str(error)) from error


@dataclass(frozen=True)
class _Given:
    """What is tried: ``root`` is the project, ``driver`` where its packages come from, ``said`` the options given."""

    root: Path
    rig: Rig
    release: str
    driver: str
    vendors: VendorRepositories
    said: Sequence[str]


def _container(given: _Given, keep: bool) -> ThrowawayHost:
    from sim.host.throwaway import ThrowawayHost  # noqa: PLC0415

    click.secho(f"Starting a throw-away Debian host ({given.release}) as {given.rig.name} …", bold=True)
    return ThrowawayHost(given.rig.name, given.release, gpus=simulated_cards(given.rig), owned=not keep)


def _machine(given: _Given) -> Machine:
    from sim.host.root import bare_root  # noqa: PLC0415

    if tried_machine.emulated():
        click.secho("KVM does not work here: what takes long is prepared in a container first …", bold=True)
        inputs = [given.vendors.address, given.vendors.images(), repr(given.rig), given.driver]
        root = tried_machine.prepared(given.rig, given.release, lambda host: _applied(given, host), inputs)
    else:
        root = bare_root(given.release)
    click.secho(f"Starting a throw-away machine with Debian ({given.release}) as {given.rig.name} …", bold=True)
    return tried_machine.machine(given.rig, root)


def _applied(given: _Given, host: ThrowawayHost) -> None:
    from sim.errors import SimulationError  # noqa: PLC0415

    project = _prepared_project(given, host)
    try:
        if _step(project, "In a container", ["apply", "--yes", *given.said]) not in (
            exit_codes.HOLDS,
            exit_codes.PENDING,
        ):
            raise SimulationError("the deploy failed in the container, before there was a machine")
    finally:
        shutil.rmtree(project)


def _prepared_project(given: _Given, host: Reachable) -> Path:
    """A project of this host, with what it needs to serve something."""
    given.vendors.registries_for(host)
    folder = _folder(host.id)
    serving = tried_model.changes(given.rig, given.vendors, given.release, folder / tried_model.KEY_FILE)
    changes = {**_changes(host, given.vendors.declaration(given.release), given.driver), **serving}
    project = _project(given.root, given.rig.name, folder, changes)
    tried_model.prepare(project, given.vendors)
    return project


def _changes(host: Reachable, vendors: dict[str, Any], driver: str) -> dict[str, Any]:
    """What is declared otherwise than in the inventory: the way in, and where packages come from."""
    reached: dict[str, Any] = {
        "ssh_hostname": host.address,
        "ssh_port": host.ssh_port,
        "ssh_user": host.ssh_user,
        "ssh_key": str(host.ssh_key),
        "ssh_known_hosts_file": str(host.known_hosts),
    }
    source = vendors["driver"] if driver == "nvidia" else {"source": "distribution", "branch": None, "version": None}
    return {**reached, "driver": source, "containers": vendors["containers"]}


def _folder(host_id: str) -> Path:
    """One for each host: two of one name may be tried at a time."""
    from sim.cache import cache_dir  # noqa: PLC0415

    return cache_dir() / "trial" / host_id


def _project(original: Path, name: str, folder: Path, changes: dict[str, Any]) -> Path:
    from cli.trial import Trial, write_project  # noqa: PLC0415

    return write_project(folder, original, {name: Trial(name, changes)})


def _explain(rig: Rig, release: str, driver: str, project: Path, vm: bool) -> None:
    packages = (
        "Debian's own NVIDIA driver packages, really installed and built"
        if driver == "distribution"
        else f"stand-in packages under the names of NVIDIA's branch {rig.driver.branch}"
    )
    own = "a kernel, GRUB and reboots of its own, " if vm else ""
    declared = f"{rig.driver.source}, branch {rig.driver.branch}" if rig.driver.branch else rig.driver.source
    click.echo(
        f"""
  real        Debian {release} with {own}systemd, sshd, apt, nftables, the container engine, {packages}
              llama.cpp as Debian builds it for processors, Caddy
  simulated   {len(rig.hardware.gpus)} GPUs: NVML with heat, fans and power, nvidia-smi, what lspci reads
  stand-in    NVIDIA's Container Toolkit and its repository, the Hugging Face Hub and the registry of llama.cpp's image,
              served on this machine; a language model of random weights: what it says means nothing
  otherwise   driver source {driver} (the inventory says {declared}); address and keys of the throw-away host
  project     {project}
"""
    )


def _whole_way(project: Path, said: Sequence[str]) -> int:
    steps = (
        ("The whole deploy", ["apply", "--yes", *said]),
        ("Is anything left to do? (0: no)", ["plan", *said]),
        ("The proof", ["verify", *said]),
    )
    statuses = (_step(project, title, arguments) for title, arguments in steps)
    return next((status for status in statuses if status != exit_codes.HOLDS), exit_codes.HOLDS)


def _answered(project: Path, said: Sequence[str]) -> int:
    return _step(project, "An answer, through the gateway", [*_ASK, *said])


def _step(project: Path, title: str, arguments: Sequence[str]) -> int:
    click.secho(f"\n== {title}: rig {shlex.join(arguments)}", bold=True)
    status = subprocess.run([sys.executable, "-m", "cli.main", *arguments], cwd=project, check=False).returncode
    if status != exit_codes.HOLDS:
        click.secho(f"rig {arguments[0]} ended with status {status}", fg="red", err=True)
    return status


def _options(name: str, values: Sequence[str]) -> Iterator[str]:
    for value in values:
        yield from (name, value)
