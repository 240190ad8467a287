"""Broken by hand: layer base. For a host like `tests.system.declared.FULL`."""

from __future__ import annotations

from tests.system.drift import Drift

DRIFTS = [
    Drift(
        "a component taken out of the archive's sources",
        "sed -i '0,/ non-free/s/ non-free / /' /etc/apt/sources.list.d/debian.sources",
        "base",
        plan_names=("Add archive components to the mirror in use", "debian.sources: lacks"),
        verify_names=("test_archive",),
        repairs=("Add archive components to the mirror in use", "Fetch the package lists"),
    ),
    Drift(
        "components taken out, somebody else's source beside them",
        "printf 'Types: deb\\nURIs: http://127.0.0.1:9/apt\\nSuites: trixie\\nComponents: main\\nEnabled: no\\n'"
        " > /etc/apt/sources.list.d/somebody.sources && "
        "sed -i 's/^Components: .*/Components: main/' /etc/apt/sources.list.d/debian.sources",
        "base",
        plan_names=("Add archive components to the mirror in use",),
        verify_names=("test_archive",),
        repairs=("Add archive components to the mirror in use", "Fetch the package lists"),
        survives="grep -qx 'Components: main' /etc/apt/sources.list.d/somebody.sources",
    ),
    Drift(
        "a package removed",
        "apt-get -qq -y remove tree",
        "base",
        plan_names=("Install the base packages", "tree: absent, wanted installed"),
        verify_names=("test_packages",),
    ),
    Drift(
        "a package left unpacked",
        "cd /tmp && apt-get -qq download tree && dpkg --unpack tree_*.deb && rm tree_*.deb",
        "base",
        plan_names=("Finish what dpkg left half done", "tree"),
        verify_names=("test_dpkg", "test_packages"),
    ),
    Drift(
        "an unwanted package installed",
        "apt-get -qq -y install nano",
        "base",
        plan_names=("Remove packages declared absent", "nano"),
        verify_names=("test_packages",),
    ),
    Drift(
        "the host name changed",
        "hostname attic && echo attic > /etc/hostname",
        "base",
        plan_names=("Set the host name", "attic, wanted basement"),
        verify_names=("test_hostname",),
    ),
    Drift(
        "the host's own address taken away, a neighbour's kept",
        "sed -i '/127.0.1.1/d' /etc/hosts && echo '10.9.8.7 neighbour' >> /etc/hosts"
        " && sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf",
        "base",
        plan_names=("Set the host name", "/etc/hosts: no address for basement"),
        verify_names=("test_hostname",),
        survives="grep -qx '10.9.8.7 neighbour' /etc/hosts && sed -i /neighbour/d /etc/hosts",
    ),
    Drift(
        "another time zone",
        "ln -sfT /usr/share/zoneinfo/Asia/Tokyo /etc/localtime",
        "base",
        plan_names=("Set the time zone", "Asia/Tokyo, wanted Europe/Vienna"),
        verify_names=("test_timezone",),
    ),
    Drift(
        "another language, the number format being somebody's own",
        "printf 'LANG=C.UTF-8\\nLC_NUMERIC=C.UTF-8\\n' > $(readlink -f /etc/default/locale)",
        "base",
        plan_names=("Set the locale", "LANG is C.UTF-8"),
        verify_names=("test_locale",),
        survives="f=$(readlink -f /etc/default/locale) && grep -qx LC_NUMERIC=C.UTF-8 $f && sed -i /LC_NUM/d $f",
    ),
    Drift(
        "the locale no longer compiled",
        "sed -i 's/^en_GB/# en_GB/' /etc/locale.gen && rm -f /usr/lib/locale/locale-archive",
        "base",
        plan_names=("Set the locale", "en_GB.UTF-8: not compiled"),
        verify_names=("test_locale",),
    ),
    Drift(
        "the clock's daemon masked",
        "systemctl mask systemd-timesyncd.service",
        "base",
        plan_names=("Keep the clock", "masked"),
        verify_names=("test_clock",),
    ),
    Drift(
        "another NTP server",
        "sed -i 's/^NTP=.*/NTP=192.0.2.1/' /etc/systemd/timesyncd.conf.d/10-rigwright.conf",
        "base",
        plan_names=("Name the NTP servers", "content differs"),
        verify_names=("test_ntp_servers",),
    ),
    Drift(
        "the journal's limits gone, and journald started without them",
        "rm /etc/systemd/journald.conf.d/10-rigwright.conf && systemctl restart systemd-journald.service",
        "base",
        plan_names=("Limit the journal", "10-rigwright.conf: missing"),
        verify_names=("test_journal_size", "test_journal_age"),
        repairs=("Limit the journal", "Run the journal with its limits"),
    ),
    Drift(
        "journald started before its limits: a restart that was lost",
        "f=/etc/systemd/journald.conf.d/10-rigwright.conf && mv $f /tmp/limits"
        " && systemctl restart systemd-journald.service && sleep 1 && cp /tmp/limits $f && rm /tmp/limits",
        "base",
        plan_names=("Run the journal with its limits", "started before"),
        verify_names=("test_journal_size",),
    ),
    Drift(
        "unattended upgrades turned off by hand",
        'sed -i \'s/Unattended-Upgrade "1"/Unattended-Upgrade "0"/\' /etc/apt/apt.conf.d/90rigwright-upgrades',
        "base",
        plan_names=("Configure unattended security updates", "content differs"),
        verify_names=("test_upgrades",),
    ),
    Drift(
        "the driver no longer left alone by unattended upgrades",
        "sed -i '/nvidia/d' /etc/apt/apt.conf.d/90rigwright-upgrades",
        "base",
        plan_names=("Configure unattended security updates", "content differs"),
        verify_names=("test_upgrades_leave_alone",),
    ),
    Drift(
        "the upgrades' timer stopped and disabled",
        "systemctl disable --now apt-daily-upgrade.timer",
        "base",
        plan_names=("Run apt-daily-upgrade.timer", "disabled, wanted enabled"),
        verify_names=("test_upgrades",),
    ),
    Drift(
        "needrestart restarts by itself",
        "sed -i \"s/'l'/'a'/\" /etc/needrestart/conf.d/rigwright.conf",
        "base",
        plan_names=("Keep needrestart quiet", "content differs"),
        verify_names=("test_needrestart",),
    ),
    Drift(
        "smartd disabled",
        "systemctl disable smartmontools.service",
        "base",
        plan_names=("Watch the drives", "disabled, wanted enabled"),
        verify_names=("test_smartd",),
    ),
]
