"""Layer `tuning`: what is in force now, and what the next boot will set again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from testinfra.host import Host

from rigwright.choice.module_options import not_in_force, parameter_of
from rigwright.choice.sysctl_modules import modules_for
from rigwright.facts.boot_loader import GRUB_CFG, NORMAL_ENTRIES
from rigwright.facts.module_parameters import ModuleParameters
from rigwright.spec.rig import Rig
from rigwright.spec.tuning import Tuning
from tests.host.answers import could_not_tell, proves
from tests.host.reading import Answers, ask

OURS = {
    "the kernel command line": "/etc/default/grub.d/50-rigwright.cfg",
    "module options": "/etc/modprobe.d/rigwright-options.conf",
    "sysctl settings": "/etc/sysctl.d/60-rigwright.conf",
    "modules for sysctl settings": "/etc/modules-load.d/rigwright.conf",
    "the CPU governor": "/etc/systemd/system/rigwright-cpu-governor.service",
    "limits of logins": "/etc/security/limits.d/60-rigwright.conf",
    "limits of services": "/etc/systemd/system.conf.d/60-rigwright.conf",
    "the GPUs' links": "/etc/systemd/system/rigwright-gpu-links.service",
    "drives": "/etc/udev/rules.d/61-rigwright-io-scheduler.rules",
}
PERSISTENCE = "nvidia-persistenced.service"
GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"


@pytest.fixture(scope="session")
def declared(rig: Rig) -> Tuning:
    return rig.tuning if rig.tuning.state == "present" else Tuning(state="absent")


@pytest.fixture(scope="session")
def seen(host: Host, declared: Tuning) -> Answers:
    """Everything that this file wants to know, in one command."""
    settings = " ".join(shlex.quote(_sysctl_path(name)) for name in declared.sysctl)
    variable = "GRUB_CMDLINE_LINUX_DEFAULT"
    source = "for f in /etc/default/grub /etc/default/grub.d/*.cfg; do [ -r $f ] && . $f; done"
    gpus = "grep -lx 0x10de /sys/bus/pci/devices/*/vendor | xargs -r -n1 dirname | while read -r d; do"
    options = OURS["module options"]
    not_drives = "loop*|ram*|zram*|dm-*|md*|sr*|fd*|nbd*"
    return ask(
        host,
        {
            "ours": f"ls -d {' '.join(OURS.values())}",
            "container": "systemd-detect-virt --container",
            "cmdline": "cat /proc/cmdline",
            "next cmdline": f'{source}; echo "${variable}"',
            "our words": f'{variable}=; . {OURS["the kernel command line"]}; echo "${variable}"',
            "boot entries": f"{NORMAL_ENTRIES} {GRUB_CFG}",
            "modprobe": "modprobe --showconfig | grep -E '^(install|options) '",
            "modules": f"for k in /boot/vmlinuz-*; do for m in {' '.join(declared.module_options)}; do"
            " modinfo -k ${k#/boot/vmlinuz-} -F filename $m >/dev/null && echo $m; done; done",
            "our options": f"cat {options}",
            "loaded": "cd /sys/module && ls -d */initstate | cut -d/ -f1",
            "parameters": ModuleParameters().command(list(declared.module_options)),
            "initrds": f"for i in /boot/initrd.img-*; do [ -e $i ] && [ {options} -nt $i ] && echo $i; done",
            "sysctl": f"for p in {settings}; do echo \"$p=$(cat $p | tr -s '\\t\\n ' ' ')\"; done",
            "kernel's": f"systemd-detect-virt -q --container && for p in {settings} {GOVERNORS} /sys/block; do"
            " case $(stat -f -c %T $p) in proc|sysfs) echo $p;; esac; done",
            "sysctl at boot": "systemd-analyze --no-pager cat-config sysctl.d",
            "governors": f"grep -H . {GOVERNORS}",
            "governor unit": "systemctl show -p UnitFileState -p ExecStart rigwright-cpu-governor.service",
            "our limits": f"cat {OURS['limits of logins']} {OURS['limits of services']}",
            "pam": "cat /etc/security/limits.conf /etc/security/limits.d/*.conf",
            "limits": "systemctl show | grep -E '^DefaultLimit(MEMLOCK|NOFILE)(Soft)?='",
            "login": "for u in root nobody; do su -s /bin/sh $u -c "
            '"echo nofile=\\$(ulimit -Sn) \\$(ulimit -Hn) memlock=\\$(ulimit -Sl) \\$(ulimit -Hl)" | tail -n 1; done',
            "may raise": f"(ulimit -n {declared.limits.nofile or 1024}) && echo nofile;"
            " (ulimit -l unlimited) && echo memlock",
            "links": f"{gpus} case $(cat $d/class) in 0x0300*|0x0302*) echo gpu=$d; grep -H . $d/link/l?s_aspm"
            " $d/link/l1_aspm;; esac; done",
            "drives": f"for d in /sys/block/*; do case ${{d##*/}} in {not_drives}) continue;; esac; "
            '[ -f $d/queue/scheduler ] && echo "$d=$(cat $d/queue/rotational) $(cat $d/queue/scheduler)"; done',
            "persistence unit": f"systemctl show -p UnitFileState,ExecStart {PERSISTENCE}",
            "running": "cat /proc/driver/nvidia/version",
            "smi": "timeout 30 nvidia-smi --query-gpu=index,persistence_mode --format=csv,noheader",
            "links unit": "systemctl is-enabled rigwright-gpu-links.service",
            "udev": f"cat {OURS['drives']}",
        },
    )


@proves("tuning.state")
def test_state(seen: Answers, rig: Rig) -> None:
    """Nothing of ours is left where tuning is taken back"""
    there = [what for what, path in OURS.items() if path in seen.lines("ours")]
    if rig.tuning.state == "absent":
        assert not there, f"still there: {', '.join(there)}"
        return
    wanted = {
        "the kernel command line": rig.tuning.kernel_cmdline,
        "module options": any(rig.tuning.module_options.values()),
        "sysctl settings": rig.tuning.sysctl,
        "modules for sysctl settings": modules_for(map(_sysctl_path, rig.tuning.sysctl)),
        "the CPU governor": rig.tuning.cpu_governor,
        "limits of logins": rig.tuning.limits.nofile or rig.tuning.limits.memlock != "default",
        "limits of services": rig.tuning.limits.nofile or rig.tuning.limits.memlock != "default",
        "the GPUs' links": rig.tuning.aspm == "off",
        "drives": rig.tuning.io_scheduler,
    }
    wrong = [what for what, declared in wanted.items() if bool(declared) != (what in there)]
    assert not wrong, f"ours by the declaration, and not on the host, or the other way round: {', '.join(wrong)}"


@proves("tuning.persistence_mode")
def test_persistence_at_boot(rig: Rig, seen: Answers, declared: Tuning) -> None:
    """The persistence daemon starts at boot, with persistence mode on, exactly if declared"""
    if rig.driver.state == "absent":
        return
    unit = seen.pairs("persistence unit")
    on = rig.tuning.state == "present" and declared.persistence_mode
    starts = unit["UnitFileState"] == "enabled" and "--no-persistence-mode" not in unit.get("ExecStart", "")
    if rig.driver.source == "none" and starts != on:
        could_not_tell(f"driver.source is 'none': what the next boot sets is its owner's; {PERSISTENCE} does not")
    assert starts == on, (
        f"{PERSISTENCE} is {unit['UnitFileState'] or 'not installed'} and runs "
        f"{unit.get('ExecStart', 'nothing')[:120]}; persistence mode is declared {'on' if on else 'off'}"
    )


@proves("tuning.persistence_mode")
def test_persistence_mode(rig: Rig, seen: Answers, declared: Tuning) -> None:
    """Every card is in the declared persistence mode now"""
    if rig.driver.state == "absent":
        return
    if not seen["running"]:
        could_not_tell("no NVIDIA driver is loaded, so no card has a persistence mode")
    modes = [line.split(", ") for line in seen.lines("smi") if line.count(", ") == 1]
    if not modes:
        could_not_tell(f"nvidia-smi tells of no card: {(seen.lines('smi') or ['no answer'])[-1]}")
    on = rig.tuning.state == "present" and declared.persistence_mode
    other = [card for card, mode in modes if mode == ("Disabled" if on else "Enabled")]
    assert not other, f"persistence mode is {'off' if on else 'on'} for card {', '.join(other)}"


@proves("tuning.kernel_cmdline")
def test_kernel_command_line(seen: Answers, declared: Tuning) -> None:
    """The declared words are on the kernel's command line, and will be at the next boot"""
    wanted = set(declared.kernel_cmdline)
    ours = set(seen["our words"].split())
    assert ours == wanted, f"our words at the next boot: {_listed(ours)}; declared: {_listed(wanted)}"
    lost = wanted - set(seen["next cmdline"].split())
    assert not lost, f"another file of GRUB's takes {_listed(lost)} away again"
    if wanted and seen["container"] not in ("", "none"):
        could_not_tell("a container has no kernel command line of its own; the next boot's words are as declared")
    for entry in seen.lines("boot entries"):
        missing = wanted - set(entry.split())
        assert not missing, f"a boot entry lacks {_listed(missing)}: {entry.strip()}"
    missing = wanted - set(seen["cmdline"].split())
    assert not missing, f"the running kernel was started without {_listed(missing)}: reboot"


