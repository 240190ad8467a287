# Installs packages in one apt transaction. If that fails half-way, as it does when DKMS cannot build a kernel module,
# everything that it changed is put back, so that apt can be used afterwards. Arguments: packages that may move though
# they are held (in one word; apt moves what it is told to by name, but nothing held that comes along), then apt-get
# install's.

export LC_ALL=C

apt() { @APT@ "$@" >>"$work/log" 2>&1; }

# name and version of what is fully installed ("$1" = installed), or of everything that dpkg has unpacked
packages() {
    dpkg-query -W -f '${db:Status-Abbrev}|${binary:Package} ${Version}\n' |
        awk -F'|' -v wanted="$1" '{ s = substr($1, 2, 1); if (wanted == "installed" ? s == "i" : (s != "c" && s != "n")) print $2 }' | sort
}

put_back() {
    packages any >"$work/after"
    new=$(join -v 1 "$work/after" "$work/before" | awk '{ print $1 "-" }')
    old=$(comm -13 "$work/after" "$work/before" | tr ' ' '=')
    [ -n "$new$old" ] || return 0
    # shellcheck disable=SC2086
    apt --purge --allow-downgrades --allow-change-held-packages --no-install-recommends install $new $old && return 0
    # The old packages may be in no source any more: then at least what cannot be configured has to go.
    # shellcheck disable=SC2086
    apt --purge --allow-change-held-packages remove $(packages any | join -v 1 - "$work/before" | awk '{ print $1 }')
    return 1
}

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    packages installed >"$work/before"
    held=$(apt-mark showhold)
    touch "$work/start"
    # shellcheck disable=SC2086
    [ -z "$1" ] || apt-mark unhold $1 >/dev/null
    shift
    apt install "$@" && exit 0
    if [ "$(packages any)" = "$(cat "$work/before")" ] && grep -qE '404 +Not Found|Failed to fetch' "$work/log"; then
        { @UPDATE@; } >>"$work/log" 2>&1 && apt install "$@" && exit 0
    fi
    report_dkms
    if [ -z "$built_for" ]; then
        grep -E '^(E|W|Err|dpkg): ?|error processing|No space left' "$work/log" | tail -n 12 >&2
    fi
    put_back
    outcome=$?
    # shellcheck disable=SC2086
    [ -z "$held" ] || apt-mark hold $held >/dev/null 2>&1
    unfinished=$(dpkg-query -W -f '${db:Status-Abbrev}|${Package}\n' | awk -F'|' 'substr($1, 2, 1) !~ /[icn]/ { print $2 }' | tr '\n' ' ')
    if [ -n "$unfinished" ]; then
        echo "dpkg is left with unfinished packages: $unfinished; apt's own words:" >&2
        grep -E '^(E|dpkg): ?' "$work/log" | tail -n 5 >&2
    elif [ "$outcome" = 0 ]; then
        echo "what this installation had changed was put back; apt and dpkg are in order" >&2
    else
        echo "what this installation had added was removed; older versions of what it replaced are in no source any more" >&2
    fi
    if [ -n "$built_for" ]; then
        echo "what helps: another driver.branch, driver.version or driver.flavour, or a kernel that this driver was made for" >&2
    fi
    exit 1
}

main "$@" </dev/null
