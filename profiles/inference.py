"""Inference."""
tuning = {"sysctl": {"vm.swappiness": 10}}
