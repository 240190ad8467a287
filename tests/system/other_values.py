"""For every key of the declaration another value than FULL's: what `rig verify` must find not to hold."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.system.declared import LLAMA, OTHER_IMAGE
from tests.system.locked_models import ELSEWHERE

HASH_VARIABLE = "OWNERS_PASSWORD_HASH"
"""Set by the test to a hash that the host does not have."""


@dataclass(frozen=True)
class Other:
    """``key``: as tests name it in @proves; ``assignments``: for --set, the key's own first."""

    key: str
    assignments: tuple[str, ...]


def _other(key: str, *assignments: str) -> Other:
    return Other(key, assignments)


def _json(value: object) -> str:
    return json.dumps(value)


_DISK = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
_OTHER_UUID = "GPU-11111111-2222-3333-4444-555555555555"
_OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICMwPUpXZHF+i5ilsr/M2ebzAA0aJzRBTltodYKPnKm2 other@test"
_NOWHERE = "http://10.0.0.9/nowhere"
_NOBODY = "1" * 40

_ARCHIVE = _json({"version": "b1", "url": "http://10.0.0.9/x.tar.gz", "sha256": "0" * 64})
_NO_ROUTES = ("gateway.routes.llm=null", "gateway.routes.own=null")
_FILES = (
    "gateway.tls.source=files",
    "gateway.tls.certificate=/etc/x.pem",
    "gateway.tls.key_file=/etc/x.key",
)

