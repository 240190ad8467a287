"""Prepared roots: what a host was made into once is kept as a layer, and later hosts start from it in a second."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sim.cache import built_once, key_of, remove_tree
from sim.gpu.model import INSTALLED, Gpu
from sim.host.disk import VOLUMES, overlay_works, unmount
from sim.host.root import Root, bare_root, roots_dir
from sim.host.throwaway import ThrowawayHost

_DRIVER = (
    "nvidia-kernel-dkms nvidia-driver-bin nvidia-smi nvidia-persistenced nvidia-modprobe libnvidia-ml1 libnvidia-cfg1"
    " libcuda1 linux-headers-amd64"
)
_BASE = (
    "ca-certificates curl gpg pciutils lm-sensors htop tmux locales nftables"
    " unattended-upgrades needrestart smartmontools systemd-zram-generator"
)
_CLOCKS = ("chrony", "systemd-timesyncd")  # they exclude each other
_DOCKER = {
    "bookworm": "docker.io docker-compose",
    "trixie": "docker.io docker-cli docker-buildx docker-compose",
}
_PODMAN = {
    "bookworm": "podman crun netavark aardvark-dns slirp4netns uidmap fuse-overlayfs",
    "trixie": "podman crun netavark aardvark-dns passt uidmap fuse-overlayfs",
}

# Of apt's own state only the downloaded packages may stay: a host that already knew of `non-free` would not be bare.
_PREFETCH = """
scratch=$(mktemp -d)
mkdir -p "$scratch/lists/partial"
cat > "$scratch/apt.conf" <<END
Dir::State::Lists "$scratch/lists";
Dir::Etc::SourceList "$scratch/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Install-Recommends "false";
END
{sources} > "$scratch/sources.list"
export APT_CONFIG=$scratch/apt.conf DEBIAN_FRONTEND=noninteractive
apt-get -qq update
while read -r packages; do
    apt-get -qq --yes --download-only install $packages
done <<END
{groups}
END
unset APT_CONFIG
rm -r "$scratch"
"""

# One line a suite, from either format of sources, with the components that the driver's packages are in.
_ALL_COMPONENTS = r"""
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ ! -e "$file" ] || awk '
        /^deb / { print $1, $2, $3, "main contrib non-free non-free-firmware" }
        /^URIs:/ { address = $2 }
        /^Suites:/ { for (i = 2; i <= NF; i++) print "deb", address, $i, "main contrib non-free non-free-firmware" }
    ' "$file"
done"""


_INSTALL_DRIVER = f"""
export DEBIAN_FRONTEND=noninteractive
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ ! -e "$file" ] || sed -i -E '/^(deb |Components:)/ s/ main$/ main contrib non-free non-free-firmware/' "$file"
done
echo nvidia-support nvidia-support/check-running-module-version boolean false | debconf-set-selections
apt-get -qq update
apt-get -qq --yes --no-install-recommends install {_DRIVER}
dkms status | grep -q ': installed'
"""


def derive(
    root: Root,
    name: str,
    prepare: str | Callable[[ThrowawayHost], None],
    *,
    inputs: object = None,
    gpus: Sequence[Gpu] = (),
    driver_version: str = INSTALLED,
) -> Root:
    """The root that `prepare` makes of `root`, built in a host of its own if it is not there yet.

    `prepare` is a shell script (it stops at its first error) or a function that is given the running host. The result
    is kept under `name` and everything that made it: `root`, the script, and `inputs`, which for a function must say
    all that its work depends on. Raises SimulationError when the preparation fails; nothing is kept then.
    """
    if callable(prepare) and inputs is None:
        raise ValueError(f"derive({name!r}): a function's `inputs` say when its result is out of date")
    overlay = overlay_works(root)
    script = prepare if isinstance(prepare, str) else ""
    key = key_of([root.key, name, script, inputs, [str(gpu) for gpu in gpus], driver_version, overlay])

    def build(aside: Path) -> None:
        with ThrowawayHost(name, root=root, gpus=gpus, driver_version=driver_version) as host:
            if isinstance(prepare, str):
                host.run(f"set -e\n{prepare}", timeout=3600)
            else:
                prepare(host)
            host.power_off()
            _keep(host, aside, overlay)

    layer = built_once(roots_dir() / f"{root.release}-{name}-{key}", build)
    return Root(root.release, key, (*root.layers, layer) if overlay else (layer,))


def prefetched(codename: str) -> Root:
    """A bare root whose apt has the packages of the driver, the container engines and the base set at hand.

    Nothing is installed, and neither sources nor lists of other components are in it.
    """
    groups = "\n".join([_BASE, *_CLOCKS, _DRIVER, _DOCKER[codename], _PODMAN[codename]])
    return derive(bare_root(codename), "prefetched", _PREFETCH.format(sources=f"({_ALL_COMPONENTS}\n)", groups=groups))


def with_driver(codename: str) -> Root:
    """A root with the release's own driver packages installed and their module built: minutes the first time."""
    return derive(prefetched(codename), "driver", _INSTALL_DRIVER)


ROOTS: Mapping[str, Callable[[str], Root]] = {"bare": bare_root, "prefetched": prefetched, "driver": with_driver}
"""The roots that a host can be started from by name; each makes the root of a release."""


def _keep(host: ThrowawayHost, aside: Path, overlay: bool) -> None:
    disk = host.disk
    for path in (disk.merged / "var/log/journal", disk.merged / "var/lib/systemd/timers"):
        remove_tree(path)  # a later host's timers would else find themselves overdue, and take apt's lock
    unmount(disk.merged)
    tree = disk.upper if overlay else disk.merged
    tree.rename(aside / "fs")
    if any(any((disk.volumes / name).iterdir()) for name in VOLUMES):
        shutil.move(disk.volumes, aside / "volumes")
