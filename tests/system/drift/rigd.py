"""Broken by hand: layer rigd. For a host like `tests.system.declared.FULL`."""

from __future__ import annotations

from tests.system.drift import Drift

DRIFTS = [
    Drift(
        "rigd stopped",
        "systemctl stop rigd",
        "rigd",
        plan_names=("Run rigd", "inactive, wanted running"),
        verify_names=("test_state",),
    ),
    Drift(
        "rigd not started at boot",
        "systemctl disable rigd",
        "rigd",
        plan_names=("Run rigd", "disabled, wanted enabled"),
        verify_names=("test_state",),
    ),
    Drift(
        "rigd masked",
        "systemctl stop rigd; rm /etc/systemd/system/rigd.service; systemctl mask rigd",
        "rigd",
        plan_names=("Write rigd's unit", "link to /dev/null, wanted a file"),
        verify_names=("test_state",),
        repairs=("Write rigd's unit", "Run rigd"),
    ),
    Drift(
        "a limit raised in rigd's configuration, and rigd restarted",
        'sed -i \'s/"limit_w": 280/"limit_w": 340/\' /etc/rigd/rigd.json && systemctl restart rigd',
        "rigd",
        plan_names=("Write rigd's configuration", "content differs"),
        verify_names=("test_power_as_it_was_told",),
        repairs=("Write rigd's configuration", "Run rigd"),
    ),
    Drift(
        "rigd's program gone",
        "rm /opt/rigd/rigd.pyz",
        "rigd",
        plan_names=("Put rigd in place", "missing"),
        verify_names=("test_state",),
        repairs=("Put rigd in place", "Run rigd"),
    ),
    Drift(
        "nobody to hand the fans back",
        "sed -i '/^ExecStopPost/d' /etc/systemd/system/rigd.service && systemctl daemon-reload",
        "rigd",
        plan_names=("Write rigd's unit", "content differs"),
        verify_names=("test_somebody_looks_after_it",),
        repairs=("Write rigd's unit", "Run rigd"),
    ),
]
