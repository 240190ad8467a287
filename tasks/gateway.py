"""Layer `gateway`: Caddy under a unit of its own, beside whatever else Caddy may do on the host."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.choice import gateway as choice
from rigwright.engine.reasons import after, changes_in
from rigwright.facts.packages import Packages
from rigwright.operations import apt, files, units
from rigwright.operations import gateway as own
from rigwright.spec.rig import Rig
from tasks import unfinished

UNIT_FILE = f"/etc/systemd/system/{choice.UNIT}"
# Provisioned as it would be, but with folders that go: as root Caddy would leave some that it cannot open later.
_ASIDE = 'XDG_DATA_HOME="$aside" XDG_CONFIG_HOME="$aside" CREDENTIALS_DIRECTORY="$aside"'


@deploy("gateway")
def gateway(rig: Rig) -> None:
    """Have the door as declared; or none."""
    if not choice.is_there(rig):
        units.service(name="Close the gateway", unit=choice.UNIT, running=False, enabled=False)
        files.absent(name="Remove the gateway", paths=[UNIT_FILE, choice.CADDYFILE, choice.KEYS])
        return
    if "caddy" not in host.get_fact(Packages).installed:
        # Its own service would open a page of welcome on port 80 as soon as it is installed.
        units.masked(name="Keep Caddy's own service from starting", unit="caddy.service")
    with after(*unfinished.finished()):
        installed = apt.install(name="Install Caddy", packages=["caddy"])
    declared = rig.gateway
    with after(installed):
        keys = own.keys(
            name="Write the clients' keys",
            dest=choice.KEYS,
            clients={name: client.api_key for name, client in declared.clients.items()},
        )
    with after(installed, keys):
        caddyfile = files.template(
            name="Write the gateway's configuration",
            src=f"{choice.CADDYFILE[1:]}.j2",
            dest=choice.CADDYFILE,
            context=_context(rig),
            validate=_validate(rig),
        )
    unit = files.template(
        name="Write the gateway's unit",
        src=f"{UNIT_FILE[1:]}.j2",
        dest=UNIT_FILE,
        context={"caddyfile": choice.CADDYFILE, "state": choice.STATE, "run": choice.RUN, "tls": declared.tls},
    )
    with after(installed, keys, caddyfile, unit, *changes_in("runtimes")):
        units.service(name="Open the gateway", unit=choice.UNIT, files=[choice.CADDYFILE, choice.KEYS], action="reload")


def _context(rig: Rig) -> dict[str, object]:
    return {
        "names": choice.names(rig),
        "addresses": choice.addresses(rig),
        "passages": choice.passages(rig, catalog()),
        "default": rig.gateway.default,
        "tls": rig.gateway.tls,
        "body_mb": rig.gateway.body_mb,
        "read_s": rig.gateway.read_s,
        "keys": choice.KEYS,
        "run": choice.RUN,
    }


def _validate(rig: Rig) -> str:
    tls = rig.gateway.tls
    copies = ""
    if tls.source == "files":
        copies = f'cp {tls.certificate} "$aside/certificate" && cp {tls.key_file} "$aside/key" && '
    return (
        f"{{{{ aside=$(mktemp -d) && {copies}said=$(env {_ASIDE}"
        " caddy validate --config {path} --adapter caddyfile 2>&1);"
        ' status=$?; rm -rf "$aside"; [ $status = 0 ] || {{ echo "$said" | tail -n 1 >&2; false; }}; }}'
    )
