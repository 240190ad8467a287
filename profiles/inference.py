"""Models for a few people, asked now and then: containers with GPUs, and weights that stay in memory."""

tuning = {"sysctl": {"vm.swappiness": 10}}
fans = {
    "curve": [[40, 30], [60, 50], [75, 80], [83, 100]],  # °C of the core, per cent
    "automatic_below_c": 45,  # cool cards may stand still
}
