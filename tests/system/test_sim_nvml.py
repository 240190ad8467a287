"""The simulated NVML library and its nvidia-smi, asked as real programs ask them."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.gpu.build import COMMAND, LIBRARY, compile_into
from sim.gpu.model import configuration
from sim.gpu.models import card

pytestmark = pytest.mark.system

CARDS = [
    card("rtx3090", 0, physics=None, temperature_c=38),
    card("rtx3090", 1, physics=None, pcie_gen_current=3, pcie_width_current=8, temperature_c=61, power_usage_w=287),
]

# Run in a process of its own: the library is found by its name when the first process opens it.
READ = """
import json, pynvml as n
n.nvmlInit()
def card(i):
    h = n.nvmlDeviceGetHandleByIndex(i)
    pci, memory = n.nvmlDeviceGetPciInfo(h), n.nvmlDeviceGetMemoryInfo(h, version=n.nvmlMemory_v2)
    least, most = n.nvmlDeviceGetPowerManagementLimitConstraints(h)
    return dict(
        name=n.nvmlDeviceGetName(h), uuid=n.nvmlDeviceGetUUID(h), address=pci.busId[4:].lower(),
        pci_id=[pci.pciDeviceId & 0xffff, pci.pciDeviceId >> 16],
        pci_subsystem=[pci.pciSubSystemId & 0xffff, pci.pciSubSystemId >> 16],
        vbios=n.nvmlDeviceGetVbiosVersion(h), compute=list(n.nvmlDeviceGetCudaComputeCapability(h)),
        memory_total_mib=memory.total >> 20, memory_reserved_mib=memory.reserved >> 20,
        memory_used_mib=memory.used >> 20,
        power_default_w=n.nvmlDeviceGetPowerManagementDefaultLimit(h) / 1000, power_min_w=least / 1000,
        power_max_w=most / 1000, power_usage_w=n.nvmlDeviceGetPowerUsage(h) / 1000,
        temperature_c=n.nvmlDeviceGetTemperatureV(h, n.NVML_TEMPERATURE_GPU),
        temperature_slowdown_c=n.nvmlDeviceGetTemperatureThreshold(h, n.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN),
        temperature_shutdown_c=n.nvmlDeviceGetTemperatureThreshold(h, n.NVML_TEMPERATURE_THRESHOLD_SHUTDOWN),
        fans=n.nvmlDeviceGetNumFans(h), fan_percent=n.nvmlDeviceGetFanSpeed_v2(h, 1),
        clock_graphics_mhz=n.nvmlDeviceGetClockInfo(h, n.NVML_CLOCK_GRAPHICS),
        clock_graphics_max_mhz=n.nvmlDeviceGetMaxClockInfo(h, n.NVML_CLOCK_GRAPHICS),
        clock_memory_mhz=n.nvmlDeviceGetClockInfo(h, n.NVML_CLOCK_MEM),
        clock_memory_max_mhz=n.nvmlDeviceGetMaxClockInfo(h, n.NVML_CLOCK_MEM),
        pcie_gen_current=n.nvmlDeviceGetCurrPcieLinkGeneration(h), pcie_gen_max=n.nvmlDeviceGetMaxPcieLinkGeneration(h),
        pcie_width_current=n.nvmlDeviceGetCurrPcieLinkWidth(h), pcie_width_max=n.nvmlDeviceGetMaxPcieLinkWidth(h),
        utilization_gpu_percent=n.nvmlDeviceGetUtilizationRates(h).gpu,
        utilization_memory_percent=n.nvmlDeviceGetUtilizationRates(h).memory,
        performance_state=n.nvmlDeviceGetPerformanceState(h), persistence_mode=n.nvmlDeviceGetPersistenceMode(h),
    )
