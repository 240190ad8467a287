"""The driver and a way in, and nothing that is not needed for them: no container engine, no tools for people."""

base = {"packages": {"htop": None, "tmux": None, "lm-sensors": None}}
containers = {"state": "absent"}
