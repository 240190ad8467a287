"""What the system tests declare: every key that has an effect on a host has a value here that is not its default."""

from __future__ import annotations

from typing import Any

from cli.trial import merged
from tests.system.locked_models import model_path, tiny

OWNER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUiLzxJVmNwfYqXpLG+y9jl8v8MGSYzQE1aZ3SBjpuo owner@test"

FULL: dict[str, Any] = {
    "profiles": ["serving"],
    "hardware": {
        "psus": {"main": {"model": "EVGA SuperNOVA 1300 GT"}},
        "gpus": [
            {
                "model": "GeForce RTX 3090",
                "slot": f"PCIE{slot}",
                "cables": ["8-pin", "8-pin"],
                "supply": "main",
                "pci": f"0000:{bus:02x}:00.0",
                "pcie_width": 16,
            }
            for slot, bus in ((1, 3), (5, 4))
        ],
        "board": "ASRock X99 WS-E",
    },
    "base": {
        "hostname": "basement",
        "timezone": "Europe/Vienna",
        "locale": "en_GB.UTF-8",
        "packages": {"tree": True, "nano": False},
        "ntp_servers": ["10.0.0.123"],
        "journald": {"max_use_mb": 200, "max_retention_days": 30},
        "unattended_upgrades": {"never": [r"^tree(\.x)?$"]},
    },
    "access": {
        "users": {"owner": {"keys": [OWNER_KEY], "sudo": "nopasswd", "groups": ["video"]}},
        "ssh": {"max_auth_tries": 3},
        "firewall": {
            "ports": {
                "web": {"port": 8443, "sources": ["10.0.0.0/8"]},
                "metrics": {"port": 9100, "protocol": "udp"},
            },
        },
    },
    "driver": {"source": "nvidia", "branch": 580},
    "cuda": {"toolkits": ["12.8", "13.0"], "default": "12.8"},
    "containers": {
        "log": {"max_size_mb": 20, "max_files": 2},
        "daemon": {"max-concurrent-downloads": 4},
    },
    "tuning": {
        "module_options": {"nvidia": {"NVreg_PreserveVideoMemoryAllocations": 1}},
        "sysctl": {"net.ipv4.tcp_fin_timeout": 30},
        "limits": {"memlock": "unlimited", "nofile": 131072},
        "aspm": "off",
    },
    "power": {"limit_w": 280, "least_w": 150, "cards": {"PCIE5": {"limit_w": 250, "priority": 2}}},
    "clocks": {"graphics_mhz": [210, 1800]},
    "fans": {"curve": [[40, 30], [65, 55], [80, 100]], "automatic_below_c": 40},
    "rigd": {"critical": {"temperature_c": 92}},
    "models": {"root": "/var/lib/models", "keep_free_gb": 1, "wanted": {"tiny": tiny()}},
}
"""On Debian 13, with all vendors' repositories."""

OTHER_IMAGE = "ghcr.io/ggml-org/llama.cpp:server-other"
LLAMA = "ghcr.io/ggml-org/llama.cpp:server-cuda13"
_API_KEY = "sk-owner-0123456789abcdefghij"
SERVING: dict[str, Any] = {
    "runtimes": {
        "data": "/var/lib/runtimes",
        "services": {
            "llm": {
                "kind": "llama.cpp",
                "models": {
                    "tiny": {"context_tokens": 1024, "parallel": 2, "cache_type": "q8_0", "args": {"temp": 0.5}},
                },
                "args": {"threads": 2},
                "env": {"LLAMA_LOG_COLORS": "off"},
                "secrets": {"HF_TOKEN": {"command": ["echo", "hf_0123456789abcdefghij"]}},
            },
            "own": {
                "kind": "custom",
                "image": LLAMA,
                "models": {"tiny": {}},
                "command": ["--host", "0.0.0.0", "--port", "8090", "--no-webui"],
                "args": {"model": model_path("/var/lib/models"), "threads": 1},
                "listens": 8090,
                "port": 8091,
                "health": "/health",
            },
        },
    },
    "gateway": {
        "routes": {"llm": {"paths": ["/tokenize"], "concurrent": 4}, "own": {}},
        "port": 9443,
        "sources": ["10.0.0.0/8"],
        "clients": {"me": {"api_key": {"command": ["echo", _API_KEY]}}},
        "body_mb": 32,
        "read_s": 120,
    },
    "backup": {
        "repository": "/srv/backup/rig",
        "password": {"command": ["echo", "correct-horse-battery-staple"]},
        "paths": ["/usr/local/share/notes"],
        "exclude": ["*.tmp"],
        "keep": {"daily": 3, "weekly": 2, "monthly": 1},
        "schedule": "*-*-* 03:30",
        "stale_after_h": 36,
        "check_days": 3,
    },
}
"""Beside FULL: what serves the model, the door to it, a backup. The image comes from registries that the host is sent
to."""


def declared(vendors: Any, release: str, *changes: dict[str, Any]) -> dict[str, Any]:
    """FULL, with the stand-in repositories that the hosts of this run reach, and with these changes."""
    result = merged(FULL, vendors.declaration(release))
    for change in changes:
        result = merged(result, change)
    return result


DEBIANS_DRIVER: dict[str, Any] = {
    "driver": {
        "source": "distribution",
        "branch": None,
        "version": None,
        "repository_url": None,
        "repository_fingerprint": None,
    },
    "cuda": {"toolkits": [], "default": None},
}
"""The release's own driver packages, built by their own DKMS; no CUDA toolkit, which would take gigabytes."""
