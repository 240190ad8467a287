"""Broken by hand: layer models. For a host like `tests.system.declared.FULL`."""

from __future__ import annotations

from tests.system.declared import FULL
from tests.system.drift import Drift
from tests.system.locked_models import model_path

FILE = model_path(FULL["models"]["root"])

DRIFTS = [
    Drift(
        "a byte of a model changed",
        f"printf x | dd of={FILE} bs=1 seek=9000 conv=notrunc",
        "models",
        plan_names=("Pull the models", "not hashed as it is now"),
        verify_names=("test_models_are_the_declared_ones",),
    ),
    Drift(
        "a model cut short",
        f"truncate -s 1000 $(readlink -f {FILE})",
        "models",
        plan_names=("Pull the models", "not hashed as it is now"),
        verify_names=("test_models_are_there",),
    ),
    Drift(
        "a model without its name",
        f"rm {FILE}",
        "models",
        plan_names=("Pull the models", "not under its name"),
        verify_names=("test_models_are_there",),
    ),
]
