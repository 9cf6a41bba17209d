#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's own test suite on Bochs, a PC by other hands than QEMU's: a BIOS, the 440FX's PCI by ports, a CPU that is
# strict about its model-specific registers, and one thing more: its local APIC has the x2APIC mode that QEMU 7.2 lacks. GRUB
# switches that on before the kernel, as some firmware does.
#
# usage: bochs_test.sh ARCH IMAGE_BUILD xapic|x2apic
here=$(cd "$(dirname "$0")" && pwd)
. "$here/qemu.sh"
qemu_use "$1"
for file in /usr/bin/bochs:bochs /usr/lib/x86_64-linux-gnu/bochs/plugins/libbx_term_gui.so:bochs-term \
    /usr/share/bochs/BIOS-bochs-latest:bochsbios /usr/share/vgabios/vgabios.bin:vgabios /usr/bin/script:bsdutils /usr/bin/grub-mkrescue:grub-common \
    /usr/lib/grub/i386-pc/wrmsr.mod:grub-pc-bin /usr/bin/xorriso:xorriso; do
    [[ -e ${file%:*} ]] || { echo "skipped: ${file%:*} is missing (${file#*:})"; exit 77; }
done
run() {
    local work mode=''
    work=$(mktemp -d)
    mkdir -p "$work/disc/boot/grub"
    cp "$(image_of "$2" -test)" "$work/disc/boot/axiom.elf"
    # IA32_APIC_BASE: the boot CPU's, enabled, x2APIC (SDM volume 3, figure 10-26).
    [[ $3 != x2apic ]] || mode='insmod wrmsr
wrmsr 0x1b 0xfee00d00'
    printf 'set timeout=0\n%s\nmenuentry axiom {\n    multiboot2 /boot/axiom.elf\n    boot\n}\n' "$mode" > "$work/disc/boot/grub/grub.cfg"
    grub-mkrescue -d /usr/lib/grub/i386-pc -o "$work/disc.iso" "$work/disc" > "$work/mkrescue" 2>&1 || cat "$work/mkrescue"
    cat > "$work/bochsrc" << END
config_interface: textconfig
display_library: term
cpu: model=corei7_icelake_u, count=2, ips=40000000, reset_on_triple_fault=0
memory: guest=64, host=64
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path=$work/disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$work/serial
log: $work/log
panic: action=fatal
clock: sync=none
speaker: enabled=0
sound: waveoutdrv=dummy
END
    echo continue > "$work/debugger"
    # It wants a terminal. Its ends all have the same status: what the kernel has said is the result.
    TERM=xterm timeout "${SECONDS_MAX:-240}" script -qc "bochs -q -f '$work/bochsrc' -rc '$work/debugger'" /dev/null \
        < /dev/null > /dev/null 2>&1
    cat "$work/serial" 2> /dev/null
    grep '>>PANIC<<' "$work/log" | grep -v "soft power off" # which is how it ends
    grep -q "is in x2APIC mode" "$work/serial" && [[ $3 == xapic ]] && echo "Bail out! it is in x2APIC mode"
    grep -q "is in x2APIC mode" "$work/serial" || [[ $3 == xapic ]] || echo "Bail out! it is not in x2APIC mode"
    grep -q "PANIC.*soft power off" "$work/log" || echo "Bail out! it did not come to its end"
    rm -rf "$work"
}
if [[ ${4:-} == inside ]]; then
    run "$@"
else
    exec bash "$here/../kernel/tap.sh" bash "$0" "$@" inside
fi
