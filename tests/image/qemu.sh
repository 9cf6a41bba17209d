# SPDX-License-Identifier: Apache-2.0 OR MIT
# For the tests of this folder: `. qemu.sh`, then
#
#   boot IMAGE MACHINE CPUS COMMAND-LINE [QEMU ARGUMENT...]   the console on stdout, *how it ended* as status:
#       33 off, 35 failed, 37 panic, 39 reboot (arch/x86_64/power.c); 124 it did not end within SECONDS
#
# TCG only: the same on every host.
if ! command -v qemu-system-x86_64 > /dev/null; then
    echo "skipped: qemu-system-x86_64 is missing (qemu-system-x86)"
    exit 77
fi

boot() {
    local image=$1 machine=$2 cpus=$3 line=$4
    shift 4
    timeout "${SECONDS_MAX:-240}" qemu-system-x86_64 -accel tcg -M "$machine" -cpu max -m "${MEMORY:-128}" -smp "$cpus" \
        -display none -serial stdio -monitor none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -kernel "$image" -append "exit=debug $line" "$@" < /dev/null 2>&1
}
