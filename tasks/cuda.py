"""Layer `cuda`: toolkits on the host itself, side by side, and the default one."""

from __future__ import annotations

from pyinfra import host
from pyinfra.api.deploy import deploy

from rigwright.catalog import catalog
from rigwright.choice.flavour import Impossible
from rigwright.choice.toolkits import toolkit_packages, toolkit_prefix, toolkits_from_nvidia
from rigwright.engine.reasons import after
from rigwright.facts.release import Release
from rigwright.operations import cuda as toolkits
from rigwright.operations import files, refusal, sources
from rigwright.spec.rig import Rig
from tasks import archive as archives
from tasks import unfinished
from tasks.driver import repository

PROFILE = "/etc/profile.d/rigwright-cuda.sh"


@deploy("cuda")
def cuda(rig: Rig) -> None:
    """Have the declared toolkits and no others; the link and PATH follow the default one."""
    release = catalog().release(host.get_fact(Release).codename)
    try:
        packages = toolkit_packages(rig, release, catalog())
    except Impossible as impossible:
        refusal.refused(name="Choose the toolkits", text=str(impossible))
        return
    finished = unfinished.finished()
    lists = None
    if toolkits_from_nvidia(rig):
        lists = repository.present(rig, release)
        if rig.driver.source == "none" or rig.driver.state == "absent":
            repository.toolkits_only()
    elif packages:
        known = sources.known(name="Learn whose archives apt's sources are")
        archive = archives.completed(rig, release, known)
        lists = archives.fetched(archive)
    removed = toolkits.others_removed(name="Remove toolkits that are not declared", packages=list(packages.values()))
    with after(*finished, lists, removed):
        installed = toolkits.installed(name="Install the toolkits", packages=packages)
    with after(installed):
        toolkits.held(name="Hold the toolkits", packages=list(packages.values()))
    default = rig.cuda.default if rig.cuda.state == "present" else None
    with after(installed, removed):
        if default is not None:
            toolkits.default(
                name="Set the default toolkit", prefix=toolkit_prefix(default, rig, catalog()), version=default
            )
        else:
            toolkits.no_default(name="Leave the default toolkit to the packages", gone=not packages)
    if default is not None:
        files.template(
            name="Put the default toolkit's programs on PATH", src=f"{PROFILE[1:]}.j2", dest=PROFILE, context={}
        )
    else:
        files.absent(name="Leave PATH alone", paths=[PROFILE])
