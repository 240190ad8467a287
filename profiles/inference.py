"""Models for a few people, asked now and then: containers with GPUs, and weights that stay in memory."""

tuning = {"sysctl": {"vm.swappiness": 10}}
