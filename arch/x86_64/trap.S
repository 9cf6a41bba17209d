/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Entry of exceptions and interrupts: 256 stubs of 16 bytes, one path behind them. Which exceptions
 * push an error code: Intel SDM volume 3, table 6-1. */
    .text
    .balign 16
    .globl x86_trap_stubs
x86_trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

    .type trap_common, @function
trap_common:
    cld
    testb $3, 24(%rsp)                  /* from user mode? GS is the user's then */
    jz 1f
    swapgs
1:  pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    /* A frame record for backtraces: as if the interrupted instruction had called us. */
    pushq 17 * 8(%rdi)
    pushq %rbp
    movq %rsp, %rbp
    call x86_trap
    addq $16, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    testb $3, 24(%rsp)
    jz 1f
    swapgs
1:  addq $16, %rsp                      /* vector and error */
    iretq
    .size trap_common, . - trap_common

/* void port_switch_stack(uint64_t *save_sp (rdi), uint64_t load_sp (rsi)): the registers that a
 * function must preserve (System V ABI, AMD64, figure 3.4). */
    .globl port_switch_stack
    .type port_switch_stack, @function
port_switch_stack:
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
    .size port_switch_stack, . - port_switch_stack

/* First instruction of a new context. rbp is 0: backtraces end here. */
    .globl x86_context_start
    .type x86_context_start, @function
x86_context_start:
    xorl %ebp, %ebp
    subq $8, %rsp
    pushq $0
    pushq $0                            /* {0, 0}: the last frame record */
    movq %rsp, %rbp
    subq $8, %rsp
    call port_context_main
    ud2
    .size x86_context_start, . - x86_context_start

/* _Noreturn void x86_run_on(stack top (rdi), function (rsi), argument (rdx)) */
    .globl x86_run_on
    .type x86_run_on, @function
x86_run_on:
    movq %rdi, %rsp
    pushq $0
    pushq $0
    movq %rsp, %rbp
    movq %rdx, %rdi
    call *%rsi
    ud2
    .size x86_run_on, . - x86_run_on

    .section .note.GNU-stack, "", @progbits
