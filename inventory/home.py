"""At home."""

home = [
    (
        "basement",
        {
            "profiles": ["inference"],
            "ssh_user": "root",
            "hardware": {
                "board": "ASRock X99 WS-E",
                "cpu": "Xeon E5-2680 v4",
                "ram_gib": 128,
            },
            "driver": {"source": "nvidia", "branch": 580},
        },
    ),
]
