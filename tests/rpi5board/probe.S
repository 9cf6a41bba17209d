/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A kernel of one page for the simulated board: it says on UART10 what it finds, a letter each, and switches
 * off. E entered in EL2, 1 dropped to EL1, F the counter's frequency is 54 MHz, S the second CPU came by PSCI and has
 * affinity 0x100, T the virtual timer's interrupt came through the GIC after its time, L the pin's level is read at
 * RP1's RIO, M a fault in the upper half is taken with its address, P floating point traps. Lower case instead: it did not. */
#define UART 0x107d001000
#define GICD 0x107fff9000
#define GICC 0x107fffa000
#define RIO  0x1f000e0000

    .macro say letter
    mov w1, #\letter
    bl put
    .endm
    /* The letter in capitals if the flags say `condition`. */
    .macro verdict condition, letter
    mov w1, #\letter
    add w2, w1, #32
    csel w1, w1, w2, \condition
    bl put
    .endm

    .text
    .globl _start
_start:
    b 1f
    .balign 8
    .quad 0, 0x20000, 0xa /* text_offset, image_size, flags: 4 KiB pages, anywhere */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0
1:  adr x0, stack_end
    mov sp, x0
    mrs x1, CurrentEL
    cmp x1, #8
    verdict eq, 'E'
    mov x1, #(1 << 31)
    msr hcr_el2, x1
    mov x1, #3
    msr cnthctl_el2, x1
    msr cntvoff_el2, xzr
    mov x1, #0x3c5
    msr spsr_el2, x1
    adr x1, el1
    msr elr_el2, x1
    eret
el1:
    adr x0, stack_end
    mov sp, x0
    adr x0, vectors
    msr vbar_el1, x0
    mrs x1, CurrentEL
    cmp x1, #4
    verdict eq, '1'

    mrs x1, cntfrq_el0
    ldr x2, =54000000
    cmp x1, x2
    verdict eq, 'F'

    /* The second CPU: CPU_ON(0x100, second, 7). */
    ldr x0, =0xc4000003
    mov x1, #0x100
    adr x2, second
    mov x3, #7
    smc #0
    adr x4, answer
    cbz x0, 2f
    str w0, [x4] /* there is none */
2:  yield
    ldar w5, [x4]
    cbz w5, 2b
    cmp w5, #0x107 /* its affinity and argument */
    verdict eq, 'S'

    /* PPI 27: the virtual timer, 1 ms from now. */
    ldr x4, =GICD
    mov w5, #(1 << 27)
    str w5, [x4, #0x100]
    mov w5, #1
    str w5, [x4]
    ldr x6, =GICC
    mov w5, #0xf0
    str w5, [x6, #4]
    mov w5, #1
    str w5, [x6]
    mrs x19, cntvct_el0
    ldr x5, =54000
    msr cntv_tval_el0, x5
    mov x5, #1
    msr cntv_ctl_el0, x5
    msr daifclr, #2
3:  wfi
    cbz x20, 3b
    msr daifset, #2
    mrs x5, cntvct_el0
    sub x5, x5, x19
    ldr x7, =54000
    cmp x5, x7
    verdict hs, 'T'

    /* GPIO 17 is an input of function 5: the trace has it high. */
    ldr x4, =0x1f000d0000
    mov w5, #0x85
    str w5, [x4, #(8 * 17 + 4)]
    ldr x4, =0x1f000f0000
    mov w5, #0x40
    str w5, [x4, #(4 + 4 * 17)]
    ldr x4, =RIO
    ldr w5, [x4, #8]
    tst w5, #(1 << 17)
    verdict ne, 'L'

    /* No page tables for the upper half: a translation fault there. */
    bl mmu_on
    ldr x4, =0xffffff8012345678
    ldr x5, [x4]
    cmp x21, x4
    verdict eq, 'M'

    /* Floating point is off: an exception of class 7, onto EL1's own stack pointer from SP_EL0. */
    mov x24, #0
    msr cpacr_el1, xzr
    isb
    mov x4, sp
    msr spsel, #0
    mov sp, x4
    b 8f
8:  fmov d0, x4
    msr spsel, #1
    lsr x24, x24, #26
    cmp x24, #7
    verdict eq, 'P'
    say 10
    ldr x9, =UART
7:  ldr w10, [x9, #0x18]
    tbnz w10, #3, 7b /* what is not sent yet is lost with the power */

    ldr w0, =0x84000008
    smc #0
4:  b 4b

second:
    mrs x1, mpidr_el1
    and x1, x1, #0xff00
    orr x1, x1, x0
    adr x2, answer
    stlr w1, [x2]
5:  wfi
    b 5b

/* w1: a byte; flags are kept. */
put:
    mrs x8, nzcv
    ldr x9, =UART
6:  ldr w10, [x9, #0x18]
    tbnz w10, #5, 6b
    str w1, [x9]
    msr nzcv, x8
    ret

/* TTBR0: the first GiB as memory and the GiB of the SoC's devices, one to one. TTBR1: nothing. */
mmu_on:
    adr x0, table
    mov x1, #0x701
    str x1, [x0]
    ldr x1, =0x0060001040000705
    str x1, [x0, #(8 * 65)]
    mov x1, #0x4ff
    msr mair_el1, x1
    ldr x1, =(25 | 25 << 16 | 2 << 30 | 3 << 12 | 3 << 28 | 5 << 32)
    msr tcr_el1, x1
    msr ttbr0_el1, x0
    add x0, x0, #4096
    msr ttbr1_el1, x0
    isb
    mrs x1, sctlr_el1
    orr x1, x1, #1
    msr sctlr_el1, x1
    isb
    ret

    .balign 2048
vectors:
    b synchronous
    .balign 128
    .skip 0x180
synchronous:
    mrs x24, esr_el1
    /* Synchronous: x21 is the address, then on behind the instruction. */
    mrs x21, far_el1
    mrs x22, elr_el1
    add x22, x22, #4
    msr elr_el1, x22
    eret
    .balign 128
    /* Interrupt: taken, its source off, ended. */
    ldr x22, =GICC
    ldr w23, [x22, #0xc]
    msr cntv_ctl_el0, xzr
    str w23, [x22, #0x10]
    cmp w23, #27
    cset x20, eq
    eret
    .balign 2048

    .ltorg
    .balign 8
answer:
    .quad 0
    .balign 16
    .skip 1024
stack_end:
    .balign 4096
table:
    .skip 8192
