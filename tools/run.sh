#!/bin/bash
#
# Boots an image in QEMU with the console on the terminal. Settings come from the environment (make
# passes its own on):
#
#   CORES=N              processors, 1 to 64 (1)
#   MEM=N[M|G]           memory, at least 64M and 4M per core, by UEFI 8M more (512M)
#   TOPOLOGY="package:2 core:4 pu:2"   a machine with these packages, caches, cores and NUMA nodes, and
#                        as many processors; or FILE.xml, or host: docs/topology.md
#   ACCEL=auto|tcg|kvm|icount   auto: KVM where the processor has it, else TCG; icount: one
#                        instruction per nanosecond, exactly repeatable
#   FIRMWARE=bios|uefi   (bios)
#   IOMMU=none|intel|amd an IOMMU of that kind, which remaps interrupts too (none): docs/iommu.md
#   SCRIPT="cmd; cmd"    the rescue shell runs these and powers off; the exit status is 0 only if
#                        every one succeeded
#   TIMEOUT=SECONDS      how long a SCRIPT may take (300)
#   SCHED=mlfq|rr        scheduling policy at boot (the kernel's default)
#   CMDLINE="word word"  more words for the kernel's command line, as mk/grub.cfg describes them
#   QEMU_EXTRA="..."     more arguments for QEMU, split at blanks
#   ISO=FILE             the image (build/bulkhead.iso)
#   RECORD=FILE          writes what makes this run differ from others to FILE; needs ACCEL=icount
#                        FIRMWARE=bios
#   REPLAY=FILE          repeats the run that FILE was recorded from, instruction by instruction; the
#                        other settings must be the same
#   TRACE=FILE           a second serial port, from which the shell's `trace all` writes a timeline to
#                        FILE (docs/read-a-trace.md); of several the last is kept
#   GUI=1                opens QEMU's window too, to see the framebuffer
#   GDB=PORT             waits for gdb at this TCP port
#
#   tools/run.sh --check   only checks the settings
#
# Without SCRIPT, the guest's `poweroff` or Ctrl-A X ends QEMU. Exit status 0: it ended well, 1: it
# did not, 2: a bad setting or a missing tool; all but the first with one line on standard error.

set -u -o pipefail

readonly cores_max=64
readonly cmdline_max=1023 # characters: BOOT_CMDLINE_MAX of the kernel
readonly ovmf_code=/usr/share/OVMF/OVMF_CODE_4M.fd
readonly ovmf_vars=/usr/share/OVMF/OVMF_VARS_4M.fd
readonly generate=build/tool/topology-generate

# An empty setting is an unset one: make passes all of them.
cores=${CORES:-1} mem=${MEM:-512M} accel=${ACCEL:-auto} firmware=${FIRMWARE:-bios} sched=${SCHED:-}
script=${SCRIPT:-} timeout=${TIMEOUT:-300} gdb=${GDB:-} gui=${GUI:-}
iommu=${IOMMU:-none} topology=${TOPOLOGY:-} record=${RECORD:-} replay=${REPLAY:-} trace=${TRACE:-} iso=${ISO:-build/bulkhead.iso}

die() {
    echo "run: $*" >&2
    exit 2
}

fail() {
    echo "run: $*" >&2
    exit 1
}

is_number() { # VALUE MIN MAX
    [[ $1 =~ ^[1-9][0-9]{0,8}$ ]] && (($1 >= $2 && $1 <= $3))
}

# Sets mib to the memory.
read_mem() {
    [[ $mem =~ ^([1-9][0-9]{0,6})([MG])$ ]] ||
        die "MEM=$mem: must be a number of MiB or GiB, such as 512M or 1G"
    mib=${BASH_REMATCH[1]}
    [[ ${BASH_REMATCH[2]} == G ]] && mib=$((mib * 1024))
}

check_mem() {
    local host_kib least=$((64 + 4 * cores))
    [[ $firmware == uefi ]] && ((least += 8)) # what the firmware keeps for itself
    read -r _ host_kib _ </proc/meminfo
    ((mib >= least)) || die "MEM=$mem: CORES=$cores FIRMWARE=$firmware needs at least ${least}M"
    ((mib <= host_kib / 1024)) || die "MEM=$mem: this machine has $((host_kib / 1024))M"
}

# Sets machine to QEMU's arguments for the processors, and with TOPOLOGY cores to how many there are.
read_topology() {
    local text
    machine=(-smp "$cores")
    [[ -n $topology ]] || return 0
    [[ -x $generate ]] || die "TOPOLOGY: $generate is missing; make it with: make $generate"
    text=$("$generate" --cores-max=$cores_max --memory="$mib" --qemu=- "$topology" 2>&1) ||
        die "TOPOLOGY: ${text#topology: }"
    mapfile -t machine <<<"$text"
    cores=${machine[1]%%,*} # -smp CORES,...
    [[ ${CORES:-$cores} == "$cores" ]] || die "CORES=$CORES: TOPOLOGY=$topology has $cores"
}

