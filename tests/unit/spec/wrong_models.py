"""Models that cannot be: what is written, and the whole text of the answer."""

from __future__ import annotations

from tests.unit.spec.wrong import Wrong

WRONG = [
    Wrong(
        "model-not-locked",
        """
        "driver": {"branch": 580},
        "models": {"wanted": {"qwen3": {"hub": "Qwen/Qwen3-8B-GGUF", "files": ["*Q4_K_M.gguf"]}}},
        """,
        "basement: models.wanted.qwen3 [inventory/home.py:6]: expected an entry in models.lock: sizes and hashes of "
        "its files, and the commit that they are of. Run `rig models lock qwen3`, and keep the file with the "
        "inventory.",
    ),
    Wrong(
        "model-of-two-sources",
        """
        "driver": {"branch": 580},
        "models": {"wanted": {"m": {"hub": "a/b", "path": "/srv/m.gguf"}}},
        """,
        "basement: models.wanted.m = {'hub': 'a/b', 'path': '/srv/m.gguf'} [inventory/home.py:6]: expected exactly one "
        "of hub, ollama, url and path. Choose one.",
    ),
    Wrong(
        "model-name-with-blank",
        """
        "driver": {"branch": 580},
        "models": {"wanted": {"Qwen 3": {"hub": "a/b"}}},
        """,
        "basement: models.wanted.Qwen 3 = {'hub': 'a/b'} [inventory/home.py:6]: expected in its place a model's name: "
        "small letters, digits, '.', '_' and '-', at most 63. Remove it.",
    ),
    Wrong(
        "model-address-of-a-folder",
        """
        "driver": {"branch": 580},
        "models": {"wanted": {"m": {"url": "https://x.example/models/", "sha256": "%s"}}},
        """
        % ("0" * 64),
        "basement: models.wanted.m.url = 'https://x.example/models/' [inventory/home.py:6]: expected the whole address "
        "of a file, from http on to its name, or None. Correct the value.",
    ),
    Wrong(
        "model-of-another-registry",
        """
        "driver": {"branch": 580},
        "models": {"wanted": {"m": {"ollama": "hf.co/Qwen/Qwen3-8B-GGUF:Q4_K_M"}}},
        """,
        "basement: models.wanted.m.ollama = 'hf.co/Qwen/Qwen3-8B-GGUF:Q4_K_M' [inventory/home.py:6]: expected a "
        "model's name with its tag, e.g. 'qwen3:8b' or 'owner/model:tag', or None. Correct the value.",
    ),
    Wrong(
        "token-in-the-open",
        """
        "driver": {"branch": 580},
        "models": {"token": "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"},
        """,
        "basement: models.token = (not shown) [inventory/home.py:6]: expected a mapping with the keys env, file and "
        "command, or None. No secret belongs into the inventory: take it out, and change it if the file was shared.",
    ),
]
