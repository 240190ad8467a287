"""NVML as rigd sees it: with `calls`, the only module that knows nvidia-ml-py, its names, its units and its traps."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import pynvml as n

from rigd.calls import Absent, CardGone, NvmlFailed, SessionGone, checked, if_there

T = TypeVar("T")

REASONS = {
    n.nvmlClocksEventReasonGpuIdle: "idle",
    n.nvmlClocksEventReasonApplicationsClocksSetting: "clocks_setting",
    n.nvmlClocksEventReasonSwPowerCap: "power_cap",
    n.nvmlClocksEventReasonHwSlowdown: "hw_slowdown",
    n.nvmlClocksEventReasonSyncBoost: "sync_boost",
    n.nvmlClocksEventReasonSwThermalSlowdown: "sw_thermal",
    n.nvmlClocksEventReasonHwThermalSlowdown: "hw_thermal",
    n.nvmlClocksEventReasonHwPowerBrakeSlowdown: "power_brake",
}
POWER_CAP = int(n.nvmlClocksEventReasonSwPowerCap)
HEAT = int(
    n.nvmlClocksEventReasonHwSlowdown
    | n.nvmlClocksEventReasonSwThermalSlowdown
    | n.nvmlClocksEventReasonHwThermalSlowdown
)


class Fan(NamedTuple):
    """One fan: what it was told, whether by hand, and how it turns (None: not told)."""

    percent: int
    manual: bool
    rpm: int | None


class Reading(NamedTuple):
    """A card at a moment. None: it cannot be read; ``errors`` then says why."""

    core_c: int | None
    memory_c: int | None
    power_w: float | None
    limit_w: float | None
    clock_mhz: int | None
    reasons: int
    energy_j: float | None
    fans: tuple[Fan, ...] | None
    errors: tuple[str, ...]


class Session:
    """The library, initialised. Start it again after `SessionGone`."""

    def __init__(self) -> None:
        self._open = False
        self.driver = ""

    def start(self) -> None:
        """Initialise. Raises NvmlFailed."""
        self.stop()
        checked(n.nvmlInit)
        self._open = True
        self.driver = checked(n.nvmlSystemGetDriverVersion)

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self._open:
            self._open = False
            try:
                n.nvmlShutdown()
            except n.NVMLError:
                return  # there is nothing left to end

    def count(self) -> int:
        """How many cards the driver knows, answering or not."""
        return int(checked(n.nvmlDeviceGetCount))

    def card(self, index: int) -> Card:
        """One of them. Raises NvmlFailed where it does not answer."""
        return Card(checked(n.nvmlDeviceGetHandleByIndex, index), index)

    def cards(self) -> list[Card]:
        """Every card that answers. Raises SessionGone; a card that does not answer is left out."""
        found = []
        for index in range(self.count()):
            try:
                found.append(self.card(index))
            except SessionGone:
                raise
            except NvmlFailed:
                continue
        return found


class Card:
    """One card of a session: who it is, what it can, and calls on it. Raises NvmlFailed and its kinds."""

    def __init__(self, handle: Any, index: int) -> None:
        self._handle = handle
        self.index = index
        self.retired = False
        self.uuid: str = checked(n.nvmlDeviceGetUUID, handle)
        self.model: str = checked(n.nvmlDeviceGetName, handle)
        self.pci: str = checked(n.nvmlDeviceGetPciInfo, handle).busId.lower()[4:]
        self.fan_count: int = if_there(n.nvmlDeviceGetNumFans, handle) or 0
        speeds = if_there(n.nvmlDeviceGetMinMaxFanSpeed, handle) if self.fan_count else None
        self.fan_least_percent: int = speeds[0] if speeds else 30
        limits = if_there(n.nvmlDeviceGetPowerManagementLimitConstraints, handle)
        self.limits_w: tuple[int, int] | None = None if limits is None else (limits[0] // 1000, limits[1] // 1000)
        default = if_there(n.nvmlDeviceGetPowerManagementDefaultLimit, handle)
        self.default_w: int | None = None if default is None else default // 1000
        self.slowdown_c: int | None = _slowdown_c(handle)
        self.graphics_most_mhz: int | None = if_there(n.nvmlDeviceGetMaxClockInfo, handle, n.NVML_CLOCK_GRAPHICS)
        self.memory_most_mhz: int | None = if_there(n.nvmlDeviceGetMaxClockInfo, handle, n.NVML_CLOCK_MEM)
        self._has_v = True
        self._has_memory_c = True
        self._has_rpm = self.fan_count > 0
        self._has_energy = True
        self._has_target = True

    def _do(self, call: Callable[..., T], *arguments: Any) -> T:
        if self.retired:
            raise CardGone("a call took too long, and this view of the card was given up")
        return checked(call, *arguments)

    def _if_there(self, call: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return self._do(call, *arguments)
        except Absent:
            return None

    def read(self) -> Reading:
        """Everything at once. Raises SessionGone and CardGone; what else fails is None in the reading."""
        errors: list[str] = []

        def of(call: Callable[..., T], *arguments: Any) -> T | None:
            try:
                return call(*arguments)
            except (SessionGone, CardGone):
                raise
            except NvmlFailed as error:
                errors.append(str(error))
                return None

        handle = self._handle
        power = of(self._do, n.nvmlDeviceGetPowerUsage, handle)
        limit = of(self._do, n.nvmlDeviceGetPowerManagementLimit, handle) if self.limits_w else None
        return Reading(
            core_c=of(self._core_c),
            memory_c=of(self._memory_c),
            power_w=None if power is None else power / 1000,
            limit_w=None if limit is None else limit / 1000,
            clock_mhz=of(self._do, n.nvmlDeviceGetClockInfo, handle, n.NVML_CLOCK_GRAPHICS),
            reasons=of(self._reasons) or 0,
            energy_j=of(self._energy_j),
            fans=of(self._all_fans),
            errors=tuple(errors),
        )

    def _core_c(self) -> int:
        if self._has_v:
            try:
                return int(self._do(n.nvmlDeviceGetTemperatureV, self._handle, n.NVML_TEMPERATURE_GPU))
            except Absent:
                self._has_v = False  # a driver from before it
        return int(self._do(n.nvmlDeviceGetTemperature, self._handle, n.NVML_TEMPERATURE_GPU))

    def _memory_c(self) -> int | None:
        if not self._has_memory_c:
            return None
        value = self._do(n.nvmlDeviceGetFieldValues, self._handle, [n.NVML_FI_DEV_MEMORY_TEMP])[0]
        if value.nvmlReturn != n.NVML_SUCCESS:
            self._has_memory_c = False
            return None
        return int(value.value.uiVal)

    def _reasons(self) -> int:
        found = self._if_there(n.nvmlDeviceGetCurrentClocksEventReasons, self._handle)
        return int(found or 0)

    def _energy_j(self) -> float | None:
        if not self._has_energy:
            return None
        found = self._if_there(n.nvmlDeviceGetTotalEnergyConsumption, self._handle)
        self._has_energy = found is not None
        return None if found is None else found / 1000

    def _all_fans(self) -> tuple[Fan, ...]:
        return tuple(self._fan(fan) for fan in range(self.fan_count))

    def _fan(self, fan: int) -> Fan:
        manual = self._do(n.nvmlDeviceGetFanControlPolicy_v2, self._handle, fan) == n.NVML_FAN_POLICY_MANUAL
        return Fan(self._told_percent(fan), manual, self._rpm(fan))

    def _told_percent(self, fan: int) -> int:
        """What the fan was told: the other figure follows it, on some cards, as slowly as the fan itself."""
        if self._has_target:
            told = self._if_there(n.nvmlDeviceGetTargetFanSpeed, self._handle, fan)
            if told is not None:
                return int(told)
            self._has_target = False
        return int(self._do(n.nvmlDeviceGetFanSpeed_v2, self._handle, fan))

    def _rpm(self, fan: int) -> int | None:
        """nvidia-ml-py's own function asks for the first fan alone."""
        if not self._has_rpm:
            return None
        info = n.c_nvmlFanSpeedInfo_t()
        info.version, info.fan = n.nvmlFanSpeedInfo_v1, fan
        try:
            call = n._nvmlGetFunctionPointer("nvmlDeviceGetFanSpeedRPM")
            self._do(_raising(call), self._handle, ctypes.byref(info))
        except (Absent, n.NVMLError):
            self._has_rpm = False  # drivers before 565
            return None
        return int(info.speed)

    def set_limit_w(self, watts: int) -> None:
        """Set the power limit."""
        self._do(n.nvmlDeviceSetPowerManagementLimit, self._handle, watts * 1000)

    def limit_w(self) -> float:
        """The power limit in force."""
        return float(self._do(n.nvmlDeviceGetPowerManagementLimit, self._handle)) / 1000

    def set_fan(self, fan: int, percent: int) -> None:
        """Set one fan, which is manual from then on, whatever becomes of this program."""
        self._do(n.nvmlDeviceSetFanSpeed_v2, self._handle, fan, percent)

    def hand_back_fan(self, fan: int) -> None:
        """Give one fan back to the card's own curve."""
        self._do(n.nvmlDeviceSetDefaultFanSpeed_v2, self._handle, fan)

    def fan(self, fan: int) -> Fan:
        """One fan, read."""
        return self._fan(fan)

    def lock_graphics(self, span: tuple[int, int] | None) -> None:
        """Lock the core's clock to a range, MHz; None: unlock it, where it can be locked."""
        if span is None:
            self._if_there(n.nvmlDeviceResetGpuLockedClocks, self._handle)
        else:
            self._do(n.nvmlDeviceSetGpuLockedClocks, self._handle, *span)

    def lock_memory(self, span: tuple[int, int] | None) -> None:
        """Lock the memory's clock to a range, MHz; None: unlock it, where it can be locked."""
        if span is None:
            self._if_there(n.nvmlDeviceResetMemoryLockedClocks, self._handle)
        else:
            self._do(n.nvmlDeviceSetMemoryLockedClocks, self._handle, *span)


def _slowdown_c(handle: Any) -> int | None:
    """Where the card halves its clock, °C; None: it does not tell.

    Since Ada cards tell no thresholds, but how far they are from their limit, and how far from it slowdown is: 54 °C
    and -2 °C of an H100 at 33 °C, which slows down at 89 °C.
    """
    told = if_there(n.nvmlDeviceGetTemperatureThreshold, handle, n.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN)
    if told is not None:
        return int(told)
    margin = if_there(n.nvmlDeviceGetMarginTemperature, handle)
    now = if_there(n.nvmlDeviceGetTemperatureV, handle, n.NVML_TEMPERATURE_GPU)
    values = if_there(n.nvmlDeviceGetFieldValues, handle, [n.NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT])
    if margin is None or now is None or not values or values[0].nvmlReturn != n.NVML_SUCCESS:
        return None
    return int(now) + int(margin) - int(values[0].value.siVal)


def _raising(call: Callable[..., int]) -> Callable[..., None]:
    def checked(*arguments: Any) -> None:
        code = call(*arguments)
        if code != n.NVML_SUCCESS:
            raise n.NVMLError(code)

    return checked