@proves("tuning.module_options")
def test_module_options(seen: Answers, declared: Tuning) -> None:
    """modprobe gives the declared options to the modules by their names on this host"""
    wanted = {
        (module, name): str(value)
        for module, values in declared.module_options.items()
        for name, value in values.items()
    }
    written = sorted(" ".join(line.split()[2:]) for line in seen.lines("our options") if line.startswith("options "))
    plain = sorted(f'{name}="{value}"' if " " in value else f"{name}={value}" for (_, name), value in wanted.items())
    assert written == plain, (
        f"ours at the next boot: {', '.join(written) or 'none'}; declared: {', '.join(plain) or 'none'}"
    )
    real, options = _modprobe(seen)
    unknown = set()
    for (module, name), value in wanted.items():
        on_disk = _dashed(real.get(_dashed(module), module))
        if _dashed(module) not in real and _dashed(module) not in map(_dashed, seen.lines("modules")):
            unknown.add(module)
            continue
        have = options.get((on_disk, name))
        assert have == value, f"modprobe gives {on_disk} {name}={have}, declared {value}"
    stale = seen.lines("initrds") if wanted else []
    assert not stale, f"older than the options that they carry: {', '.join(stale)}"
    if unknown:
        could_not_tell(f"no kernel here has a module {_listed(unknown)}; the options are written")


