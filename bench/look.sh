# What somebody would write by hand to see whether these three layers are as they should be: it looks, and judges nothing.
export LC_ALL=C
dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' >/dev/null
apt-mark showhold
cat /etc/apt/sources.list.d/*.sources
timedatectl show -p Timezone -p NTP -p LocalRTC 2>/dev/null; cat /etc/timezone /etc/default/locale /etc/hostname 2>/dev/null
sha256sum /etc/systemd/*/10-rigwright.conf /etc/apt/apt.conf.d/90rigwright-upgrades /etc/needrestart/conf.d/rigwright.conf \
    /etc/ssh/sshd_config.d/10-rigwright.conf /etc/sysctl.d/60-rigwright.conf /etc/sudoers.d/rigwright-* 2>/dev/null
getent passwd owner; cat /home/owner/.ssh/authorized_keys
sshd -T >/dev/null
nft -j list ruleset >/dev/null
sysctl vm.swappiness
for unit in ssh systemd-journald systemd-timesyncd smartmontools apt-daily.timer apt-daily-upgrade.timer rigwright-firewall; do
    systemctl show -p ActiveState,UnitFileState "$unit"
done
true
