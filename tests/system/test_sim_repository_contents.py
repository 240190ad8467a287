"""The stand-in packages as dpkg, DKMS and Docker of throw-away hosts find them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.gpu.models import rtx3090s
from sim.host.throwaway import ThrowawayHost
from sim.host.warm import prefetched
from sim.repository import driver
from sim.repository.vendors import VendorRepositories
from tests.system.vendor_lists import APT, PIN, add_docker, add_nvidia, add_toolkit

pytestmark = [pytest.mark.system, pytest.mark.slow]

RELEASES = ("trixie", "bookworm")


@pytest.fixture(scope="module")
def served() -> Iterator[VendorRepositories]:
    with VendorRepositories(broken_dkms=True, docker=RELEASES) as repositories:
        yield repositories


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Iterator[ThrowawayHost]:
    """A host to install on, with two simulated cards."""
    with ThrowawayHost("installed", root=prefetched(request.param), gpus=rtx3090s(2)) as running:
        yield running


@pytest.mark.parametrize("fresh", RELEASES, indirect=True)
def test_the_driver_installs_and_its_modules_are_built(fresh: ThrowawayHost, served: VendorRepositories) -> None:
    add_nvidia(fresh, served)
    fresh.run("cat > /etc/apt/preferences.d/pin", input=PIN.format("580.105"))
    fresh.run(f"{APT} update && {APT} --no-install-recommends install linux-headers-amd64")
    for package, license in (("nvidia-kernel-open-dkms", "Dual MIT/GPL"), ("nvidia-kernel-dkms", "NVIDIA")):
        fresh.run(f"{APT} --no-install-recommends install {package} nvidia-driver-cuda nvidia-modprobe")
        kernel = fresh.run("ls /lib/modules").stdout.strip()
        assert fresh.run("dkms status").stdout.startswith(f"nvidia/580.105.08, {kernel}, x86_64: installed")
        for module in ("nvidia", "nvidia-uvm", "nvidia-modeset", "nvidia-drm"):
            told = fresh.run(f"modinfo -k {kernel} -F version {module}; modinfo -k {kernel} -F license {module}").stdout
            assert told == f"580.105.08\n{license}\n"
    failed = fresh.run("/usr/bin/nvidia-smi", check=False)
    assert (failed.returncode, "couldn't communicate with the NVIDIA driver" in failed.stdout) == (9, True)
    simulated = fresh.run("nvidia-smi --query-gpu=driver_version --format=csv,noheader").stdout
    assert simulated == "580.105.08\n580.105.08\n"
    assert fresh.run("systemctl is-enabled nvidia-persistenced").stdout == "enabled\n"
    assert fresh.run("systemctl is-failed nvidia-persistenced").stdout == "failed\n"


@pytest.mark.parametrize("fresh", ["trixie"], indirect=True)
def test_the_broken_driver_fails_in_the_compiler(fresh: ThrowawayHost, served: VendorRepositories) -> None:
    add_nvidia(fresh, served)
    fresh.run(f"{APT} update && {APT} --no-install-recommends install linux-headers-amd64")
    version = f"{driver.BROKEN}-1"
    done = fresh.run(
        f"{APT} --no-install-recommends install nvidia-kernel-open-dkms={version} "
        f"nvidia-kernel-support={version} firmware-nvidia-gsp={version}",
        check=False,
    )
    assert done.returncode != 0
    assert (
        "error: implicit declaration of function"
        in fresh.run(f"cat /var/lib/dkms/nvidia/{driver.BROKEN}/build/make.log").stdout
    )
    assert "iF " in fresh.run("dpkg -l nvidia-kernel-open-dkms").stdout


@pytest.mark.parametrize("fresh", ["trixie"], indirect=True)
def test_toolkits_stand_side_by_side(fresh: ThrowawayHost, served: VendorRepositories) -> None:
    add_nvidia(fresh, served)
    fresh.run(f"{APT} update && {APT} install cuda-toolkit-12-8 cuda-toolkit-13-0")
    assert "release 13.0, V13.0.88" in fresh.run("/usr/local/cuda/bin/nvcc --version").stdout
    assert "release 12.8, V12.8.93" in fresh.run("/usr/local/cuda-12/bin/nvcc --version").stdout
    fresh.run(f"{APT} purge cuda-toolkit-13-0-config-common")
    assert "release 12.8" in fresh.run("/usr/local/cuda/bin/nvcc --version").stdout


IMAGE = """
set -e
cd "$(mktemp -d)"
mkdir -p usr/bin usr/lib usr/lib64 etc
for folder in bin lib lib64; do ln -s usr/$folder $folder; done
cp -L "$(command -v sleep)" usr/bin
libraries=/lib/x86_64-linux-gnu
for file in $(ldd usr/bin/sleep | grep -o '/[^ ]*') $libraries/libdl.so.2 $libraries/libpthread.so.0; do
    [ -e ".$file" ] || cp -L --parents "$file" .
done
tar -c . | docker import - tiny
"""


@pytest.mark.parametrize("fresh", RELEASES, indirect=True)
def test_a_container_sees_the_cards_that_it_was_given(fresh: ThrowawayHost, served: VendorRepositories) -> None:
    for each in (add_nvidia, add_toolkit, add_docker):
        each(fresh, served)
    fresh.run("install -d /etc/docker && cat > /etc/docker/daemon.json", input='{"features": {"cdi": true}}')
    fresh.run(
        f"{APT} update && {APT} --no-install-recommends install docker-ce docker-ce-cli containerd.io"
        " docker-buildx-plugin docker-compose-plugin nvidia-container-toolkit libnvidia-ml1 libcuda1"
    )
    for command in ("docker buildx version", "docker compose version", "systemctl is-active docker containerd"):
        fresh.run(command)
    fresh.run(IMAGE)
    fresh.run("nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml")
    cards = [card.uuid for card in rtx3090s(2)]

    def seen(options: str) -> list[str]:
        listed = fresh.run(f"docker run --rm {options} tiny nvidia-smi --query-gpu=uuid --format=csv,noheader")
        return listed.stdout.split()

    device = "--device nvidia.com/gpu="
    assert seen(f"{device}all") == cards
    assert seen(f"{device}0 {device}1") == cards
    for index, uuid in enumerate(cards):
        assert seen(f"{device}{index}") == seen(f"{device}{uuid}") == [uuid]
    assert fresh.run(f"docker run --rm {device}2 tiny nvidia-smi", check=False).returncode != 0
    fresh.run("nvidia-ctk runtime configure --runtime=docker && systemctl restart docker")
    assert seen("--runtime nvidia -e NVIDIA_VISIBLE_DEVICES=all") == cards
    assert seen("--runtime nvidia -e NVIDIA_VISIBLE_DEVICES=1") == cards[1:]
