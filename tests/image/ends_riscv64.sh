# SPDX-License-Identifier: Apache-2.0 OR MIT
# For ends_test.sh: faults as RISC-V has them, and boots that cannot be.
ends 37 ktest=null 1 "page fault: write at 0x0000000000000008: a NULL pointer" " sepc " " ktest_port_end+0x"
ends 37 ktest=text 1 "page fault: write at 0xffffffff80000000: not allowed there" " ktest_port_end+0x"
ends 37 ktest=nx 1 "page fault: execution at" "not allowed there"
ends 37 ktest=overflow 1 "is not usable (overflow?)" " recurse"

# The alarm by the firmware's timer, where the CPU has none of its own.
CPU=rv64,sstc=off ends 33 ktest=time_sleeps_are_never_short 2 "ok 1 - time_sleeps_are_never_short"

# refused IMAGE TEXT [QEMU ARGUMENT...]: the image ends by itself, and says why
refused() {
    local file=$1 text=$2
    shift 2
    checks=$((checks + 1))
    timeout 60 $qemu -accel tcg -M "$machine" -cpu "$cpu" -m 128 -nic none -display none -serial stdio -monitor none \
        -no-reboot -kernel "$file" "$@" < /dev/null > "$output" 2>&1
    [[ $? != 124 ]] && grep -qF -- "$text" "$output" && return
    echo "FAILED: no \"$text\""; cat "$output"; failures=$((failures + 1))
}

# shimmed INSTRUCTIONS OFFSET: the image at OFFSET behind some instructions, which the firmware starts: they jump on with
# another device tree than the firmware's
shimmed() {
    printf "$1" > "$shim"
    truncate -s $(($2)) "$shim"
    cat "$image" >> "$shim"
}
shim=$(mktemp)
forward='\x97\x02\x20\x00' forward_odd='\x97\x12\x20\x00' # auipc t0, 0x200 and 0x201
jump='\x67\x80\x02\x00'                                   # jr t0
shimmed "$forward"'\x93\x05\x00\x00'"$jump" 0x200000 # li a1, 0
refused "$shim" "cannot boot: the firmware gave no device tree"
shimmed '\x97\x05\x00\x00'"$forward"'\x67\x80\xc2\xff' 0x200000 # auipc a1, 0 (these instructions); jr -4(t0)
refused "$shim" "the device tree is broken: FDT_ERR_BADMAGIC"
shimmed "$forward_odd$jump" 0x201000
refused "$shim" "the image must be loaded at a multiple of 2 MiB"
# And where nothing is wrong but the place, it boots.
shimmed "$forward"'\x13\x00\x00\x00'"$jump" 0x200000
image=$shim ends 33 ktest=off 1 "boot: complete"

if command -v fdtput > /dev/null; then
    tree=$(mktemp)
    $qemu -M "$machine,dumpdtb=$tree" -smp 2 -m 128 -display none > /dev/null 2>&1
    fdtput -r "$tree" /memory@80000000
    refused "$image" "the device tree names no memory" -smp 2 -dtb "$tree"
    # Room for the image, and not for what it needs.
    $qemu -M "$machine,dumpdtb=$tree" -m 128 -display none > /dev/null 2>&1
    fdtput -t x "$tree" /memory@80000000 reg 0 80200000 0 f0000
    refused "$image" "too little memory" -dtb "$tree"
    # A CPU that is not there: the others serve.
    $qemu -M "$machine,dumpdtb=$tree" -smp 2 -m 128 -display none > /dev/null 2>&1
    fdtput -p -t s "$tree" /cpus/cpu@9 device_type cpu
    fdtput -t x "$tree" /cpus/cpu@9 reg 9
    fdtput -t s "$tree" /cpus/cpu@9 mmu-type riscv,sv39 # or the firmware switches it off
    fdtput -t s "$tree" /chosen bootargs "ktest=off"
    refused "$image" "CPU 1 does not start: error -110" -smp 2 -dtb "$tree"
    refused "$image" "boot: complete" -smp 2 -dtb "$tree"
    rm -f "$tree"
else
    echo "skipped: fdtput is missing (device-tree-compiler)"
fi
rm -f "$shim"
