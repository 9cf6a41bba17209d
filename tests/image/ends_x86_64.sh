# SPDX-License-Identifier: Apache-2.0 OR MIT
# For ends_test.sh: faults as x86-64 has them.
ends 37 ktest=null 1 "page fault: write at 0x0000000000000008: a NULL pointer" " rip " " ktest_port_end+0x"
ends 37 ktest=text 1 "page fault: write at 0xffffffff80200000: not allowed there" " ktest_port_end+0x"
ends 37 ktest=nx 1 "page fault: execution at" "not allowed there"
ends 37 ktest=overflow 1 "double fault" " recurse"

# No tables of ACPI: one CPU, and the clocks that are there. The least memory that QEMU's firmware runs in.
MACHINE=pc,acpi=off ends 33 ktest=off 2 "acpi: no tables: one CPU, and no interrupts of devices" "boot: complete"
MEMORY=4 ends 33 ktest=off 1 "boot: complete"

# A loader that nobody knows: PVH's note leads to multiboot2's door, where eax says something else. What the command line
# says of ending is not read then: it stops for good.
patched=$(mktemp)
objcopy -O binary -j .notes "$image" "$patched.note"
nm "$image" | awk '$3 == "multiboot2_entry" { print substr($1, 9) }' | sed 's/\(..\)\(..\)\(..\)\(..\)/\\x\4\\x\3\\x\2\\x00/' > "$patched.at"
printf "$(cat "$patched.at")" | dd of="$patched.note" bs=1 seek=16 conv=notrunc status=none
objcopy --update-section .notes="$patched.note" "$image" "$patched" 2> /dev/null
for limit in 4 60; do # the longer only where the machine is busy
    SECONDS_MAX=$limit boot "$patched" "$machine" 1 ktest=off > "$output"
    status=$?
    grep -qF "cannot boot: entered by a boot loader that speaks neither PVH nor multiboot2 nor Limine" "$output" && break
done
checks=$((checks + 2))
[[ $status == 124 ]] || { echo "FAILED: an unknown loader's kernel ended with $status"; failures=$((failures + 1)); }
grep -qF "cannot boot: entered by" "$output" || { echo "FAILED: the loader is not complained of"; cat "$output"; failures=$((failures + 1)); }
rm -f "$patched" "$patched.note" "$patched.at"
