/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The least that can be booted: a line on the serial port, and off. `./tools/bench boot` compares with it. */
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long start
    .text
    .code32
    .globl start
start:
    movl $text, %esi
    movl $0x3f8, %edx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  movl $0xf4, %edx
    movl $16, %eax
    outl %eax, %dx
3:  hlt
    jmp 3b
text:
    .asciz "bare\n"
    .section .note.GNU-stack, "", @progbits
