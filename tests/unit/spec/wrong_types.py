"""Keys, types and values: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "unknown-key-at-the-top",
        """
        "driver": {"branch": 580},
        "drivers": {"branch": 580},
        """,
        "basement: drivers = {'branch': 580} [inventory/home.py:6]: expected a known key: profiles, "
        "hardware, install, base, access, driver, cuda, containers, tuning, power, clocks, fans, "
        "rigd, models, runtimes, gateway and backup; for the connection ssh_user and "
        "others; did you mean driver? Rename it.",
    ),
    Wrong(
        "unknown-key-inside",
        """
        "driver": {
            "brnch": 580,
            "source": "distribution",
        },
        """,
        "basement: driver.brnch = 580 [inventory/home.py:6]: expected a known key: state, source, branch, "
        "version, flavour, reboot, repository_url and repository_fingerprint; did you mean driver.branch? "
        "Rename it.",
    ),
    Wrong(
        "unknown-key-deep",
        """
        "access": {
            "ssh": {
                "password_auth": True,
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: access.ssh.password_auth = True [inventory/home.py:7]: expected a known key: port, "
        "password_authentication, root_login and max_auth_tries; did you mean "
        "access.ssh.password_authentication? Rename it.",
    ),
    Wrong(
        "unknown-key-in-a-list",
        """
        "hardware": {
            "psus": {"main": {"rated_w": 1300}},
            "gpus": [
                {
                    "model": "GeForce RTX 3090",
                    "slot": "PCIE1",
                    "cables": ["8-pin", "8-pin"],
                    "supply": "main",
                    "uid": "GPU-1",
                },
            ],
        },
        "driver": {"branch": 580},
        """,
        "basement: hardware.gpus.0.uid = 'GPU-1' [inventory/home.py:13]: expected a known key: model, "
        "slot, riser, cables, supply, uuid, pci and pcie_width; did you mean hardware.gpus.0.uuid? Rename it.",
    ),
    Wrong(
        "key-of-another-part",
        """
        "branch": 580,
        "driver": {"branch": 580},
        """,
        "basement: branch = 580 [inventory/home.py:5]: expected a known key: profiles, hardware, install, base, "
        "access, driver, cuda, containers, tuning, power, clocks, fans, "
        "rigd, models, runtimes, gateway and backup; for the connection ssh_user and others; did you "
        "mean driver.branch? Rename it.",
    ),
    Wrong(
        "name-is-not-a-key",
        """
        "name": "cellar",
        "driver": {"branch": 580},
        """,
        "basement: name = 'cellar' [inventory/home.py:5]: expected a known key: profiles, hardware, install, base, "
        "access, driver, cuda, containers, tuning, power, clocks, fans, "
        "rigd, models, runtimes, gateway and backup; for the connection ssh_user and others. A host's "
        "name is its entry in the inventory: remove the key.",
    ),
    Wrong(
        "no-name-for-a-key",
        """
        "driver": {"branch": 580, None: 1},
        """,
        "basement: driver.None = 1 [inventory/home.py:5]: expected a known key: state, source, branch, "
        "version, flavour, reboot, repository_url and repository_fingerprint. Remove it.",
    ),
    Wrong(
        "no-name-for-an-entry",
        """
        "base": {"packages": {None: True}},
        "driver": {"branch": 580},
        """,
        "basement: base.packages.None = True [inventory/home.py:5]: expected in its place a package's "
        "name: lower-case letters, digits, '+', '-' and '.'. Remove it.",
    ),
    Wrong(
        "no-name-deep-in-json",
        """
        "containers": {"daemon": {"a": {None: 3}}},
        "driver": {"branch": 580},
        """,
        "basement: containers.daemon.a = {None: 3} [inventory/home.py:5]: expected a value that JSON can "
        "hold. Correct the value.",
    ),
    Wrong(
        "number-as-text",
        """
        "driver": {"branch": "580"},
        """,
        "basement: driver.branch = '580' [inventory/home.py:5]: expected a whole number from 390 to 999, "
        "or None. Write 580, without quotes.",
    ),
    Wrong(
        "text-as-number",
        """
        "cuda": {"default": 13.0},
        "driver": {"branch": 580},
        """,
        "basement: cuda.default = 13.0 [inventory/home.py:5]: expected a toolkit version as text, e.g. "
        "'12.8', or None. Write '13.0', in quotes.",
    ),
    Wrong(
        "option-that-shifts-fstab",
        """
        "base": {"disks": {"a": {"uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77", "mount": "/a", "options": ["ro x"]}}},
        "driver": {"branch": 580},
        """,
        "basement: base.disks.a.options.0 = 'ro x' [inventory/home.py:5]: expected one mount option, without "
        "blanks, commas and '#', e.g. 'noatime'. Correct the value.",
    ),
    Wrong(
        "server-with-words-behind-it",
        """
        "base": {"ntp_servers": ["a.example iburst"]},
        "driver": {"branch": 580},
        """,
        "basement: base.ntp_servers.0 = 'a.example iburst' [inventory/home.py:5]: expected the name or the address "
        "of a server. Correct the value.",
    ),
    Wrong(
        "truth-as-text",
        """
        "base": {"smartd": "yes"},
        "driver": {"branch": 580},
        """,
        "basement: base.smartd = 'yes' [inventory/home.py:5]: expected True or False. Write True or "
        "False, without quotes.",
    ),
    Wrong(
        "text-for-a-list",
        """
        "tuning": {"kernel_cmdline": "iommu=pt"},
        "driver": {"branch": 580},
        """,
        "basement: tuning.kernel_cmdline = 'iommu=pt' [inventory/home.py:5]: expected a list of words "
        "without spaces, quotes or dollar signs, e.g. ['iommu=pt']. Put it into square brackets: [...].",
    ),
    Wrong(
        "tuple-for-a-list",
        """
        "base": {"ntp_servers": ("a.example", "b.example")},
        "driver": {"branch": 580},
        """,
        "basement: base.ntp_servers = ('a.example', 'b.example') [inventory/home.py:5]: expected a list, "
        "each entry the name or the address of a server. Put it into square brackets: [...].",
    ),
    Wrong(
        "list-for-a-mapping",
        """
        "base": {"packages": ["vim"]},
        "driver": {"branch": 580},
        """,
        "basement: base.packages = ['vim'] [inventory/home.py:5]: expected a mapping of package names to "
        "True (installed) or False (removed). Correct the value.",
    ),
    Wrong(
        "number-for-a-part",
        """
        "driver": 580,
        """,
        "basement: driver = 580 [inventory/home.py:5]: expected a mapping with the keys state, source, "
        "branch, version, flavour, reboot, repository_url and repository_fingerprint. Give it keys: "
        "{...}.",
    ),
    Wrong(
        "wrong-choice",
        """
        "driver": {"source": "nvidea", "branch": 580},
        """,
        "basement: driver.source = 'nvidea' [inventory/home.py:5]: expected one of 'nvidia', "
        "'distribution' and 'none'; did you mean 'nvidia'? Correct the value: 'nvidia': NVIDIA's CUDA "
        "repository; 'distribution': Debian non-free or Ubuntu's -server packages; 'none': this layer "
        "leaves the host alone.",
    ),
    Wrong(
        "too-large",
        """
        "access": {"ssh": {"port": 70000}},
        "driver": {"branch": 580},
        """,
        "basement: access.ssh.port = 70000 [inventory/home.py:5]: expected a whole number from 1 to "
        "65535. Correct the value.",
    ),
    Wrong(
        "too-small",
        """
        "base": {"journald": {"max_use_mb": 4}},
        "driver": {"branch": 580},
        """,
        "basement: base.journald.max_use_mb = 4 [inventory/home.py:5]: expected a whole number of at "
        "least 16. Correct the value: SystemMaxUse, MiB.",
    ),
    Wrong(
        "wrong-form",
        """
        "driver": {"branch": 580, "version": "580.x"},
        """,
        "basement: driver.version = '580.x' [inventory/home.py:5]: expected an upstream driver version as "
        "text, e.g. '580.105.08', or None. Correct the value.",
    ),
    Wrong(
        "wrong-form-of-an-entry",
        """
        "cuda": {"toolkits": ["12.8", "latest"]},
        "driver": {"branch": 580},
        """,
        "basement: cuda.toolkits.1 = 'latest' [inventory/home.py:5]: expected a toolkit version as text, "
        "e.g. '12.8'. Correct the value.",
    ),
    Wrong(
        "wrong-name-of-an-entry",
        """
        "base": {"packages": {"Vim Tiny": True}},
        "driver": {"branch": 580},
        """,
        "basement: base.packages.Vim Tiny = True [inventory/home.py:5]: expected in its place a package's "
        "name: lower-case letters, digits, '+', '-' and '.'. Remove it.",
    ),
    Wrong(
        "wrong-kind-of-drive",
        """
        "tuning": {"io_scheduler": {"nvmee": "none"}},
        "driver": {"branch": 580},
        """,
        "basement: tuning.io_scheduler.nvmee = 'none' [inventory/home.py:5]: expected in its place one of "
        "'nvme', 'ssd' and 'hdd'; did you mean tuning.io_scheduler.nvme? Rename it.",
    ),
    Wrong(
        "missing-key",
        """
        "base": {
            "disks": {
                "data": {"uuid": "3f0c1a6e-8a0f-4f0e-9a3b-0d3c1f1b2a77"},
            },
        },
        "driver": {"branch": 580},
        """,
        "basement: base.disks.data.mount [inventory/home.py:7]: expected the key to be there, an absolute "
        "path without a slash at its end. Add it: mount point.",
    ),
    Wrong(
        "wrong-value-in-a-union",
        """
        "tuning": {"sysctl": {"vm.swappiness": [10]}},
        "driver": {"branch": 580},
        """,
        "basement: tuning.sysctl.vm.swappiness = [10] [inventory/home.py:5]: expected a whole number or "
        "text. Correct the value.",
    ),
    Wrong(
        "profile-unknown",
        """
        "profiles": ["infrence"],
        "driver": {"branch": 580},
        """,
        "basement: profiles.0 = 'infrence' [inventory/home.py:5]: expected one of the profiles: "
        "inference; did you mean 'inference'? Correct the name, or write profiles/infrence.py.",
    ),
    Wrong(
        "profiles-not-a-list",
        """
        "profiles": "inference",
        "driver": {"branch": 580},
        """,
        "basement: profiles = 'inference' [inventory/home.py:5]: expected a list of profile names. Put it "
        "into square brackets: [...].",
    ),
]