# Whether FILE can be written, without making it or changing it.
check_trace() {
    if [[ -e $trace ]]; then
        [[ -f $trace && -w $trace ]] || die "TRACE=$trace: not a file that can be written"
    else
        [[ -d $(dirname -- "$trace") && -w $(dirname -- "$trace") ]] ||
            die "TRACE=$trace: cannot be made there"
    fi
}

has_virtualization() {
    [[ " $(</proc/cpuinfo) " =~ \ (vmx|svm)\  ]]
}

has_kvm() {
    has_virtualization && [[ -r /dev/kvm && -w /dev/kvm ]]
}

check_accel() {
    case $accel in
    auto) has_kvm && accel=kvm || accel=tcg ;;
    tcg | icount) ;;
    kvm)
        has_virtualization ||
            die "ACCEL=kvm: this processor shows neither vmx nor svm; use ACCEL=tcg"
        has_kvm || die "ACCEL=kvm: /dev/kvm cannot be opened; use ACCEL=tcg"
        ;;
    *) die "ACCEL=$accel: must be auto, tcg, kvm or icount" ;;
    esac
}

check_firmware() {
    case $firmware in
    bios) ;;
    uefi)
        [[ -r $ovmf_code && -r $ovmf_vars ]] ||
            die "FIRMWARE=uefi: $ovmf_code is missing; run tools/install-deps.sh"
        ;;
    *) die "FIRMWARE=$firmware: must be bios or uefi" ;;
    esac
}

check_settings() {
    is_number "$cores" 1 $cores_max || die "CORES=$cores: must be 1 to $cores_max"
    check_accel
    check_firmware
    [[ $iommu =~ ^(none|intel|amd)$ ]] || die "IOMMU=$iommu: must be none, intel or amd"
    read_mem
    read_topology
    check_mem
    [[ $sched =~ ^(mlfq|rr|)$ ]] || die "SCHED=$sched: must be mlfq or rr"
    [[ $script != *[[:cntrl:]]* ]] ||
        die "SCRIPT: must be one line of printable characters; separate commands by ;"
    is_number "$timeout" 1 86400 || die "TIMEOUT=$timeout: must be 1 to 86400 (seconds)"
    [[ -z $record$replay || $accel,$firmware == icount,bios ]] ||
        die "RECORD and REPLAY need ACCEL=icount FIRMWARE=bios"
    [[ -z $record || -z $replay ]] || die "RECORD and REPLAY exclude each other"
    [[ -z $replay || -r $replay ]] || die "REPLAY=$replay: no such file"
    [[ -z $trace ]] || check_trace
    [[ -z $gdb ]] || is_number "$gdb" 1024 65535 ||
        die "GDB=$gdb: must be a TCP port, 1024 to 65535"
    [[ $gui =~ ^[01]?$ ]] || die "GUI=$gui: must be 0 or 1"
    command -v qemu-system-x86_64 >/dev/null ||
        die "qemu-system-x86_64 is missing; run tools/install-deps.sh"
}

