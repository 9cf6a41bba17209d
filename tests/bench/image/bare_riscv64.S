/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The least that can be booted on QEMU's virt behind OpenSBI: a line on the 16550, and off by semihosting. */
    .text
    .globl start
start:
    lla a1, text
    li a0, 0x10000000
1:  lbu a2, 0(a1)
    beqz a2, 2f
    sb a2, 0(a0)
    addi a1, a1, 1
    j 1b
2:  li a0, 0x18                     # SYS_EXIT
    lla a1, exit
    .balign 16
    .option push
    .option norvc
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    .option pop
3:  wfi
    j 3b
text:
    .asciz "bare\n"
    .balign 8
exit:
    .quad 0x20026, 0
