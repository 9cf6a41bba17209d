/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Entry of traps, and switching of stacks.
 *
 * The kernel's tp is the CPU's block, and sscratch has it too. The frame is built on the interrupted
 * stack if it fits there, else on the CPU's emergency stack: a stack that overflowed into its guard
 * page cannot be written. */
#include "asm.h"

    .macro each_register operation      /* but sp and tp, and t0 and t1, which are elsewhere then */
    \operation x1, 1 * 8(sp)
    .irp n, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    \operation x\n, \n * 8(sp)
    .endr
    .endm

    .text
    .balign 4
    .globl riscv_trap_entry
    .type riscv_trap_entry, @function
riscv_trap_entry:
    csrrw tp, sscratch, tp
    sd t0, CPU_SAVED(tp)
    sd t1, CPU_SAVED + 8(tp)
    sd sp, CPU_SAVED + 16(tp)
    ld t0, CPU_STACK_BASE(tp)
    ld t1, CPU_STACK_BASE + 8(tp)
    addi sp, sp, -FRAME_SIZE
    sub t0, sp, t0                      /* below the base is very large */
    bltu t0, t1, 1f
    ld sp, CPU_EMERGENCY_TOP(tp)
    addi sp, sp, -FRAME_SIZE
1:  each_register sd
    ld t0, CPU_SAVED(tp)
    ld t1, CPU_SAVED + 8(tp)
    sd t0, 5 * 8(sp)
    sd t1, 6 * 8(sp)
    ld t0, CPU_SAVED + 16(tp)
    sd t0, 2 * 8(sp)
    csrrw t0, sscratch, tp
    sd t0, 4 * 8(sp)
    csrr t0, sepc
    csrr t1, sstatus
    sd t0, FRAME_SEPC(sp)
    sd t1, FRAME_SEPC + 8(sp)
    sd s0, FRAME_SEPC + 32(sp)
    sd t0, FRAME_SEPC + 40(sp)
    csrr t0, scause
    csrr t1, stval
    sd t0, FRAME_SEPC + 16(sp)
    sd t1, FRAME_SEPC + 24(sp)
    addi s0, sp, FRAME_SIZE             /* a frame record for backtraces */
    mv a0, sp
    call riscv_trap
    ld t0, FRAME_SEPC(sp)
    ld t1, FRAME_SEPC + 8(sp)
    sc.d zero, t0, (sp)       /* no reservation of this thread's or another's goes on */
    csrw sepc, t0
    csrw sstatus, t1
    each_register ld
    ld t0, 5 * 8(sp)
    ld t1, 6 * 8(sp)
    /* tp stays: the thread may go on on another CPU than where it was interrupted. */
    ld sp, 2 * 8(sp)
    sret
    .size riscv_trap_entry, . - riscv_trap_entry

/* void port_switch_stack(uint64_t *save_sp (a0), uint64_t load_sp (a1)): the registers that a
 * function must preserve (psABI, "Integer Register Convention"). */
    .globl port_switch_stack
    .type port_switch_stack, @function
port_switch_stack:
    addi sp, sp, -112
    sd ra, 0(sp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    sd s\n, 8 + 8 * \n(sp)
    .endr
    sd sp, (a0)
    mv sp, a1
    ld ra, 0(sp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ld s\n, 8 + 8 * \n(sp)
    .endr
    addi sp, sp, 112
    ret
    .size port_switch_stack, . - port_switch_stack

/* First instruction of a new context: the last frame record is {0, 0}. */
    .globl riscv_context_start
    .type riscv_context_start, @function
riscv_context_start:
    addi sp, sp, -16
    sd zero, 0(sp)
    sd zero, 8(sp)
    addi s0, sp, 16
    call port_context_main
    ebreak
    .size riscv_context_start, . - riscv_context_start

/* _Noreturn void riscv_run_on(stack top (a0), function (a1), argument (a2)) */
    .globl riscv_run_on
    .type riscv_run_on, @function
riscv_run_on:
    addi sp, a0, -16
    sd zero, 0(sp)
    sd zero, 8(sp)
    addi s0, sp, 16
    mv a0, a2
    jalr a1
    ebreak
    .size riscv_run_on, . - riscv_run_on

/* void riscv_semihosting(operation (a0), parameters (a1)): RISC-V semihosting 0.4, 2.8: these three
 * instructions in one page. */
    .globl riscv_semihosting
    .type riscv_semihosting, @function
    .balign 16
    .option push
    .option norvc
riscv_semihosting:
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    ret
    .option pop
    .size riscv_semihosting, . - riscv_semihosting

    .section .note.GNU-stack, "", @progbits
