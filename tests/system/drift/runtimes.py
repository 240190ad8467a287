"""Broken by hand: layer runtimes. For a host like `tests.system.declared.SERVING`."""

from __future__ import annotations

from tests.system.drift import Drift

FOLDER = "/etc/rigwright/runtimes"

DRIFTS = [
    Drift(
        "a runtime stopped",
        "systemctl stop rig-llm",
        "runtimes",
        plan_names=("Run llm", "inactive, wanted running"),
        verify_names=("test_runtimes_serve",),
    ),
    Drift(
        "a runtime not started at boot",
        "systemctl disable rig-llm",
        "runtimes",
        plan_names=("Run llm", "disabled, wanted enabled"),
        verify_names=("test_runtimes_serve",),
    ),
    Drift(
        "another option, and the runtime restarted",
        f"sed -i 's/^threads = 2/threads = 1/' {FOLDER}/llm/files/models.ini && systemctl restart rig-llm",
        "runtimes",
        plan_names=("Write models.ini of llm", "content differs"),
        verify_names=("test_options",),
        repairs=("Write models.ini of llm", "Run llm"),
    ),
    Drift(
        "a runtime open to the world",
        f"sed -i 's/127.0.0.1:8080/0.0.0.0:8080/' {FOLDER}/llm/compose.json && systemctl restart rig-llm",
        "runtimes",
        plan_names=("Write the Compose file of llm", "content differs"),
        verify_names=("test_ports",),
        repairs=("Write the Compose file of llm", "Run llm"),
    ),
    Drift(
        "a secret that others may read",
        f"chmod 644 {FOLDER}/llm/secrets.env",
        "runtimes",
        plan_names=("Write the secrets of llm", "mode 644, wanted 600"),
        verify_names=("test_environment",),
        repairs=("Write the secrets of llm", "Run llm"),
    ),
    Drift(
        "nobody looks after runtimes",
        "systemctl disable --now rigwright-health.timer",
        "runtimes",
        plan_names=("Look after runtimes", "inactive, wanted running"),
        verify_names=("test_somebody_looks_after_them",),
    ),
    Drift(
        "a runtime that is not declared",
        f"mkdir -p {FOLDER}/stray",
        "runtimes",
        plan_names=("Remove runtimes that are not declared", "stray: there, and not declared"),
        verify_names=("test_runtimes_serve",),
    ),
]
