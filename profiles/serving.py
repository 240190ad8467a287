"""Models behind an interface, for many at once and round the clock: steady clocks, many connections, logs that last."""

containers = {"log": {"max_size_mb": 100, "max_files": 10}}
tuning = {
    "cpu_governor": "performance",
    "limits": {"nofile": 65536},
    "sysctl": {
        "vm.swappiness": 10,
        "net.core.somaxconn": 4096,  # connections that wait to be accepted
    },
}
fans = {"curve": [[40, 35], [60, 55], [75, 90], [80, 100]]}  # never quite idle: fans that stop and start wear
