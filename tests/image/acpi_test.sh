#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What an image makes of ACPI tables that are broken or lie: GRUB gives it ours (acpi_tables.py) in the place of QEMU's. All
# cases are on one disc; QEMU's SMBIOS tells GRUB which. Two more that need a loader's help: too little RAM, and a line that
# storms, held by QEMU once its driver is there.
#
# usage: acpi_test.sh ARCH IMAGE_BUILD
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
for file in /usr/bin/grub-mkrescue:grub-common /usr/lib/grub/i386-pc/smbios.mod:grub-pc-bin /usr/bin/xorriso:xorriso \
    /usr/bin/python3:python3; do
    [[ -e ${file%:*} ]] || { echo "skipped: ${file%:*} is missing (${file#*:})"; exit 77; }
done
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
checks=0 failures=0

mkdir -p "$work/disc/boot/grub"
cp "$(image_of "$2" "")" "$work/disc/boot/axiom.elf"
python3 "$here/acpi_tables.py" "$work/disc/boot" || exit 1
cat > "$work/disc/boot/grub/grub.cfg" << 'END'
set timeout=0
serial --unit=0 --speed=115200
terminal_output serial
smbios --type 1 --get-string 7 --set name
smbios --type 1 --get-string 5 --set line
if [ $name = memory ]; then cutmem 1M 2M; cutmem ENDK 64G; set name=right; fi
acpi --exclude=APIC,HPET,MCFG /boot/$name.apic /boot/$name.hpet /boot/$name.mcfg
menuentry axiom {
    multiboot2 /boot/axiom.elf exit=debug $line
    boot
}
END
# What GRUB leaves of RAM: the image at 2 MiB, and two pages.
end=$(nm "$work/disc/boot/axiom.elf" | awk '$3 == "image_end_physical" { print $1 }')
sed -i "s/ENDK/$((0x$end / 1024 + 8))K/" "$work/disc/boot/grub/grub.cfg"
grub-mkrescue -d /usr/lib/grub/i386-pc -o "$work/disc.iso" "$work/disc" > "$work/mkrescue" 2>&1 || { cat "$work/mkrescue"; exit 1; }

start() { # CASE STOP-AFTER-MS [QEMU ARGUMENT...]
    local name=$1 stop=$2
    shift 2
    : > "$work/console"
    timeout 100 $qemu -accel tcg -M q35 -cpu max -m 128 -smp 2 -display none -serial "file:$work/console" -monitor none -no-reboot \
        -net none "${qemu_words[@]}" -smbios "type=1,serial=$name,product=stop_after_ms=$stop" -cdrom "$work/disc.iso" "$@" \
        < /dev/null > "$work/qemu" 2>&1
}

# says CASE STATUS EXPECTED TEXT...: it has ended so, and each is a line of what the console says
says() {
    local name=$1 status=$2 expected=$3 text
    shift 3
    checks=$((checks + 1))
    [[ $status == "$expected" ]] || { echo "FAILED: $name: it ends with $status"; cat "$work/qemu" "$work/console"; failures=$((failures + 1)); }
    for text in "$@"; do
        checks=$((checks + 1))
        grep -qE -- "$text" "$work/console" && continue
        echo "FAILED: $name: nothing of: $text"; cat "$work/console"; failures=$((failures + 1))
    done
}

# tries CASE TEXT...
tries() {
    start "$1" 20
    says "$1" $? 33 "boot: complete" "${@:2}"
}
tries right "devices: 6 bound, .* 0 failed, 0 waiting"
tries ghost "CPU 1 does not start: error -110" "devices: 6 bound, .* 0 failed"
tries checksum "acpi: the table at 0x[0-9a-f]+ is broken; left out" "devices: 4 bound, .* 0 failed"
tries cut "acpi: MADT ends in the middle of an entry" "acpi: HPET is too short; left out" "acpi: MCFG is too short; left out" \
    "/pci: pci"
tries nowhere "ioapic@fe000000: no I/O APIC answers" "hpet@fe100000: a tick of" "serial@i3f8"
tries backwards "/pci: pci" "devices: 6 bound, .* 0 failed"

start memory 20
says memory $? 35 "cannot boot: too little memory"

# The image must go on, and the line's driver tell of it.
start storm 2500 -qtest "unix:$work/qtest,server=on,wait=off" -qtest-log /dev/null &
for ((left = 400; left > 0; left--)); do
    grep -q "boot: complete" "$work/console" && break
    sleep 0.05
done
python3 - "$work/qtest" << 'END'
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(10)
line.connect(sys.argv[1])
line.sendall(b"set_irq_in /machine/q35/ioapic unnamed-gpio-in 23 1\n")
print(line.recv(100).decode().strip())
END
wait $!
says storm $? 33 "serial@i3f8: it interrupts without end; given up" "kernel: stopping"
echo "100%: Checks: $checks, Failures: $failures, Errors: 0"
[[ $failures == 0 ]]
