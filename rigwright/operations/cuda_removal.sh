# Removes toolkits with what nobody needs any more. Arguments: the toolkits' packages, parts of their versions (either in
# one word), and what goes of that which their removal frees: "parts" alone, or "all".

export LC_ALL=C

would_remove() { apt-get -s "$@" 2>/dev/null | awk '$1 == "Remv" { print $2 }' | sort -u; }

words() { for word in $1; do echo "$word"; done | sort -u; }

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    # shellcheck disable=SC2086
    apt-mark unhold $1 $2 >/dev/null || exit 1
    would_remove autoremove >"$work/before"
    # shellcheck disable=SC2086
    would_remove --auto-remove remove $1 >"$work/after"
    words "$2" >"$work/parts"
    {
        words "$1"
        comm -12 "$work/parts" "$work/after"
        [ "$3" = parts ] || comm -13 "$work/before" "$work/after"
    } | sort -u >"$work/gone"
    # shellcheck disable=SC2046
    @APT@ --allow-change-held-packages --purge remove $(cat "$work/gone")
}

main "$@" </dev/null
