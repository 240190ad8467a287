"""Layer `tuning`: what somebody has set in sysctl's, modprobe's, GRUB's and pam_limits' files, and ours."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from rigwright.capture.part import Part, Values, number_or_text
from rigwright.capture.seen import Seen
from rigwright.rules.tuning import FORWARDING, REPEATED
from rigwright.spec.words import looks_secret

LAYER = "tuning"
_INSTALLERS = ("quiet", "splash", "ro", "rw")
"""Words that installers put there, and that say nothing of the machine."""
_WORD = re.compile(r"^[^\s\"'$`\\]+$")
_SYSCTL = re.compile(r"^[a-z0-9_]+(\.[A-Za-z0-9_/-]+)+$")
_OPTION = re.compile(r"^[A-Za-z0-9_]+$")
_GOVERNORS = ("performance", "powersave", "schedutil", "ondemand", "conservative")
_GRUB = re.compile(r"^\s*(?:export\s+)?GRUB_CMDLINE_LINUX(?:_DEFAULT)?=(.*)$")
_NOUVEAU = ("nouveau", "nova_core", "nova", "nova-core")


def captured(seen: Seen) -> Part:
    """All of the layer."""
    part = Part()
    tuning: Values = {}
    words = _cmdline(seen, part)
    options = _module_options(seen, part)
    sysctl = _sysctl(seen, part)
    for key, found in (("kernel_cmdline", words), ("module_options", options), ("sysctl", sysctl)):
        if found:
            tuning[key] = found
    tuning |= _limits(seen, part) | _devices(seen, part)
    if seen.driver_packages:
        daemon = seen.units.get("nvidia-persistenced.service")
        told = [card.persistence for card in seen.cards if card.persistence is not None]
        on = any(told) if told else daemon is not None and daemon.enabled == "enabled"
        tuning["persistence_mode"] = on
    part.values = {LAYER: tuning} if tuning else {}
    return part


def _cmdline(seen: Seen, part: Part) -> list[str]:
    found: dict[str, str] = {}
    for path, text in seen.hand.by_hand("/etc/default/grub").items():
        for line in text.splitlines():
            match = _GRUB.match(line)
            for word in _words(match[1]) if match else ():
                if word in _INSTALLERS or word.startswith("$"):
                    continue
                if not _WORD.match(word) or looks_secret(word.partition("=")[0], word.partition("=")[2]):
                    part.say(LAYER, "cmdline-word", f"A word of the kernel's command line in {path} is left out: it "
                             "holds what no declaration takes")  # fmt: skip
                elif word == "pcie_aspm=off":
                    part.say(LAYER, "cmdline-aspm", f"pcie_aspm=off in {path} leaves what the firmware set, and "
                             "disables nothing", "tuning.aspm = 'off' does what it sounds like")  # fmt: skip
                else:
                    name = word.partition("=")[0]
                    found[word if name in REPEATED else name] = word
                    part.comments[LAYER, "kernel_cmdline"] = f"From {path}."
    return list(found.values())


def _words(value: str) -> list[str]:
    try:
        return [word for text in shlex.split(value, comments=True) for word in text.split()]
    except ValueError:
        return []


def _module_options(seen: Seen, part: Part) -> Values:
    """Under upstream's names: Debian's packages call `nvidia` something else on disk."""
    upstream = {real.replace("_", "-"): name.replace("-", "_") for name, real in seen.module_config.real.items()}
    found: Values = {}
    for path, text in seen.hand.by_hand("/etc/modprobe.d/").items():
        for line in text.splitlines():
            words = _words(line)
            if words[:1] == ["options"] and len(words) > 2:
                module = words[1].replace("_", "-")
                name = upstream.get(module) or words[1].replace("nvidia-current-open", "nvidia").replace(
                    "nvidia-current", "nvidia"
                )
                for option, _, value in (word.partition("=") for word in words[2:]):
                    if _OPTION.match(option) and value:
                        found.setdefault(name, {})[option] = number_or_text(value)
                        part.comments[LAYER, "module_options", name] = f"From {path}."
                    else:
                        part.say(LAYER, "module-option", f"{path} gives {words[1]} the option {option!r}, which is "
                                 "left out: only NAME=VALUE is declared")  # fmt: skip
            elif words[:1] == ["blacklist"] and words[1:2] and words[1] not in _NOUVEAU:
                part.say(LAYER, "blacklist", f"{path} keeps module {words[1]} from being loaded, and no key says that")
            elif words[:1] in (["install"], ["remove"], ["softdep"], ["alias"]):
                part.say(
                    LAYER, "modprobe", f"{path} has a line '{words[0]} {' '.join(words[1:2])} …', which no key says"
                )
    return found


def _sysctl(seen: Seen, part: Part) -> Values:
    """The settings whose last word somebody has spoken by hand (or an earlier apply)."""
    own = seen.hand.by_hand("/etc/sysctl.d/", "/etc/sysctl.conf")
    last = {name: (file, value) for file, name, value in seen.sysctl}
    found: Values = {}
    for name, (file, value) in last.items():
        by_hand = file in own or (file.endswith("/99-sysctl.conf") and "/etc/sysctl.conf" in own)
        if not by_hand:
            continue
        if not _SYSCTL.match(name):
            part.say(LAYER, "sysctl-pattern", f"{file} sets {name}, a pattern, which no key takes")
        elif name in FORWARDING and value == "0" and seen.docker.version:
            part.say(LAYER, "forwarding", f"{file} sets {name} = 0, without which Docker's containers have no network: "
                     "it is left out")  # fmt: skip
        else:
            found[name] = number_or_text(value)
            part.comments[LAYER, "sysctl", name] = f"From {file}."
    lines = own.get("/etc/sysctl.conf", "").splitlines()
    sets = any("=" in line and not line.lstrip().startswith(("#", ";")) for line in lines)
    if sets and not any(file.endswith("sysctl.conf") for file, _, _ in seen.sysctl):
        part.say(
            LAYER,
            "sysctl-unread",
            "/etc/sysctl.conf has settings, and this release no longer reads it: a boot does not set them, and they "
            "are left out",
        )
    return found


def _limits(seen: Seen, part: Part) -> Values:
    """For everybody, soft and hard alike: that is what a key can say."""
    found: Values = {}
    for path, text in seen.hand.by_hand("/etc/security/limits").items():
        for line in text.splitlines():
            words = line.partition("#")[0].split()
            if len(words) != 4 or words[0] == "root":
                continue
            who, kind, item, value = words
            if who == "*" and kind in ("-", "hard") and item == "nofile" and value.isdigit():
                found["nofile"] = min(1048576, max(1024, int(value)))
            elif who == "*" and kind in ("-", "hard") and item == "memlock" and value in ("unlimited", "-1"):
                found["memlock"] = "unlimited"
            elif not (who == "*" and kind == "soft" and item in ("nofile", "memlock")):
                part.say(LAYER, "limit", f"{path} has '{who} {kind} {item} {value}', which no key says")
    return {"limits": found} if found else {}


def _devices(seen: Seen, part: Part) -> Values:
    found: Values = {}
    own = {value.active for path, value in seen.governors.items() if value.own(path, seen.system.container)}
    chosen = next(iter(own)) if len(own) == 1 else ""
    if chosen in _GOVERNORS and (seen.enabled("rigwright-cpu-governor.service") or chosen == "performance"):
        found["cpu_governor"] = chosen
        part.comments[LAYER, "cpu_governor"] = "In force on all processors."
    if seen.enabled("rigwright-gpu-links.service"):
        found["aspm"] = "off"
    schedulers = dict(_schedulers(seen))
    if schedulers:
        found["io_scheduler"] = schedulers
    return found


def _schedulers(seen: Seen) -> Iterator[tuple[str, str]]:
    for text in seen.hand.by_hand("/etc/udev/rules.d/").values():
        for line in text.splitlines():
            name = re.search(r'ATTR\{queue/scheduler\}="(none|mq-deadline|bfq|kyber)"', line)
            if not name or line.lstrip().startswith("#"):
                continue
            if re.search(r'KERNEL=="nvme', line):
                yield "nvme", name[1]
            elif turns := re.search(r'ATTR\{queue/rotational\}=="([01])"', line):
                yield ("hdd" if turns[1] == "1" else "ssd"), name[1]
