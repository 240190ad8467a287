# Why a kernel module did not build: the lines of DKMS's log that tell, kept where the next clean-up does not reach.
# Needs $work (a folder with a file `start`, as old as the attempt). Sets $built_for to what failed, empty if no module did.

report_dkms() {
    built_for=
    for log in $(find /var/lib/dkms -path '*/build/make.log' -newer "$work/start" 2>/dev/null); do
        module=$(echo "$log" | sed 's|^/var/lib/dkms/\([^/]*\)/\([^/]*\)/.*|\1 \2|')
        kernel=$(sed -n '1s/.* for kernel \([^ ]*\).*/\1/p' "$log")
        compiler=$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "/boot/config-$kernel" 2>/dev/null)
        kept=/var/log/rigwright/dkms-$(echo "$module" | tr ' ' '-')-$kernel.log
        mkdir -p /var/log/rigwright && cp "$log" "$kept" || kept=$log
        built_for="$built_for $kernel"
        echo "the driver's kernel module $module cannot be built for kernel $kernel (compiler: ${compiler:-unknown}):" >&2
        telling=$(grep -v '^#' "$log" | grep -E ': (fatal )?error: |^(ERROR|Error): |ERROR: modpost|\*\*\* No rule|undefined reference|No space left' |
            cut -c 1-200 | head -n 5)
        [ -n "$telling" ] || telling=$(grep -vE '^(#|-*$)' "$log" | tail -n 5 | cut -c 1-200)
        echo "$telling" | sed 's/^/    /' >&2
        echo "the whole log: $kept" >&2
    done
}
