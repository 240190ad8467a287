"""Loading the driver, where that can be done without a reboot."""

from __future__ import annotations

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from rigwright.engine.reasons import because, outstanding
from rigwright.facts.files import Contents
from rigwright.facts.gpus import Gpus
from rigwright.facts.kernels import Kernels
from rigwright.facts.modules import Modules
from rigwright.facts.release import Release
from rigwright.operations.driver.secure_boot import key_to_enrol

REFUSED = "/run/rigwright/not-loaded"
"""What the kernel and modprobe said when the module was not taken."""

_SAID = f"journalctl -q -k -b -o cat | grep -E 'NVRM|nvidia|Lockdown' | tail -n 3 >> {REFUSED}"


@operation()
def loaded(module: str) -> Generator[str, None, None]:
    """Load the driver, unless it is loaded or only a reboot can do it.

    ``module``: its name on disk. Another version that is loaded, or a rival that holds the cards, is for the reboot. A
    kernel that does not take the module is no failure: a later layer may bring what it lacks, such as a word of the
    kernel's command line. That the driver is not loaded stays outstanding.
    """
    kernels, modules = host.get_fact(Kernels), host.get_fact(Modules)
    rivals = sorted(modules.loaded - {"nvidia"})
    if host.get_fact(Release).container is not None:
        host.noop("a container has no kernel of its own")
    elif modules.running is not None:
        host.noop(f"driver {modules.running} is loaded")
    elif rivals:
        host.noop(f"{', '.join(rivals)} is loaded: that takes a reboot")
    elif modules.module(kernels.running, module) is None:
        host.noop(f"kernel {kernels.running} has no {module} module")
    elif not host.get_fact(Gpus):
        host.noop("there is no card on the bus")
    elif (text := key_to_enrol(module, certainly=True)) is not None:
        outstanding(f"the driver is not loaded. {text}")
    else:
        because(f"module {module}: on disk, not loaded")
        yield f"mkdir -p {REFUSED.rpartition('/')[0]} && {{ modprobe {module} 2> {REFUSED} || {_SAID}; }}"
        if host.get_fact(Modules).running is None:
            said = " / ".join((host.get_fact(Contents, paths=[REFUSED])[REFUSED] or "").splitlines())
            outstanding(f"the driver is not loaded: {said or 'modprobe said nothing'}")
