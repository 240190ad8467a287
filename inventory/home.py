"""The machines at home.

One list is one group; one entry is one host: its name, and what is declared about it. What several hosts share stands
in profiles/ and group_data/. `rig show basement --origin` prints the whole declaration and where each value comes from;
`rig check` says what is wrong with it, before anything is connected to.
"""

home = [
    (
        "basement",
        {
            # The way in: the name above is looked up like any host name. An address can be given instead:
            # "ssh_hostname": "192.168.1.50",
            "profiles": ["inference"],
            "hardware": {
                "board": "ASRock X99 WS-E",
                "cpu": "Xeon E5-2680 v4",
                "ram_gib": 128,  # 8 x 16 GB DDR4, registered ECC
                "case": "12-GPU miner case",
                "storage": {
                    # PCIe 3.0 x4. Add "serial" (lsblk -o NAME,SERIAL) to have its presence proved.
                    "system": {"model": "Silicon Power 2 TB NVMe", "size_gb": 2000},
                },
                "psus": {
                    # The first one feeds the board and the processor. 80 % of its rating may be in use for hours.
                    "main": {"model": "EVGA SuperNOVA 1300 GT"},
                },
                "gpus": [
                    {
                        "model": "GeForce RTX 3090",
                        "slot": "PCIE1",
                        "riser": "pcie4",
                        "cables": ["8-pin", "8-pin"],
                        "supply": "main",
                        "pcie_width": 16,
                        # "uuid": "GPU-…" (nvidia-smi -L) ties the entry to this very card.
                    },
                    {
                        # A partner card with three plugs: counted with the higher power limit that such cards have.
                        "model": "GeForce RTX 3090",
                        "slot": "PCIE5",
                        "riser": "pcie4",
                        "cables": ["8-pin", "8-pin", "8-pin"],
                        "supply": "main",
                        "pcie_width": 16,
                    },
                ],
            },
            "base": {"hostname": "basement"},
            "access": {
                "users": {
                    "owner": {
                        # Your own key here (cat ~/.ssh/id_ed25519.pub). This one is an example, and lets nobody in.
                        "keys": [
                            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEReplaceThisWithYourOwnPublicKeyPleas example",
                        ],
                    },
                },
            },
            # The long-term branch. NVIDIA's repository for Debian 12 has it; the one for Debian 13 begins at 590.
            "driver": {"source": "nvidia", "branch": 580},
            # Kept by rigd on the host; fan curves come with the profiles. `rig simulate basement` shows what becomes of it.
            "power": {"limit_w": 280},  # 80 % of 350 W for 89 to 97 % of a 3090's tokens a second (public measurements)
            # What it serves, and the door to it (docs/models.md); then `rig models lock` and `rig images lock`:
            # "models": {"wanted": {"qwen3": {"hub": "Qwen/Qwen3-8B-GGUF", "files": ["*Q4_K_M.gguf"]}}},
            # "runtimes": {"services": {"llm": {"kind": "llama.cpp", "models": {"qwen3": {"context_tokens": 32768}}}}},
            # "gateway": {"routes": {"llm": {}}, "clients": {"me": {"api_key": {"command": ["pass", "show", "rig"]}}}},
            # How it gets its system (docs/installer.md); the drive's "serial" above says which disk is erased:
            # "install": {"release": "trixie", "disk": {"drive": "system"}, "host_key": {"file": "~/.ssh/hosts/basement"}},
            # What a reinstall would lose (docs/backup.md):
            # "backup": {"repository": "/mnt/backup/rig", "password": {"command": ["pass", "show", "rig-backup"]}},
        },
    ),
]
