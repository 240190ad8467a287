"""Layer `rigd`: the program on the host that keeps `power`, `clocks` and `fans` as declared."""

from __future__ import annotations

from rigwright.spec.model import Model, State, key


class Metrics(Model):
    """Where rigd tells what it sees and does, as Prometheus reads it."""

    listen: str | None = key(
        "127.0.0.1:9452",
        "loopback address and port to be asked at; None: none",
        pattern=r"^(127(\.\d{1,3}){3}|\[::1\]):\d{1,5}$",
        form="a loopback address and a port, '127.0.0.1:9452'",
    )
    textfile: str | None = key(
        None,
        "file for node_exporter's textfile collector, in a folder that is there; None: none",
        pattern=r"^/[^\s]*[^/\s]\.prom$",
        form="an absolute path that ends with .prom",
    )


class Critical(Model):
    """What happens at a temperature that should never be: the limit goes to the card's least, in any case."""

    temperature_c: int | None = key(
        None, "core temperature that is critical, °C; None: the card's own throttling is the last resort", ge=50, le=120
    )
    command: list[str] = key(
        default_factory=list,
        description="program and arguments, run once each time it is passed",
        form="a list of words, the first of them a program's whole path, ['/usr/bin/systemctl', 'stop', 'training']",
    )


class Rigd(Model):
    """The keeper."""

    state: State = key("present", "'absent' removes it; limits and clocks are the cards' own again")
    poll_s: float = key(1.0, "how often cards are read and set, s", ge=0.2, le=5)
    reapply_s: int = key(30, "how often settings are written again though they read back right, s", ge=5, le=600)
    metrics: Metrics = key(default_factory=Metrics, description="metrics for Prometheus")
    critical: Critical = key(default_factory=Critical, description="what happens at a critical temperature")
