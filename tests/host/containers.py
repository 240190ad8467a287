"""What tests/host/test_containers.py asks a host: shell commands by section."""

from __future__ import annotations

from rigwright.catalog import catalog
from rigwright.facts.keyrings import Keyrings
from rigwright.spec.containers import Containers

_TOOLKIT = catalog().containers.toolkit
_DOCKER = catalog().containers.docker
_SOURCES = "/etc/apt/sources.list.d"
_OURS = "/var/lib/rigwright/daemon.json.ours"
_PODMAN = "/etc/containers/containers.conf.d/50-rigwright.conf"

# One container answers for the log, the layers and the GPUs, another for the network. Engines without CDI get GPUs by
# NVIDIA's runtime.
_CONTAINER = """
image=rigwright-probe name=rigwright-proof-$$ gpus=
{engine} image inspect $image >/dev/null || { echo "trouble=there is no image $image"; exit; }
grep -qw pids /sys/fs/cgroup/cgroup.controllers || cgroups={no_cgroups}
if nvidia-smi -L >/dev/null; then
    version=$({engine} --version | grep -o '[0-9][0-9.]*' | head -n 1)
    if printf '%s\\n' {cdi_needs} "$version" | sort -V -C; then gpus="--device nvidia.com/gpu="
    elif ! command -v nvidia-container-runtime >/dev/null; then
        echo "cannot=this engine is too old for CDI, and nvidia-container-runtime is not here"
    elif [ "$cgroups" ]; then
        echo "cannot=this podman is too old for CDI, and NVIDIA's runtime needs control groups with pids"
    else gpus="--runtime nvidia -e NVIDIA_VISIBLE_DEVICES="; fi
fi
run="{engine} run --rm --network none $cgroups"
trouble=$($run -d --name $name ${gpus:+${gpus}all} $image sleep 60 2>&1 >/dev/null) ||
    { echo "trouble=$trouble" | tr '\\n' ' '; echo; gpus=; $run -d --name $name $image sleep 60 >/dev/null || exit; }
echo "log=$({engine} inspect --format '{{json .HostConfig.LogConfig}}' $name)"
[ {engine} = docker ] || tr '\\0' ' ' < "/proc/$(podman inspect --format '{{.State.ConmonPid}}' $name)/cmdline" |
    grep -ao -e '--log-size-max [0-9]*' | sed 's/.* /log size=/'
echo "layers=$({engine} inspect --format '{{.GraphDriver.Data.UpperDir}}' $name)"
if [ "$gpus" ]; then
    {engine} exec $name nvidia-smi -L | sed 's/^/gpu=/'
    harms=$({harms})
    if [ "$harms" ]; then echo "reload harms="$harms; else
        systemctl daemon-reload
        {engine} exec $name nvidia-smi -L | sed 's/^/gpu after reload=/'
    fi
    $run ${gpus}0 $image nvidia-smi -L | sed 's/^/gpu 0=/'
fi
said=$({engine} run --rm $cgroups $image cat /proc/net/route 2>&1) &&
    echo "network=$(echo "$said" | awk '$2 == "00000000" { print $1 }')" ||
    { echo "network trouble=$said" | tr '\\n' ' '; echo; }
{engine} rm -f -t 0 $name >/dev/null || {engine} rm -f $name >/dev/null
"""

# What a daemon-reload would not leave as it is: others' containers whose GPUs came by NVIDIA's hook lose them, and a
# unit file that somebody changed would take effect.
_HARMS = """
systemctl is-active -q docker.service && docker ps -q | xargs -r docker inspect --format \
    '{{.Name}} {{.HostConfig.Runtime}} {{json .HostConfig.DeviceRequests}}' | grep -v "^/$name " |
    awk '$2 == "nvidia" || /"gpu"/ && !/"Driver":"cdi"/ { print "container " substr($1, 2) }'
command -v podman >/dev/null && podman ps -q | xargs -r podman inspect --format '{{.Name}} {{.OCIRuntime}}' |
    grep -v "^$name " | awk '$2 ~ /nvidia/ { print "container " $1 }'
systemctl show -p Id -p NeedDaemonReload '*' |
    awk -v RS= -F '\\n' '/NeedDaemonReload=yes/ { for (i = 1; i <= NF; i++) if (sub(/^Id=/, "", $i)) print "unit " $i }'
"""