@proves("tuning.module_options")
def test_module_options_in_force(seen: Answers, declared: Tuning) -> None:
    """Modules that are loaded run with the declared options"""
    parameters = ModuleParameters().process(seen.lines("parameters"))
    other = not_in_force(declared.module_options, parameters)
    assert not other, f"{'; '.join(other)}: reboot"
    asked = [(module, name) for module, values in declared.module_options.items() for name in values]
    unseen = [f"{module} {name}" for module, name in asked if parameter_of(parameters, module, name) is None]
    if unseen:
        could_not_tell(f"not loaded, or the module does not show it: {', '.join(unseen)}")


@proves("tuning.sysctl")
def test_sysctl(seen: Answers, declared: Tuning) -> None:
    """The kernel holds the declared values"""
    have = {path: " ".join(value.split()) for path, value in seen.pairs("sysctl").items()}
    machines = []
    for name, value in declared.sysctl.items():
        wanted, found = " ".join(str(value).split()), have.get(_sysctl_path(name), "")
        if found != wanted and _sysctl_path(name) in seen.lines("kernel's") and not name.startswith("net."):
            machines.append(name)
            continue
        assert found == wanted, f"{name} is {found or 'unknown to the kernel'}, declared {wanted}"
    if machines:
        could_not_tell(f"in a container the machine's, not the host's own: {', '.join(machines)}")


