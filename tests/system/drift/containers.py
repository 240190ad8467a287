"""Broken by hand: layer containers. For a host like `tests.system.declared.FULL` (Docker, the toolkit at 1.19.0)."""

from __future__ import annotations

from rigwright.catalog import catalog
from tests.system.drift import Drift

_SPEC = catalog().containers.toolkit.cdi_spec
_TOOLKIT = catalog().containers.toolkit.packages

_RUNTIMES = ("Run llm", "Run own")
"""They end with Docker, and start again by themselves 5 s later: an apply waits for those that have not by then."""

DRIFTS = [
    Drift(
        "daemon.json edited: a key of his own, and one of ours changed",
        'sed -i -e \'s/"max-file": "2"/"max-file": "9"/\' '
        '-e \'s/^{/{\\n    "labels": ["rack=cellar"],/\' /etc/docker/daemon.json',
        "containers",
        plan_names=("Merge our keys into daemon.json", 'log-opts.max-file: "9", wanted "2"'),
        verify_names=("test_daemon_keys",),
        perhaps=_RUNTIMES,
        repairs=("Merge our keys into daemon.json", "Run Docker"),
        survives="grep -q rack=cellar /etc/docker/daemon.json && docker info | grep -q rack=cellar",
    ),
    Drift(
        "daemon.json edited, and Docker not restarted",
        "sed -i 's/^{/{\\n    \"mtu\": 1400,/' /etc/docker/daemon.json",
        "containers",
        plan_names=("Run Docker", "docker.service: started before /etc/docker/daemon.json changed"),
        verify_names=("test_daemon_keys",),
        perhaps=_RUNTIMES,
        survives="grep -q '\"mtu\": 1400' /etc/docker/daemon.json",
    ),
    Drift(
        "daemon.json removed",
        "rm /etc/docker/daemon.json",
        "containers",
        plan_names=("Merge our keys into daemon.json", "log-driver: missing"),
        verify_names=("test_daemon_keys",),
        perhaps=_RUNTIMES,
        repairs=("Merge our keys into daemon.json", "Run Docker"),
    ),
    Drift(
        "Docker stopped",
        # With the runtimes: each wants Docker, and brings it back when it starts again a few seconds later.
        "systemctl stop 'rig-*.service' docker.socket docker.service",
        "containers",
        plan_names=("Run Docker", "docker.service: inactive, wanted running"),
        verify_names=("test_engine",),
        repairs=("Open Docker's socket", "Run Docker", *_RUNTIMES),
    ),
    Drift(
        "Docker masked",
        # Whoever asks Docker for something then makes its socket fail, too: sooner or later somebody does.
        "systemctl mask --now docker.service; docker version >/dev/null 2>&1;"
        " timeout 20 sh -c 'until systemctl -q is-failed docker.socket; do sleep 0.2; done'",
        "containers",
        plan_names=("Let Docker's units be started", "docker.service: masked"),
        verify_names=("test_engine",),
        repairs=("Let Docker's units be started", "Open Docker's socket", "Run Docker", *_RUNTIMES),
    ),
    Drift(
        "one of Docker's packages removed",
        "apt-get -qq -y remove docker-compose",
        "containers",
        plan_names=("Install Docker", "docker-compose: absent, wanted installed"),
        verify_names=("test_source",),
    ),
    Drift(
        "the container toolkit's hold released",
        "apt-mark unhold nvidia-container-toolkit-base",
        "containers",
        plan_names=("Hold the container toolkit", "not held: nvidia-container-toolkit-base"),
        verify_names=("test_toolkit",),
    ),
    Drift(
        "the container toolkit at an older version",
        "apt-get -qq -y --allow-downgrades --allow-change-held-packages install "
        + " ".join(f"{name}=1.18.1-1" for name in _TOOLKIT),
        "containers",
        plan_names=("Install the container toolkit 1.19.0", "nvidia-container-toolkit: 1.18.1-1, wanted 1.19.0-1"),
        verify_names=("test_toolkit",),
        repairs=("Install the container toolkit 1.19.0", "Hold the container toolkit"),
    ),
    Drift(
        "an old list of the toolkit's repository put back",
        "echo 'deb [trusted=yes] http://192.0.2.1/ /' > /etc/apt/sources.list.d/nvidia-docker.list",
        "base",
        plan_names=(
            "Remove other lists of the toolkit's repository",
            "nvidia-docker.list: the repository a second time",
        ),
        verify_names=("test_toolkit_repository",),
    ),
    Drift(
        "the toolkit repository's key removed",
        f"rm {catalog().containers.toolkit.keyring}",
        "containers",
        plan_names=("Fetch the toolkit repository's key", "does not hold key"),
        verify_names=("test_toolkit_repository",),
    ),
    Drift(
        "a CDI specification older than the driver",
        f"touch -d 2020-01-01 {_SPEC}",
        "containers",
        plan_names=("Describe the driver and the GPUs to containers", f"{_SPEC}: older than the driver"),
        verify_names=("test_cdi_specification",),
    ),
    Drift(
        "a CDI specification that names a card that is not there",
        f'sed -i \'s/name: "1"/name: "7"/\' {_SPEC}',
        "containers",
        plan_names=("Describe the driver and the GPUs to containers", f"{_SPEC}: names GPUs 0, "),
        verify_names=("test_cdi_specification",),
    ),
    Drift(
        "the CDI specification removed",
        f"rm {_SPEC}",
        "containers",
        plan_names=("Describe the driver and the GPUs to containers", f"{_SPEC}: missing"),
        verify_names=("test_cdi_specification", "test_gpus_in_a_container"),
    ),
    Drift(
        "a second CDI specification, after older instructions",
        f"mkdir -p /etc/cdi && cp {_SPEC} /etc/cdi/nvidia.yaml",
        "containers",
        plan_names=("Remove CDI specifications that nobody refreshes", "/etc/cdi/nvidia.yaml: present, wanted absent"),
        verify_names=("test_cdi_specification",),
    ),
    Drift(
        "what keeps the CDI specification current stopped",
        "systemctl disable --now rigwright-cdi.path",
        "containers",
        plan_names=("Write the CDI specification when the driver changes", "rigwright-cdi.path: disabled"),
        verify_names=("test_cdi_specification",),
    ),
    Drift(
        "the probe image removed",
        "docker image rm --force rigwright-probe",
        "containers",
        plan_names=("Make the probe image", "image rigwright-probe: missing"),
        verify_names=("test_log_rotation",),
    ),
]
