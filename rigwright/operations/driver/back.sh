# Installs kept package files and removes what did not belong to them, in one apt transaction that needs no network.
# Arguments: as apt-get install's (files, "name-").

export LC_ALL=C

apt() { @APT@ "$@" >>"$work/log" 2>&1; }

# dpkg alone takes what apt first wants mended: packages that a cut has left with half of their dependencies
unpack() {
    files=
    for argument in "$@"; do
        case $argument in /*) files="$files $argument" ;; esac
    done
    # shellcheck disable=SC2086
    [ -z "$files" ] || dpkg_does --force-hold --auto-deconfigure --install $files
}

dpkg_does() {
    env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold "$@" >>"$work/log" 2>&1
}

put() {
    apt --purge --no-install-recommends --allow-downgrades --allow-change-held-packages install "$@" && whole "$@"
}

# apt takes a package that a cut has left half installed for one that is there, if it is of the wanted version
whole() {
    for argument in "$@"; do
        case $argument in /*) ;; *) continue ;; esac
        name=${argument##*/}
        dpkg-query -W -f '${db:Status-Abbrev}\n' "${name%%_*}" | grep -q '^.i' || return 1
    done
}

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    @WAIT@ || exit 1
    touch "$work/start"
    put "$@" && exit 0
    # apt does nothing after a dpkg that was cut off; what then cannot be configured is what is replaced next.
    dpkg_does --configure -a
    touch "$work/start"
    put "$@" && exit 0
    unpack "$@" && put "$@" && exit 0
    report_dkms
    [ -n "$built_for" ] ||
        grep -E '^(E|W|Err|dpkg): ?|error processing|No space left|unmet|Depends:' "$work/log" | tail -n 12 >&2
    exit 1
}

main "$@" </dev/null
