"""Broken by hand: layer access. For a host like `tests.system.declared.FULL`."""

from __future__ import annotations

from tests.system.drift import Drift

_STRANGER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICMwPUpXZHF+i5ilsr/M2ebzAA0aJzRBTltodYKPnKm2 stranger"
_RULES = "/etc/rigwright/firewall.nft"

DRIFTS = [
    Drift(
        "a stranger's key among a user's",
        f"echo '{_STRANGER}' >> /home/owner/.ssh/authorized_keys",
        "access",
        plan_names=("Set the keys of owner", "key stranger is not declared"),
        verify_names=("test_keys",),
    ),
    Drift(
        "a stranger's key in the second file that sshd reads",
        f"echo '{_STRANGER}' > /home/owner/.ssh/authorized_keys2",
        "access",
        plan_names=("Set the keys of owner", "key stranger is not declared"),
        verify_names=("test_keys",),
    ),
    Drift(
        "keys that sshd ignores",
        "chown root /home/owner/.ssh/authorized_keys && chmod 666 /home/owner/.ssh/authorized_keys",
        "access",
        plan_names=("Set the keys of owner", "wrong owner or mode"),
        verify_names=("test_keys",),
    ),
    Drift(
        "a user without the declared shell",
        "usermod -s /bin/sh owner",
        "access",
        plan_names=("Have user owner", "shell /bin/sh, wanted /bin/bash"),
        verify_names=("test_shells",),
    ),
    Drift(
        "a user out of a group",
        "gpasswd -d owner video",
        "access",
        plan_names=("Have user owner", "not in video"),
        verify_names=("test_groups",),
    ),
    Drift(
        "a user's home gone",
        "mv /home/owner /root/owner",
        "access",
        plan_names=("Have user owner", "home /home/owner is missing"),
        verify_names=("test_users",),
        repairs=("Have user owner", "Set the keys of owner"),
        survives="test $(stat -c %U:%a /home/owner) = owner:700 && test -e /home/owner/.profile && rm -r /root/owner",
    ),
    Drift(
        "a user removed, whose home stays",
        "userdel owner && touch /home/owner/thesis && chown 1001 /home/owner/thesis",
        "access",
        plan_names=("Have user owner", "user owner: absent"),
        verify_names=("test_users",),
        survives="test -O /home/owner || test $(stat -c %U /home/owner/thesis) = owner && rm /home/owner/thesis",
    ),
    Drift(
        "the right to become root edited",
        "sed -i 's/NOPASSWD: ALL/NOPASSWD: \\/bin\\/true/' /etc/sudoers.d/rigwright-owner",
        "access",
        plan_names=("Set what owner may do", "content differs"),
        verify_names=("test_sudo",),
    ),
    Drift(
        "passwords let in again",
        "sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' /etc/ssh/sshd_config.d/10-rigwright.conf"
        " && systemctl reload ssh.service",
        "access",
        plan_names=("Configure sshd", "passwordauthentication is yes, wanted no"),
        verify_names=("test_ssh_passwords", "test_ssh_hardening"),
    ),
    Drift(
        "a word of sshd's settings mistyped, for which it refuses all its files",
        "sed -i s/Max/min/ /etc/ssh/sshd_config.d/*rigwright*",
        "access",
        plan_names=("Configure sshd", "content differs", "Bad configuration option: minAuthTries"),
        verify_names=("test_ssh_hardening",),
    ),
    Drift(
        "sshd no longer reads its drop-ins, a comment of somebody's in its file",
        "sed -i -e '/^Include/d' -e '$a # somebody was here' /etc/ssh/sshd_config && systemctl reload ssh.service",
        "access",
        plan_names=("Configure sshd", "does not read its drop-ins"),
        verify_names=("test_ssh_hardening",),
        survives="grep -qx '# somebody was here' /etc/ssh/sshd_config",
    ),
    Drift(
        "sshd runs with other settings than its files: a reload that was lost",
        "f=/etc/ssh/sshd_config.d/10-rigwright.conf && cp $f /tmp/kept && "
        "sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' $f && "
        "systemctl reload ssh.service && n=0 && until ssh -o BatchMode=yes -o PreferredAuthentications=none "
        "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null nobody@127.0.0.1 2>&1 | grep -q password; "
        "do n=$((n + 1)); [ $n -lt 50 ]; sleep 0.2; done && cat /tmp/kept > $f && rm /tmp/kept",
        "access",
        plan_names=("Configure sshd", "started before"),
        verify_names=("test_ssh_passwords",),
    ),
    Drift(
        "sshd disabled, which nobody notices before the next boot",
        "systemctl disable ssh.service",
        "access",
        plan_names=("Configure sshd", "ssh.service: disabled"),
        verify_names=("test_ssh_at_boot",),
    ),
    Drift(
        "sshd masked, which nobody notices before the next boot",
        "systemctl mask ssh.service",
        "access",
        plan_names=("Configure sshd", "ssh.service: masked"),
        verify_names=("test_ssh_at_boot",),
    ),
    Drift(
        "the firewall's table deleted, somebody's own kept",
        "nft add table inet somebody && nft add chain inet somebody keep && nft delete table inet rigwright",
        "access",
        plan_names=("Set the firewall", "no rules in force"),
        verify_names=("test_firewall", "test_open_ports"),
        survives="nft list chain inet somebody keep && nft delete table inet somebody",
    ),
    Drift(
        "the whole ruleset flushed",
        "nft flush ruleset",
        "access",
        plan_names=("Set the firewall", "no rules in force"),
        verify_names=("test_firewall",),
    ),
    Drift(
        "a port opened by hand",
        "nft add rule inet rigwright input tcp dport 4444 accept comment '\"mine\"'",
        "access",
        plan_names=("Set the firewall", "rule 'mine' not declared"),
        verify_names=("test_firewall",),
    ),
    Drift(
        "a declared port closed by hand",
        "h=$(nft -a list chain inet rigwright input | sed -n 's/.*port metrics.*handle //p')"
        " && nft delete rule inet rigwright input handle $h",
        "access",
        plan_names=("Set the firewall", "rule 'port metrics' missing"),
        verify_names=("test_open_ports",),
    ),
    Drift(
        "the firewall lets everything in",
        "nft chain inet rigwright input '{ policy accept; }'",
        "access",
        plan_names=("Set the firewall", "chain 'input' differs"),
        verify_names=("test_firewall",),
    ),
    Drift(
        "the rules on disk edited",
        f"sed -i 's/8443/1-65535/' {_RULES} && systemctl restart rigwright-firewall.service",
        "access",
        plan_names=("Set the firewall", "rule 'port web ip' differs"),
        verify_names=("test_open_ports",),
    ),
    Drift(
        "nothing puts the firewall back when nftables.service flushes it",
        "rm -r /etc/systemd/system/nftables.service.d && systemctl daemon-reload",
        "access",
        plan_names=("Keep the firewall when nftables.service flushes", "10-rigwright.conf: missing"),
        verify_names=("test_firewall",),
        repairs=("Keep the firewall when nftables.service flushes", "Let systemd know of it"),
    ),
    Drift(
        "the firewall no longer loaded at boot",
        "systemctl disable rigwright-firewall.service",
        "access",
        plan_names=("Enable the firewall", "disabled, wanted enabled"),
        verify_names=("test_firewall",),
    ),
]
