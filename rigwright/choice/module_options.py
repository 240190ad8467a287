"""Module options as they are declared, beside what the loaded modules say that they run with."""

from __future__ import annotations

from collections.abc import Mapping

Options = Mapping[str, Mapping[str, str | int]]
_BOOLEANS = {"y": True, "yes": True, "t": True, "true": True, "on": True} | {
    "n": False, "no": False, "f": False, "false": False, "off": False
}  # fmt: skip
"""As the kernel's kstrtobool() reads them, by their first letters."""
Parameters = Mapping[tuple[str, str], str]
"""(module, parameter) → value, the module's name with "_"; what is not loaded, or does not show, is not in it."""


def parameter_of(parameters: Parameters, module: str, name: str) -> str | None:
    """What the loaded module runs with; None: it cannot be told."""
    return parameters.get((module.replace("-", "_"), name))


def not_in_force(options: Options, parameters: Parameters) -> list[str]:
    """What the loaded modules run without, one line each: only loading them anew changes it."""
    lines = []
    for module, values in sorted(options.items()):
        for name, wanted in sorted(values.items()):
            have = parameter_of(parameters, module, name)
            if have is not None and not same_value(have, wanted):
                lines.append(f"module {module} runs with {name}={have}, declared {wanted}")
    return lines


def same_value(have: str, wanted: str | int) -> bool:
    """Whether the kernel would take the two for the same: it tells booleans as Y and N, and numbers in its own base."""
    return _plain(have) == _plain(str(wanted))


def _plain(value: str) -> str | int:
    text = value.strip().strip('"')
    if text.lower() in _BOOLEANS:
        return int(_BOOLEANS[text.lower()])
    try:
        number = int(text, 8 if text.lstrip("-").startswith("0") and text.lstrip("-0").isdigit() else 0)
    except ValueError:
        return text
    return number % 2**32 if -(2**31) <= number < 0 else number