@proves("tuning.sysctl")
def test_sysctl_at_boot(seen: Answers, declared: Tuning) -> None:
    """The next boot sets the declared values again"""
    last: dict[str, tuple[str, str]] = {}
    for file, name, value in _settings(seen["sysctl at boot"]):
        last[name] = (value, file)
    for name, value in declared.sysctl.items():
        found, file = last.get(name, ("nothing", "no file"))
        wanted = " ".join(str(value).split())
        assert found == wanted, f"the next boot sets {name} to {found} ({file}), declared {wanted}"
    ours = {name for file, name, _ in _settings(seen["sysctl at boot"]) if file == OURS["sysctl settings"]}
    extra = ours - set(declared.sysctl)
    assert not extra, f"ours, and not declared: {_listed(extra)}"


@proves("tuning.cpu_governor")
def test_cpu_governor(seen: Answers, declared: Tuning) -> None:
    """Every processor runs with the declared governor, and will after the next boot"""
    unit = seen.pairs("governor unit")
    enabled = unit.get("UnitFileState") == "enabled"
    if declared.cpu_governor is None:
        assert not enabled, "a governor of ours is set at boot, and none is declared"
        return
    assert enabled, f"nothing sets the governor at boot: rigwright-cpu-governor.service is {unit.get('UnitFileState')}"
    sets = re.search(r"echo (\w+) >", unit.get("ExecStart", ""))
    assert sets and sets[1] == declared.cpu_governor, (
        f"the next boot sets {sets and sets[1]}, not {declared.cpu_governor}"
    )
    have = {line.partition(":")[2] for line in seen.lines("governors")}
    if not have:
        could_not_tell("this host's processors have no frequency to govern (no cpufreq)")
    if have != {declared.cpu_governor} and any("scaling_governor" in path for path in seen.lines("kernel's")):
        could_not_tell("in a container the processors are the machine's")
    assert have == {declared.cpu_governor}, f"the governor is {_listed(have)}, declared {declared.cpu_governor}"


@proves("tuning.limits.nofile")
def test_open_files(seen: Answers, declared: Tuning) -> None:
    """Services and logins may have as many files open as declared"""
    wanted = declared.limits.nofile
    if wanted is None:
        assert "nofile" not in seen["our limits"].lower(), "a limit of ours is set, and none is declared"
        return
    have = seen.pairs("limits")
    for name in ("DefaultLimitNOFILESoft", "DefaultLimitNOFILE"):
        assert have.get(name) == str(wanted), f"systemd starts services with {name} {have.get(name)}, declared {wanted}"
    _pam_says(seen, "nofile", str(wanted))
    logins = [re.findall(r"nofile=(\w+) (\w+)", line)[0] for line in seen.lines("login")]
    if logins and "nofile" not in seen.lines("may raise"):
        could_not_tell(
            f"not even root may raise it to {wanted} here (container); services get it where it may be raised"
        )
    assert logins == [(str(wanted), str(wanted))] * 2, f"logins of root and nobody get {logins}, declared {wanted}"


@proves("tuning.limits.memlock")
def test_locked_memory(seen: Answers, declared: Tuning) -> None:
    """Services and logins may lock as much memory as declared"""
    have = seen.pairs("limits")
    if declared.limits.memlock == "default":
        assert "memlock" not in seen["our limits"].lower(), "a limit of ours is set, and none is declared"
        return
    for name in ("DefaultLimitMEMLOCKSoft", "DefaultLimitMEMLOCK"):
        assert have.get(name) == "infinity", f"systemd starts services with {name} {have.get(name)}, declared unlimited"
    _pam_says(seen, "memlock", "unlimited")
    logins = [re.findall(r"memlock=(\w+) (\w+)", line)[0] for line in seen.lines("login")]
    if logins and "memlock" not in seen.lines("may raise"):
        could_not_tell("not even root may raise it here (container); services get it where it may be raised")
    assert logins == [("unlimited", "unlimited")] * 2, f"logins of root and nobody get {logins}, declared unlimited"