# A word of the command line for GRUB: everything in it ordinary (see mk/grub.cfg).
grub_word() {
    local word=$1
    word=${word//\\/\\\\}
    word=${word//\"/\\\"}
    word=${word//\$/\\\$}
    printf ' "%s"' "$word"
}

# Sets cmdline to the kernel's command line, as it stands in the SMBIOS table.
make_cmdline() {
    # The guest cannot see how it is run; its benchmarks ask.
    cmdline="bulkhead:$(grub_word "accel=$accel")"
    [[ -n $sched ]] && cmdline+=$(grub_word "sched=$sched")
    [[ -n $script ]] && cmdline+=$(grub_word "script=$script")
    [[ -n ${CMDLINE:-} ]] && cmdline+=" $CMDLINE"
    # GRUB's own quoting adds at most one backslash to each quote.
    local quotes=${cmdline//[^\'\"\\]/}
    ((${#cmdline} + ${#quotes} <= cmdline_max)) ||
        die "SCRIPT: too long, the kernel's command line has $cmdline_max characters"
}

# How instruction counting treats the time when the machine idles: it is skipped, except that a
# recording cannot do so.
icount_mode() {
    if [[ -n $record ]]; then
        echo "rr=record,rrfile=$record"
    elif [[ -n $replay ]]; then
        echo "rr=replay,rrfile=$replay"
    else
        echo "sleep=off"
    fi
}

# Sets qemu to the command that boots.
make_command() {
    # KVM's own I/O APIC knows nothing of an IOMMU.
    local board=q35
    [[ $iommu != none && $accel == kvm ]] && board+=,kernel-irqchip=split
    qemu=(qemu-system-x86_64 -machine $board -nodefaults -no-reboot -m "$mem" -vga std
        "${machine[@]}" -smbios "type=11,value=${cmdline//,/,,}")
    [[ $iommu != none ]] && qemu+=(-device "$iommu-iommu,intremap=on")
    # What QEMU's AMD processors know of threads and caches they do not tell without KVM.
    local cpu=max${topology:+,vendor=GenuineIntel}
    case $accel in
    tcg) qemu+=(-accel "tcg,thread=multi" -cpu "$cpu") ;;
    icount) qemu+=(-accel "tcg,thread=single" -icount "shift=0,$(icount_mode)" -cpu "$cpu") ;;
    kvm) qemu+=(-accel kvm -cpu host) ;;
    esac
    # What a disk answers, and when, is recorded by a filter before it.
    if [[ -n $record$replay ]]; then
        qemu+=(-drive "if=none,id=image,snapshot=on,file=$iso"
            -drive "if=none,id=recorded,driver=blkreplay,image=image" -device "ide-cd,drive=recorded")
    else
        qemu+=(-cdrom "$iso")
    fi
    [[ $firmware == uefi ]] && qemu+=(
        -drive "if=pflash,format=raw,unit=0,readonly=on,file=$ovmf_code"
        -drive "if=pflash,format=raw,unit=1,snapshot=on,file=$ovmf_vars")
    [[ $gui == 1 ]] || qemu+=(-display none)
    [[ -n $gdb ]] && qemu+=(-S -gdb "tcp:127.0.0.1:$gdb")
    local extra
    read -r -a extra <<<"${QEMU_EXTRA:-}"
    qemu+=("${extra[@]}")
}

# Serial output as a person reads it: no carriage returns, no cursor movements, none of the
# firmware's greetings, and no blank lines before the first text (the hold space tells whether there
# was any).
clean() {
    sed -u -E -e 's/\r//g' -e 's/\x1b[[(][0-9;?=]*[A-Za-z]//g' \
        -e '/^(BdsDxe: |Welcome to GRUB!$)/d' -e '/./h; /^$/{x; /^$/d; x}'
}

# Boots, prints what the guest prints, and judges it by the shell's last word. QEMU dies with this
# script.
run_script() {
    local console status verdict
    console=$(mktemp) || die "no place for temporary files"
    setpriv --pdeathsig KILL timeout --foreground --signal=KILL "$timeout" \
        setpriv --pdeathsig KILL "${qemu[@]}" -serial stdio "${trace_port[@]}" </dev/null | clean | tee "$console"
    status=${PIPESTATUS[0]}
    verdict=$(grep -E '^script: [0-9]+ commands?, [0-9]+ failed$' "$console" | tail -n 1)
    rm -f "$console"
    case $status in
    0) ;;
    124 | 137) fail "the script did not end within $timeout seconds (TIMEOUT)" ;;
    *) fail "QEMU failed with status $status" ;;
    esac
    [[ -n $verdict ]] || fail "the machine stopped before the script ended"
    [[ $verdict == *", 0 failed" ]]
}

# Starts what writes timelines to FILE, as they come from the second serial port, and sets trace_port
# to QEMU's arguments for it. A timeline begins with a record separator (RFC 7464), and takes the
# place of an earlier one.
open_trace() {
    trace_port=()
    [[ -n $trace ]] || return 0
    : >"$trace" || die "TRACE=$trace: cannot be written"
    exec {trace_pipe}> >(FILE=$trace exec awk '
        /^\036/ { close(ENVIRON["FILE"]); printf "" > ENVIRON["FILE"]; sub(/^\036/, "") }
        { print > ENVIRON["FILE"]; fflush() }')
    trace_writer=$!
    trace_port=(-serial "file:/dev/fd/$trace_pipe")
}

# Waits until FILE is written, and fails when there is no timeline in it, or only a part of one.
close_trace() {
    [[ -n $trace ]] || return 0
    exec {trace_pipe}>&-
    wait "$trace_writer"
    [[ -s $trace ]] || fail "TRACE=$trace: no timeline came; the shell's \`trace all\` writes one"
    [[ $(tail -c 4 "$trace") == $'\n]}' ]] || fail "TRACE=$trace: the timeline is incomplete"
}

check_settings
make_cmdline
[[ ${1:-} == --check ]] && exit 0
[[ -r $iso ]] || die "ISO=$iso: no such file; make it with: make iso"
make_command
open_trace
status=0
if [[ -n $script ]]; then
    run_script || status=1
else
    [[ -t 0 ]] && echo "Leave with the command poweroff, or with Ctrl-A X." >&2
    [[ -n $trace ]] || exec "${qemu[@]}" -serial mon:stdio
    "${qemu[@]}" -serial mon:stdio "${trace_port[@]}" || status=1
fi
close_trace
exit $status
