# Installs packages in one apt transaction. If that fails half-way, as it does when DKMS cannot build a kernel module,
# everything that it changed is put back, so that apt can be used afterwards. Arguments: packages that may move though
# they are held (in one word; apt moves what it is told to by name, but nothing held that comes along), then apt-get
# install's.

export LC_ALL=C

apt() { @APT@ -o Dir::Etc::preferences="$work/preferences" "$@" >>"$work/log" 2>&1; }

# What apt prefers: the host's own file, after the entries on standard input (the first that fits a version decides).
prefer() {
    { cat && cat /etc/apt/preferences 2>/dev/null; } >"$work/preferences"
}

# name and version of what is fully installed ("$1" = installed), or of everything that dpkg has unpacked
packages() {
    dpkg-query -W -f '${db:Status-Abbrev}|${binary:Package} ${Version}\n' |
        awk -F'|' -v wanted="$1" '{ s = substr($1, 2, 1); if (wanted == "installed" ? s == "i" : (s != "c" && s != "n")) print $2 }' | sort
}

unfinished() {
    dpkg-query -W -f '${db:Status-Abbrev}|${binary:Package}\n' |
        awk -F'|' 'substr($1, 2, 1) !~ /[icn]/ { print $2 }' | tr '\n' ' '
}

# services that systemd remembers as failed, though their packages are gone
failed_and_gone() {
    systemctl list-units --all --state=failed --plain --no-legend 2>/dev/null | awk '$2 == "not-found" { print $1 }' | sort
}

# what apt-get install takes to have the package $1 in version $2: its file where it is kept, its version otherwise
from_where() {
    architecture=${1#*:}
    [ "$architecture" != "$1" ] || architecture='*'
    for file in "@KEPT@/${1%%:*}_$(echo "$2" | sed 's/:/%3a/g')"_$architecture.deb; do
        if [ -e "$file" ]; then echo "$file"; else echo "$1=$2"; fi
    done
}

put_back() {
    prefer </dev/null
    packages any >"$work/after"
    new=$(join -v 1 "$work/after" "$work/before_any" | awk '{ print $1 "-" }')
    old=$(comm -13 "$work/after" "$work/before" | while read -r name version; do from_where "$name" "$version"; done)
    # shellcheck disable=SC2086
    if [ -n "$new$old" ]; then
        apt --allow-downgrades --allow-change-held-packages --no-install-recommends --purge install $new $old || {
            # The old packages may be in no source any more: then at least what was added has to go.
            apt --allow-change-held-packages --purge remove $(echo "$new" | sed 's/-$//')
        }
    fi
    # What an earlier, interrupted installation had left goes too, if it takes nothing with it that was in order.
    left=$(unfinished)
    [ -n "$left" ] || return 0
    # shellcheck disable=SC2086
    apt-get -s --allow-change-held-packages --purge remove $left 2>/dev/null |
        awk '$1 == "Inst" { print "+" } $1 == "Remv" || $1 == "Purg" { print $2 }' | sort -u >"$work/would"
    awk '{ sub(/:.*/, "", $1); print $1 }' "$work/before" | sort -u >"$work/in_order"
    if ! grep -qx + "$work/would" && [ -z "$(comm -12 "$work/would" "$work/in_order")" ]; then
        # shellcheck disable=SC2086
        apt --allow-change-held-packages --purge remove $left
    fi
}

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    prefer <<'END'
@PINS@
END
    # Another apt's work is not to be put back.
    @WAIT@ || exit 1
    packages installed >"$work/before"
    packages any >"$work/before_any"
    failed_and_gone >"$work/failed"
    held=$(apt-mark showhold)
    touch "$work/start"
    # shellcheck disable=SC2086
    [ -z "$1" ] || apt-mark unhold $1 >/dev/null
    shift
    apt install "$@" && exit 0
    if [ "$(packages any)" = "$(cat "$work/before_any")" ] && grep -qE '404 +Not Found|Failed to fetch' "$work/log"; then
        apt update
        apt install "$@" && exit 0
    fi
    report_dkms
    if [ -z "$built_for" ]; then
        grep -E '^(E|W|Err|dpkg): ?|error processing|No space left' "$work/log" | tail -n 12 >&2
    fi
    put_back
    failed_and_gone | comm -13 "$work/failed" - | xargs -r systemctl reset-failed
    # shellcheck disable=SC2086
    [ -z "$held" ] || apt-mark hold $held >/dev/null 2>&1
    left=$(unfinished)
    packages installed >"$work/after"
    lost=$(comm -13 "$work/after" "$work/before" | awk '{ print $1 }' | tr '\n' ' ')
    if [ -n "$left" ]; then
        echo "error: dpkg is left with unfinished packages: $left" >&2
    elif [ -n "$lost" ]; then
        echo "what was added is removed again; in no source any more, and so not put back: $lost" >&2
    else
        echo "what this installation had changed was put back; apt and dpkg are in order" >&2
    fi
    if [ -n "$built_for" ]; then
        echo "what helps: another driver.branch, driver.version or driver.flavour, or a kernel that this driver was made for" >&2
    fi
    exit 1
}

main "$@" </dev/null
