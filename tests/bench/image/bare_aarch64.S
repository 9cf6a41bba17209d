/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The least that can be booted on QEMU's virt: a line on the PL011, and off by semihosting. */
    .text
    .globl start
start:
    adr x1, text
    movz x0, #0x0900, lsl #16
1:  ldrb w2, [x1], #1
    cbz w2, 2f
    str w2, [x0]
    b 1b
2:  mov w0, #0x18                   /* SYS_EXIT */
    adr x1, exit
    hlt #0xf000
3:  wfi
    b 3b
text:
    .asciz "bare\n"
    .balign 8
exit:
    .quad 0x20026, 0                /* ADP_Stopped_ApplicationExit */
