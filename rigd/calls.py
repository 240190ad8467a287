"""NVML's calls, and what their errors mean for whoever made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pynvml as n

T = TypeVar("T")

_SESSION_GONE = {
    n.NVML_ERROR_UNINITIALIZED,
    n.NVML_ERROR_DRIVER_NOT_LOADED,
    n.NVML_ERROR_LIBRARY_NOT_FOUND,
    n.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
}
_CARD_GONE = {n.NVML_ERROR_GPU_IS_LOST, n.NVML_ERROR_RESET_REQUIRED, n.NVML_ERROR_NOT_FOUND}
_ABSENT = {n.NVML_ERROR_NOT_SUPPORTED, n.NVML_ERROR_FUNCTION_NOT_FOUND, n.NVML_ERROR_NO_PERMISSION}


class NvmlFailed(Exception):
    """A call failed; the card may be well."""


class SessionGone(NvmlFailed):
    """The library has to be initialised again before any call can work."""


class CardGone(NvmlFailed):
    """This card answers no call any more."""


class Absent(NvmlFailed):
    """The card, the driver or our rights do not have this."""


def checked(call: Callable[..., T], *arguments: Any) -> T:
    """Make a call. Raises SessionGone, CardGone, Absent, or NvmlFailed for what else can go wrong."""
    try:
        return call(*arguments)
    except n.NVMLError as error:
        code, text = error.value, f"{call.__name__}: {error}"
    if code in _SESSION_GONE:
        raise SessionGone(text)
    if code in _CARD_GONE:
        raise CardGone(text)
    raise (Absent if code in _ABSENT else NvmlFailed)(text)


def if_there(call: Callable[..., T], *arguments: Any) -> T | None:
    """The same; None where card, driver or rights do not have it."""
    try:
        return checked(call, *arguments)
    except Absent:
        return None
