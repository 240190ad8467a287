# Keeps the package files of what is installed, each proved to be of just that: from apt's cache, or fetched again.
# Arguments: the folder; "all" or "some", whether one that cannot be had is an error; packages.

export LC_ALL=C

# whether file $1 is the package $2, version $3, architecture $4, whole, and of the very build that is installed
fits() {
    [ -f "$1" ] || return 1
    [ "$(dpkg-deb -W --showformat '${Package} ${Version} ${Architecture}' "$1" 2>/dev/null)" = "$2 $3 $4" ] || return 1
    dpkg-deb --fsys-tarfile "$1" >/dev/null 2>&1 || return 1
    sums=$(dpkg-deb --ctrl-tarfile "$1" | tar -xO ./md5sums 2>/dev/null)
    # dpkg makes a list of its own for packages without one.
    [ -z "$sums" ] || [ "$sums" = "$(cat "$(control "$2" "$4")" 2>/dev/null)" ]
}

# where dpkg has the md5sums of a package
control() {
    dpkg-query --control-path "$1:$2" md5sums 2>/dev/null || dpkg-query --control-path "$1" md5sums 2>/dev/null
}

fetch() {
    wanted="$1=$2"
    [ "$3" = all ] || [ "$3" = "$(dpkg --print-architecture)" ] || wanted="$1:$3=$2"
    mkdir -p "$work/fetched" && (cd "$work/fetched" && @APT@ download "$wanted" >>"$work/log" 2>&1)
}

keep() {
    file="$1_$(echo "$2" | sed 's/:/%3a/g')_$3.deb"
    if ! fits "$folder/$file" "$1" "$2" "$3"; then
        rm -f "$folder/$file"
        found="@ARCHIVES@/$file"
        if ! fits "$found" "$1" "$2" "$3"; then
            fetch "$1" "$2" "$3"
            found=$(find "$work/fetched" -name "$1_*.deb" 2>/dev/null | head -n 1)
            if ! fits "$found" "$1" "$2" "$3"; then
                echo "$1 $2: neither in apt's cache nor, the same build, in any source" >>"$work/missing"
                return
            fi
        fi
        cp "$found" "$folder/$file.new" && mv -f "$folder/$file.new" "$folder/$file" || exit 1
        rm -rf "$work/fetched"
    fi
    echo "$1|$2|$3|$file|$(sha256sum <"$folder/$file" | cut -d' ' -f1)" >>"$work/list"
}

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    folder=$1 needed=$2
    shift 2
    mkdir -p "$folder" && touch "$work/list" "$work/log" || exit 1
    dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n' "$@" >"$work/installed" || exit 1
    while IFS='|' read -r status name version architecture; do
        [ "${status#?i}" = "$status" ] || keep "$name" "$version" "$architecture"
    done <"$work/installed"
    if [ -s "$work/missing" ] && [ "$needed" = all ]; then
        grep -E '^(E|W|Err): ?' "$work/log" | tail -n 4 >&2
        cat "$work/missing" >&2
        echo "without these there would be no way back, so nothing was changed; --without-way-back does it all the same" >&2
        exit 1
    fi
    sync "$folder"/*.deb 2>/dev/null
    mv -f "$work/list" "$folder/@LIST@"
}

main "$@" </dev/null
