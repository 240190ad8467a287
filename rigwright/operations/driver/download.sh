# Fetches what an installation needs into apt's cache, and changes nothing. Arguments: apt-get install's.

export LC_ALL=C

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    { cat && cat /etc/apt/preferences 2>/dev/null; } >"$work/preferences" <<'END'
@PINS@
END
    @APT@ -o Dir::Etc::preferences="$work/preferences" --download-only install "$@" >"$work/log" 2>&1 && exit 0
    grep -E '^(E|W|Err): ?|No space left|Depends:' "$work/log" | tail -n 12 >&2
    exit 1
}

main "$@" </dev/null
