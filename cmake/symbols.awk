# SPDX-License-Identifier: Apache-2.0 OR MIT
# `nm -n` of an image to an assembler source: the table that arch/common/symbols.c reads. Functions only; where several
# have one address, the first. -v base=HEX is the image's start (16 digits, as nm prints it).
BEGIN { count = 0; last = "" }
$2 ~ /^[tT]$/ && ($1 "") >= (base "") && $3 !~ /^(image_|\$|\.L)/ {
    if ($1 == last) next
    last = $1
    address[count] = $1
    name[count++] = $3
}
END {
    print ".section .symbols, \"a\""
    print ".balign 8"
    print ".globl symbol_count, symbol_offsets, symbol_names, symbol_text"
    print "symbol_count: .long " count
    print "symbol_offsets:"
    for (i = 0; i < count; i++) print " .long 0x" address[i] " - 0x" base
    print "symbol_names:"
    offset = 0
    for (i = 0; i < count; i++) { print " .long " offset; offset += length(name[i]) + 1 }
    print "symbol_text:"
    for (i = 0; i < count; i++) print " .asciz \"" name[i] "\""
    print ".section .note.GNU-stack, \"\", %progbits"
}
