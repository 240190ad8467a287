# Finishes what dpkg left half done. When a kernel module that DKMS cannot build is what keeps it, says which and why;
# with argument "modules-may-fail" that is no failure.

main() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    @WAIT@ || exit 1
    touch "$work/start"
    { @CONFIGURE@; @APT@ -f install; } >"$work/log" 2>&1 && exit 0
    report_dkms
    [ -n "$built_for" ] && [ "$1" = modules-may-fail ] && exit 0
    for kernel in $built_for; do
        echo "until it can be, apt refuses every installation. What helps: a driver.branch or driver.version that was made" \
            "for kernel $kernel (rig apply --layer driver), or, if another kernel is there to boot, removing that kernel:" \
            "apt-get purge linux-image-$kernel linux-headers-$kernel" >&2
    done
    [ -n "$built_for" ] || grep -E '^(E|dpkg): ?|error processing|No space left' "$work/log" | tail -n 8 >&2
    exit 1
}

main "$@" </dev/null
