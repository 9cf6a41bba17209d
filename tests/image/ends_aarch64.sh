# SPDX-License-Identifier: Apache-2.0 OR MIT
# For ends_test.sh: faults as AArch64 has them, and what the kernel makes of device trees that are absent, broken or lie.
ends 37 ktest=null 1 "page fault: write at 0x0000000000000008: a NULL pointer" "  pc  " " ktest_port_end+0x"
ends 37 ktest=text 1 "page fault: write at 0xffffffff80000000: not allowed there" " ktest_port_end+0x"
ends 37 ktest=nx 1 "page fault: execution at" "not allowed there"
ends 37 ktest=overflow 1 "the stack is used up" " recurse"

trees=$(mktemp -d) && trap 'rm -rf "$output" "$trees"' EXIT
for tool in dtc fdtput; do
    command -v $tool > /dev/null || { echo "skipped: $tool is missing (device-tree-compiler)"; exit 77; }
done
$qemu -M "$machine,dumpdtb=$trees/board.dtb" -cpu "$cpu" -smp 2 -m 128 -nic none -display none > /dev/null 2>&1

# begins TREE TEXT...: entered as by a loader, with x0 = the tree ("" for none); each text must come, then QEMU is ended.
# The entry stub is movz x0, 0x4400 or 0, lsl 16; movz x4, 0x4020, lsl 16; br x4.
begins() {
    local tree=$1 first='\x00\x80\xa8\xd2' words=() text left machine_pid
    shift
    : > "$output" # what the tree before it said is not this one's
    if [[ -z $tree ]]; then
        first='\x00\x00\x80\xd2'
    else
        words=(-device "loader,file=$trees/$tree,addr=0x44000000,force-raw=on")
    fi
    printf '%b' "$first" '\x04\x04\xa8\xd2' '\x80\x00\x1f\xd6' > "$trees/stub"
    timeout 120 $qemu -accel tcg -M "$machine" -cpu "$cpu" -smp 2 -m 128 -nic none -display none -serial "file:$output" -monitor none \
        -no-reboot -device "loader,file=$image,addr=0x40200000,force-raw=on" "${words[@]}" \
        -device "loader,file=$trees/stub,addr=0x40100000,cpu-num=0,force-raw=on" < /dev/null > /dev/null 2>&1 &
    machine_pid=$!
    for text in "$@"; do
        checks=$((checks + 1))
        for ((left = 400; left > 0; left--)); do
            grep -qF -- "$text" "$output" && break
            sleep 0.1
        done
        [[ $left != 0 ]] || {
            echo "FAILED: tree \"$tree\": nothing of: $text"; cat "$output"; failures=$((failures + 1))
        }
    done
    kill "$machine_pid" 2> /dev/null
    wait "$machine_pid"
}

# tree NAME COMMAND...: a copy of the board's, changed
tree() {
    local to=$trees/$1
    shift
    cp "$trees/board.dtb" "$to"
    "$@" "$to"
}
cut_tree() { truncate -s 200 "$1"; }
scribble() { printf '\xff\xff\xff\xff' | dd of="$1" bs=1 seek=72 conv=notrunc status=none; }
no_memory() { fdtput -r "$1" /memory@40000000; }
small() { fdtput -t x "$1" /memory@40000000 reg 0 41000000 0 28000; } # room for a stack, not for page tables
no_cpu() { fdtput -t x "$1" /cpus/cpu@1 reg 99; }
no_psci() { fdtput -r "$1" /psci; }
no_console() { fdtput -d "$1" /chosen stdout-path; }
no_gic() { fdtput -r "$1" /intc@8000000; }
reserved() { fdtput -cp "$1" /reserved-memory/all && fdtput -t x "$1" /reserved-memory '#address-cells' 2 \
    && fdtput -t x "$1" /reserved-memory '#size-cells' 2 && fdtput "$1" /reserved-memory ranges \
    && fdtput -t x "$1" /reserved-memory/all reg 0 40000000 0 8000000; }

begins "" "cannot boot: x0 does not lead to a device tree"
tree cut.dtb cut_tree
begins cut.dtb "the device tree is broken" "cannot boot"
tree scribble.dtb scribble
begins scribble.dtb "the device tree is broken" "cannot boot"
tree no_memory.dtb no_memory
begins no_memory.dtb "cannot boot: the device tree names no memory"
tree small.dtb small
begins small.dtb "too little memory"
tree reserved.dtb reserved
begins reserved.dtb "cannot boot: too little memory"
tree no_cpu.dtb no_cpu
begins no_cpu.dtb "psci: there is no CPU 0x99" "CPU 1 does not start: error -19" "boot: complete"
tree no_psci.dtb no_psci
begins no_psci.dtb "one of 2 CPUs is used" "boot: complete"
tree no_console.dtb no_console
begins no_console.dtb "axiom: aarch64"
tree no_gic.dtb no_gic
begins no_gic.dtb "gic: the device tree has no interrupt controller" "boot: complete"