print(json.dumps(dict(
    cards=[card(i) for i in range(n.nvmlDeviceGetCount())], driver=n.nvmlSystemGetDriverVersion(),
    nvml=n.nvmlSystemGetNVMLVersion(), cuda=n.nvmlSystemGetCudaDriverVersion(),
    by_uuid=n.nvmlDeviceGetIndex(n.nvmlDeviceGetHandleByUUID(n.nvmlDeviceGetUUID(n.nvmlDeviceGetHandleByIndex(1)))),
    by_bus=n.nvmlDeviceGetIndex(n.nvmlDeviceGetHandleByPciBusId("0000:04:00.0")),
)))
"""

OLDER = (
    "nvmlInit",
    "nvmlInit_v2",
    "nvmlDeviceGetCount",
    "nvmlDeviceGetHandleByIndex",
    "nvmlDeviceGetHandleByPciBusId",
    "nvmlDeviceGetPciInfo",
    "nvmlDeviceGetPciInfo_v2",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetFanSpeed",
    "nvmlDeviceGetTemperature",
    "nvmlSystemGetCudaDriverVersion_v2",
    "nvmlDeviceGetEnforcedPowerLimit",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvml")
    compile_into(folder)
    return folder


@pytest.fixture
def run(built: Path, tmp_path: Path) -> Run:
    """Runs a program under the library, with the two cards unless told otherwise."""

    def run(*argv: str, text: str | None = None, user: int | None = None) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "gpus.conf"
        state = str(tmp_path / "state")
        file.write_text(text or configuration(CARDS, driver_version="580.95.05", state=state))
        environment = {**os.environ, "LD_LIBRARY_PATH": str(built), "RIGWRIGHT_SIM_GPUS": str(file)}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, user=user)

    return run


@pytest.fixture
def smi(run: Run, built: Path) -> Run:
    return lambda *words, **options: run(str(built / COMMAND), *words, **options)


def test_nvidia_ml_py_reads_what_was_configured(run: Run) -> None:
    done = run(sys.executable, "-c", READ)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert (read["driver"], read["nvml"], read["cuda"]) == ("580.95.05", "13.580.95.05", 13000)
    assert (read["by_uuid"], read["by_bus"]) == (1, 1)
    assert len(read["cards"]) == len(CARDS)
    for declared, shown in zip(CARDS, read["cards"], strict=True):
        for name, value in shown.items():
            wanted = getattr(declared, name)
            assert value == (list(wanted) if isinstance(wanted, tuple) else wanted), name


def test_the_older_names_and_layouts_are_there_too(built: Path) -> None:
    library = ctypes.CDLL(str(built / LIBRARY))
    for name in OLDER:
        assert getattr(library, name)
    with pytest.raises(AttributeError):
        _ = library.table_read  # its own functions stay inside


def test_what_is_not_offered_says_so_as_the_real_one_does(run: Run) -> None:
    code = (
        "import pynvml as n; n.nvmlInit(); h = n.nvmlDeviceGetHandleByIndex(0)\n"
        "try: n.nvmlDeviceGetGspFirmwareMode(h)\n"
        "except n.NVMLError_FunctionNotFound: print('not found')\n"
        "try: n.nvmlDeviceGetEccMode(h)\n"
        "except n.NVMLError_NotSupported: print('not on such a card')"
    )
    assert run(sys.executable, "-c", code).stdout == "not found\nnot on such a card\n"


def test_the_list(smi: Run) -> None:
    done = smi("-L")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"GPU {i}: {c.name} (UUID: {c.uuid})" for i, c in enumerate(CARDS)]


def test_a_query_in_the_real_ones_form(smi: Run) -> None:
    fields = (
        "index,pci.bus_id,power.limit,power.max_limit,memory.total,temperature.gpu,fan.speed,pcie.link.width.current"
    )
    assert smi(f"--query-gpu={fields}", "--format=csv").stdout.splitlines() == [
        "index, pci.bus_id, power.limit [W], power.max_limit [W], memory.total [MiB], temperature.gpu, fan.speed [%],"
        " pcie.link.width.current",
        "0, 00000000:03:00.0, 350.00 W, 400.00 W, 24576 MiB, 38, 0 %, 16",
        "1, 00000000:04:00.0, 350.00 W, 400.00 W, 24576 MiB, 61, 0 %, 8",
    ]
    bare = smi("--query-gpu=power.draw,compute_cap,count", "--format=csv,noheader,nounits", "-i", "1")
    assert bare.stdout == "287.00, 8.6, 2\n"
    for device in ("1", CARDS[1].uuid, "0000:04:00.0", "00000000:04:00.0"):
        assert smi("--query-gpu=index", "--format=csv,noheader", "-i", device).stdout == "1\n"


def test_what_one_process_sets_another_sees(smi: Run) -> None:
    done = smi("-pm", "1", "-i", "1")
    assert done.stdout.splitlines() == ["Enabled persistence mode for GPU 00000000:04:00.0.", "All done."]
    assert smi("-pl", "280", "-i", "1").returncode == 0
    fields = smi("--query-gpu=persistence_mode,power.limit", "--format=csv,noheader")
    assert fields.stdout.splitlines() == ["Disabled, 350.00 W", "Enabled, 280.00 W"]


def test_a_limit_out_of_range_changes_nothing(smi: Run) -> None:
    done = smi("-pl", "401")
    assert done.returncode != 0
    assert "between 100.00 W and 400.00 W" in done.stdout
    assert smi("--query-gpu=power.limit", "--format=csv,noheader", "-i", "0").stdout == "350.00 W\n"


def test_only_root_may_set(smi: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, built: Path) -> None:
    base = tmp_path_factory.getbasetemp()
    for folder in (tmp_path, built, *(each for each in built.parents if each.is_relative_to(base))):
        folder.chmod(0o755)
    # What pytest keeps a user's runs in, and those of its workers: private, and above the base.
    above = [each for each in base.parents if each.name.startswith("pytest-")]
    for folder in above:
        folder.chmod(0o755)
    assert smi("-L").returncode == 0  # makes the state
    assert smi("-L", user=65534).stdout == smi("-L").stdout, "anybody may look"
    done = smi("-pm", "1", user=65534)
    assert done.returncode == 4
    assert "Insufficient Permissions" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frobnicate"], "--frobnicate"),
        (["--query-gpu=index,frobs", "--format=csv"], '"frobs" is not a valid field'),
        (["--query-gpu=index"], "--format="),
        (["--query-gpu=index", "--format=xml"], "--format="),
        (["-L", "-i", "7"], "No devices were found"),
        (["-pm", "2"], "Invalid persistence mode"),
    ],
)
def test_wrong_use_is_an_error(smi: Run, words: list[str], said: str) -> None:
    done = smi(*words)
    assert done.returncode != 0
    assert said in done.stdout


def test_it_says_that_it_is_a_simulation(smi: Run) -> None:
    assert "simulation" in smi("-h").stdout
    assert "simulated" in smi("--version").stdout
    assert smi().stdout.startswith("SIMULATED")


def test_without_a_driver_it_fails_as_the_real_one(smi: Run) -> None:
    done = smi("-L", text=configuration(CARDS, driver_version="none"))
    assert done.returncode == 9
    assert done.stdout.startswith("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.")


def test_without_the_library_it_fails_as_the_real_one(built: Path) -> None:
    done = subprocess.run([built / COMMAND], capture_output=True, text=True, check=False, env={"LD_LIBRARY_PATH": ""})
    assert done.returncode == 12
    assert "couldn't find libnvidia-ml.so" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fans=2", "fan=2", "unknown key: fan"),
        ("fans=2", "fans=two", "no number: two"),
        ("fans=2\n", "", "lacks fans"),
        ("[gpu]", "[card]", "unknown section: [card]"),
    ],
)
def test_a_wrong_configuration_is_named_with_its_line(smi: Run, old: str, new: str, said: str) -> None:
    done = smi("-L", text=configuration([card("rtx3090", physics=None)], driver_version="580.95.05").replace(old, new))
    assert done.returncode != 0
    assert said in done.stderr
    assert "gpus.conf:" in done.stderr
