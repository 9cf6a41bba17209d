/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Exceptions, and switching between contexts.
 *
 * Threads run with SPSel 0, so their stack pointer is SP_EL0 and an exception begins on the CPU's own
 * stack (SP_EL1), which is always good. Interrupts go on to the thread's stack, where the scheduler
 * may leave them for another thread. If that stack is used up, storing the frame faults, and that
 * fault is a synchronous exception, which stays on the CPU's own stack and can be told. */
#define FRAME 288                       /* struct arm_frame, cpu.h */

    .text
    .macro vector target
    .balign 0x80
    b \target
    .endm

    .balign 0x800
    .globl arm_vectors
arm_vectors:
    vector sync                         /* EL1, SP_EL0: threads */
    vector irq
    vector fiq
    vector serror
    vector sync_nested                  /* EL1, SP_EL1: an exception inside of one */
    vector irq_nested
    vector fiq
    vector serror
    .rept 8                             /* EL0: there is no user yet */
    vector unexpected
    .endr

    /* x29 and x30 are free after it; x0 is the frame. \sp0: the exception came from SP_EL0. */
    .macro save sp0
    sub sp, sp, #FRAME
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    .if \sp0
    mrs x0, sp_el0
    .else
    add x0, sp, #FRAME
    .endif
    stp x30, x0, [sp, #240]
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x0, x1, [sp, #256]
    stp x29, x0, [sp, #272]             /* a frame record: as if the interrupted instruction had called */
    add x29, sp, #272
    mov x0, sp
    .endm

    .macro restore
    ldp x0, x1, [sp, #256]
    msr elr_el1, x0
    msr spsr_el1, x1
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldr x30, [sp, #240]
    add sp, sp, #FRAME
    eret
    .endm

    .type sync, @function
sync:
    save 1
    bl arm_sync
    restore
    .size sync, . - sync

    .type irq, @function
irq:
    msr spsel, #0
    save 0
    bl arm_irq
    restore
    .size irq, . - irq

    .type sync_nested, @function
sync_nested:
    save 0
    bl arm_sync
    restore
    .size sync_nested, . - sync_nested

/* Handlers of synchronous exceptions run with interrupts masked. */
irq_nested:
unexpected:
    save 0
    mov x1, #0
    bl arm_unexpected
fiq:
    save 1
    mov x1, #1
    bl arm_unexpected
serror:
    save 1
    mov x1, #2
    bl arm_unexpected

/* void port_switch_stack(uint64_t *save (x0), uint64_t load (x1)): the registers that a function must
 * preserve (AAPCS64, 6.1.1). */
    .globl port_switch_stack
    .type port_switch_stack, @function
port_switch_stack:
    stp x29, x30, [sp, #-96]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #96
    ret
    .size port_switch_stack, . - port_switch_stack

/* First instruction of a new context. */
    .globl arm_context_start
    .type arm_context_start, @function
arm_context_start:
    stp xzr, xzr, [sp, #-16]!           /* the last frame record */
    mov x29, sp
    bl port_context_main
    brk #0
    .size arm_context_start, . - arm_context_start

/* _Noreturn void arm_run_on(stack top (x0), function (x1), argument (x2)) */
    .globl arm_run_on
    .type arm_run_on, @function
arm_run_on:
    mov sp, x0
    stp xzr, xzr, [sp, #-16]!
    mov x29, sp
    mov x0, x2
    blr x1
    brk #0
    .size arm_run_on, . - arm_run_on

/* uint32_t arm_probe(const void *at, bool *there): a load that may fault; arm_sync() then goes on at
 * the next instruction with x2 = 0. */
    .globl arm_probe, arm_probe_load
    .type arm_probe, @function
arm_probe:
    mov x2, #1
    mov w3, #0
arm_probe_load:
    ldr w3, [x0]
    dsb sy
    strb w2, [x1]
    mov w0, w3
    ret
    .size arm_probe, . - arm_probe

/* void arm_fpu_save(uint64_t *area), arm_fpu_load(const uint64_t *area), arm_fpu_clear(void): access
 * must be open (context.c). */
    .arch_extension fp
    .arch_extension simd
    .globl arm_fpu_save, arm_fpu_load, arm_fpu_clear
    .type arm_fpu_save, @function
arm_fpu_save:
    stp q0, q1, [x0]
    stp q2, q3, [x0, #32]
    stp q4, q5, [x0, #64]
    stp q6, q7, [x0, #96]
    stp q8, q9, [x0, #128]
    stp q10, q11, [x0, #160]
    stp q12, q13, [x0, #192]
    stp q14, q15, [x0, #224]
    stp q16, q17, [x0, #256]
    stp q18, q19, [x0, #288]
    stp q20, q21, [x0, #320]
    stp q22, q23, [x0, #352]
    stp q24, q25, [x0, #384]
    stp q26, q27, [x0, #416]
    stp q28, q29, [x0, #448]
    stp q30, q31, [x0, #480]
    mrs x1, fpcr
    mrs x2, fpsr
    str x1, [x0, #512]
    str x2, [x0, #520]
    ret
    .size arm_fpu_save, . - arm_fpu_save

    .type arm_fpu_load, @function
arm_fpu_load:
    ldp q0, q1, [x0]
    ldp q2, q3, [x0, #32]
    ldp q4, q5, [x0, #64]
    ldp q6, q7, [x0, #96]
    ldp q8, q9, [x0, #128]
    ldp q10, q11, [x0, #160]
    ldp q12, q13, [x0, #192]
    ldp q14, q15, [x0, #224]
    ldp q16, q17, [x0, #256]
    ldp q18, q19, [x0, #288]
    ldp q20, q21, [x0, #320]
    ldp q22, q23, [x0, #352]
    ldp q24, q25, [x0, #384]
    ldp q26, q27, [x0, #416]
    ldp q28, q29, [x0, #448]
    ldp q30, q31, [x0, #480]
    ldr x1, [x0, #512]
    ldr x2, [x0, #520]
    msr fpcr, x1
    msr fpsr, x2
    ret
    .size arm_fpu_load, . - arm_fpu_load

    .type arm_fpu_clear, @function
arm_fpu_clear:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    movi v\n\().2d, #0
    .endr
    msr fpcr, xzr
    msr fpsr, xzr
    ret
    .size arm_fpu_clear, . - arm_fpu_clear

    .section .note.GNU-stack, "", %progbits
