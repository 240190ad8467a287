"""The engine's small parts: the telling lines of an output, the names of layers."""

from __future__ import annotations

import pytest
from pyinfra.connectors.util import CommandOutput, OutputLine

from rigwright.engine.layers import UnknownLayer, named
from rigwright.engine.output import telling_lines
from rigwright.spec.rig import LAYERS


def output(stdout: list[str], stderr: list[str]) -> CommandOutput:
    return CommandOutput([OutputLine("stdout", line) for line in stdout] + [OutputLine("stderr", x) for x in stderr])


def test_errors_stand_out_of_a_long_output() -> None:
    noise = [f"line {number}" for number in range(100)]
    lines = telling_lines(output([], [*noise, "E: Unable to locate package x", *noise[:50], "the end"]))
    assert lines == ["E: Unable to locate package x", "line 47", "line 48", "line 49", "the end"]


def test_stdout_speaks_where_stderr_is_silent() -> None:
    assert telling_lines(output(["one", "two"], ["", "  "])) == ["one", "two"]


def test_no_output_has_no_telling_lines() -> None:
    assert telling_lines(None) == telling_lines(output([], [])) == []


@pytest.mark.parametrize("asked", ["driver,base", ["driver", "base"], ["driver,base"], ["base", " driver"]])
def test_layers_come_in_their_order(asked: str | list[str]) -> None:
    assert named(asked) == ("base", "driver")


def test_an_unknown_layer_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        UnknownLayer, match=f"no layer 'drivers'; did you mean driver\\? There are: {', '.join(LAYERS)}"
    ):
        named("drivers")
