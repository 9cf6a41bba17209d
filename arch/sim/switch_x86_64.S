/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Context switch on an x86_64 host: the registers that a function must preserve (System V ABI, AMD64
 * supplement, figure 3.4). The direction flag and the floating point control words are the same in
 * all contexts. */

/* void arch_sim_switch_stack(void **save_sp (rdi), void *load_sp (rsi)) */
    .text
    .globl arch_sim_switch_stack
    .type arch_sim_switch_stack, @function
arch_sim_switch_stack:
    .cfi_startproc
    endbr64
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .cfi_endproc
    .size arch_sim_switch_stack, . - arch_sim_switch_stack

/* First instruction of a new context. rbp is 0: backtraces end here. */
    .globl arch_sim_context_start
    .type arch_sim_context_start, @function
arch_sim_context_start:
    .cfi_startproc
    .cfi_undefined rip
    endbr64
    xorl %ebp, %ebp
    subq $8, %rsp               /* a call wants rsp at a multiple of 16 */
    call arch_sim_context_main
    ud2
    .cfi_endproc
    .size arch_sim_context_start, . - arch_sim_context_start

    .section .note.GNU-stack, "", @progbits
