/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Context switch on an AArch64 host: the registers that a function must preserve (AAPCS64 section
 * 6.1: x19-x28, fp, lr, the low halves of v8-v15). */

/* void arch_sim_switch_stack(void **save_sp (x0), void *load_sp (x1)) */
    .text
    .globl arch_sim_switch_stack
    .type arch_sim_switch_stack, %function
arch_sim_switch_stack:
    .cfi_startproc
    hint #34                    /* bti c */
    stp x29, x30, [sp, #-160]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x2, sp
    str x2, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    ret
    .cfi_endproc
    .size arch_sim_switch_stack, . - arch_sim_switch_stack

/* First instruction of a new context. The frame pointer is 0: backtraces end here. */
    .globl arch_sim_context_start
    .type arch_sim_context_start, %function
arch_sim_context_start:
    .cfi_startproc
    .cfi_undefined x30
    hint #36                    /* bti j */
    mov x29, xzr
    mov x30, xzr
    bl arch_sim_context_main
    brk #0
    .cfi_endproc
    .size arch_sim_context_start, . - arch_sim_context_start

    .section .note.GNU-stack, "", %progbits
