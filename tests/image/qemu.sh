# SPDX-License-Identifier: Apache-2.0 OR MIT
# For the tests of this folder: `. qemu.sh`, then
#
#   qemu_use ARCH     sets what the table below says of it; skips the test where its QEMU is missing
#   image_of IMAGE_BUILD FLAVOUR   where an image is: FLAVOUR is "", -test, -machine
#   boot IMAGE MACHINE CPUS COMMAND-LINE [QEMU ARGUMENT...]   the console on stdout, *how it ended* as status:
#       INPUT: a file that the serial port receives.
#       33 off, 35 failed, 37 panic, 39 reboot (33 + 2 * enum port_exit, port/port.h); 124 it did not end within SECONDS
#
# TCG only: the same on every host. tools/axiom/cmd_qemu.c has the same table.
qemu_use() {
    arch=$1
    case $arch in
    x86_64) # ends by a write to a port
        qemu=qemu-system-x86_64 package=qemu-system-x86 machine=q35 suffix=elf ram_base=0
        cpu=max qemu_words=(-device isa-debug-exit,iobase=0xf4,iosize=4) ;;
    aarch64) # ends by semihosting, as RISC-V does
        qemu=qemu-system-aarch64 package=qemu-system-arm machine=virt suffix=img ram_base=0x40000000
        cpu=max qemu_words=(-nic none -semihosting-config enable=on,target=native) ;;
    riscv64)
        qemu=qemu-system-riscv64 package=qemu-system-misc machine=virt suffix=img ram_base=0x80000000
        cpu=rv64 qemu_words=(-nic none -semihosting-config enable=on,target=native) ;;
    *)
        echo "FAILED: qemu.sh knows no architecture '$arch'"
        exit 1 ;;
    esac
    if ! command -v $qemu > /dev/null; then
        echo "skipped: $qemu is missing ($package)"
        exit 77
    fi
}

image_of() {
    printf '%s/axiom-%s%s.%s' "$1" "$arch" "$2" "$suffix"
}

boot() {
    local image=$1 on=$2 cpus=$3 line=$4
    shift 4
    timeout "${SECONDS_MAX:-240}" $qemu -accel tcg -M "$on" -cpu "${CPU:-$cpu}" "${qemu_words[@]}" -m "${MEMORY:-128}" -smp "$cpus" \
        -display none -serial stdio -monitor none -no-reboot \
        -kernel "$image" -append "exit=debug $line" "$@" < "${INPUT:-/dev/null}" 2>&1
}