@proves("tuning.aspm")
def test_links_stay_awake(seen: Answers, declared: Tuning) -> None:
    """The GPUs' links save no power, now and after the next boot"""
    at_boot = seen["links unit"]
    if declared.aspm == "default":
        assert at_boot != "enabled", "the next boot keeps the GPUs' links awake, and it is not declared"
        return
    assert at_boot == "enabled", (
        f"rigwright-gpu-links.service, which keeps links awake from boot, is {at_boot or 'gone'}"
    )
    awake = [line for line in seen.lines("links") if "_aspm:" in line]
    asleep = [line.removeprefix("/sys/bus/pci/devices/") for line in awake if not line.endswith(":0")]
    assert not asleep, f"power saving is on: {', '.join(asleep)}"
    if not awake:
        cards = len(seen.pairs("links"))
        could_not_tell(f"the kernel shows no link states for {cards or 'any'} GPUs (the firmware keeps ASPM to itself)")


@proves("tuning.io_scheduler")
def test_io_scheduler(seen: Answers, declared: Tuning) -> None:
    """Each kind of drive has the declared scheduler, now and after the next boot"""
    rules = [line for line in seen.lines("udev") if "queue/scheduler" in line]
    at_boot = {_kind_of_rule(line): re.findall(r'queue/scheduler}="([\w-]+)"', line)[0] for line in rules}
    wanted = dict(declared.io_scheduler)
    assert at_boot == wanted, f"udev's rules set {at_boot or 'none'} at boot, declared {wanted or 'none'}"
    drives = {}
    for path, text in seen.pairs("drives").items():
        name, (turns, *choices) = path.rpartition("/")[2], text.split()
        kind = "nvme" if name.startswith("nvme") else "hdd" if turns == "1" else "ssd"
        drives[name] = (kind, next((each.strip("[]") for each in choices if each.startswith("[")), "none"))
    mine = {name: found for name, found in drives.items() if found[0] in wanted}
    wrong = [
        f"{name} ({kind}) has {have}, declared {wanted[kind]}"
        for name, (kind, have) in mine.items()
        if have != wanted[kind]
    ]
    if wanted and "/sys/block" in seen.lines("kernel's"):
        could_not_tell("in a container the drives are the machine's; udev's rules are as declared")
    assert not wrong, "; ".join(wrong)
    if wanted and not mine:
        could_not_tell(f"there is no drive of kind {_listed(set(wanted))} here")


# Reading what was said


def _listed(words: set[str]) -> str:
    return ", ".join(sorted(words)) or "none"


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _sysctl_path(name: str) -> str:
    return "/proc/sys/" + name.translate(str.maketrans("/.", "./"))


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    file = ""
    for line in text.splitlines():
        if header := re.match(r"^# (/\S+\.conf)$", line):
            file = header[1]
        elif "=" in line and not line.lstrip().startswith(("#", ";")):
            name, _, value = line.partition("=")
            name = name.strip().lstrip("-")
            dotted = name if "." in name.partition("/")[0] else name.translate(str.maketrans("/.", "./"))
            yield file, dotted, " ".join(value.split())


def _modprobe(seen: Answers) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Module as it is called for → name on disk; (module, option) → value. With "-" for "_"."""
    real, options = {}, {}
    for line in seen.lines("modprobe"):
        if found := re.match(r"install (\S+) .*\bmodprobe -i (\S+)", line):
            real[_dashed(found[1])] = found[2]
        elif line.startswith("options "):
            _, module, settings = line.split(maxsplit=2)
            for setting in shlex.split(settings):
                name, _, value = setting.partition("=")
                options[_dashed(module), name] = value
    return real, options


def _pam_says(seen: Answers, item: str, wanted: str) -> None:
    """What logins get where limits may be raised: of several lines for the same, pam_limits takes the last."""
    lines = [line.split() for line in seen.lines("pam") if not line.lstrip().startswith("#")]
    for who in ("*", "root"):
        said = [line[3] for line in lines if len(line) > 3 and line[0] == who and line[2] == item]
        assert said[-1:] == [wanted], (
            f"pam_limits gives {who} {item} {said[-1] if said else 'nothing'}, declared {wanted}"
        )


def _kind_of_rule(line: str) -> str:
    return "nvme" if 'KERNEL=="nvme' in line else "hdd" if 'rotational}=="1"' in line else "ssd"