_TIMES = f"""
echo "started=$(date -d "$(systemctl show --timestamp=us+utc -P ActiveEnterTimestamp docker.service)" +%s.%3N)"
echo "daemon.json=$(stat -c %.3Y /etc/docker/daemon.json || echo 0)"
[ -f {_TOOLKIT.cdi_spec} ] && echo "spec=$(stat -c %.9Y {_TOOLKIT.cdi_spec})"
"""


def questions(declared: Containers) -> dict[str, str]:
    """Section → commands. Nothing on the host changes, but for a container that comes and goes."""
    docker = declared.engine == "docker"
    packages = {*_TOOLKIT.packages, *_DOCKER.vendor.packages, "podman", "containerd", "runc"}
    for names in (*_DOCKER.conflicts.values(), *(each.packages for each in _DOCKER.distribution.values())):
        packages.update(names)
    if not docker:
        packages.update(*(each.packages for each in catalog().containers.podman.distribution.values()))
    root = declared.data_root or ("/var/lib/docker" if docker else "/var/lib/containers/storage")
    running = "systemctl is-active -q docker.service &&" if docker else ""
    container = _CONTAINER.replace("{engine}", declared.engine).replace(
        "{no_cgroups}", "" if docker else "--cgroups=disabled"
    )
    container = container.replace("{harms}", _HARMS)
    cdi = _DOCKER.cdi if docker else catalog().containers.podman.cdi
    container = container.replace("{cdi_needs}", cdi["needs"])
    return {
        "codename": '. /etc/os-release; echo "$VERSION_CODENAME"',
        "docker": "command -v dockerd",
        "podman": "command -v podman",
        "set up by us": f"[ -e {_OURS} ] && echo docker; [ -e {_PODMAN} ] && echo podman",
        # Asked first: `docker info` would start a stopped engine through its socket.
        "running": "systemctl is-active docker.service; systemctl is-enabled docker.service",
        "info": f"{running} {declared.engine} info --format '{{{{json .}}}}'",
        "packages": "dpkg-query -W -f '${db:Status-Abbrev}${Package}=${Version}\\n' "
        f"{' '.join(sorted(packages))} | sed -n 's/^[a-z]i //p'",
        "held": "apt-mark showhold",
        "our sources": f"[ -e {_SOURCES}/rigwright-docker.sources ] && echo docker; "
        f"[ -e {_SOURCES}/rigwright-nvidia-container-toolkit.sources ] && echo toolkit",
        "old lists": f"ls {' '.join(_TOOLKIT.old_sources)}",
        "docker-ce from": _origin("docker-ce"),
        "toolkit from": _origin("nvidia-container-toolkit"),
        "docker key": _fingerprint(_DOCKER.vendor.keyring),
        "toolkit key": _fingerprint(_TOOLKIT.keyring),
        "daemon.json": "cat /etc/docker/daemon.json",
        "ours": f"cat {_OURS}",
        "times": _TIMES,
        "waits for": "systemctl show -P RequiresMountsFor docker.service",
        "data mount": f"findmnt -n -o TARGET -T {root}",
        "spec": f"cat {_TOOLKIT.cdi_spec}",
        "other specs": "grep -l nvidia.com/gpu /etc/cdi/*",
        "cdi list": "nvidia-ctk cdi list",
        "cdi at boot": "systemctl is-enabled rigwright-cdi.service rigwright-cdi.path; "
        "systemctl is-active rigwright-cdi.path",
        "host gpus": "timeout 30 nvidia-smi -L | grep '^GPU '",
        "driver version": "nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -n 1",
        "driver": "for n in libcuda.so.1 libnvidia-ml.so.1; do "
        'f=$(readlink -f "$(ldconfig -p | sed -n "s/.*$n .*x86-64.*=> //p" | head -n 1)"); '
        '[ -f "$f" ] && echo "$f=$(stat -c %.9Z "$f")"; done',
        "container": container if declared.state == "present" else "true",
    }


def _origin(package: str) -> str:
    """Where the installed version comes from: the lines under it in apt's table."""
    return f"apt-cache policy {package} | awk '/^ \\*\\*\\*/ {{ on = 1; next }} /^     [^ ]/ {{ on = 0 }} on && /http/'"


def _fingerprint(keyring: str) -> str:
    found = 'awk -F: \'$1 == "pub" { p = 1 } $1 == "fpr" && p { print $10; p = 0 }\''
    return f"({Keyrings().command([keyring])}) | {found}"