_SWAP = {"kind": "llama-swap", "image": OTHER_IMAGE, "models": {"tiny": {}}, "config": {"logLevel": "warn"}}
_SFTP = {"identity": {"command": ["echo", "no key"]}, "host_keys": [_OTHER_KEY]}
_BEHIND_SFTP = "backup.repository=sftp:me@nas:/volume/rig"
OTHER = [
    _other(
        "hardware.gpus.model",
        "hardware.gpus.0.model=GeForce RTX 4090",
        f"hardware.gpus.0.cables={_json(['12VHPWR'])}",
        "hardware.psus.main.connectors=" + _json({"8-pin": 6, "12VHPWR": 1}),
    ),
    _other("hardware.gpus.uuid", f"hardware.gpus.0.uuid={_OTHER_UUID}"),
    _other("hardware.gpus.pci", "hardware.gpus.0.pci=0000:05:00.0"),
    _other("hardware.gpus.pcie_width", "hardware.gpus.0.pcie_width=8"),
    _other("base.hostname", "base.hostname=attic"),
    _other("base.timezone", "base.timezone=Asia/Tokyo"),
    _other("base.locale", "base.locale=de_DE.UTF-8"),
    _other("base.components", f"base.components={_json(['universe'])}"),
    _other("base.packages", "base.packages.sl=true"),
    _other("base.time_sync", "base.time_sync=false", "base.ntp_servers=[]"),
    _other("base.ntp_servers", f"base.ntp_servers={_json(['10.9.9.9'])}"),
    _other("base.journald.max_use_mb", "base.journald.max_use_mb=300"),
    _other("base.journald.max_retention_days", "base.journald.max_retention_days=7"),
    _other("base.unattended_upgrades.enabled", "base.unattended_upgrades.enabled=false"),
    _other("base.unattended_upgrades.never", f"base.unattended_upgrades.never={_json(['^sl$'])}"),
    _other("base.needrestart", "base.needrestart=absent"),
    _other("base.smartd", "base.smartd=false"),
    _other("base.swap.kind", "base.swap.kind=file", "base.swap.size_gib=1"),
    _other("base.swap.size_gib", "base.swap.size_gib=1", "base.swap.kind=file"),
    _other("base.disks.uuid", f"base.disks.data={_json({'uuid': _DISK, 'mount': '/data'})}"),
    _other("base.disks.mount", f"base.disks.data={_json({'uuid': _DISK, 'mount': '/data'})}"),
    _other("base.disks.fs", f"base.disks.data={_json({'uuid': _DISK, 'mount': '/data', 'fs': 'xfs'})}"),
    _other("base.disks.options", f"base.disks.data={_json({'uuid': _DISK, 'mount': '/data', 'options': ['noatime']})}"),
    _other("access.users.state", "access.users.owner.state=absent"),
    _other("access.users.keys", f"access.users.owner.keys={_json([_OTHER_KEY])}"),
    _other("access.users.sudo", "access.users.owner.sudo=none"),
    _other("access.users.shell", "access.users.owner.shell=/bin/sh"),
    _other("access.users.groups", f"access.users.owner.groups={_json(['audio'])}"),
    _other("access.users.password_hash", f"access.users.owner.password_hash={_json({'env': HASH_VARIABLE})}"),
    _other("access.ssh.port", "access.ssh.port=2222"),
    _other("access.ssh.password_authentication", "access.ssh.password_authentication=true"),
    _other("access.ssh.root_login", "access.ssh.root_login=no", "ssh_user=admin"),
    _other("access.ssh.max_auth_tries", "access.ssh.max_auth_tries=5"),
    _other("access.firewall.state", "access.firewall.state=absent"),
    _other("access.firewall.ports.port", "access.firewall.ports.web.port=8444"),
    _other("access.firewall.ports.protocol", "access.firewall.ports.web.protocol=udp"),
    _other("access.firewall.ports.sources", f"access.firewall.ports.web.sources={_json(['10.1.0.0/16'])}"),
    _other("access.firewall.ssh_sources", f"access.firewall.ssh_sources={_json(['10.0.0.0/8'])}"),
    _other("access.firewall.ping", "access.firewall.ping=false"),
    _other("driver.state", "driver.state=absent", "cuda.state=absent", "containers.toolkit.state=absent"),
    _other(
        "driver.source",
        "driver.source=distribution",
        "driver.branch=null",
        "driver.repository_url=null",
        "driver.repository_fingerprint=null",
        "cuda.state=absent",
    ),
    _other("driver.branch", "driver.branch=590"),
    _other("driver.version", "driver.version=580.95.05"),
    _other("driver.flavour", "driver.flavour=proprietary"),
    _other("driver.repository_url", f"driver.repository_url={_NOWHERE}"),
    _other("driver.repository_fingerprint", f"driver.repository_fingerprint={_NOBODY}"),
    _other("cuda.state", "cuda.state=absent"),
    _other("cuda.toolkits", f"cuda.toolkits={_json(['12.8'])}"),
    _other("cuda.default", "cuda.default=13.0"),
    _other("containers.state", "containers.state=absent", "runtimes.state=absent", *_NO_ROUTES),
    _other("containers.engine", "containers.engine=podman", "containers.daemon.max-concurrent-downloads=null"),
    _other("containers.source", "containers.source=vendor"),
    _other("containers.repository_url", f"containers.repository_url={_NOWHERE}", "containers.source=vendor"),
    _other(
        "containers.repository_fingerprint", f"containers.repository_fingerprint={_NOBODY}", "containers.source=vendor"
    ),
    _other("containers.toolkit.state", "containers.toolkit.state=absent"),
    _other("containers.toolkit.version", "containers.toolkit.version=1.18.1"),
    _other("containers.toolkit.repository_url", f"containers.toolkit.repository_url={_NOWHERE}"),
    _other("containers.toolkit.repository_fingerprint", f"containers.toolkit.repository_fingerprint={_NOBODY}"),
    _other("containers.data_root", "containers.data_root=/srv/containers"),
    _other("containers.log.max_size_mb", "containers.log.max_size_mb=21"),
    _other("containers.log.max_files", "containers.log.max_files=3"),
    _other("containers.registry_mirrors", f"containers.registry_mirrors={_json(['http://10.0.0.9:5000'])}"),
    _other("containers.daemon", "containers.daemon.max-concurrent-downloads=5"),
    _other("tuning.state", "tuning.state=absent"),
    _other("tuning.persistence_mode", "tuning.persistence_mode=false"),
    _other("tuning.module_options", "tuning.module_options.nvidia.NVreg_PreserveVideoMemoryAllocations=0"),
    _other("tuning.sysctl", f"tuning.sysctl={_json({'net.ipv4.tcp_fin_timeout': 31})}"),
    _other("tuning.cpu_governor", "tuning.cpu_governor=powersave"),
    _other("tuning.limits.memlock", "tuning.limits.memlock=default"),
    _other("tuning.limits.nofile", "tuning.limits.nofile=4096"),
    _other("tuning.aspm", "tuning.aspm=default"),
    _other("tuning.kernel_cmdline", f"tuning.kernel_cmdline={_json(['iommu=pt'])}"),
    _other("tuning.io_scheduler", f"tuning.io_scheduler={_json({'nvme': 'none'})}"),
    _other("power.limit_w", "power.limit_w=270"),
    _other("power.least_w", "power.least_w=160"),
    _other("power.priority", "power.priority=3"),
    _other("power.shared", "power.shared=true", "power.headroom_percent=50"),
    _other("power.headroom_percent", "power.headroom_percent=25"),
    _other("power.circuit_w", "power.circuit_w=1400"),
    _other("power.raise_w_per_s", "power.raise_w_per_s=20"),
    _other("power.cards.limit_w", "power.cards.PCIE5.limit_w=240"),
    _other("power.cards.least_w", "power.cards.PCIE5.least_w=170"),
    _other("power.cards.priority", "power.cards.PCIE5.priority=4"),
    _other("clocks.graphics_mhz", f"clocks.graphics_mhz={_json([210, 1700])}"),
    _other("clocks.memory_mhz", f"clocks.memory_mhz={_json([405, 9501])}"),
    _other("clocks.cards.graphics_mhz", f"clocks.cards.PCIE5={_json({'graphics_mhz': [210, 1500]})}"),
    _other("clocks.cards.memory_mhz", f"clocks.cards.PCIE5={_json({'memory_mhz': [405, 9501]})}"),
    _other("fans.curve", f"fans.curve={_json([[40, 35], [80, 100]])}"),
    _other("fans.memory_curve", f"fans.memory_curve={_json([[70, 40], [95, 100]])}"),
    _other("fans.least_percent", "fans.least_percent=35"),
    _other("fans.automatic_below_c", "fans.automatic_below_c=45"),
    _other("fans.hysteresis_c", "fans.hysteresis_c=5"),
    _other("fans.fall_percent_per_s", "fans.fall_percent_per_s=1.5"),
    _other("fans.cards.automatic", f"fans.cards.PCIE5={_json({'automatic': True})}"),
    _other("fans.cards.curve", f"fans.cards.PCIE5={_json({'curve': [[40, 40], [80, 100]]})}"),
    _other("fans.cards.memory_curve", f"fans.cards.PCIE5={_json({'memory_curve': [[70, 40], [95, 100]]})}"),
    _other("fans.cards.per_fan", f"fans.cards.PCIE5={_json({'per_fan': {'1': [[40, 40], [80, 100]]}})}"),
    _other("fans.cards.least_percent", f"fans.cards.PCIE5={_json({'least_percent': 40})}"),
    _other("rigd.state", "rigd.state=absent"),
    _other("rigd.poll_s", "rigd.poll_s=2"),
    _other("rigd.reapply_s", "rigd.reapply_s=60"),
    _other("rigd.metrics.listen", "rigd.metrics.listen=127.0.0.1:9453"),
    _other("rigd.metrics.textfile", "rigd.metrics.textfile=/var/lib/rigd.prom"),
    _other("rigd.critical.temperature_c", "rigd.critical.temperature_c=90"),
    _other("rigd.critical.command", f"rigd.critical.command={_json(['/bin/true'])}"),
    _other("models.root", "models.root=/var/lib/others"),
    _other("models.wanted.hub", "models.wanted.tiny.hub=rigwright-sim/other"),
    _other("models.wanted.revision", "models.wanted.tiny.revision=v2"),
    _other("models.wanted.files", f"models.wanted.tiny.files={_json(['tiny-q8_0.gguf'])}"),
    _other("models.wanted.ollama", f"models.wanted.more={_json({'ollama': 'tiny-llama'})}"),
    _other("models.wanted.url", f"models.wanted.more={_json(ELSEWHERE)}"),
    _other("models.wanted.path", f"models.wanted.more={_json({'path': '/srv/none.gguf', 'sha256': '0' * 64})}"),
    _other("models.wanted.sha256", f"models.wanted.more={_json({'path': '/etc/hostname', 'sha256': '0' * 64})}"),
    _other("runtimes.state", "runtimes.state=absent", *_NO_ROUTES),
    _other("runtimes.data", "runtimes.data=/var/lib/others"),
    _other(
        "runtimes.services.kind",
        "runtimes.services.llm.kind=custom",
        f"runtimes.services.llm.image={LLAMA}",
        "runtimes.services.llm.port=8080",
    ),
    _other("runtimes.services.how", "runtimes.services.llm.how=native", f"runtimes.services.llm.archive={_ARCHIVE}"),
    _other("runtimes.services.image", f"runtimes.services.llm.image={OTHER_IMAGE}"),
    _other(
        "runtimes.services.archive.version",
        "runtimes.services.llm.how=native",
        f"runtimes.services.llm.archive={_ARCHIVE}",
    ),
    _other(
        "runtimes.services.archive.sha256",
        "runtimes.services.llm.how=native",
        f"runtimes.services.llm.archive={_ARCHIVE}",
    ),
    _other("runtimes.services.models.context_tokens", "runtimes.services.llm.models.tiny.context_tokens=2048"),
    _other("runtimes.services.models.parallel", "runtimes.services.llm.models.tiny.parallel=1"),
    _other("runtimes.services.models.cache_type", "runtimes.services.llm.models.tiny.cache_type=f16"),
    _other("runtimes.services.models.args", "runtimes.services.llm.models.tiny.args.temp=0.6"),
    _other(
        "runtimes.services.upstreams",
        f"runtimes.services.front={_json({'kind': 'litellm', 'image': OTHER_IMAGE, 'upstreams': ['llm']})}",
    ),
    _other("runtimes.services.gpus", "runtimes.services.llm.gpus=[]"),
    _other("runtimes.services.port", "runtimes.services.llm.port=8085"),
    _other("runtimes.services.args", "runtimes.services.llm.args.threads=1"),
    _other(
        "runtimes.services.config",
        f"runtimes.services.swap={_json(_SWAP)}",
    ),
    _other("runtimes.services.env", "runtimes.services.llm.env.LLAMA_LOG_COLORS=on"),
    _other(
        "runtimes.services.secrets",
        f"runtimes.services.llm.secrets.HF_TOKEN={_json({'command': ['echo', 'hf_other-0123456789abcdef']})}",
    ),
    _other("runtimes.services.command", f"runtimes.services.own.command={_json(['--host', '0.0.0.0'])}"),
    _other("runtimes.services.listens", "runtimes.services.own.listens=8099"),
    _other("runtimes.services.health", "runtimes.services.own.health=/nothing"),
    _other("gateway.routes.paths", f"gateway.routes.llm.paths={_json(['/tokenize', '/props'])}"),
    _other("gateway.routes.guard", "gateway.routes.own.guard=own"),
    _other("gateway.routes.concurrent", "gateway.routes.llm.concurrent=5"),
    _other("gateway.default", "gateway.default=llm"),
    _other("gateway.names", f"gateway.names={_json(['elsewhere'])}"),
    _other("gateway.port", "gateway.port=9444"),
    _other("gateway.sources", f"gateway.sources={_json(['10.1.0.0/16'])}"),
    _other("gateway.tls.source", "gateway.tls.source=acme", f"gateway.names={_json(['rig.example.org'])}"),
    _other(
        "gateway.tls.email",
        "gateway.tls.email=me@example.org",
        "gateway.tls.source=acme",
        f"gateway.names={_json(['rig.example.org'])}",
    ),
    _other(
        "gateway.tls.directory",
        "gateway.tls.directory=https://ca.example.org/directory",
        "gateway.tls.source=acme",
        f"gateway.names={_json(['rig.example.org'])}",
    ),
    _other("gateway.tls.certificate", "gateway.tls.certificate=/etc/x.pem", *_FILES),
    _other("gateway.tls.key_file", "gateway.tls.key_file=/etc/x.key", *_FILES),
    _other("gateway.clients.api_key", f"gateway.clients.me.api_key={_json({'command': ['echo', 'sk-' + 'x' * 24]})}"),
    _other("gateway.clients.routes", f"gateway.clients.me.routes={_json(['own'])}"),
    _other("gateway.body_mb", "gateway.body_mb=33"),
    _other("gateway.read_s", "gateway.read_s=60"),
    _other("backup.repository", "backup.repository=/srv/backup/other"),
    _other("backup.password", f"backup.password={_json({'command': ['echo', 'another-one']})}"),
    _other("backup.environment", f"backup.environment.AWS_PROFILE={_json({'command': ['echo', 'x']})}"),
    _other("backup.sftp.identity", f"backup.sftp={_json(_SFTP)}", _BEHIND_SFTP),
    _other("backup.sftp.host_keys", f"backup.sftp={_json(_SFTP)}", _BEHIND_SFTP),
    _other("backup.paths", f"backup.paths={_json(['/usr/local/share/others'])}"),
    _other("backup.exclude", f"backup.exclude={_json(['*.bak'])}"),
    _other("backup.keep.daily", "backup.keep.daily=4"),
    _other("backup.keep.weekly", "backup.keep.weekly=4"),
    _other("backup.keep.monthly", "backup.keep.monthly=4"),
    _other("backup.schedule", "backup.schedule=*-*-* 04:30"),
    _other("backup.check_days", "backup.check_days=4"),
    _other("backup.before", f"backup.before={_json(['/bin/true'])}"),
    _other("backup.on_failure", f"backup.on_failure={_json(['/bin/true', 'a b'])}"),
]
"""What a throw-away host shows: of swap, the kernel's command line and drives, what the next boot will use.

Where one value brings a whole thing along (a disk, Docker's own repository), another check comes first here. That each
of its keys falls short by itself is shown where the thing is there: `test_base.py`, `test_containers.py`.
"""

UNTOLD = [
    _other("hardware.board", "hardware.board=ASRock X99 WS-E"),
    _other("hardware.cpu", "hardware.cpu=Xeon E5-2680 v4"),
    _other("hardware.ram_gib", "hardware.ram_gib=3"),
    _other("hardware.storage.serial", f"hardware.storage.x={_json({'model': 'x', 'serial': 'S1', 'size_gb': 1})}"),
    _other("hardware.storage.size_gb", f"hardware.storage.x={_json({'model': 'x', 'serial': 'S1', 'size_gb': 1})}"),
]
"""What it cannot show: the machine's board, processor, memory and drives. `tests/unit/proof` shows those fall short."""
