"""Broken by hand: layer gateway. For a host like `tests.system.declared.SERVING`."""

from __future__ import annotations

from tests.system.drift import Drift

FOLDER = "/etc/rigwright/gateway"
RELOAD = "systemctl reload rigwright-gateway"

DRIFTS = [
    Drift(
        "the gateway stopped",
        "systemctl stop rigwright-gateway",
        "gateway",
        plan_names=("Open the gateway", "inactive, wanted running"),
        verify_names=("test_it_is_open",),
    ),
    Drift(
        "another key",
        f"sed -i 's/Bearer [^\"]*/Bearer sk-somebody-elses-0123456789/' {FOLDER}/keys.caddy && {RELOAD}",
        "gateway",
        plan_names=("Write the clients' keys", "content differs"),
        verify_names=("test_keys",),
        repairs=("Write the clients' keys", "Open the gateway"),
    ),
    Drift(
        "keys that others may read",
        f"chmod 644 {FOLDER}/keys.caddy",
        "gateway",
        plan_names=("Write the clients' keys", "mode 644, wanted 600"),
        verify_names=("test_keys",),
        repairs=("Write the clients' keys", "Open the gateway"),
    ),
    Drift(
        "all paths let through",
        f"sed -i '/@elsewhere/d' {FOLDER}/Caddyfile && {RELOAD}",
        "gateway",
        plan_names=("Write the gateway's configuration", "content differs"),
        verify_names=("test_paths",),
        repairs=("Write the gateway's configuration", "Open the gateway"),
    ),
    Drift(
        "nobody asked for a key",
        f"sed -i '/@unknown/d; /@others/d' {FOLDER}/Caddyfile && {RELOAD}",
        "gateway",
        plan_names=("Write the gateway's configuration", "content differs"),
        verify_names=("test_who_gets_through",),
        repairs=("Write the gateway's configuration", "Open the gateway"),
    ),
]
