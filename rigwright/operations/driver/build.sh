# Builds and installs one DKMS module for one kernel. Arguments: module, version, kernel.

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    touch "$work/start"
    dkms add -m "$1" -v "$2" >/dev/null 2>&1
    dkms install --force -m "$1" -v "$2" -k "$3" >"$work/log" 2>&1 && exit 0
    report_dkms
    [ -n "$built_for" ] || tail -n 8 "$work/log" >&2
    exit 1
}

main "$@" </dev/null
