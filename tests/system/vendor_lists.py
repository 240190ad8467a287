"""apt lists of the vendors' stand-in repositories, written on a host by hand."""

from __future__ import annotations

import subprocess

from sim.host.throwaway import ThrowawayHost
from sim.repository.nvidia import PLACES
from sim.repository.vendors import VendorRepositories

APT = (
    "DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::http::Timeout=2 -o Acquire::Retries=0"
    " -o APT::Update::Error-Mode=any"
)
PIN = "Package: src:*nvidia*:any src:cuda-drivers:any\nPin: version {}.*\nPin-Priority: 1000\n"


def add(host: ThrowawayHost, name: str, entry: str, key_url: str) -> None:
    """One repository, alone in a list of its own, with its key fetched by the host."""
    key = f"/etc/apt/keyrings/{name}.asc"
    host.run(f"install -d -m 755 /etc/apt/keyrings && /usr/lib/apt/apt-helper download-file {key_url} {key}")
    host.run(f"chmod 644 {key}; cat > /etc/apt/sources.list.d/{name}.sources", input=f"{entry}Signed-By: {key}\n")


def add_nvidia(host: ThrowawayHost, served: VendorRepositories) -> None:
    url = served.nvidia_url(host.release)
    key_file = PLACES[host.release].key_file
    add(host, "nvidia", f"Types: deb\nURIs: {url}/\nSuites: /\nArchitectures: amd64\n", f"{url}/{key_file}")


def add_toolkit(host: ThrowawayHost, served: VendorRepositories) -> None:
    url = served.toolkit_url
    add(host, "toolkit", f"Types: deb\nURIs: {url}\nSuites: /\n", f"{url}/gpgkey")


def add_docker(host: ThrowawayHost, served: VendorRepositories) -> None:
    url = served.docker_url(host.release)
    entry = f"Types: deb\nURIs: {url}\nSuites: {host.release}\nComponents: stable\nArchitectures: amd64\n"
    add(host, "docker", entry, f"{url}/gpg")


def update(host: ThrowawayHost) -> subprocess.CompletedProcess[str]:
    """Reads the lists of the vendors' repositories; those of Debian's stay as they are."""
    vendors = "$(ls nvidia.sources toolkit.sources docker.sources 2>/dev/null)"
    host.run(f"rm -rf /tmp/parts && install -d /tmp/parts && cd /etc/apt/sources.list.d && cp {vendors} /tmp/parts")
    only = "-o Dir::Etc::SourceParts=/tmp/parts -o Dir::Etc::SourceList=/dev/null -o APT::Get::List-Cleanup=0"
    return host.run(f"{APT} {only} update", check=False)


def offered(host: ThrowawayHost, package: str) -> list[str]:
    return [line.split("|")[1].strip() for line in host.run(f"apt-cache madison {package}").stdout.splitlines()]
