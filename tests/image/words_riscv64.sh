#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gcc 12 for RISC-V may compare the word that lr.w loaded, which is sign-extended, with a register that is not (PR 114130):
# such a compare-exchange never succeeds for words of 2^31 and more. This looks at the images' code: the other register of
# each such comparison must come from an instruction that sign-extends, or be zero.
#
# usage: words_riscv64.sh ARCH IMAGE_BUILD
objdump=riscv64-linux-gnu-objdump
if ! command -v $objdump > /dev/null; then
    echo "skipped: $objdump is missing (binutils-riscv64-linux-gnu)"
    exit 77
fi
judge() {
    awk '
        { sub(/ *#.*/, ""); sub(/ *<.*/, "") }
        /^[0-9a-f]+ *$/ || NF < 2 { count = 0; next }
        {
            name = $2; split($3, operand, ",")
            line[++count] = name; to[count] = operand[1]
            if (name ~ /^lr\.w/) loaded = operand[1]
            else if (loaded != "" && name == "bne" && operand[1] == loaded) {
                checked++
                for (i = count - 1; i > 0 && to[i] != operand[2]; i--) ;
                if (i == 0 || line[i] !~ /^(sext\.w|lw|li|lr\.w.*|amo[a-z]*\.w.*|(add|sub|sll|srl|sra|mul|div|rem|neg)i?w)$/) {
                    print "FAILED: " $0 ": " operand[2] " comes from " (i ? line[i] : "elsewhere"); bad++
                }
            }
            else if (loaded != "" && name == "bnez" && operand[1] == loaded) checked++
            if (name !~ /^lr\.w/) loaded = ""
        }
        END { printf "100%%: Checks: %d, Failures: %d, Errors: 0\n", checked, bad; exit bad != 0 || checked == 0 }'
}
# It must find what it looks for.
if ! printf "%s\n" "0: lwu a5,0(a0)" "4: lr.w a4,(a0)" "8: bne a4,a5,10" | judge | grep -q "a5 comes from lwu"; then
    echo "FAILED: a comparison with lwu was not seen"
    exit 1
fi
$objdump -d --no-show-raw-insn "$2/axiom-riscv64-test.elf" | judge
