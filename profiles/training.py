"""Jobs of days on all cards: pinned host buffers, links that do not doze, a processor that feeds them."""

tuning = {
    "aspm": "off",  # a link that wakes costs each of a million small copies
    "cpu_governor": "performance",
    "limits": {"memlock": "unlimited", "nofile": 65536},
    "sysctl": {"vm.swappiness": 1},
}
fans = {"curve": [[40, 40], [60, 65], [75, 100]]}  # days at full load: cool cards clock higher, and last
